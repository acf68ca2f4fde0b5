"""More cases of the comparison with PySpark: persisted and checkpointed RDDs. See ``cases``."""

from __future__ import annotations

import importlib
import tempfile
from collections.abc import Callable
from typing import Any

__all__ = ["CACHED"]

Case = Callable[[Any], Any]

_LEVELS = ("DISK_ONLY", "DISK_ONLY_2", "MEMORY_ONLY", "MEMORY_ONLY_2", "MEMORY_AND_DISK", "MEMORY_AND_DISK_2")


def _level(sc: Any, name: str) -> Any:
    return getattr(importlib.import_module(type(sc).__module__.partition(".")[0]).StorageLevel, name)


def _numbers(sc: Any) -> Any:
    return sc.parallelize([5, 1, 4, 1, 3, -7], 3).map(lambda x: x + 1)


def _levels(sc: Any) -> Any:
    rdds = [_numbers(sc).persist(_level(sc, name)) for name in _LEVELS]
    return [(str(rdd.getStorageLevel()), rdd.is_cached, rdd.collect(), rdd.sum()) for rdd in rdds]


def _persisted(sc: Any) -> Any:
    rdd = _numbers(sc)
    states = [(rdd.is_cached, str(rdd.getStorageLevel()))]
    for step in (rdd.cache, rdd.cache, rdd.unpersist, rdd.unpersist, rdd.persist):
        states.append((step() is rdd, rdd.is_cached, str(rdd.getStorageLevel()), rdd.count()))
    return states


def _unpersisted_children(sc: Any) -> Any:
    rdd = _numbers(sc).cache()
    child = rdd.map(lambda x: x * 2)
    before = child.collect(), child.is_cached, str(child.getStorageLevel())
    rdd.unpersist(True)
    return before, child.collect(), rdd.count()


def _state(rdd: Any) -> Any:
    file = rdd.getCheckpointFile()
    return rdd.is_checkpointed, rdd.isCheckpointed(), rdd.isLocallyCheckpointed(), file and file.rpartition("/")[2][:4]


def _checkpointed(sc: Any) -> Any:
    sc.setCheckpointDir(tempfile.mkdtemp())
    rdd = _numbers(sc)
    states = [_state(rdd)]
    rdd.checkpoint()
    states.append(_state(rdd))
    counted = rdd.count()
    states.append(_state(rdd))
    return states, counted, rdd.glom().collect(), rdd.getCheckpointFile().startswith(sc.getCheckpointDir())


def _nested(sc: Any) -> Any:
    sc.setCheckpointDir(tempfile.mkdtemp())
    first = _numbers(sc)
    first.checkpoint()
    second = first.map(lambda x: (x, 1)).reduceByKey(lambda a, b: a + b)
    second.checkpoint()
    second.count()
    return first.isCheckpointed(), second.isCheckpointed(), sorted(second.collect())


def _parent(sc: Any) -> Any:
    sc.setCheckpointDir(tempfile.mkdtemp())
    rdd = _numbers(sc)
    rdd.checkpoint()
    return rdd.map(lambda x: x * 2).sum(), rdd.isCheckpointed(), rdd.collect()


def _local(sc: Any) -> Any:
    rdd = _numbers(sc)
    rdd.localCheckpoint()
    before = _state(rdd), str(rdd.getStorageLevel())
    return before, rdd.collect(), _state(rdd), rdd.map(lambda x: x * 2).collect()


def _local_of_persisted(sc: Any) -> Any:
    rdd = _numbers(sc).cache()
    rdd.localCheckpoint()
    return str(rdd.getStorageLevel()), rdd.is_cached, rdd.collect(), rdd.isCheckpointed()


def _late(sc: Any) -> Any:
    sc.setCheckpointDir(tempfile.mkdtemp())
    rdd = _numbers(sc)
    counted = rdd.count()
    rdd.checkpoint()
    return counted, rdd.count(), rdd.isCheckpointed()


CACHED: dict[str, Case] = {
    "persist: every level": _levels,
    "persist: states": _persisted,
    "persist: children of an unpersisted RDD": _unpersisted_children,
    "persist: rows of a persisted RDD": lambda sc: _numbers(sc).cache(),
    "persist: a level of another kind": lambda sc: _numbers(sc).persist("MEMORY_ONLY"),
    "checkpoint: states": _checkpointed,
    "checkpoint: of RDDs made of each other": _nested,
    "checkpoint: by an action on a child": _parent,
    "checkpoint: after an action": _late,
    "localCheckpoint: states": _local,
    "localCheckpoint: of a persisted RDD": _local_of_persisted,
}

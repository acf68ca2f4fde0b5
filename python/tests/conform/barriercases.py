"""Cases of the comparison with PySpark: barrier stages. See ``cases``."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable, Iterable, Iterator
from typing import Any

__all__ = ["BARRIERS"]

Case = Callable[[Any], Any]


def _task() -> Any:
    """The running task's context: of Weft, if that is loaded, else of PySpark."""
    package = "weft" if "weft.taskcontext" in sys.modules else "pyspark"
    return importlib.import_module(f"{package}.taskcontext").BarrierTaskContext.get()


def _same(records: Iterable[Any]) -> Iterable[Any]:
    return records


def _three(sc: Any) -> Any:
    return sc.parallelize(range(6), 3)


def _waits(sc: Any) -> Any:
    return _three(sc).barrier().mapPartitions(_same)


def _together(index: int, records: Iterable[int]) -> Iterator[Any]:
    task = _task()
    own = list(records)
    task.barrier()
    said = task.allGather(f"ä{index}: {own}")
    task.barrier()
    yield index, task.partitionId(), said, task.allGather()


def _infos(records: Iterable[int]) -> Iterator[Any]:
    infos = _task().getTaskInfos()
    yield [type(one).__name__ for one in infos], all(":" in one.address for one in infos)


def _fails(index: int, records: Iterable[int]) -> Iterator[Any]:
    task = _task()
    task.barrier()
    if index == 1:
        raise ValueError("mine")
    task.barrier()
    return iter(records)


def _gathered(records: Iterable[Any]) -> Iterator[Any]:
    yield _task().allGather(str(len(list(records))))


def _counted(records: Iterable[Any]) -> Iterator[Any]:
    count = len(_task().allGather())
    return ((record, count) for record in records)


BARRIERS: dict[str, Case] = {
    "barrier: mapPartitions": lambda sc: _three(sc).barrier().mapPartitions(lambda rows: [sum(rows)]),
    "barrier: mapPartitionsWithIndex": lambda sc: (
        _three(sc).barrier().mapPartitionsWithIndex(lambda i, rows: [(i, list(rows))])
    ),
    "barrier: calls": lambda sc: _three(sc).barrier().mapPartitionsWithIndex(_together),
    "barrier: one partition": lambda sc: sc.parallelize([1], 1).barrier().mapPartitionsWithIndex(_together),
    "barrier: an empty partition": lambda sc: sc.parallelize([1], 2).barrier().mapPartitionsWithIndex(_together),
    "barrier: infos": lambda sc: _three(sc).barrier().mapPartitions(_infos),
    "barrier: type": lambda sc: (lambda one: (type(one).__name__, one.rdd.collect()))(_three(sc).barrier()),
    "barrier: before a shuffle": lambda sc: (
        _three(sc).barrier().mapPartitions(_counted).reduceByKey(lambda a, b: a + b, 2)
    ),
    "barrier: behind a shuffle": lambda sc: (
        _three(sc).map(lambda x: (x, 1)).partitionBy(2).barrier().mapPartitions(_gathered)
    ),
    "barrier: behind repartition": lambda sc: _three(sc).repartition(2).barrier().mapPartitions(_gathered).map(len),
    "barrier: two stages": lambda sc: (
        _three(sc).barrier().mapPartitions(_counted).groupByKey(2).mapValues(list).barrier().mapPartitions(_counted)
    ),
    "barrier: two steps of a stage": lambda sc: _waits(sc).barrier().mapPartitions(_gathered),
    "barrier: preserves partitioning": lambda sc: (
        sc.parallelize([(1, 2)], 2).partitionBy(2).barrier().mapPartitions(_same, True).partitioner is not None
    ),
    "barrier: does not preserve partitioning": lambda sc: (
        sc.parallelize([(1, 2)], 2).partitionBy(2).barrier().mapPartitions(_same).partitioner is None
    ),
    "barrier: zip with its parent": lambda sc: (lambda rdd: rdd.barrier().mapPartitions(_same).zip(rdd))(_three(sc)),
    "barrier: count and sum": lambda sc: (lambda rdd: (rdd.count(), rdd.sum(), rdd.max()))(_waits(sc)),
    "barrier: persisted": lambda sc: (lambda rdd: (rdd.count(), rdd.collect()))(_waits(sc).persist()),
    "barrier: first of one partition": lambda sc: sc.parallelize([4, 5], 1).barrier().mapPartitions(_same).first(),
    "barrier: user error": lambda sc: _three(sc).barrier().mapPartitionsWithIndex(_fails),
    "barrier: message of another type": lambda sc: _three(sc).barrier().mapPartitions(lambda _: _task().allGather(3)),
    "barrier: none in another stage": lambda sc: _three(sc).map(lambda x: _task()),
    "barrier: none in the driver": lambda sc: _task(),
    "barrier refused: first": lambda sc: _waits(sc).first(),
    "barrier refused: take": lambda sc: _waits(sc).take(2),
    "barrier refused: behind coalesce": lambda sc: _three(sc).coalesce(2).barrier().mapPartitions(_same).collect(),
    "barrier refused: before coalesce": lambda sc: _waits(sc).coalesce(1).collect(),
    "barrier refused: union": lambda sc: _waits(sc).union(sc.parallelize([9], 1)).collect(),
    "barrier refused: zip of two": lambda sc: (
        lambda rdd: rdd.barrier().mapPartitions(_same).zip(rdd.barrier().mapPartitions(_same)).collect()
    )(_three(sc)),
}

"""Writes docs/support.md: every public name of PySpark's core classes, and what becomes of it in Weft.

usage: python -m tests.conform.support      from the folder python/
"""

from __future__ import annotations

import inspect
import json
import os
from typing import Any

import weft
from tests.conform import record
from weft import resources, serializers
from weft._absent import known_absent
from weft._rdd.written import RESOURCES_INSTEAD
from weft.broadcast import Broadcast
from weft.profiler import BasicProfiler, MemoryProfiler, Profiler, ProfilerCollector
from weft.rdd import BoundedFloat
from weft.status import SparkExecutorInfo, SparkJobInfo, SparkStageInfo, StatusTracker
from weft.taskcontext import BARRIER_INSTEAD

__all__ = ["OWNERS", "document"]

OWNERS: dict[str, type] = {
    "RDD": weft.RDD,
    "SparkContext": weft.WeftContext,
    "SparkConf": weft.WeftConf,
    "Accumulator": weft.Accumulator,
    "AccumulatorParam": weft.AccumulatorParam,
    "Broadcast": Broadcast,
    "StorageLevel": weft.StorageLevel,
    "StatCounter": weft.StatCounter,
    "SparkFiles": weft.WeftFiles,
    "TaskContext": weft.TaskContext,
    "InheritableThread": weft.InheritableThread,
    **{one.__name__: one for one in (StatusTracker, SparkJobInfo, SparkStageInfo, SparkExecutorInfo, BoundedFloat)},
    **{one.__name__: one for one in (Profiler, BasicProfiler, MemoryProfiler, ProfilerCollector)},
    **{name: getattr(serializers, name) for name in serializers.__all__ if name.endswith("izer")},
    **{name: getattr(resources, name) for name in resources.__all__},
}
"""By PySpark's name, what Weft has under it."""

_ABSENT = ("BarrierTaskContext", "BarrierTaskInfo", "RDDBarrier")
"""Classes that can be imported, and raise when they are used."""

_WEFTS_OWN = ("ArrowRecordBatchSerializer", "CPickleSerializer")
for _name in _WEFTS_OWN:
    OWNERS.pop(_name)
_NOTES = {"withResources": "on YARN, where it asks for no more than one processor a task; else raises, instead: " + RESOURCES_INSTEAD}
_INTRODUCTION = """\
# What of PySpark's API is in Weft

Made of the code by `python/tests/conform/support.py`; a test keeps it true. The names are those of PySpark {version}.
`yes` means: the same arguments, and the same results but for [what differs on purpose](../python/tests/conform/DIFFERENCES.md).
An absent name raises an `AttributeError` that is a `NotImplementedError`, too, and names the alternative where there is one.
Classes are found under PySpark's module names after `weft.activate()`, else in `weft`, `weft.status`, `weft.profiler`,
`weft.serializers`, `weft.resources` and `weft.taskcontext`. `CPickleSerializer` is `CloudPickleSerializer`, as in PySpark.
"""


def document() -> str:
    """Give the text of the document."""
    with open(os.path.join(record.HERE, "recorded.json"), encoding="utf-8") as file:
        recorded = json.load(file)
    lines = [_INTRODUCTION.format(version=recorded["pyspark"])]
    for name, owner in OWNERS.items():
        theirs = recorded["signatures"][name.replace("Spark", "Weft")]
        rows = [_row(name, owner, method, theirs[method]) for method in sorted(theirs) if method != "__init__"]
        there = sum(" | yes |" in row for row in rows)
        lines += [f"## {name}: {there} of {len(rows)}", "", "| name | in Weft | note |", "|---|---|---|", *rows, ""]
    for name in _ABSENT:
        theirs = [method for method in sorted(recorded["signatures"][name]) if method != "__init__"]
        rows = [f"| `{method}` | no | instead: {BARRIER_INSTEAD} |" for method in theirs]
        lines += [f"## {name}: 0 of {len(rows)}", "", "| name | in Weft | note |", "|---|---|---|", *rows, ""]
    return "\n".join(lines)


def _row(owner_name: str, owner: type, name: str, parameters: list[str]) -> str:
    member = inspect.getattr_static(owner, name, None)
    if member is None:
        instead = known_absent().get(name, ("", ""))[1] if owner_name in ("RDD", "SparkContext") else ""
        return f"| `{name}` | no | {f'instead: {instead}' if instead else ''} |"
    function: Any = getattr(owner, name)
    own = list(inspect.signature(function).parameters) if callable(function) else parameters
    missing = [one for one in parameters if one not in own]
    refused = _NOTES.get(name, "")
    note = refused or f"without {', '.join(f'`{one}`' for one in missing)}" * bool(missing)
    return f"| `{name}` | yes | {note} |"


def main() -> None:
    path = os.path.join(record.HERE, "..", "..", "..", "docs", "support.md")
    with open(path, "w", encoding="utf-8") as file:
        file.write(document())


if __name__ == "__main__":
    main()

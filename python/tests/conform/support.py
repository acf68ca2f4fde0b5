"""Writes docs/support.md: every public name of PySpark's core classes, and what becomes of it in Weft.

usage: python -m tests.conform.support      from the folder python/
"""

from __future__ import annotations

import inspect
import json
import os
from typing import Any

import weft
from tests.conform import differ, record
from weft import errors, resources, serializers, threads
from weft._absent import known_absent
from weft._ops.keys import portable_hash
from weft._pyspark import exceptions
from weft._pyspark.modules import instead_of
from weft._pyspark.reader import DataFrameReader
from weft._pyspark.row import Row
from weft._pyspark.session import Builder, RuntimeConfig, SparkSession
from weft._rdd.written import RESOURCES_INSTEAD
from weft.accumulators import AddingAccumulatorParam
from weft.broadcast import Broadcast
from weft.profiler import BasicProfiler, MemoryProfiler, Profiler, ProfilerCollector
from weft.rdd import BoundedFloat
from weft.resultiterable import ResultIterable
from weft.status import SparkExecutorInfo, SparkJobInfo, SparkStageInfo, StatusTracker

__all__ = ["FUNCTIONS", "OWNERS", "SHIMS", "document"]

OWNERS: dict[str, type] = {
    "RDD": weft.RDD,
    "SparkContext": weft.WeftContext,
    "SparkConf": weft.WeftConf,
    "Accumulator": weft.Accumulator,
    "AccumulatorParam": weft.AccumulatorParam,
    "AddingAccumulatorParam": AddingAccumulatorParam,
    "Broadcast": Broadcast,
    "StorageLevel": weft.StorageLevel,
    "StatCounter": weft.StatCounter,
    "SparkFiles": weft.WeftFiles,
    "TaskContext": weft.TaskContext,
    "RDDBarrier": weft.RDDBarrier,
    "BarrierTaskContext": weft.BarrierTaskContext,
    "BarrierTaskInfo": weft.BarrierTaskInfo,
    "InheritableThread": weft.InheritableThread,
    "ResultIterable": ResultIterable,
    **{one.__name__: one for one in (StatusTracker, SparkJobInfo, SparkStageInfo, SparkExecutorInfo, BoundedFloat)},
    **{one.__name__: one for one in (Profiler, BasicProfiler, MemoryProfiler, ProfilerCollector)},
    **{name: getattr(serializers, name) for name in serializers.__all__ if name.endswith("izer")},
    **{name: getattr(resources, name) for name in resources.__all__},
}
"""By PySpark's name, what Weft has under it."""

SHIMS: dict[str, type] = {
    "PySparkException": exceptions.PySparkException,
    "SparkSession": SparkSession,
    "Builder": Builder,
    "RuntimeConfig": RuntimeConfig,
    "DataFrameReader": DataFrameReader,
    "Row": Row,
}
"""What only programs that were written for PySpark reach: PySpark's documentation is theirs."""

_UDF_INSTEAD = instead_of("pyspark.profiler.UDFBasicProfiler")
_ABSENT = {"UDFBasicProfiler": _UDF_INSTEAD}
"""Classes that can be imported, and raise when they are used; what to use instead."""

_IN_PART = {
    "Builder": "pyspark.sql.SparkSession.builder",
    "DataFrameReader": "pyspark.sql.SparkSession.read",
    "SparkSession": "pyspark.sql.SparkSession",
}
"""Classes that are here in part, under the names by which errors call them."""

FUNCTIONS = {"inheritable_thread_target": threads.inheritable_thread_target, "rdd.portable_hash": portable_hash}
_WEFTS_OWN = ("ArrowRecordBatchSerializer", "AvroSerializer", "CPickleSerializer")
for _name in _WEFTS_OWN:
    OWNERS.pop(_name)
_NOTES = {
    "withResources": f"{RESOURCES_INSTEAD}; else raises",
}
_INTRODUCTION = """\
# What of PySpark's API is in Weft

Made of the code by `python/tests/conform/support.py`; a test keeps it true. The names are those of PySpark {version}.
`yes` means: the same arguments, and the same results but for what the third column says; of that the reasons are in
[what differs on purpose](../python/tests/conform/DIFFERENCES.md).
An absent name raises an `AttributeError` that is a `NotImplementedError`, too, and names the alternative where there is one.
Classes are found under PySpark's module names after `weft.activate()`, else in `weft`, `weft.status`, `weft.profiler`,
`weft.serializers`, `weft.resources` and `weft.taskcontext`. `CPickleSerializer` is `CloudPickleSerializer`, as in PySpark.
"""


def document() -> str:
    """Give the text of the document."""
    with open(os.path.join(record.HERE, "recorded.json"), encoding="utf-8") as file:
        recorded = json.load(file)
    lines = [_INTRODUCTION.format(version=recorded["pyspark"])]
    told, objects = differ.told_of_names(), _objects()
    for name, owner in {**OWNERS, **SHIMS}.items():
        theirs = recorded["signatures"][name.replace("Spark", "Weft")]
        thing = objects.get(name, owner)
        wanted = [method for method in sorted(theirs) if method not in ("__init__", *_NOT_METHODS.get(name, ()))]
        rows = [_row(name, thing, method, theirs[method], told) for method in wanted]
        there = sum(" | yes | " in row for row in rows)
        lines += [f"## {name}: {there} of {len(rows)}", "", *_HEAD, *rows, ""]
    for name, instead in _ABSENT.items():
        theirs = [method for method in sorted(recorded["signatures"][name]) if method != "__init__"]
        rows = [f"| `{method}` | no | instead: {instead} |" for method in theirs]
        lines += [f"## {name}: 0 of {len(rows)}", "", *_HEAD, *rows, ""]
    rows = []
    for name in recorded["functions"]:
        rows.append(f"| `{name}` | yes | {' '.join(told.get(name, ()))} |")
    lines += [f"## Functions: {len(rows)} of {len(rows)}", "", *_HEAD, *rows, ""]
    rows = [f"| `{name}` | yes | {_caught(name)} |" for name in recorded["exceptions"] if hasattr(exceptions, name)]
    lines += [f"## pyspark.errors: {len(rows)} of {len(recorded['exceptions'])}", "", *_HEAD, *rows]
    return "\n".join(lines) + "\n"


_HEAD = ("| name | in Weft | what differs |", "|---|---|---|")
_NOT_METHODS = {"Row": ("count", "index"), "StatCounter": ("maximum", "minimum", "sqrt")}  # a tuple's, and numpy's


def _caught(name: str) -> str:
    """Which of Weft's errors an exception of PySpark's catches."""
    kind = getattr(exceptions, name)
    kinds = {one: getattr(errors, one) for one in errors.__all__ if one != "WeftError"}
    found = [name for name, one in kinds.items() if isinstance(one, type) and one.__name__ == name]
    caught = [one for one in found if issubclass(getattr(errors, one), kind)]
    if name == "PySparkException":
        return "`WeftError` derives from it"
    return f"caught by it: {', '.join(f'`{one}`' for one in caught)}" if caught else ""


def _objects() -> dict[str, Any]:
    """Objects of the classes that have more names than their class."""
    known = weft.WeftContext._active
    sc = known or weft.WeftContext("inline")
    try:
        rdd = sc.parallelize([1, 2], 2)
        return {
            "RDD": rdd,
            "SparkContext": sc,
            "Accumulator": sc.accumulator(0),
            "StorageLevel": weft.StorageLevel.DISK_ONLY,
            "StatCounter": weft.StatCounter([1.0]),
            "ResultIterable": ResultIterable([1]),
            "SparkSession": SparkSession(sc),
        }
    finally:
        if known is None:
            sc.stop()


def _row(owner_name: str, owner: Any, name: str, parameters: list[str], told: dict[str, list[str]]) -> str:
    if not _has(owner, name):
        plain = known_absent().get(name, ("", ""))[1] if owner_name in ("RDD", "SparkContext") else ""
        instead = plain or instead_of(f"{_IN_PART.get(owner_name)}.{name}")
        return f"| `{name}` | no | {f'instead: {instead}' if instead else ''} |"
    # not of the object: looking at properties of one may start something
    function: Any = getattr(owner if isinstance(owner, type) else type(owner), name, None)
    own = list(inspect.signature(function).parameters) if callable(function) else parameters
    missing = [one for one in parameters if one not in own]
    notes = [f"without {', '.join(f'`{one}`' for one in missing)}" * bool(missing), _NOTES.get(name, "")]
    notes += told.get(f"{owner_name}.{name}", [])
    return f"| `{name}` | yes | {' '.join(note.rstrip('.') + '.' for note in notes if note)} |"


def _has(owner: Any, name: str) -> bool:
    absent = object()
    return inspect.getattr_static(owner, name, absent) is not absent


def main() -> None:
    path = os.path.join(record.HERE, "..", "..", "..", "docs", "support.md")
    with open(path, "w", encoding="utf-8") as file:
        file.write(document())


if __name__ == "__main__":
    main()

"""More cases of the comparison with PySpark: what is said of mistakes. See ``cases``."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from typing import Any

__all__ = ["ERRORS"]

Case = Callable[[Any], Any]


def _package(sc: Any) -> str:
    return str(type(sc).__module__.partition(".")[0])


def _errors_of(package: str) -> Any:
    return importlib.import_module("weft._pyspark.exceptions" if package == "weft" else "pyspark.errors")


def _errors(sc: Any) -> Any:
    return _errors_of(_package(sc))


def _said(sc: Any, kind: str, *arguments: Any, **named: Any) -> Any:
    """What an exception of PySpark's says of itself."""
    error = getattr(_errors(sc), kind)(*arguments, **named)
    return str(error), error.getCondition(), error.getMessageParameters(), error.getMessage(), error.getQueryContext()


def _squares(part: Any) -> Any:
    return [x * x for x in part]


_RAISED: dict[str, Case] = {
    "said of a message": lambda sc: _said(sc, "PySparkValueError", "so"),
    "said by name": lambda sc: _said(sc, "PySparkTypeError", message="so", messageParameters={"a": "b"}),
    "said of a key": lambda sc: _said(sc, "PySparkKeyError", "so"),
    "state of SQL": lambda sc: _errors(sc).PySparkRuntimeError("so").getSqlState(),
    "raised by a task": lambda sc: (
        lambda package: sc.parallelize([1]).map(lambda _: _raise(_errors_of(package).PySparkValueError("so"))).collect()
    )(_package(sc)),
    "a number of partitions that is none": lambda sc: sc.parallelize([1]).coalesce(0).collect(),
    "take of less than none": lambda sc: sc.parallelize([1, 2]).take(-1),
}


def _raise(error: Exception) -> None:
    raise error


_PARTITIONS: dict[str, Case] = {
    "beyond the last": lambda sc: sc.runJob(sc.range(6, numSlices=3), _squares, [3]),
    "before the first": lambda sc: sc.runJob(sc.range(6, numSlices=3), _squares, [-1]),
    "of nothing": lambda sc: sc.runJob(sc.emptyRDD(), _squares, [0]),
    "none": lambda sc: sc.runJob(sc.range(6, numSlices=3), _squares, []),
    "twice": lambda sc: sc.runJob(sc.range(6, numSlices=3), _squares, [2, 0, 2]),
    "of a shuffle": lambda sc: sc.runJob(sc.range(6).map(lambda x: (x % 2, x)).reduceByKey(max, 2), list, [1, 0]),
}

ERRORS: dict[str, Case] = {
    **{f"errors: {name}": case for name, case in _RAISED.items()},
    **{f"runJob: {name}": case for name, case in _PARTITIONS.items()},
}

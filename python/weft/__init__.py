"""PySpark's RDD API, name for name, on Hadoop YARN.

>>> from weft import WeftContext
>>> with WeftContext("local[2]") as sc:                     # doctest: +SKIP
...     sc.parallelize(range(10)).map(lambda x: x * x).sum()
285

The names are imported when they are first used: a worker imports this package too, and must not load the driver.
"""

from __future__ import annotations

import sys as _sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from weft._pyspark import activate
    from weft._version import __version__
    from weft.accumulators import Accumulator, AccumulatorParam
    from weft.badrecords import BadRecords
    from weft.broadcast import Broadcast
    from weft.conf import WeftConf
    from weft.context import WeftContext
    from weft.errors import NotSupportedError, WeftError
    from weft.files import WeftFiles
    from weft.profiler import BasicProfiler, Profiler
    from weft.rdd import RDD, RDDBarrier
    from weft.serializers import CPickleSerializer, MarshalSerializer
    from weft.statcounter import StatCounter
    from weft.status import SparkExecutorInfo, SparkJobInfo, SparkStageInfo, StatusTracker
    from weft.storagelevel import StorageLevel
    from weft.taskcontext import BarrierTaskContext, BarrierTaskInfo, TaskContext
    from weft.threads import InheritableThread, inheritable_thread_target

__all__ = [
    "BadRecords",
    "StatusTracker",
    "SparkStageInfo",
    "SparkJobInfo",
    "SparkExecutorInfo",
    "MarshalSerializer",
    "CPickleSerializer",
    "Profiler",
    "BasicProfiler",
    "RDD",
    "RDDBarrier",
    "Accumulator",
    "AccumulatorParam",
    "BarrierTaskContext",
    "BarrierTaskInfo",
    "Broadcast",
    "InheritableThread",
    "NotSupportedError",
    "StatCounter",
    "StorageLevel",
    "TaskContext",
    "WeftConf",
    "WeftContext",
    "WeftError",
    "WeftFiles",
    "__version__",
    "activate",
    "inheritable_thread_target",
]

_MODULES = {
    "StatusTracker": "weft.status",
    "SparkStageInfo": "weft.status",
    "SparkJobInfo": "weft.status",
    "SparkExecutorInfo": "weft.status",
    "MarshalSerializer": "weft.serializers",
    "CPickleSerializer": "weft.serializers",
    "Profiler": "weft.profiler",
    "BasicProfiler": "weft.profiler",
    "Accumulator": "weft.accumulators",
    "AccumulatorParam": "weft.accumulators",
    "BarrierTaskContext": "weft.taskcontext",
    "BarrierTaskInfo": "weft.taskcontext",
    "BadRecords": "weft.badrecords",
    "Broadcast": "weft.broadcast",
    "InheritableThread": "weft.threads",
    "NotSupportedError": "weft.errors",
    "RDD": "weft.rdd",
    "RDDBarrier": "weft.rdd",
    "StatCounter": "weft.statcounter",
    "StorageLevel": "weft.storagelevel",
    "TaskContext": "weft.taskcontext",
    "WeftConf": "weft.conf",
    "WeftContext": "weft.context",
    "WeftError": "weft.errors",
    "WeftFiles": "weft.files",
    "__version__": "weft._version",
    "activate": "weft._pyspark",
    "inheritable_thread_target": "weft.threads",
}


def __getattr__(name: str) -> Any:
    module = _MODULES.get(name)
    if module is None:
        raise AttributeError(f"module 'weft' has no attribute {name!r}")
    import importlib

    value = getattr(importlib.import_module(module), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})


if _sys.implementation.name == "pypy":
    from weft._pypy import import_cloudpickle as _import_cloudpickle

    _import_cloudpickle()

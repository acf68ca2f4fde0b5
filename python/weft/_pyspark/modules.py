"""The modules of PySpark's that Weft stands for, made when they are imported."""

from __future__ import annotations

import importlib
import importlib.abc
import importlib.machinery
from types import ModuleType
from typing import Any, NoReturn

from weft._callsite import call_site
from weft._pyspark import API_VERSION, exceptions
from weft.errors import NotSupportedError

__all__ = ["MODULES", "ShimLoader", "absent", "absent_of", "instead_of", "is_provided"]

_SERIALIZERS = (
    "AutoBatchedSerializer",
    "AutoSerializer",
    "BatchedSerializer",
    "CPickleSerializer",
    "CartesianDeserializer",
    "CloudPickleSerializer",
    "CompressedSerializer",
    "FlattenedValuesSerializer",
    "FramedSerializer",
    "MarshalSerializer",
    "NoOpSerializer",
    "PairDeserializer",
    "PickleSerializer",
    "Serializer",
    "SpecialLengths",
    "UTF8Deserializer",
    "read_int",
    "write_int",
    "write_with_length",
)
_PROFILERS = ("BasicProfiler", "MemoryProfiler", "PStatsParam", "Profiler", "ProfilerCollector")
_STATUS = ("SparkExecutorInfo", "SparkJobInfo", "SparkStageInfo", "StatusTracker")
_REQUESTS = (
    "ExecutorResourceRequest",
    "ExecutorResourceRequests",
    "TaskResourceRequest",
    "TaskResourceRequests",
)
_CONTEXTS = ("BarrierTaskContext", "BarrierTaskInfo", "TaskContext")
_PROFILES = ("ResourceProfile", "ResourceProfileBuilder")
_TESTING = (
    "ByteArrayOutput",
    "PySparkBaseTestCase",
    "PySparkTestCase",
    "QuietTest",
    "ReusedPySparkTestCase",
    "eventually",
    "have_numpy",
    "have_package",
    "have_pandas",
    "have_pyarrow",
    "have_scipy",
    "have_sklearn",
    "numpy_requirement_message",
    "pandas_requirement_message",
    "pyarrow_requirement_message",
    "read_int",
    "scipy_requirement_message",
    "sklearn_requirement_message",
    "timeout",
    "write_int",
)


def _all_of(module: str, names: tuple[str, ...]) -> dict[str, str]:
    return {name: f"{module}.{name}" for name in names}


_CORE = {
    **_all_of("weft.profiler", ("BasicProfiler", "Profiler")),
    **_all_of("weft.serializers", ("CPickleSerializer", "MarshalSerializer")),
    **_all_of("weft.status", _STATUS),
    "Accumulator": "weft.accumulators.Accumulator",
    "AccumulatorParam": "weft.accumulators.AccumulatorParam",
    **_all_of("weft.taskcontext", _CONTEXTS),
    "Broadcast": "weft.broadcast.Broadcast",
    "InheritableThread": "weft.threads.InheritableThread",
    "RDD": "weft.rdd.RDD",
    "RDDBarrier": "weft.rdd.RDDBarrier",
    "Row": "weft._pyspark.row.Row",
    "SparkConf": "weft.conf.WeftConf",
    "SparkContext": "weft.context.WeftContext",
    "SparkFiles": "weft.files.WeftFiles",
    "StorageLevel": "weft.storagelevel.StorageLevel",
    "inheritable_thread_target": "weft.threads.inheritable_thread_target",
}

_ERRORS = _all_of("weft._pyspark.exceptions", tuple(one for one in exceptions.__all__ if one != "CapturedException"))
_CAPTURED = {"CapturedException": "weft._pyspark.exceptions.CapturedException"}

MODULES: dict[str, dict[str, str]] = {
    "pyspark": _CORE,
    "pyspark.accumulators": {
        name: f"weft.accumulators.{name}" for name in ("Accumulator", "AccumulatorParam", "AddingAccumulatorParam")
    },
    "pyspark.broadcast": {"Broadcast": "weft.broadcast.Broadcast"},
    "pyspark.conf": {"SparkConf": "weft.conf.WeftConf"},
    "pyspark.context": {"SparkContext": "weft.context.WeftContext"},
    "pyspark.core": {},
    "pyspark.core.conf": {"SparkConf": "weft.conf.WeftConf"},
    "pyspark.core.context": {"SparkContext": "weft.context.WeftContext"},
    "pyspark.core.files": {"SparkFiles": "weft.files.WeftFiles"},
    "pyspark.core.rdd": {
        "BoundedFloat": "weft.rdd.BoundedFloat",
        "RDD": "weft.rdd.RDD",
        "RDDBarrier": "weft.rdd.RDDBarrier",
        "portable_hash": "weft.rdd.portable_hash",
    },
    "pyspark.core.status": _all_of("weft.status", _STATUS),
    "pyspark.errors": _ERRORS,
    "pyspark.errors.exceptions": {},
    "pyspark.errors.exceptions.base": _ERRORS,
    "pyspark.errors.exceptions.captured": {**_ERRORS, **_CAPTURED},
    "pyspark.files": {"SparkFiles": "weft.files.WeftFiles"},
    "pyspark.profiler": _all_of("weft.profiler", _PROFILERS),
    "pyspark.rdd": {
        "BoundedFloat": "weft.rdd.BoundedFloat",
        "PipelinedRDD": "weft.rdd.RDD",
        "RDD": "weft.rdd.RDD",
        "RDDBarrier": "weft.rdd.RDDBarrier",
        "portable_hash": "weft.rdd.portable_hash",
    },
    "pyspark.resource": _all_of("weft.resources", ("ResourceInformation", *_PROFILES, *_REQUESTS)),
    "pyspark.resource.information": {"ResourceInformation": "weft.resources.ResourceInformation"},
    "pyspark.resource.profile": _all_of("weft.resources", _PROFILES),
    "pyspark.resource.requests": _all_of("weft.resources", _REQUESTS),
    "pyspark.resultiterable": {"ResultIterable": "weft.resultiterable.ResultIterable"},
    "pyspark.serializers": _all_of("weft.serializers", _SERIALIZERS),
    "pyspark.sql": {"Row": "weft._pyspark.row.Row", "SparkSession": "weft._pyspark.session.SparkSession"},
    "pyspark.sql.session": {"SparkSession": "weft._pyspark.session.SparkSession"},
    "pyspark.sql.types": {"Row": "weft._pyspark.row.Row"},
    "pyspark.sql.utils": {**_ERRORS, **_CAPTURED, "is_remote": "weft._pyspark.testing.is_remote"},
    "pyspark.statcounter": {"StatCounter": "weft.statcounter.StatCounter"},
    "pyspark.status": _all_of("weft.status", _STATUS),
    "pyspark.storagelevel": {"StorageLevel": "weft.storagelevel.StorageLevel"},
    "pyspark.taskcontext": _all_of("weft.taskcontext", _CONTEXTS),
    "pyspark.testing": {"main": "weft._pyspark.testing.main"},
    "pyspark.testing.sqlutils": _all_of("weft._pyspark.testing", (*_TESTING, "ReusedSQLTestCase")),
    "pyspark.testing.unittestutils": {"main": "weft._pyspark.testing.main"},
    "pyspark.testing.utils": _all_of("weft._pyspark.testing", _TESTING),
    "pyspark.util": {
        "InheritableThread": "weft.threads.InheritableThread",
        "inheritable_thread_target": "weft.threads.inheritable_thread_target",
    },
    "pyspark.version": {},
}

_INSTEAD = (
    ("pyspark.profiler.UDFBasicProfiler", "pyspark.profiler.BasicProfiler, for functions of RDDs"),
    ("pyspark.testing.assertDataFrameEqual", "assertEqual of the lists that collect() gives, sorted"),
    ("pyspark.testing.assertSchemaEqual", "assertEqual of the lists that collect() gives, sorted"),
    ("pyspark.testing.utils.assertDataFrameEqual", "assertEqual of the lists that collect() gives, sorted"),
    ("pyspark.sql.SparkSession.addTag", "spark.sparkContext.addJobTag"),
    ("pyspark.sql.SparkSession.builder", "settings by config, master and appName"),
    ("pyspark.sql.SparkSession.clearTags", "spark.sparkContext.clearJobTags"),
    ("pyspark.sql.SparkSession.createDataFrame", "spark.sparkContext.parallelize"),
    ("pyspark.sql.SparkSession.emptyDataFrame", "spark.sparkContext.emptyRDD()"),
    ("pyspark.sql.SparkSession.getTags", "spark.sparkContext.getJobTags"),
    ("pyspark.sql.SparkSession.interruptAll", "spark.sparkContext.cancelAllJobs"),
    ("pyspark.sql.SparkSession.interruptTag", "spark.sparkContext.cancelJobsWithTag"),
    ("pyspark.sql.SparkSession.range", "spark.sparkContext.range"),
    ("pyspark.sql.SparkSession.read.csv", "csv.reader in mapPartitions of sc.textFile"),
    ("pyspark.sql.SparkSession.read.jdbc", "sc.fromDB"),
    ("pyspark.sql.SparkSession.read.json", "json.loads in map of sc.textFile"),
    ("pyspark.sql.SparkSession.read.parquet", "sc.parquetFile"),
    ("pyspark.sql.SparkSession.removeTag", "spark.sparkContext.removeJobTag"),
    ("pyspark.sql.functions", "functions of Python's in map, filter and reduceByKey"),
    ("pyspark.sql", "RDDs: sc.textFile or spark.read.text(path).rdd, map, keyBy and aggregateByKey"),
    ("pyspark.pandas", "pandas in mapPartitions"),
    ("pyspark.ml", "numpy or scikit-learn in mapPartitions, with sums by treeAggregate"),
    ("pyspark.mllib", "numpy or scikit-learn in mapPartitions, with sums by treeAggregate"),
    ("pyspark.streaming", "a job for each batch of files"),
)


def instead_of(name: str) -> str:
    """What to use for a name that Weft does not have; empty if nothing is near."""
    return next((text for start, text in _INSTEAD if name == start or name.startswith(start + ".")), "")


def absent_of(module: str) -> set[str]:
    """Names of a module that PySpark has and Weft does not, as far as there is another way."""
    return {name for name, _ in _INSTEAD if name.rpartition(".")[0] == module}


def is_provided(module: str, name: str) -> bool:
    """Whether a module of PySpark's has this name in Weft, too."""
    return name in MODULES.get(module, {}) or f"{module}.{name}" in MODULES


def _refuse(name: str) -> NoReturn:
    text = f"{name} ({call_site()}) is not in Weft."
    instead = instead_of(name)
    raise NotSupportedError(f"{text} Instead: {instead}." if instead else text, "E18", 2)


class _AbsentMeta(type):
    """Of classes that can be imported, compared with and derived from, and of which no object can be made."""

    def __call__(cls, *_: Any, **__: Any) -> NoReturn:
        _refuse(_full_name(cls))

    def __getattr__(cls, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        _refuse(f"{_full_name(cls)}.{name}")


def _full_name(cls: type) -> str:
    known = next((one for one in cls.__mro__ if "_absent_name" in one.__dict__), None)
    return str(known.__dict__["_absent_name"]) if known is not None else cls.__name__


def absent(full: str) -> type:
    """Make what stands for a name that Weft does not have; exceptions among them can be caught, though none comes."""
    module, _, name = full.rpartition(".")
    bases = (Exception,) if name.endswith(("Error", "Exception", "Warning")) else ()
    return _AbsentMeta(name, bases, {"__module__": module, "_absent_name": full, "__doc__": f"{full} is not in Weft."})


class _Shim(ModuleType):
    """A module whose names are resolved when they are asked for."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") and name.endswith("__"):
            raise AttributeError(name)
        full = f"{self.__name__}.{name}"
        target = MODULES.get(self.__name__, {}).get(name)
        if target is not None:
            module, _, attribute = target.rpartition(".")
            value: Any = getattr(importlib.import_module(module), attribute)
        elif full in MODULES:
            value = importlib.import_module(full)
        else:
            value = absent(full)
        setattr(self, name, value)
        return value

    def __dir__(self) -> list[str]:
        return sorted({*vars(self), *MODULES.get(self.__name__, {})})

    def __reduce__(self) -> tuple[Any, tuple[str]]:
        """A function of the user's that names the module takes it along: by its name, as other modules."""
        return importlib.import_module, (self.__name__,)


class ShimLoader(importlib.abc.Loader):
    """Makes shims; ``pyspark.cloudpickle`` is cloudpickle itself."""

    def create_module(self, spec: importlib.machinery.ModuleSpec) -> ModuleType:
        """Make the module."""
        if spec.name == "pyspark.cloudpickle":
            return importlib.import_module("cloudpickle")
        return _Shim(spec.name)

    def exec_module(self, module: ModuleType) -> None:
        """Give it what a star import takes, and the version."""
        if isinstance(module, _Shim):
            setattr(module, "__all__", list(MODULES.get(module.__name__, {})))  # noqa: B010 - a module's names are no fields
            if module.__name__ in ("pyspark", "pyspark.version"):
                setattr(module, "__version__", API_VERSION)  # noqa: B010

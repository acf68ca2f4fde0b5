"""Measures the cases: ``record.py`` under PySpark writes ``recorded.json``; the tests import :func:`measure`."""

from __future__ import annotations

import builtins
import importlib
import inspect
import json
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Callable
from typing import Any

__all__ = ["canonical", "measure"]

HERE = os.path.dirname(os.path.abspath(__file__))
_SIGNED = ["RDD", "SparkContext", "SparkConf", "StorageLevel", "Accumulator", "AccumulatorParam", "Broadcast"]
_SIGNED += ["SparkFiles", "TaskContext", "InheritableThread", "BarrierTaskContext", "BarrierTaskInfo", "RDDBarrier"]
_SIGNED += ["StatusTracker", "SparkJobInfo", "SparkStageInfo", "SparkExecutorInfo", "rdd.BoundedFloat"]
_SIGNED += ["profiler.Profiler", "profiler.BasicProfiler", "profiler.MemoryProfiler", "profiler.ProfilerCollector"]
_SIGNED += [f"serializers.{one}Serializer" for one in ("Pickle", "CloudPickle", "Marshal", "Batched", "AutoBatched")]
_SIGNED += [f"serializers.{one}Serializer" for one in ("NoOp", "Auto", "Compressed", "FlattenedValues", "Framed", "")]
_SIGNED += [f"serializers.{one}Deserializer" for one in ("UTF8", "Pair", "Cartesian")]
_SIGNED += [f"resource.{one}" for one in ("ResourceProfile", "ResourceProfileBuilder", "ResourceInformation")]
_SIGNED += [f"resource.{one}" for one in ("ExecutorResourceRequests", "TaskResourceRequests")]
_SIGNED += [f"resource.{one}" for one in ("ExecutorResourceRequest", "TaskResourceRequest")]
_SIGNED += ["profiler.UDFBasicProfiler", "accumulators.AddingAccumulatorParam", "resultiterable.ResultIterable"]
_SIGNED += ["sql.SparkSession", "sql.SparkSession.Builder", "sql.conf.RuntimeConfig", "sql.DataFrameReader", "sql.Row"]
_SIGNED += ["errors.PySparkException"]
_FUNCTIONS = ["inheritable_thread_target", "rdd.portable_hash"]
_MODULES = {"cases": "CASES", "morecases": "MORE", "sharedcases": "SHARED", "apicases": "API", "cachecases": "CACHED"}
_MODULES["errorcases"] = "ERRORS"
_MODULES["barriercases"] = "BARRIERS"
_WORKER_ERROR = re.compile(r"^([A-Za-z_][\w.]*(?:Error|Exception|Iteration|Custom))(?::.*)?$", re.MULTILINE)
_JAVA_ERROR = re.compile(r"(?:: |^)((?:[a-z]\w*\.)+[A-Z]\w*)")


def canonical(value: Any) -> str:
    """Give a text that is equal for equal values; order counts in lists, not in dictionaries and sets."""
    if hasattr(value, "item") and type(value).__module__ == "numpy":
        value = value.item()
    if isinstance(value, dict):
        return "{" + ", ".join(sorted(f"{canonical(k)}: {canonical(v)}" for k, v in value.items())) + "}"
    if isinstance(value, (set, frozenset)):
        return "{" + ", ".join(sorted(map(canonical, value))) + "}"
    if type(value).__name__ == "ResultIterable":
        return "values" + canonical(list(value))
    if isinstance(value, list):
        return "[" + ", ".join(map(canonical, value)) + "]"
    if isinstance(value, tuple):
        return "(" + ", ".join(map(canonical, value)) + ")"
    return repr(value)


def measure(function: Callable[[Any], Any], sc: Any, jobs: Callable[[], int]) -> dict[str, Any]:
    """Run one case.

    Parameters
    ----------
    function : callable
        The case.
    sc : context
        Of PySpark or Weft.
    jobs : callable
        Tells how many jobs were run so far.

    Returns
    -------
    dict
        ``value`` of a plain value; ``partitions`` (number), ``layout`` (the records of each) and ``jobs`` (run while
        the RDD was made: an eager transformation) of an RDD; ``error`` and ``when`` (``made`` or ``run``) if it failed.
    """
    before = jobs()
    try:
        result = function(sc)
    except BaseException as error:
        return {"error": error_name(error), "when": "made"}
    if not hasattr(result, "mapPartitions"):
        return {"value": canonical(result)}
    eager = jobs() - before
    try:
        layout = [[canonical(record) for record in part] for part in result.glom().collect()]
        return {"partitions": result.getNumPartitions(), "layout": layout, "jobs": eager}
    except BaseException as error:
        return {"error": error_name(error), "when": "run", "jobs": eager}


def error_name(error: BaseException) -> str:
    """Name the class: that of the worker's exception, a Java one, or the first builtin among its bases."""
    if type(error).__name__ in ("Py4JJavaError", "PythonException"):
        text = str(error)
        found = _WORKER_ERROR.findall(text.split("Traceback", 1)[1]) if "Traceback" in text else []
        if found:
            return _plain(str(found[-1]).rpartition(".")[2])
        java = _JAVA_ERROR.findall(text.split("\n", 1)[1] if "\n" in text else text)
        return "java " + (java[0].rpartition(".")[2] if java else "unknown")
    if type(error).__name__ == "Custom":
        return "Custom"
    for base in type(error).__mro__:
        if base.__module__ == "builtins" and base is not Exception and hasattr(builtins, base.__name__):
            return base.__name__
        if base.__name__ == "PicklingError":
            return base.__name__
    return type(error).__name__


def _plain(name: str) -> str:
    """PySpark's own subclasses (PySparkRuntimeError) by the names of their bases."""
    return name[len("PySpark") :] if name.startswith("PySpark") else name


def signatures(classes: list[Any]) -> dict[str, dict[str, list[str]]]:
    """Give the parameter names of the public methods, and of ``__init__``, of some classes; of properties none."""
    found: dict[str, dict[str, list[str]]] = {}
    for owner in classes:
        found[owner.__name__.replace("Spark", "Weft")] = methods = {}
        layers = [layer for layer in owner.__mro__ if layer.__module__.partition(".")[0] in ("pyspark", "weft")]
        for name in dict.fromkeys(name for layer in layers for name in vars(layer)):
            member = getattr(owner, name)
            if not name.startswith("_") or name == "__init__":
                methods[name] = list(inspect.signature(member).parameters) if callable(member) else []
    return found


def attributes(sc: Any) -> dict[str, list[str]]:
    """Give the public names that objects have beside those of their classes."""
    module = importlib.import_module(f"{type(sc).__module__.partition('.')[0]}.statcounter")
    rdd = sc.parallelize([1, 2], 2)
    objects = {
        "RDD": rdd,
        "WeftContext": sc,
        "WeftConf": sc.getConf(),
        "Accumulator": sc.accumulator(0),
        "Broadcast": sc.broadcast(0),
        "StorageLevel": rdd.getStorageLevel(),
        "StatCounter": module.StatCounter([1.0]),
        "ResultIterable": rdd.map(lambda x: (0, x)).groupByKey().first()[1],
    }
    return {name: sorted(one for one in dir(thing) if not one.startswith("_")) for name, thing in objects.items()}


def _found(package: Any, name: str) -> Any:
    """A class of a package by its name, which may stand after those of modules and of a class that it is in."""
    found = package
    for part in name.split("."):
        module = f"{found.__name__}.{part}" if inspect.ismodule(found) else ""
        found = importlib.import_module(module) if part.islower() and not hasattr(found, part) else getattr(found, part)
    return found


def _measure_pyspark(modules: list[str]) -> dict[str, Any]:
    import pyspark
    import pyspark.errors
    from pyspark import SparkConf, SparkContext
    from pyspark.statcounter import StatCounter

    chosen: dict[str, Any] = {}
    for module in modules:
        chosen.update(getattr(importlib.import_module(module), _MODULES[module]))
    conf = SparkConf().setMaster("local[4]").set("spark.ui.enabled", "false").set("spark.task.maxFailures", "1")
    sc = SparkContext(conf=conf.set("spark.ui.showConsoleProgress", "false"))
    sc.setLogLevel("OFF")
    measured = {}
    for number, (name, function) in enumerate(chosen.items()):
        group = f"case {number}"
        sc.setJobGroup(group, name)
        sc._pickled_broadcast_vars.clear()  # destroyed ones of a case before fail every job of this thread
        measured[name] = measure(function, sc, lambda group=group: len(sc.statusTracker().getJobIdsForGroup(group)))
    beside = attributes(sc)
    sc.stop()
    signed = signatures([_found(pyspark, name) for name in _SIGNED] + [StatCounter])
    for owner, names in beside.items():
        signed[owner].update((name, []) for name in names if name not in signed[owner])
    return {
        "pyspark": pyspark.__version__,
        "python": ".".join(map(str, sys.version_info[:3])),
        "signatures": signed,
        "functions": {name: list(inspect.signature(_found(pyspark, name)).parameters) for name in _FUNCTIONS},
        "exceptions": {
            name: [base.__name__ for base in one.__mro__]
            for name, one in sorted(vars(pyspark.errors).items())
            if isinstance(one, type) and issubclass(one, Exception)
        },
        "hash": [sys.hash_info.algorithm, hash("weft")],
        "cases": measured,
    }


def main(arguments: list[str]) -> int:
    """Write ``recorded.json``; each measurement is a process of its own, and what two do not agree on is marked.

    Arguments are the modules whose cases are measured; what is recorded of the others stays.
    """
    if arguments[:1] == ["--once"]:
        with open(arguments[1], "w", encoding="utf-8") as file:
            json.dump(_measure_pyspark(arguments[2:]), file)
        return 0
    modules = arguments or list(_MODULES)
    environment = {k: v for k, v in os.environ.items() if k not in ("SPARK_HOME", "HADOOP_CONF_DIR", "YARN_CONF_DIR")}
    environment.update(PYTHONHASHSEED="0", PYTHONPATH=HERE, PYSPARK_PYTHON=sys.executable)
    runs = []
    for _ in range(2):
        with tempfile.TemporaryDirectory(prefix="conform-") as folder:
            environment["TMPDIR"] = folder
            path = os.path.join(folder, "measured.json")
            subprocess.run([sys.executable, __file__, "--once", path, *modules], env=environment, check=True)
            with open(path, encoding="utf-8") as file:
                runs.append(json.load(file))
    result, other = runs
    for name, measured in result["cases"].items():
        if other["cases"][name] != measured:
            measured["unstable"] = True
    if arguments:
        with open(os.path.join(HERE, "recorded.json"), encoding="utf-8") as before:
            result["cases"] = {**json.load(before)["cases"], **result["cases"]}
    with open(os.path.join(HERE, "recorded.json"), "w", encoding="utf-8") as out:
        json.dump(result, out, indent=1, ensure_ascii=False, sort_keys=True)
        out.write("\n")
    sys.stderr.write(f"{len(result['cases'])} cases of PySpark {result['pyspark']} in recorded.json\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

"""Every public name that PySpark's programs may use does something in one process, or says what to do instead."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import warnings
import zipfile
from collections.abc import Callable, Iterator
from operator import add
from pathlib import Path
from typing import Any

import pytest

from tests.conform import record
from weft import RDD, StorageLevel, TaskContext, WeftConf, WeftContext, WeftFiles
from weft.resources import ResourceProfileBuilder, TaskResourceRequests

PACKAGE = Path(__file__).resolve().parents[2]
with open(os.path.join(record.HERE, "recorded.json"), encoding="utf-8") as _file:
    SIGNED: dict[str, dict[str, list[str]]] = json.load(_file)["signatures"]
KEY, VALUE = "org.apache.hadoop.io.LongWritable", "org.apache.hadoop.io.Text"
OUT, IN = "org.apache.hadoop.mapred.TextOutputFormat", "org.apache.hadoop.mapred.TextInputFormat"



def same(value: Any) -> Any:
    return value


def indexed(_index: int, values: Any) -> Any:
    return values


@pytest.fixture(scope="module")
def sc(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WeftContext]:
    conf = WeftConf().set("spark.python.profile", "true")
    with WeftContext("inline[2]", conf=conf) as made:
        made.setCheckpointDir(str(tmp_path_factory.mktemp("checkpoints")))
        yield made
        assert made.profiler_collector is not None
        made.profiler_collector.profilers = []  # or they are printed at the end


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "file.txt").write_text("line\n")
    (tmp_path / "module.py").write_text("X = 1\n")
    with zipfile.ZipFile(tmp_path / "archive.zip", "w") as archive:
        archive.writestr("inner", "text")
    return tmp_path


def of_rdds(sc: WeftContext, folder: Path) -> tuple[dict[str, tuple[Any, ...]], dict[str, tuple[Any, ...]]]:
    """Arguments of methods of RDDs of pairs, and of others."""
    pairs = sc.parallelize([("a", 1), ("b", 2), ("a", 3)], 2)
    numbers = sc.parallelize([3, 1, 2], 2)
    out, dataset = str(folder / "out"), {"mapreduce.output.fileoutputformat.outputdir": str(folder / "out")}
    joins = ("cogroup", "fullOuterJoin", "join", "leftOuterJoin", "rightOuterJoin", "subtractByKey")
    none = ("collectAsMap", "countByKey", "groupByKey", "keys", "repartitionAndSortWithinPartitions", "sortByKey")
    keyed: dict[str, tuple[Any, ...]] = {
        **dict.fromkeys(joins, (pairs,)),
        **dict.fromkeys(none, ()),
        **dict.fromkeys(("saveAsHadoopDataset", "saveAsNewAPIHadoopDataset"), (dataset,)),
        **dict.fromkeys(("saveAsHadoopFile", "saveAsNewAPIHadoopFile"), (out, OUT)),
        **dict.fromkeys(("reduceByKey", "reduceByKeyLocally"), (add,)),
        **dict.fromkeys(("flatMapValues", "mapValues"), (str,)),
        "aggregateByKey": (0, add, add),
        "combineByKey": (same, add, add),
        "foldByKey": (0, add),
        "groupWith": (pairs, pairs),
        "lookup": ("a",),
        "partitionBy": (2,),
        "sampleByKey": (False, {"a": 0.5, "b": 0.5}),
        "saveAsSequenceFile": (out,),
        "values": (),
    }
    cpus = ResourceProfileBuilder().require(TaskResourceRequests().cpus(1)).build
    others: dict[str, tuple[Any, ...]] = {
        **dict.fromkeys(("cartesian", "intersection", "subtract", "union", "zip"), (numbers,)),
        **dict.fromkeys(("filter", "foreach", "groupBy", "keyBy", "map", "mapPartitions", "sortBy"), (same,)),
        **dict.fromkeys(("mapPartitionsWithIndex", "mapPartitionsWithSplit"), (indexed,)),
        **dict.fromkeys(("countApprox", "meanApprox", "sumApprox"), (10_000,)),
        **dict.fromkeys(("take", "takeOrdered", "top", "coalesce"), (1,)),
        **dict.fromkeys(("reduce", "treeReduce"), (add,)),
        **dict.fromkeys(("aggregate", "treeAggregate"), (0, add, add)),
        **dict.fromkeys(("saveAsPickleFile", "saveAsTextFile"), (out,)),
        "collectWithJobGroup": ("group", "description"),
        "flatMap": (lambda x: [x],),
        "fold": (0, add),
        "foreachPartition": (list,),
        "histogram": (2,),
        "pipe": ("cat",),
        "randomSplit": ([1, 2],),
        "repartition": (2,),
        "sample": (False, 0.5),
        "setName": ("name",),
        "takeSample": (False, 1),
        "withResources": (cpus,),
    }
    return keyed, others


def of_context(sc: WeftContext, folder: Path) -> dict[str, tuple[Any, ...]]:
    inside, pickles, numbers = str(folder / "in"), str(folder / "pickles"), sc.parallelize([1])
    if not os.path.exists(pickles):
        numbers.saveAsPickleFile(pickles)
    dataset = (IN, KEY, VALUE, None, None, {"mapreduce.input.fileinputformat.inputdir": inside})
    return {
        **dict.fromkeys(("binaryFiles", "sequenceFile", "textFile", "wholeTextFiles"), (inside,)),
        **dict.fromkeys(("hadoopFile", "newAPIHadoopFile"), (inside, IN, KEY, VALUE)),
        **dict.fromkeys(("hadoopRDD", "newAPIHadoopRDD"), dataset),
        **dict.fromkeys(("addJobTag", "cancelJobsWithTag", "removeJobTag", "cancelJobGroup"), ("name",)),
        **dict.fromkeys(("getLocalProperty", "getSystemProperty", "setJobDescription"), ("name",)),
        **dict.fromkeys(("setLocalProperty", "setSystemProperty", "setJobGroup"), ("name", "value")),
        "accumulator": (0,),
        "addArchive": (str(folder / "archive.zip"),),
        "addFile": (str(folder / "in" / "file.txt"),),
        "addPyFile": (str(folder / "module.py"),),
        "binaryRecords": (inside, 5),
        "broadcast": (1,),
        "dump_profiles": (str(folder / "profiles"),),
        "parallelize": ([1],),
        "pickleFile": (pickles,),
        "range": (3,),
        "runJob": (numbers, list),
        "setCheckpointDir": (str(folder / "checkpoints"),),
        "setInterruptOnCancel": (True,),
        "setLogLevel": ("OFF",),
        "union": ([numbers, numbers],),
    }


def use(thing: Any, name: str, arguments: tuple[Any, ...]) -> Any:
    """Look at an attribute, call it if it is a method, and run what comes of it; what is refused must say so well."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", FutureWarning)
            found = getattr(thing, name)
            result = found(*arguments) if hasattr(found, "__func__") else found
        for one in result if isinstance(result, list) else [result]:
            if isinstance(one, RDD):
                one.collect()
    except NotImplementedError as error:
        assert "nstead" in str(error) or "Use the master" in str(error) or "inline" in str(error), str(error)
    return None


@pytest.mark.parametrize("name", [name for name in SIGNED["RDD"] if name != "__init__"])
def test_a_name_of_rdds(name: str, sc: WeftContext, folder: Path) -> None:
    keyed, others = of_rdds(sc, folder)
    rdd = sc.parallelize([("a", 1), ("b", 2), ("a", 3)] if name in keyed else [3, 1, 2], 2)
    use(rdd, name, keyed.get(name, others.get(name, ())))


@pytest.mark.parametrize("name", [name for name in SIGNED["WeftContext"] if name not in ("__init__", "stop")])
def test_a_name_of_contexts(name: str, sc: WeftContext, folder: Path) -> None:
    try:
        use(sc, name, of_context(sc, folder).get(name, ()))
    finally:
        sc.clearJobTags()
        for key in ("spark.jobGroup.id", "spark.job.description", "spark.job.interruptOnCancel"):
            sc.setLocalProperty(key, None)


def test_the_names_of_tasks(sc: WeftContext) -> None:
    names = [name for name in SIGNED["TaskContext"] if name not in ("__init__", "from_json")]

    def seen(_record: Any) -> list[str]:
        context: Any = TaskContext.get()
        for name in names:
            found = getattr(context, name)
            if callable(found):
                found(*["key"] * (name == "getLocalProperty"))
        return names

    assert sc.parallelize([1], 1).flatMap(seen).collect() == names


def test_the_names_of_what_a_context_gives(sc: WeftContext, folder: Path) -> None:
    sc.range(3).count()
    tracker = sc.statusTracker()
    asked = {"getJobIdsForGroup": (), "getJobInfo": (0,), "getStageInfo": (0,)}
    things: list[tuple[Any, str, dict[str, tuple[Any, ...]]]] = [
        (tracker, "StatusTracker", asked),
        (tracker.getJobInfo(0), "WeftJobInfo", {}),
        (tracker.getStageInfo(0), "WeftStageInfo", {}),
        (tracker.getExecutorInfos()[0], "WeftExecutorInfo", {}),
        (sc.accumulator(1), "Accumulator", {"add": (1,)}),
        (StorageLevel.DISK_ONLY, "StorageLevel", {}),
        (sc.range(1).getResourceProfile() or ResourceProfileBuilder().build, "ResourceProfile", {}),
    ]
    for thing, owner, arguments in things:
        for name in SIGNED[owner]:
            if not name.startswith("_"):
                use(thing, name, arguments.get(name, ()))
    sc.addFile(str(folder / "in" / "file.txt"))
    assert os.path.isfile(WeftFiles.get("file.txt")) and WeftFiles.getRootDirectory()


def test_what_pysparks_programs_reach_into_names_the_way_without_it(sc: WeftContext) -> None:
    asked: list[Callable[[], Any]] = [
        lambda: sc._jsc.hadoopConfiguration(),
        lambda: sc._jvm,
        lambda: WeftContext._jvm,
        lambda: sc._gateway,
        lambda: sc.range(1)._jrdd,  # type: ignore[attr-defined]
        lambda: sc.range(1)._to_java_object_rdd(),  # type: ignore[attr-defined]
        lambda: sc.range(1).toDF(),  # type: ignore[attr-defined]
    ]
    for ask in asked:
        with pytest.raises(NotImplementedError, match=r"test_names.py:\d+"):
            ask()


def test_a_pipe_leaves_no_open_file(tmp_path: Path) -> None:
    script = tmp_path / "program.py"
    script.write_text(
        "from weft import WeftContext\n"
        "with WeftContext('inline') as sc:\n"
        "    lines = sc.parallelize(range(50_000), 2).pipe('cat')\n"
        "    print(lines.count(), lines.take(1))\n"
    )
    command = [sys.executable, "-W", "always::ResourceWarning", str(script)]
    done = subprocess.run(
        command, env={**os.environ, "PYTHONPATH": str(PACKAGE)}, capture_output=True, text=True, timeout=120
    )
    assert (done.returncode, done.stdout) == (0, "50000 ['0']\n")
    assert "ResourceWarning" not in done.stderr

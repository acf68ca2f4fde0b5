"""Weft behind PySpark's names."""

from __future__ import annotations

import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from weft._pyspark.javaerror import with_java
from weft._pyspark.keys import table, translate
from weft._pyspark.row import Row
from weft.conf import WeftConf
from weft.errors import InputMissingError

PACKAGE = str(Path(__file__).resolve().parents[2])
ROOT = Path(PACKAGE).parent


def run(code: str, tmp_path: Path, master: str = "inline") -> str:
    script = tmp_path / "program.py"
    script.write_text(f"import weft\nweft.activate()\nMASTER = {master!r}\n" + textwrap.dedent(code))
    done = subprocess.run(
        [sys.executable, str(script)],
        env={"PYTHONPATH": PACKAGE, "PATH": "/usr/bin:/bin", "HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=180,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


MASTERS = ["inline", pytest.param("local[2]", marks=pytest.mark.local)]


@pytest.mark.parametrize("master", MASTERS)
def test_functions_may_use_pysparks_names_in_workers(tmp_path: Path, master: str) -> None:
    code = """
        from pyspark import SparkContext
        from pyspark.sql import Row

        def row(x):
            import pyspark.storagelevel
            from pyspark import TaskContext
            return Row(x=x, part=TaskContext.get().partitionId(), api=pyspark.__version__)

        with SparkContext(MASTER, "names") as sc:
            print(SparkContext._active_spark_context is sc)
            print(sc.parallelize([5, 6], 2).map(row).collect())
        print(SparkContext._active_spark_context)
        """
    shown = "True\n[Row(x=5, part=0, api='4.3.0'), Row(x=6, part=1, api='4.3.0')]\nNone\n"
    assert run(code, tmp_path, master) == shown


@pytest.mark.parametrize("master", MASTERS)
def test_a_failure_is_what_either_kind_of_program_catches(tmp_path: Path, master: str) -> None:
    code = """
        import pickle
        from py4j.protocol import Py4JJavaError
        from pyspark import SparkContext

        class Mine(Exception):
            def __init__(self, code, text):
                super().__init__(code, text)
                self.code = code

        def fails(x):
            raise Mine(7, "so")

        sc = SparkContext(MASTER, "failures")
        kinds = (fails, Mine), (lambda x: {}[x], KeyError), (lambda x: open("/nope"), FileNotFoundError)
        for function, kind in kinds:
            for caught in (Py4JJavaError, kind):
                try:
                    sc.parallelize([1]).map(function).collect()
                except caught as error:
                    java = str(error.java_exception).partition("\\n")[0]
                    print(caught.__name__, isinstance(error, kind), getattr(error, "code", None), java)
        try:
            sc.textFile("/nope/at/all").count()
        except Py4JJavaError as error:
            print("does not exist" in str(error), type(pickle.loads(pickle.dumps(error))).__name__)
        """
    lines = run(code, tmp_path, master).splitlines()
    assert [line.split(" ")[:2] for line in lines[:-1]] == [
        ["Py4JJavaError", "True"],
        ["Mine", "True"],
        ["Py4JJavaError", "True"],
        ["KeyError", "True"],
        ["Py4JJavaError", "True"],
        ["FileNotFoundError", "True"],
    ]
    assert lines[0].startswith("Py4JJavaError True 7 org.apache.spark.api.python.PythonException: [PYTHON_EXCEPTION]")
    assert lines[-1] == "True InputMissingError"


def test_serializers_profilers_states_and_resources_stand_under_pysparks_modules(tmp_path: Path) -> None:
    code = """
        import json
        from pyspark import BasicProfiler, MarshalSerializer, Profiler, SparkConf, SparkContext
        from pyspark import SparkJobInfo, StatusTracker
        from pyspark.core.status import SparkStageInfo
        from pyspark.profiler import MemoryProfiler, ProfilerCollector
        from pyspark.rdd import BoundedFloat
        from pyspark.resource import ExecutorResourceRequests, ResourceProfileBuilder, TaskResourceRequests
        from pyspark.resource.profile import ResourceProfile
        from pyspark.serializers import BatchedSerializer, CloudPickleSerializer, CPickleSerializer, FramedSerializer

        class Json(FramedSerializer):
            def dumps(self, obj):
                return json.dumps(obj).encode()

            def loads(self, obj):
                return json.loads(obj)

        class Quiet(BasicProfiler):
            def show(self, id):
                print("profiled", self.stats().total_calls > 0)

        conf = SparkConf().set("spark.python.profile", "true")
        sc = SparkContext(MASTER, serializer=Json(), conf=conf, profiler_cls=Quiet, batchSize=3)
        print(sc.parallelize([(1, "a"), (2, "b")], 2).collect(), sc.serializer)
        sc.show_profiles()
        tracker = sc.statusTracker()
        print(isinstance(tracker, StatusTracker), tracker.getJobInfo(0))
        print(ResourceProfileBuilder().require(TaskResourceRequests().cpus(1)).build.taskResources["cpus"].amount)
        print(type(sc.parallelize([1]).sumApprox(10000)) is BoundedFloat, CPickleSerializer is CloudPickleSerializer)
        """
    assert run(code, tmp_path).splitlines() == [
        "[[1, 'a'], [2, 'b']] BatchedSerializer(Json(), 3)",
        "profiled True",
        "True SparkJobInfo(jobId=0, stageIds=[0], status='SUCCEEDED')",
        "1.0",
        "True True",
        "profiled True",  # at the end, the one that was not shown
    ]


@pytest.mark.parametrize("master", MASTERS)
def test_tasks_wait_for_each_other_under_pysparks_names(master: str, tmp_path: Path) -> None:
    code = """
        from pyspark import BarrierTaskContext, BarrierTaskInfo, RDDBarrier, SparkContext
        from pyspark.errors import PySparkRuntimeError

        def together(records):
            task = BarrierTaskContext.get()
            task.barrier()
            infos = [isinstance(info, BarrierTaskInfo) for info in task.getTaskInfos()]
            yield sorted(records), task.allGather(str(task.partitionId())), infos

        sc = SparkContext(MASTER)
        barrier = sc.range(4, numSlices=2).barrier()
        print(type(barrier) is RDDBarrier, barrier.mapPartitions(together).collect())
        try:
            BarrierTaskContext.get()
        except PySparkRuntimeError as error:
            print(str(error).partition(":")[0])
        """
    assert run(code, tmp_path, master).splitlines() == [
        "True [([0, 1], ['0', '1'], [True, True]), ([2, 3], ['0', '1'], [True, True])]",
        "It is not in a barrier stage",
    ]


def test_names_that_are_not_here_import_and_raise_when_they_are_used(tmp_path: Path) -> None:
    code = """
        import pyspark.sql.functions as F
        from pyspark.ml.feature import HashingTF
        from pyspark.sql import DataFrame, SparkSession
        from pyspark.sql.types import StructType
        from pyspark import *

        print(isinstance(3, DataFrame), SparkContext.__name__)
        class Mine(StructType):
            pass
        sc = SparkContext(MASTER)
        session = SparkSession(sc)
        for use in (
            lambda: F.col("x"), HashingTF, Mine, lambda: session.sql("select 1"), lambda: session.read.parquet("x"),
            lambda: session.createDataFrame([]), lambda: session.read.text(__file__).select("y"),
        ):
            try:
                use()
            except NotImplementedError as error:
                print(error)
        """
    lines = run(code, tmp_path).splitlines()
    assert lines[0] == "False WeftContext"
    assert lines[1] == (
        "pyspark.sql.functions.col (program.py:17) is not in Weft. "
        "Instead: functions of Python's in map, filter and reduceByKey."
    )
    assert [line.split(" (")[0] for line in lines[2:]] == [
        "pyspark.ml.feature.HashingTF",
        "pyspark.sql.types.StructType",
        "pyspark.sql.SparkSession.sql",
        "pyspark.sql.SparkSession.read.parquet",
        "pyspark.sql.SparkSession.createDataFrame",
        "pyspark.sql.DataFrame.select",
    ]


@pytest.mark.local
def test_the_jvm_has_hadoops_classes_and_its_configuration_reaches_later_jobs(tmp_path: Path) -> None:
    (tmp_path / "in" / "deeper").mkdir(parents=True)
    (tmp_path / "in" / "deeper" / "file.txt").write_text("found\n")
    code = f"""
        from pyspark import SparkContext
        sc = SparkContext("local[1]")
        conf = sc._jsc.hadoopConfiguration()
        conf.set("mapreduce.input.fileinputformat.input.dir.recursive", "true")
        print(sc.textFile({str(tmp_path / "in")!r}).collect())
        path = sc._jvm.org.apache.hadoop.fs.Path({str(tmp_path / "in")!r})
        print(path.getFileSystem(conf).exists(path), sc._gateway.jvm.java.lang.Integer.parseInt("12"))
        try:
            sc._jvm.org.apache.spark.sql
        except NotImplementedError as error:
            print(error)
        """
    lines = run(code, tmp_path).splitlines()
    assert lines[:2] == ["['found']", "True 12"]
    assert lines[2].startswith("sc._jvm.org.apache.spark (program.py:")


def test_a_row_keeps_its_names_on_every_way() -> None:
    import pickle

    person = Row("name", "age")("Bob", 5)
    assert pickle.loads(pickle.dumps(person)) == person
    assert pickle.loads(pickle.dumps(person)).name == "Bob"
    assert pickle.loads(pickle.dumps(Row(1, 2))) == (1, 2)
    assert Row(a=Row(b=[Row(c=1)])).asDict(True) == {"a": {"b": [{"c": 1}]}}
    assert repr(Row("a", 1)) == "<Row('a', 1)>"
    with pytest.raises(RuntimeError, match="read-only"):
        person.name = "Eve"
    with pytest.raises(AttributeError):
        person.wrong  # noqa: B018
    with pytest.raises(ValueError, match="wrong"):
        person["wrong"]
    with pytest.raises(ValueError, match="both args and kwargs"):
        Row(1, a=2)
    with pytest.raises(ValueError, match="expected 2 values"):
        Row("a", "b")(1, 2, 3)
    with pytest.raises(TypeError, match="Cannot convert"):
        Row(1).asDict()


def test_builtin_exceptions_keep_their_fields() -> None:
    from py4j.protocol import Py4JJavaError

    missing = with_java(FileNotFoundError(2, "No such file", "x.txt"))
    assert isinstance(missing, Py4JJavaError) and isinstance(missing, FileNotFoundError)
    assert (missing.errno, missing.filename, missing.errmsg) == (2, "x.txt", "[Errno 2] No such file: 'x.txt'")
    assert str(missing).endswith("FileNotFoundError: [Errno 2] No such file: 'x.txt'")
    ours = with_java(InputMissingError("gone", "E02", 3))
    assert isinstance(ours, InputMissingError) and (ours.code, ours.exit_code, ours.message) == ("E02", 3, "gone")
    garbled = with_java(UnicodeDecodeError("utf-8", b"\xff", 0, 1, "bad"))
    assert isinstance(garbled, UnicodeDecodeError) and garbled.reason == "bad"


def test_sparks_settings_become_wefts() -> None:
    conf = WeftConf(loadDefaults=False).setMaster("local[3]")
    assert conf.get("spark.master") == "local[3]"
    assert conf.contains("spark.master")
    conf.set("spark.hadoop.dfs.replication", "2").set("spark.executorEnv.TZ", "UTC").set("spark.app.name", "x")
    conf.set("mine.own", "1")
    own, hadoop = conf.split()
    assert hadoop == {"dfs.replication": "2"}
    assert (own["weft.env.TZ"], own["weft.app.name"], conf.get("mine.own")) == ("UTC", "x", "1")
    settings = {"spark.driver.memory": "1g", "spark.who.knows": "1", "spark.executor.memory": "2048"}
    made, ignored = translate({**settings, "spark.task.maxFailures": "2"})
    assert made == {"weft.executor.memory": "2048m", "weft.task.maxFailures": "2"}
    assert ignored == ["spark.driver.memory (weft submit --driver-memory)", "spark.who.knows"]


def test_the_document_has_the_table_of_the_code() -> None:
    assert (ROOT / "docs" / "spark-keys.md").read_text().endswith("\n".join(table()) + "\n")


def test_each_small_file_has_its_own_partition_as_in_pyspark(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    for number in range(30):
        (tmp_path / "in" / f"{number}.txt").write_text("x\n")
    code = f"""
        from pyspark import SparkContext

        print(SparkContext(MASTER).textFile({str(tmp_path / "in")!r}).getNumPartitions())
        """
    assert run(code, tmp_path).split() == ["30"]


@pytest.mark.parametrize("master", MASTERS)
def test_a_failures_texts_hold_what_pysparks_hold(tmp_path: Path, master: str) -> None:
    code = """
        import pyspark
        from py4j.protocol import Py4JJavaError
        from pyspark import SparkContext
        from pyspark.errors import PySparkException, PythonException

        def divides(x):
            return 1 // x

        def refuses(x):
            raise pyspark.errors.PySparkValueError("not " + str(x))

        sc = SparkContext(MASTER, "texts")
        for function, name in ((divides, "ZeroDivisionError: integer division"), (refuses, "PySparkValueError: not 0")):
            for caught in (Py4JJavaError, PythonException, PySparkException):
                try:
                    sc.parallelize([0]).map(function).collect()
                except caught as error:
                    java = error.java_exception
                    texts = str(error), java.toString(), java.getMessage(), str(java)
                    print([name in text and ", in " + function.__name__ in text for text in texts])
                    print(java.getClass().getName(), java.getClass().getSimpleName(), java.getCause())
        for fails, texts in (
            (lambda: sc.textFile("/nope/at/all").count(), ("InvalidInputException", "Input path does not exist: ")),
            (lambda: sc.parallelize([1]).saveAsTextFile("/tmp"), ("FileAlreadyExistsException", "already exists")),
        ):
            try:
                fails()
            except Py4JJavaError as error:
                print([text in str(error) and text in error.java_exception.toString() for text in texts])
        """
    lines = run(code, tmp_path, master).splitlines()
    name = "org.apache.spark.api.python.PythonException PythonException None"
    assert lines == [str([True] * 4), name] * 6 + [str([True] * 2)] * 2


def test_what_nobody_catches_is_printed_once_and_without_frames_of_weft(tmp_path: Path) -> None:
    script = tmp_path / "program.py"
    script.write_text(
        "import weft\nweft.activate()\nfrom pyspark import SparkContext\n"
        "SparkContext('inline').parallelize([0]).map(lambda x: 1 // x).collect()\n"
    )
    environment = {"PYTHONPATH": PACKAGE, "PATH": "/usr/bin:/bin", "HOME": str(tmp_path)}
    done = subprocess.run([sys.executable, str(script)], env=environment, capture_output=True, text=True, timeout=60)
    assert done.returncode == 1
    assert done.stderr.count("ZeroDivisionError") == 1
    assert "ZeroDivisionError: integer division or modulo by zero\n  record: 0" in done.stderr
    assert "PYTHON_EXCEPTION" not in done.stderr


def test_exceptions_of_pysparks_are_caught_and_do_not_hide_others(tmp_path: Path) -> None:
    code = """
        import pyspark.sql.utils
        from pyspark.errors import AnalysisException, PySparkTypeError, PySparkValueError, PythonException
        from pyspark.errors.exceptions.base import PySparkNotImplementedError
        from pyspark.errors.exceptions.captured import CapturedException
        from pyspark.errors.exceptions.connect import SparkConnectGrpcException
        from pyspark.ml.util import SomethingError
        from pyspark import SparkContext

        theirs = (PySparkTypeError, AnalysisException, PythonException, CapturedException, SparkConnectGrpcException)
        try:
            try:
                raise ValueError("the program's own")
            except (*theirs, SomethingError, pyspark.sql.utils.IllegalArgumentException):
                print("caught")
        except ValueError as error:
            print(error)
        sc = SparkContext(MASTER, conf=pyspark.SparkConf().set("spark.sql.x", "y"))
        for kind in (PySparkValueError, ValueError, pyspark.sql.utils.PySparkException):
            try:
                SparkContext(MASTER)
            except kind as error:
                print(type(error).__name__, error.getCondition())
        try:
            sc.parallelize([1]).toDF()
        except PySparkNotImplementedError as error:
            print(type(error).__name__, error.getMessage()[:5])
        """
    assert run(code, tmp_path).splitlines() == ["the program's own", *["ContextError E19"] * 3, "AbsentNameError [E18]"]


def test_the_version_is_that_of_the_api(tmp_path: Path) -> None:
    code = """
        from pyspark import SparkContext
        from pyspark.version import __version__
        import pyspark.version
        print(__version__, pyspark.version.__version__, pyspark.__version__, SparkContext(MASTER).version)
        """
    assert run(code, tmp_path).split() == ["4.3.0"] * 4


def test_a_function_may_name_a_module_of_pysparks(tmp_path: Path) -> None:
    code = """
        import pyspark
        import pyspark.sql as sql

        with pyspark.SparkContext(MASTER) as sc:
            print(sc.parallelize([1]).map(lambda x: (pyspark.StorageLevel.DISK_ONLY.useDisk, sql.Row(x=x))).collect())
        """
    assert run(code, tmp_path) == "[(True, Row(x=1))]\n"


@pytest.mark.parametrize("master", MASTERS)
def test_text_is_read_by_its_options(tmp_path: Path, master: str) -> None:
    (tmp_path / "one.txt").write_text("a;b\nc;")
    code = f"""
        from pyspark.errors import AnalysisException
        from pyspark.sql import SparkSession

        spark = SparkSession.builder.master(MASTER).getOrCreate()
        path = {str(tmp_path / "one.txt")!r}
        def texts(frame):
            return [row.value for row in frame.rdd.collect()]
        print(texts(spark.read.text(path)), texts(spark.read.text([path], wholetext=True)))
        print(texts(spark.read.text(path, lineSep=";")), texts(spark.read.option("wholetext", "true").text(path)))
        print(texts(spark.read.format("text").load(path)), texts(spark.read.load(path, "text", lineSep="\\n")))
        print(texts(spark.read.text(path, recursiveFileLookup=False)))
        for refused in (
            lambda: spark.read.text(path, recursiveFileLookup=True),
            lambda: spark.read.text(path, pathGlobFilter="*.txt"),
            lambda: spark.read.option("encoding", "latin-1").text(path),
            lambda: spark.read.format("csv").load(path),
            lambda: spark.read.load(path),
        ):
            try:
                refused()
            except NotImplementedError as error:
                print(str(error).partition(" (")[0], str(error).partition("Instead: ")[2])
        try:
            spark.read.text(path + ".not")
        except AnalysisException as error:
            print(isinstance(error, FileNotFoundError))
        """
    assert run(code, tmp_path, master).splitlines() == [
        r"['a;b', 'c;'] ['a;b\nc;']",
        r"['a', 'b\nc'] ['a;b\nc;']",
        "['a;b', 'c;'] ['a;b', 'c;']",
        "['a;b', 'c;']",
        "spark.read.text(recursiveFileLookup=...) a pattern for each depth, such as folder/*,folder/*/*.",
        "spark.read.text(pathGlobFilter=...) a pattern in the path, such as folder/*.txt.",
        "spark.read.text(encoding=...) ",
        "Reading csv csv.reader in mapPartitions.",
        "Reading parquet sc.parquetFile(path).",
        "True",
    ]


def test_inline_names_the_way_to_what_is_javas(tmp_path: Path) -> None:
    code = """
        from pyspark import SparkContext
        sc = SparkContext(MASTER)
        for use in (lambda: sc._jsc.hadoopConfiguration(), lambda: sc._jvm.java, lambda: sc._gateway):
            try:
                use()
            except NotImplementedError as error:
                print(str(error).partition(" (")[0], "Use the master local[2]" in str(error))
        """
    shown = run(code, tmp_path).splitlines()
    assert shown == ["sc._jsc.hadoopConfiguration True", "sc._jvm True", "sc._gateway True"]


def test_arguments_that_pysparks_jvm_refuses_are_caught_as_its_exceptions(tmp_path: Path) -> None:
    code = """
        from py4j.protocol import Py4JJavaError
        from pyspark import SparkContext
        from pyspark.errors import IllegalArgumentException

        sc = SparkContext(MASTER)
        for use in (lambda: sc.runJob(sc.range(4, numSlices=2), list, [2]), lambda: sc.addJobTag("")):
            for kind in (ValueError, IllegalArgumentException, Py4JJavaError):
                try:
                    use()
                except kind as error:
                    print(error.java_exception.getClass().getName(), "(program.py:" in str(error))
        """
    assert run(code, tmp_path).splitlines() == ["java.lang.IllegalArgumentException True"] * 6

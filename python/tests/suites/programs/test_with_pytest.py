import pytest

from py4j.protocol import Py4JJavaError
from pyspark import RDD, SparkContext, StorageLevel, TaskContext
from pyspark.errors import AnalysisException, PySparkException, PySparkRuntimeError, PySparkValueError
from pyspark.rdd import portable_hash
from pyspark.sql import Row
from pyspark.sql.utils import AnalysisException as AnalysisExceptionOfBefore

import logs


def test_bytes_by_host(sc, log):
    assert logs.bytes_by_host(sc, log) == {"h1": 17, "h2": 5, "h3": 1}


def test_pages(sc, log):
    assert logs.pages_of_known_hosts(sc, log, {"h1": "one", "h2": "two"}) == ({"one": ["/a", "/c"], "two": ["/b"]}, 1)


def test_a_wrong_line_in_the_driver():
    with pytest.raises(PySparkValueError, match="no line of a log: 'x'"):
        logs.parse("x")
    with pytest.raises(ValueError):
        logs.parse("x")
    with pytest.raises(PySparkException):
        logs.parse("x")


def test_a_wrong_line_in_a_task(sc, tmp_path):
    path = tmp_path / "wrong.log"
    path.write_text("h1 /a\n")
    with pytest.raises(Py4JJavaError) as caught:
        logs.bytes_by_host(sc, str(path))
    assert "no line of a log: 'h1 /a'" in str(caught.value)
    assert "no line of a log: 'h1 /a'" in caught.value.java_exception.toString()
    assert "no line of a log: 'h1 /a'" in caught.value.java_exception.getMessage()


def test_other_exceptions_pass_by(sc):
    def named():
        try:
            raise KeyError("mine")
        except (PySparkValueError, PySparkRuntimeError, AnalysisException):
            return "theirs"
        except KeyError:
            return "mine"

    assert AnalysisException is not PySparkValueError and issubclass(AnalysisExceptionOfBefore, PySparkException)
    assert named() == "mine"
    assert sc.parallelize([1]).map(lambda _: named()).collect() == ["mine"]


def test_only_the_driver_reads_accumulators(sc):
    counter = sc.accumulator(0)
    with pytest.raises(Exception, match="driver|Accumulator.value"):
        sc.parallelize([1], 1).map(lambda x: counter.value).collect()


def test_a_path_that_is_not_there(spark):
    with pytest.raises(AnalysisException):
        spark.read.text("/nowhere/at/all")


def test_lines_as_rows(spark, log, tmp_path):
    assert spark.read.text(log).rdd.map(lambda row: row.value).first() == "h1 /a 10"
    assert spark.read.text(log, wholetext=True).rdd.map(lambda row: len(row.value.split())).collect() == [12]
    (tmp_path / "rows").write_text("a;b\nc;")
    assert spark.read.text(str(tmp_path / "rows"), lineSep=";").rdd.collect() == [Row(value="a"), Row(value="b\nc")]
    assert spark.read.format("text").option("lineSep", ";").load(str(tmp_path / "rows")).rdd.count() == 2


def test_the_context(sc, spark):
    assert isinstance(sc, SparkContext) and spark.sparkContext is sc
    assert sc.version == spark.version
    assert sc.defaultParallelism == 3
    assert sc.getConf().get("spark.app.name") == "tests"
    assert SparkContext._active_spark_context is sc


def test_partitions(sc):
    rdd = sc.parallelize(range(10), 4)
    assert isinstance(rdd, RDD) and rdd.getNumPartitions() == 4
    assert rdd.glom().map(len).collect() == [2, 2, 2, 4] or sum(rdd.glom().map(len).collect()) == 10
    assert rdd.map(lambda x: TaskContext.get().partitionId()).distinct().count() == 4
    keyed = rdd.map(lambda x: (x, x)).partitionBy(3, portable_hash)
    assert all(index == key % 3 for index, key in keyed.mapPartitionsWithIndex(_with_index).collect())


def _with_index(index, pairs):
    for key, _ in pairs:
        yield index, key


@pytest.mark.parametrize("level", [StorageLevel.MEMORY_ONLY, StorageLevel.DISK_ONLY, StorageLevel.MEMORY_AND_DISK_2])
def test_levels(sc, level):
    rdd = sc.parallelize(range(5)).persist(level)
    assert rdd.is_cached and rdd.getStorageLevel() == level and rdd.sum() == 10
    assert not rdd.unpersist().is_cached
    assert not rdd.has_resource_profile


def test_results(sc, tmp_path):
    rdd = sc.parallelize([("a", 1), ("b", 2), ("a", 3)])
    rdd.map(lambda pair: f"{pair[0]}={pair[1]}").saveAsTextFile(str(tmp_path / "out"))
    assert sorted(sc.textFile(str(tmp_path / "out")).collect()) == ["a=1", "a=3", "b=2"]
    with pytest.raises(Py4JJavaError, match="exists"):
        rdd.saveAsTextFile(str(tmp_path / "out"))
    assert sc.runJob(rdd, lambda part: [len(list(part))], [0, 0]) == [1, 1]
    with pytest.raises(Exception, match="partition"):
        sc.runJob(rdd, lambda part: part, [17])

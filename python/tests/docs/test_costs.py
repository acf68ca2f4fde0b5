"""What the notes say that a method costs is what it costs: jobs are counted, and shuffles looked for."""

from __future__ import annotations

import inspect
import re
import warnings
from collections.abc import Callable, Iterator
from operator import add
from pathlib import Path
from typing import Any

import pytest

import weft
from tests.docs.test_docstrings import PUBLIC
from weft._lineage import ShuffleNode, in_order
from weft.serializers import MarshalSerializer

Pairs = Any
CALLS: dict[str, Callable[[Pairs, Pairs], Any]] = {
    "aggregate": lambda one, _: one.values().aggregate(0, add, add),
    "aggregateByKey": lambda one, _: one.aggregateByKey(0, add, add),
    "broadcastJoin": lambda one, other: one.broadcastJoin(other),
    "broadcastLeftOuterJoin": lambda one, other: one.broadcastLeftOuterJoin(other),
    "cache": lambda one, _: one.cache(),
    "cartesian": lambda one, other: one.cartesian(other),
    "cleanShuffleDependencies": lambda one, _: one.cleanShuffleDependencies(),
    "coalesce": lambda one, _: one.coalesce(2),
    "cogroup": lambda one, other: one.cogroup(other),
    "collect": lambda one, _: one.collect(),
    "collectAsMap": lambda one, _: one.collectAsMap(),
    "collectWithJobGroup": lambda one, _: one.collectWithJobGroup("group", "described"),
    "combineByKey": lambda one, _: one.combineByKey(int, add, add),
    "count": lambda one, _: one.count(),
    "countApprox": lambda one, _: one.countApprox(60_000),
    "countApproxDistinct": lambda one, _: one.countApproxDistinct(),
    "countByKey": lambda one, _: one.countByKey(),
    "countByValue": lambda one, _: one.countByValue(),
    "distinct": lambda one, _: one.distinct(),
    "filter": lambda one, _: one.filter(bool),
    "first": lambda one, _: one.first(),
    "flatMap": lambda one, _: one.flatMap(list),
    "flatMapValues": lambda one, _: one.flatMapValues(range),
    "fold": lambda one, _: one.values().fold(0, add),
    "foldByKey": lambda one, _: one.foldByKey(0, add),
    "foreach": lambda one, _: one.foreach(str),
    "foreachPartition": lambda one, _: one.foreachPartition(list),
    "fullOuterJoin": lambda one, other: one.fullOuterJoin(other),
    "getCheckpointFile": lambda one, _: one.getCheckpointFile(),
    "getNumPartitions": lambda one, _: one.getNumPartitions(),
    "getResourceProfile": lambda one, _: one.getResourceProfile(),
    "getStorageLevel": lambda one, _: one.getStorageLevel(),
    "glom": lambda one, _: one.glom(),
    "groupBy": lambda one, _: one.groupBy(str),
    "groupByKey": lambda one, _: one.groupByKey(),
    "groupWith": lambda one, other: one.groupWith(other, other),
    "histogram": lambda one, _: one.values().histogram([0, 3, 8]),
    "hotKeys": lambda one, _: one.hotKeys(),
    "id": lambda one, _: one.id(),
    "intersection": lambda one, other: one.intersection(other),
    "isCheckpointed": lambda one, _: one.isCheckpointed(),
    "isEmpty": lambda one, _: one.isEmpty(),
    "isLocallyCheckpointed": lambda one, _: one.isLocallyCheckpointed(),
    "join": lambda one, other: one.join(other),
    "keyBy": lambda one, _: one.keyBy(str),
    "keys": lambda one, _: one.keys(),
    "leftOuterJoin": lambda one, other: one.leftOuterJoin(other),
    "localCheckpoint": lambda one, _: one.localCheckpoint(),
    "lookup": lambda one, _: one.lookup(1),
    "map": lambda one, _: one.map(str),
    "mapPartitions": lambda one, _: one.mapPartitions(list),
    "mapPartitionsWithIndex": lambda one, _: one.mapPartitionsWithIndex(lambda _, records: records),
    "mapPartitionsWithSplit": lambda one, _: one.mapPartitionsWithSplit(lambda _, records: records),
    "mapValues": lambda one, _: one.mapValues(str),
    "max": lambda one, _: one.max(),
    "mean": lambda one, _: one.values().mean(),
    "meanApprox": lambda one, _: one.values().meanApprox(60_000),
    "min": lambda one, _: one.min(),
    "name": lambda one, _: one.name(),
    "partitionBy": lambda one, _: one.partitionBy(4),
    "percentilesByKey": lambda one, _: one.percentilesByKey([0.5]),
    "persist": lambda one, _: one.persist(),
    "pipe": lambda one, _: one.pipe("cat"),
    "randomSplit": lambda one, _: one.randomSplit([1, 2])[0],
    "reduce": lambda one, _: one.values().reduce(add),
    "reduceByKey": lambda one, _: one.reduceByKey(add),
    "reduceByKeyLocally": lambda one, _: one.reduceByKeyLocally(add),
    "repartition": lambda one, _: one.repartition(2),
    "repartitionAndSortWithinPartitions": lambda one, _: one.repartitionAndSortWithinPartitions(4),
    "rightOuterJoin": lambda one, other: one.rightOuterJoin(other),
    "sample": lambda one, _: one.sample(False, 0.5),
    "sampleByKey": lambda one, _: one.sampleByKey(False, {0: 1.0, 1: 1.0, 2: 1.0}),
    "sampleStdev": lambda one, _: one.values().sampleStdev(),
    "sampleVariance": lambda one, _: one.values().sampleVariance(),
    "setName": lambda one, _: one.setName("named"),
    "skewJoin": lambda one, other: one.skewJoin(other),
    "skewLeftOuterJoin": lambda one, other: one.skewLeftOuterJoin(other),
    "sortBy": lambda one, _: one.sortBy(str),
    "sortByKey": lambda one, _: one.sortByKey(),
    "stats": lambda one, _: one.values().stats(),
    "stdev": lambda one, _: one.values().stdev(),
    "subtract": lambda one, other: one.subtract(other),
    "subtractByKey": lambda one, other: one.subtractByKey(other),
    "sum": lambda one, _: one.values().sum(),
    "sumApprox": lambda one, _: one.values().sumApprox(60_000),
    "take": lambda one, _: one.take(2),
    "takeOrdered": lambda one, _: one.takeOrdered(2),
    "takeSample": lambda one, _: one.takeSample(False, 3, 1),
    "toDebugString": lambda one, _: one.toDebugString(),
    "toLocalIterator": lambda one, _: list(one.toLocalIterator()),
    "top": lambda one, _: one.top(2),
    "treeAggregate": lambda one, _: one.values().treeAggregate(0, add, add),
    "treeReduce": lambda one, _: one.values().treeReduce(add),
    "union": lambda one, other: one.union(other),
    "unpersist": lambda one, _: one.unpersist(),
    "values": lambda one, _: one.values(),
    "variance": lambda one, _: one.values().variance(),
    "withSerializer": lambda one, _: one.withSerializer(MarshalSerializer()),
    "zip": lambda one, _: one.zip(one),
    "zipWithIndex": lambda one, _: one.zipWithIndex(),
    "zipWithUniqueId": lambda one, _: one.zipWithUniqueId(),
}
ELSEWHERE = re.compile(r"saveAs|toArrow|toPandas|mapBatches|percentiles$|heavyHitters|checkpoint|withResources|barrier")
"""What writes files, or needs a library, a folder or a cluster."""

COUNTED = re.compile(r"Action: (one job a partition|one job that reads|one|two) ?(job)?")
NUMBERS = {"one": 1, "two": 2, "one job that reads": 1, "one job a partition": 4}


@pytest.fixture(scope="module")
def sc() -> Iterator[weft.WeftContext]:
    with weft.WeftContext("inline[2]") as context:
        yield context


def cost(name: str) -> str:
    return " ".join(PUBLIC[f"RDD.{name}"].sections()["Notes"])


def pairs(sc: weft.WeftContext) -> Pairs:
    return sc.range(12, numSlices=4).map(lambda number: (number % 3, number))


def shuffles(result: Any) -> int:
    if not isinstance(result, weft.RDD):
        return 0
    return sum(isinstance(node, ShuffleNode) for node in in_order(result._node))


def test_every_method_of_an_rdd_is_looked_at() -> None:
    methods = {name.partition(".")[2] for name in PUBLIC if name.startswith("RDD.")}
    assert {name for name in methods - set(CALLS) if not ELSEWHERE.search(name)} == set()


@pytest.mark.parametrize("name", CALLS)
def test_a_method_runs_the_jobs_and_shuffles_that_its_notes_say(name: str, sc: weft.WeftContext) -> None:
    one, other, before = pairs(sc), pairs(sc), sc._jobs.count
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)
        result = CALLS[name](one, other)
    jobs, said = sc._jobs.count - before, cost(name)
    assert (shuffles(result) > 0) == said.startswith("Shuffle")
    counted = COUNTED.match(said)
    if counted is not None:
        assert jobs == NUMBERS[counted.group(1)]
    else:
        assert (jobs > 0) == (said.startswith("Action") or bool(re.search(r"\bnow\b", said)))


@pytest.mark.parametrize("name", [name for name in CALLS if "none if this RDD's partitioner is equal" in cost(name)])
def test_what_is_partitioned_already_is_not_moved(name: str, sc: weft.WeftContext) -> None:
    placed = pairs(sc).partitionBy(4)
    assert shuffles(CALLS[name](placed, placed)) == shuffles(placed) == 1


@pytest.mark.parametrize("name", [name for name in CALLS if "the result's already" in cost(name)])
def test_sides_that_are_partitioned_as_the_result_are_not_moved(name: str, sc: weft.WeftContext) -> None:
    one, other = pairs(sc).partitionBy(4), pairs(sc).partitionBy(4)
    assert shuffles(CALLS[name](one, other)) == 2


def kept(name: str) -> bool:
    text = inspect.cleandoc(PUBLIC[f"RDD.{name}"].text)
    return bool(re.search(r"partitioned by key|with this RDD's partitioner|the partitioner stays", text))


@pytest.mark.parametrize("name", [name for name in CALLS if kept(name)])
def test_what_is_said_to_be_partitioned_by_key_is(name: str, sc: weft.WeftContext) -> None:
    placed = pairs(sc).partitionBy(4)
    assert CALLS[name](placed, placed).partitioner == placed.partitioner


@pytest.mark.parametrize("name", [name for name in CALLS if "without a partitioner" in PUBLIC[f"RDD.{name}"].text])
def test_what_is_said_to_have_no_partitioner_has_none(name: str, sc: weft.WeftContext) -> None:
    placed = pairs(sc).partitionBy(4)
    assert CALLS[name](placed, placed).partitioner is None


MADE: dict[str, Callable[[weft.WeftContext, str], Any]] = {
    "accumulator": lambda sc, _: sc.accumulator(0),
    "addFile": lambda sc, path: sc.addFile(path),
    "addJobTag": lambda sc, _: sc.addJobTag("tag"),
    "binaryFiles": lambda sc, path: sc.binaryFiles(path),
    "binaryRecords": lambda sc, path: sc.binaryRecords(path, 1),
    "broadcast": lambda sc, _: sc.broadcast(1),
    "broadcastMap": lambda sc, _: sc.broadcastMap({1: 2}),
    "cancelAllJobs": lambda sc, _: sc.cancelAllJobs(),
    "cancelJobGroup": lambda sc, _: sc.cancelJobGroup("group"),
    "cancelJobsWithTag": lambda sc, _: sc.cancelJobsWithTag("tag"),
    "clearJobTags": lambda sc, _: sc.clearJobTags(),
    "emptyRDD": lambda sc, _: sc.emptyRDD(),
    "getCheckpointDir": lambda sc, _: sc.getCheckpointDir(),
    "getConf": lambda sc, _: sc.getConf(),
    "getJobTags": lambda sc, _: sc.getJobTags(),
    "parallelize": lambda sc, _: sc.parallelize([1, 2]),
    "pickleFile": lambda sc, path: sc.pickleFile(path),
    "range": lambda sc, _: sc.range(3),
    "runJob": lambda sc, _: sc.runJob(sc.range(3), list),
    "sequenceFile": lambda sc, path: sc.sequenceFile(path),
    "source": lambda sc, _: sc.source([1, 2], range),
    "sparkUser": lambda sc, _: sc.sparkUser(),
    "statusTracker": lambda sc, _: sc.statusTracker().getActiveJobsIds(),
    "textFile": lambda sc, path: sc.textFile(path),
    "union": lambda sc, _: sc.union([sc.range(3), sc.range(3)]),
    "wholeTextFiles": lambda sc, path: sc.wholeTextFiles(path),
}


@pytest.mark.parametrize("name", MADE)
def test_a_context_runs_the_jobs_that_the_notes_of_its_methods_say(
    name: str, sc: weft.WeftContext, tmp_path: Path
) -> None:
    path = tmp_path / "lines"
    path.write_text("one\n", encoding="utf-8")
    said = PUBLIC[f"SparkContext.{name}"].sections()["Notes"][0]
    before = sc._jobs.count
    result = MADE[name](sc, str(path))
    assert sc._jobs.count - before == (1 if said.startswith("Action: one job") else 0)
    assert isinstance(result, weft.RDD) == said.startswith("Narrow")
    assert shuffles(result) == 0

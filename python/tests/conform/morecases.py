"""More cases of the comparison with PySpark: sets, products, samples, trees. See ``cases``."""

from __future__ import annotations

import math
import operator
import sys
from collections.abc import Callable
from typing import Any

try:
    from tests.conform.cases import PAIRS, RECORDS, Case
except ImportError:  # under PySpark, where this folder is on the path
    from cases import PAIRS, RECORDS, Case  # type: ignore[import-not-found, no-redef, unused-ignore]

__all__ = ["MORE"]

MORE: dict[str, Case] = {}

ON_RECORDS: dict[str, Callable[[Any], Any]] = {
    "groupBy repr length": lambda r: r.groupBy(lambda x: len(repr(x))),
    "groupBy into 2": lambda r: r.groupBy(repr, 2),
    "zipWithUniqueId": lambda r: r.zipWithUniqueId(),
    "zip with its reprs": lambda r: r.zip(r.map(repr)),
    "cartesian with itself": lambda r: r.cartesian(r),
    "intersection with none": lambda r: r.intersection(r.ctx.parallelize([None, 1], 2)),
    "subtract a few": lambda r: r.subtract(r.ctx.parallelize([1, None, "a"], 2)),
    "isEmpty": lambda r: r.isEmpty(),
    "sample half": lambda r: r.sample(False, 0.5, 7),
    "sample twice": lambda r: r.sample(True, 2.0, 7),
    "randomSplit second": lambda r: r.randomSplit([1, 2], 5)[1],
    "takeSample 3": lambda r: r.takeSample(False, 3, 11),
    "takeSample 30": lambda r: r.takeSample(False, 30, 11),
    "takeSample 5 with replacement": lambda r: r.takeSample(True, 5, 11),
    "treeReduce": lambda r: r.treeReduce(lambda a, b: b),
    "treeReduce of depth 4": lambda r: r.treeReduce(lambda a, b: b, 4),
    "treeAggregate": lambda r: r.treeAggregate([], lambda a, b: [*a, b], operator.add),
    "treeAggregate of depth 3": lambda r: r.treeAggregate(0, lambda a, b: a + 1, operator.add, 3),
    "treeAggregate in place": lambda r: r.treeAggregate([], _append, _extend),
    "pipe through cat": lambda r: r.pipe("cat", {"PATH": "/bin:/usr/bin", "LC_ALL": "C.UTF-8"}),
    "histogram of 3": lambda r: r.histogram(3),
    "histogram of ends": lambda r: r.histogram([0, 2, 4, 100]),
    "histogram of even ends": lambda r: r.histogram((0, 2, 4)),
}

ON_PAIRS: dict[str, Callable[[Any], Any]] = {
    "subtractByKey": lambda r: r.subtractByKey(r.filter(lambda pair: len(repr(pair[0])) % 2)),
    "groupWith": lambda r: r.groupWith(r.mapValues(repr), r.filter(lambda pair: False)),
    "reduceByKeyLocally": lambda r: r.reduceByKeyLocally(lambda a, b: b),
    "lookup the first": lambda r: r.lookup(r.first()[0]),
    "lookup of partitioned": lambda r: r.partitionBy(3).lookup(r.first()[0]),
    "sampleByKey": lambda r: r.sampleByKey(False, dict.fromkeys(r.keys().collect(), 0.5), 9),
    "sampleByKey with replacement": lambda r: r.sampleByKey(True, dict.fromkeys(r.keys().collect(), 1.5), 9),
    "repartitionAndSortWithinPartitions": lambda r: r.repartitionAndSortWithinPartitions(2, keyfunc=repr),
    "repartitionAndSortWithinPartitions by a function": lambda r: r.repartitionAndSortWithinPartitions(
        2, lambda key: len(repr(key)), False, repr
    ),
}


def _append(values: list[Any], value: Any) -> list[Any]:
    values.append(value)
    return values


def _extend(values: list[Any], others: list[Any]) -> list[Any]:
    values.extend(others)
    return values


def _composed(source: Callable[[Any], Any], method: Callable[[Any], Any]) -> Case:
    return lambda sc: method(source(sc))


for _kind, _sources, _methods in (("records", RECORDS, ON_RECORDS), ("pairs", PAIRS, ON_PAIRS)):
    for _source, _make in _sources.items():
        for _name, _method in _methods.items():
            MORE[f"{_kind}: {_name} of {_source}"] = _composed(_make, _method)


def _same_twice(rdd: Any) -> bool:
    return bool(rdd.collect() == rdd.collect())


_PATH = {"PATH": "/bin:/usr/bin"}
ALONE: dict[str, Case] = {
    "zip of different partitions": lambda sc: sc.parallelize([1], 1).zip(sc.parallelize([1], 2)),
    "zip of a longer left": lambda sc: sc.parallelize([1, 2], 1).zip(sc.parallelize([1], 1)),
    "zip of a longer right": lambda sc: sc.parallelize([1], 1).zip(sc.parallelize([1, 2], 1)),
    "zip of ranges": lambda sc: sc.range(100, numSlices=3).zip(sc.range(100, numSlices=3).map(str)).count(),
    "cartesian twice": lambda sc: sc.range(3, numSlices=2).cartesian(sc.range(2, numSlices=2).cartesian(sc.range(2))),
    "cartesian then reduce": lambda sc: sorted(
        sc.range(4, numSlices=2).cartesian(sc.range(3, numSlices=2)).reduceByKey(operator.add, 2).collect()
    ),
    "cartesian with two": lambda sc: sc.range(3, numSlices=2).cartesian(sc.parallelize(["x", "y"], 2)),
    "groupWith one": lambda sc: (lambda r: r.groupWith(r))(sc.parallelize([(1, 2), (3, 4)], 2)),
    "intersection with itself": lambda sc: (lambda r: r.intersection(r))(sc.parallelize([1, 1, 2], 2)),
    "subtract into 2": lambda sc: sc.parallelize([1, 1, 2], 3).subtract(sc.parallelize([2], 1), 2),
    "subtractByKey into 3": lambda sc: sc.parallelize([(1, 2)], 2).subtractByKey(sc.parallelize([(2, 2)], 1), 3),
    "lookup what is not there": lambda sc: sc.parallelize([(1, 2)], 2).lookup("nowhere"),
    "pipe that fails": lambda sc: sc.parallelize([1], 1).pipe("false", _PATH, True),
    "pipe that fails unchecked": lambda sc: sc.parallelize([1], 1).pipe("false", _PATH),
    "pipe that reads little": lambda sc: sc.range(100000, numSlices=1).pipe("head -n 2", _PATH),
    "pipe into nothing": lambda sc: sc.parallelize([1], 1).pipe("no-such-program", _PATH),
    "histogram of floats": lambda sc: sc.parallelize([0.1, 0.5, 1.5, math.nan, 2.5, None], 2).histogram(4),
    "histogram of infinity": lambda sc: sc.parallelize([0.1, math.inf], 2).histogram(4),
    "histogram of one value": lambda sc: sc.parallelize([3, 3, 3], 2).histogram(4),
    "histogram of unsorted ends": lambda sc: sc.parallelize([3], 2).histogram([2, 1]),
    "histogram of equal ends": lambda sc: sc.parallelize([3], 2).histogram([1, 1]),
    "histogram of one end": lambda sc: sc.parallelize([3], 2).histogram([1]),
    "histogram of None ends": lambda sc: sc.parallelize([3], 2).histogram([1, None]),
    "histogram of 0": lambda sc: sc.parallelize([3], 2).histogram(0),
    "histogram of text": lambda sc: sc.parallelize([3], 2).histogram("ab"),
    "histogram of words": lambda sc: sc.parallelize(["ab", "b", "ba"], 2).histogram(["a", "b", "c"]),
    "takeSample too large": lambda sc: sc.parallelize([3], 2).takeSample(False, sys.maxsize),
    "takeSample of a negative size": lambda sc: sc.parallelize([3], 2).takeSample(True, -5, 11),
    "sample of a negative fraction": lambda sc: sc.parallelize([3], 2).sample(False, -1.0),
    "sample much": lambda sc: sc.range(10, numSlices=3).sample(True, 25.0, 3),
    "sample without a seed twice": lambda sc: _same_twice(sc.range(1000).sample(False, 0.5)),
    "sampleByKey without a fraction": lambda sc: sc.parallelize([(1, 2)], 2).sampleByKey(False, {}, 9),
    "sampleByKey negative": lambda sc: sc.parallelize([(1, 2)], 2).sampleByKey(False, {"a": -1.0}, 9),
    "randomSplit first": lambda sc: sc.range(50, numSlices=3).randomSplit([1, 2], 5)[0],
    "randomSplit of nothing": lambda sc: sc.range(5).randomSplit([0, 0], 5),
    "randomSplit negative": lambda sc: sc.range(5).randomSplit([-1, 2], 5),
    "treeReduce of depth 0": lambda sc: sc.range(5).treeReduce(operator.add, 0),
    "treeAggregate of 40 partitions": lambda sc: sc.range(1000, numSlices=40).treeAggregate(
        0, operator.add, operator.add, 3
    ),
    "treeReduce of 40 partitions": lambda sc: sc.range(1000, numSlices=40).treeReduce(operator.add, 2),
    "large sort within": lambda sc: (
        sc.range(5000, numSlices=4).map(lambda x: (x * 7919 % 5000, x)).repartitionAndSortWithinPartitions(3)
    ),
}
MORE |= {f"more: {name}": function for name, function in ALONE.items()}

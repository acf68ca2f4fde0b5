"""The cases of the comparison with PySpark: small functions of a context, by name.

A case gives an RDD, whose partitions are then compared, or a plain value. Nothing here imports Weft or PySpark.
"""

from __future__ import annotations

import math
import operator
import os
import tempfile
import threading
from collections.abc import Callable, Iterator
from typing import Any

__all__ = ["CASES"]

Case = Callable[[Any], Any]
CASES: dict[str, Case] = {}

NAN = float("nan")
RECORDS: dict[str, Callable[[Any], Any]] = {
    "no records": lambda sc: sc.parallelize([], 3),
    "no partitions": lambda sc: sc.emptyRDD(),
    "ints": lambda sc: sc.parallelize([5, 1, 4, 1, 3, -7, 2**70], 3),
    "range": lambda sc: sc.parallelize(range(10), 4),
    "sparse": lambda sc: sc.parallelize([2, 1], 5),
    "nones": lambda sc: sc.parallelize([None, 1, None, 2], 2),
    "floats": lambda sc: sc.parallelize([1.5, -0.0, math.inf, 2.5, -1e300], 2),
    "mixed": lambda sc: sc.parallelize([1, "a", None, 2.5, (1, 2), b"x", True], 3),
    "tuples": lambda sc: sc.parallelize([((1, 2), 3), ((1, (2, None)), 4), ((), 0), ((1, 2), 3)], 2),
    "unicode": lambda sc: sc.parallelize(["é", "日本", "a\u2028b", "", "😀", "é"], 3),
    "duplicates": lambda sc: sc.parallelize([3, 1, 1, 2, 2, 3, 1], 3),
    "after filter": lambda sc: sc.parallelize(range(20), 5).filter(lambda x: x > 11),
}


def _index_and_list(index: int, records: Iterator[Any]) -> Iterator[Any]:
    yield (index, list(records))


ON_RECORDS: dict[str, Callable[[Any], Any]] = {
    "map": lambda r: r.map(lambda x: (x, 1)),
    "flatMap": lambda r: r.flatMap(lambda x: [x, x]),
    "flatMap to none": lambda r: r.flatMap(lambda x: ()),
    "filter": lambda r: r.filter(lambda x: x),
    "mapPartitions": lambda r: r.mapPartitions(lambda it: [len(list(it))]),
    "mapPartitionsWithIndex": lambda r: r.mapPartitionsWithIndex(_index_and_list),
    "glom": lambda r: r.glom(),
    "keyBy": lambda r: r.keyBy(repr),
    "distinct": lambda r: r.distinct(),
    "distinct into 2": lambda r: r.distinct(2),
    "repartition 2": lambda r: r.repartition(2),
    "repartition 6": lambda r: r.repartition(6),
    "coalesce 1": lambda r: r.coalesce(1),
    "coalesce 2": lambda r: r.coalesce(2),
    "coalesce 10": lambda r: r.coalesce(10),
    "coalesce 2 with shuffle": lambda r: r.coalesce(2, True),
    "zipWithIndex": lambda r: r.zipWithIndex(),
    "union with itself": lambda r: r.union(r),
    "sortBy repr": lambda r: r.sortBy(repr),
    "sortBy repr descending into 2": lambda r: r.sortBy(repr, False, 2),
    "sortBy itself": lambda r: r.sortBy(lambda x: x, numPartitions=1),
    "collect": lambda r: r.collect(),
    "count": lambda r: r.count(),
    "take 0": lambda r: r.take(0),
    "take 2": lambda r: r.take(2),
    "take 100": lambda r: r.take(100),
    "first": lambda r: r.first(),
    "countByValue": lambda r: r.countByValue(),
    "reduce": lambda r: r.reduce(lambda a, b: b),
    "fold": lambda r: r.fold(0, lambda a, b: b),
    "aggregate": lambda r: r.aggregate([], lambda a, b: [*a, b], lambda a, b: a + b),
    "takeOrdered": lambda r: r.takeOrdered(3),
    "takeOrdered by repr": lambda r: r.takeOrdered(3, key=repr),
    "top": lambda r: r.top(2),
    "top by repr": lambda r: r.top(2, key=repr),
    "max": lambda r: r.max(),
    "max by repr": lambda r: r.max(key=repr),
    "min": lambda r: r.min(),
    "min by repr": lambda r: r.min(repr),
    "sum": lambda r: r.sum(),
    "foreach": lambda r: r.foreach(lambda x: None),
    "foreachPartition": lambda r: r.foreachPartition(lambda it: None),
}

NUMBERS: dict[str, Callable[[Any], Any]] = {
    "ints": lambda sc: sc.parallelize([5, 1, 4, 1, 3], 3),
    "one": lambda sc: sc.parallelize([7], 3),
    "floats": lambda sc: sc.parallelize([1.5, 0.25, 100.0], 2),
    "none": lambda sc: sc.parallelize([], 2),
    "no partitions": lambda sc: sc.emptyRDD(),
    "bools": lambda sc: sc.parallelize([True, False, True], 2),
    "strings": lambda sc: sc.parallelize(["a", "b"], 2),
}
ON_NUMBERS: dict[str, Callable[[Any], Any]] = {
    "stats": lambda r: repr(r.stats()),
    "stats as dict": lambda r: r.stats().asDict(),
    "mean": lambda r: r.mean(),
    "variance": lambda r: r.variance(),
    "stdev": lambda r: r.stdev(),
    "sampleVariance": lambda r: r.sampleVariance(),
    "sampleStdev": lambda r: r.sampleStdev(),
    "sum": lambda r: r.sum(),
}

PAIRS: dict[str, Callable[[Any], Any]] = {
    "text keys": lambda sc: sc.parallelize([("a", 1), ("b", 2), ("a", 3), ("c", 4), ("b", 5)], 3),
    "int keys": lambda sc: sc.parallelize([(4, 1), (1, 2), (4, 3), (2, 4), (-1, 5)], 2),
    "None keys": lambda sc: sc.parallelize([(None, 1), (1, 2), (None, 3), (0, 4)], 2),
    "tuple keys": lambda sc: sc.parallelize([((1, 2), 1), ((1, None), 2), ((1, 2), 3), ((), 4)], 2),
    "equal numbers": lambda sc: sc.parallelize([(1, "a"), (1.0, "b"), (True, "c"), (2, "d"), (2.5, "e")], 2),
    "unicode keys": lambda sc: sc.parallelize([("é", 1), ("日本", 2), ("é", 3), ("😀", 4), ("", 5)], 3),
    "bytes keys": lambda sc: sc.parallelize([(b"x", 1), (b"y", 2), (b"x", 3)], 2),
    "None values": lambda sc: sc.parallelize([("a", None), ("b", 1), ("a", None)], 2),
    "no pairs": lambda sc: sc.parallelize([], 2),
    "one key": lambda sc: sc.parallelize([("k", i) for i in range(10)], 4),
    "partitioned": lambda sc: sc.parallelize([(i % 3, i) for i in range(8)], 2).partitionBy(2),
}
ON_PAIRS: dict[str, Callable[[Any], Any]] = {
    "keys": lambda r: r.keys(),
    "values": lambda r: r.values(),
    "mapValues": lambda r: r.mapValues(lambda v: [v]),
    "flatMapValues": lambda r: r.flatMapValues(lambda v: [v, v]),
    "reduceByKey": lambda r: r.reduceByKey(lambda a, b: b),
    "reduceByKey into 5": lambda r: r.reduceByKey(lambda a, b: b, 5),
    "groupByKey": lambda r: r.groupByKey(),
    "groupByKey into 1": lambda r: r.groupByKey(1).mapValues(list),
    "combineByKey": lambda r: r.combineByKey(lambda v: [v], lambda c, v: [*c, v], operator.add),
    "aggregateByKey": lambda r: r.aggregateByKey([], lambda a, v: [*a, v], operator.add),
    "aggregateByKey in place": lambda r: r.aggregateByKey([], _append, _extend),
    "foldByKey": lambda r: r.foldByKey(None, lambda a, b: b),
    "partitionBy 2": lambda r: r.partitionBy(2),
    "partitionBy 3": lambda r: r.partitionBy(3),
    "partitionBy a function": lambda r: r.partitionBy(3, lambda key: len(repr(key))),
    "sortByKey": lambda r: r.sortByKey(),
    "sortByKey descending by repr": lambda r: r.sortByKey(False, 2, repr),
    "countByKey": lambda r: r.countByKey(),
    "collectAsMap": lambda r: r.collectAsMap(),
    "join": lambda r: r.join(r.mapValues(lambda v: (v, 0))),
    "leftOuterJoin": lambda r: r.leftOuterJoin(_some(r)),
    "rightOuterJoin": lambda r: _some(r).rightOuterJoin(r),
    "fullOuterJoin": lambda r: _some(r).fullOuterJoin(r),
    "cogroup": lambda r: r.cogroup(_some(r)),
    "join into 3": lambda r: r.join(_some(r), 3),
    "union of partitioned": lambda r: r.partitionBy(3).union(r.partitionBy(3).mapValues(repr)),
    "distinct keys": lambda r: r.keys().distinct(),
}


def _append(values: list[Any], value: Any) -> list[Any]:
    values.append(value)
    return values


def _extend(values: list[Any], others: list[Any]) -> list[Any]:
    values.extend(others)
    return values


def _some(rdd: Any) -> Any:
    """About half the pairs, with other values."""
    return rdd.filter(lambda pair: len(repr(pair[0])) % 2 == 1).mapValues(lambda v: ("x", v))


def _multiply(sources: dict[str, Callable[[Any], Any]], methods: dict[str, Callable[[Any], Any]], kind: str) -> None:
    for source_name, source in sources.items():
        for name, method in methods.items():
            CASES[f"{kind}: {name} of {source_name}"] = _composed(source, method)


def _composed(source: Callable[[Any], Any], method: Callable[[Any], Any]) -> Case:
    return lambda sc: method(source(sc))


_multiply(RECORDS, ON_RECORDS, "records")
_multiply(NUMBERS, ON_NUMBERS, "numbers")
_multiply(PAIRS, ON_PAIRS, "pairs")


def case(name: str) -> Callable[[Case], Case]:
    """Add a case of its own."""

    def add(function: Case) -> Case:
        if name in CASES:
            raise ValueError(f"two cases have the name {name}")
        CASES[name] = function
        return function

    return add


def _several(kind: str, functions: dict[str, Case]) -> None:
    for name, function in functions.items():
        case(f"{kind}: {name}")(function)


_several(
    "slices",
    {
        "10 records into 3": lambda sc: sc.parallelize(list(range(10)), 3),
        "10 records into 4": lambda sc: sc.parallelize(list(range(10)), 4),
        "10 records into 20": lambda sc: sc.parallelize(list(range(10)), 20),
        "3000 records into 2": lambda sc: sc.parallelize([0] * 3000, 2).glom().map(len),
        "5000 records into 3": lambda sc: sc.parallelize([0] * 5000, 3).glom().map(len),
        "1 record into 1": lambda sc: sc.parallelize(["x"], 1),
        "default": lambda sc: sc.parallelize([1, 2, 3]),
        "a generator": lambda sc: sc.parallelize((x * x for x in range(7)), 2),
        "a string": lambda sc: sc.parallelize("abcd", 2),
        "a dict": lambda sc: sc.parallelize({"a": 1, "b": 2}, 2),
        "a tuple": lambda sc: sc.parallelize((1, 2, 3, 4, 5), 2),
        "an empty range": lambda sc: sc.parallelize(range(0), 3),
        "a range down": lambda sc: sc.parallelize(range(10, 0, -3), 3),
        "a range of one": lambda sc: sc.parallelize(range(4, 5), 3),
        "range 10": lambda sc: sc.range(10),
        "range with step": lambda sc: sc.range(3, 30, 4, 3),
        "range with huge numbers": lambda sc: sc.range(2**80, 2**80 + 5, 2, 2),
        "range backwards": lambda sc: sc.range(10, 5, -2, 2),
        "range without numbers": lambda sc: sc.range(5, 5),
        "into 0": lambda sc: sc.parallelize([1], 0),
        "a range into 0": lambda sc: sc.parallelize(range(5), 0),
        "into text": lambda sc: sc.parallelize([1, 2], "2"),
        "of None": lambda sc: sc.parallelize(None),
        "emptyRDD": lambda sc: sc.emptyRDD(),
        "emptyRDD partitions": lambda sc: sc.emptyRDD().getNumPartitions(),
        "runJob": lambda sc: sc.runJob(sc.parallelize(range(6), 3), lambda it: [sum(it)]),
        "runJob on some": lambda sc: sc.runJob(sc.parallelize(range(6), 3), lambda it: [x * x for x in it], [2, 0]),
    },
)
_several(
    "union",
    {
        "of three": lambda sc: sc.union([sc.parallelize([1], 1), sc.parallelize([2], 2), sc.parallelize([3], 1)]),
        "of one": lambda sc: sc.union([sc.parallelize([1, 2], 2)]),
        "of none": lambda sc: sc.union([]),
        "by +": lambda sc: sc.parallelize([1], 1) + sc.parallelize(["a"], 1),
        "+ a list": lambda sc: sc.parallelize([1], 1) + [2],
        "of ranges and lists": lambda sc: sc.parallelize(range(3), 2).union(sc.parallelize(["x"], 1)),
        "with an empty one": lambda sc: sc.parallelize([1], 1).union(sc.emptyRDD()),
        "of differently partitioned": lambda sc: _pairs(sc).partitionBy(2).union(_pairs(sc).partitionBy(3)),
        "then reduceByKey": lambda sc: _pairs(sc).union(_pairs(sc)).reduceByKey(operator.add),
        "of partitioned then reduceByKey": lambda sc: (
            _pairs(sc).partitionBy(2).union(_pairs(sc).partitionBy(2)).reduceByKey(operator.add, 2)
        ),
    },
)


def _pairs(sc: Any) -> Any:
    return sc.parallelize([(i % 4, i) for i in range(9)], 3)


def _fails(x: Any) -> Any:
    raise KeyError(x)


class Custom(Exception):
    """An exception of the program's own."""


def _custom(x: Any) -> Any:
    raise Custom("mine")


def _stop(x: Any) -> Any:
    raise StopIteration


def _with(sc: Any, thing: Any) -> Any:
    """A function that holds something."""
    return sc.parallelize([1], 1).map(lambda x: (x, thing))


_several(
    "failing",
    {
        "map": lambda sc: sc.parallelize([1, 0], 2).map(lambda x: 1 // x),
        "filter": lambda sc: sc.parallelize([1], 1).filter(_fails),
        "flatMap not iterable": lambda sc: sc.parallelize([1], 1).flatMap(lambda x: x),
        "map with a class of its own": lambda sc: sc.parallelize([1], 1).map(_custom),
        "map with StopIteration": lambda sc: sc.parallelize([1], 1).map(_stop),
        "filter with StopIteration": lambda sc: sc.parallelize([1], 1).filter(_stop),
        "reduceByKey with StopIteration": lambda sc: sc.parallelize([(1, 1), (1, 2)], 1).reduceByKey(
            lambda a, b: _stop(a)
        ),
        "mapPartitions giving None": lambda sc: sc.parallelize([1], 1).mapPartitions(lambda it: None),
        "mapPartitions giving a number": lambda sc: sc.parallelize([1], 1).mapPartitions(lambda it: 1),
        "keys of numbers": lambda sc: sc.parallelize([1, 2], 1).keys(),
        "keys of texts": lambda sc: sc.parallelize(["ab", "cd"], 1).keys(),
        "values of short tuples": lambda sc: sc.parallelize([(1,)], 1).values(),
        "mapValues of triples": lambda sc: sc.parallelize([(1, 2, 3)], 1).mapValues(lambda v: v),
        "reduceByKey of numbers": lambda sc: sc.parallelize([1, 2], 2).reduceByKey(operator.add),
        "reduceByKey of triples": lambda sc: sc.parallelize([(1, 2, 3)], 2).reduceByKey(operator.add),
        "groupByKey with a list as key": lambda sc: sc.parallelize([([1], 2)], 1).groupByKey(),
        "distinct of lists": lambda sc: sc.parallelize([[1], [1]], 1).distinct(),
        "countByValue of lists": lambda sc: sc.parallelize([[1]], 1).countByValue(),
        "sortBy of mixed": lambda sc: sc.parallelize([1, "a", None], 2).sortBy(lambda x: x),
        "reduce": lambda sc: sc.parallelize([1, "a"], 1).reduce(operator.add),
        "reduce in the driver": lambda sc: sc.parallelize([1, "a"], 2).reduce(operator.add),
        "foreach": lambda sc: sc.parallelize([1], 1).foreach(_fails),
        "foreachPartition": lambda sc: sc.parallelize([1], 1).foreachPartition(_fails),
        "sum of texts": lambda sc: sc.parallelize(["a"], 1).sum(),
        "coalesce 0": lambda sc: sc.parallelize([1], 1).coalesce(0),
        "coalesce -1": lambda sc: sc.parallelize([1], 1).coalesce(-1),
        "repartition 0": lambda sc: sc.parallelize([1], 1).repartition(0),
        "partitionBy 0": lambda sc: sc.parallelize([(1, 1)], 1).partitionBy(0),
        "partitionBy text": lambda sc: sc.parallelize([(1, 1)], 1).partitionBy(2, lambda key: "x"),
        "reduceByKey into 0": lambda sc: sc.parallelize([(1, 1)], 1).reduceByKey(operator.add, 0),
        "take a text": lambda sc: sc.parallelize([1], 1).take("1"),
        "take -1": lambda sc: sc.parallelize([1], 1).take(-1),
        "takeOrdered -1": lambda sc: sc.parallelize([1], 1).takeOrdered(-1),
        "takeOrdered 0": lambda sc: sc.parallelize([1], 1).takeOrdered(0),
        "top 0": lambda sc: sc.parallelize([1], 1).top(0),
        "top -1": lambda sc: sc.parallelize([1], 1).top(-1),
        "an RDD inside": lambda sc: _with(sc, sc.parallelize([1])),
        "the context inside": lambda sc: sc.parallelize([1], 1).map(lambda x: sc.parallelize([x])),
        "a lock inside": lambda sc: _with(sc, threading.Lock()),
        "parallelize a lock": lambda sc: sc.parallelize([threading.Lock()], 1),
        "map to a lock": lambda sc: sc.parallelize([1], 1).map(lambda x: threading.Lock()),
        "a second context": lambda sc: type(sc)(),
    },
)
_several(
    "partitioner",
    {
        "partitionBy the same": lambda sc: _is_same(_pairs(sc).partitionBy(3), lambda r: r.partitionBy(3)),
        "partitionBy another number": lambda sc: _is_same(_pairs(sc).partitionBy(3), lambda r: r.partitionBy(2)),
        "of new pairs": lambda sc: _pairs(sc).partitioner is None,
        "after partitionBy": lambda sc: _pairs(sc).partitionBy(2).partitioner.numPartitions,
        "after mapValues": lambda sc: _keeps(sc, lambda r: r.mapValues(lambda v: v)),
        "after flatMapValues": lambda sc: _keeps(sc, lambda r: r.flatMapValues(lambda v: [v])),
        "after filter": lambda sc: _keeps(sc, lambda r: r.filter(lambda p: True)),
        "after map": lambda sc: _keeps(sc, lambda r: r.map(lambda p: p)),
        "after map that promises": lambda sc: _keeps(sc, lambda r: r.map(lambda p: p, True)),
        "after flatMap that promises": lambda sc: _keeps(sc, lambda r: r.flatMap(lambda p: [p], True)),
        "after mapPartitions": lambda sc: _keeps(sc, lambda r: r.mapPartitions(lambda it: it)),
        "after mapPartitions that promises": lambda sc: _keeps(sc, lambda r: r.mapPartitions(lambda it: it, True)),
        "after reduceByKey": lambda sc: _keeps(sc, lambda r: r.reduceByKey(operator.add, 3)),
        "after reduceByKey into others": lambda sc: _keeps(sc, lambda r: r.reduceByKey(operator.add, 2)),
        "after groupByKey": lambda sc: _keeps(sc, lambda r: r.groupByKey(3)),
        "after join": lambda sc: _keeps(sc, lambda r: r.join(r)),
        "after cogroup": lambda sc: _keeps(sc, lambda r: r.cogroup(_pairs(sc), 3)),
        "after union with itself": lambda sc: _keeps(sc, lambda r: r.union(r)),
        "after union with another": lambda sc: _keeps(sc, lambda r: r.union(_pairs(sc))),
        "after keys": lambda sc: _keeps(sc, lambda r: r.keys()),
        "after coalesce": lambda sc: _keeps(sc, lambda r: r.coalesce(2)),
        "after zipWithIndex": lambda sc: _keeps(sc, lambda r: r.zipWithIndex()),
        "after glom": lambda sc: _keeps(sc, lambda r: r.glom()),
        "after distinct": lambda sc: _keeps(sc, lambda r: r.distinct()),
        "join of alike": lambda sc: _pairs(sc).partitionBy(2).join(_pairs(sc).partitionBy(2)),
        "join of alike, partitions": lambda sc: (
            _pairs(sc).partitionBy(2).join(_pairs(sc).partitionBy(2)).getNumPartitions()
        ),
        "join of different": lambda sc: _pairs(sc).partitionBy(2).join(_pairs(sc).partitionBy(4)).getNumPartitions(),
        "join of none": lambda sc: _pairs(sc).join(sc.parallelize([(1, 2)], 2)).getNumPartitions(),
        "cogroup of none": lambda sc: _pairs(sc).cogroup(sc.parallelize([(1, 2)], 2)).getNumPartitions(),
        "reduceByKey in place": lambda sc: _pairs(sc).partitionBy(2).reduceByKey(operator.add, 2),
        "groupByKey in place": lambda sc: _pairs(sc).partitionBy(2).groupByKey(2).mapValues(list),
        "aggregateByKey in place": lambda sc: _pairs(sc).partitionBy(2).aggregateByKey([], _append, _extend, 2),
        "own function, reduceByKey": lambda sc: _pairs(sc).reduceByKey(operator.add, 3, lambda key: key // 2),
        "own function, groupByKey": lambda sc: _pairs(sc).groupByKey(2, lambda key: -key).mapValues(list),
        "own function with negative numbers": lambda sc: _pairs(sc).partitionBy(3, lambda key: -key - 1),
        "partitionBy None": lambda sc: _pairs(sc).partitionBy(None),
        "equal functions": lambda sc: (
            _pairs(sc).partitionBy(2, _half).partitioner == _pairs(sc).partitionBy(2, _half).partitioner
        ),
        "different functions": lambda sc: (
            _pairs(sc).partitionBy(2, _half).partitioner == _pairs(sc).partitionBy(2).partitioner
        ),
    },
)


def _half(key: int) -> int:
    return key // 2


def _is_same(rdd: Any, method: Callable[[Any], Any]) -> bool:
    return method(rdd) is rdd


def _keeps(sc: Any, method: Callable[[Any], Any]) -> bool:
    rdd = _pairs(sc).partitionBy(3)
    return bool(method(rdd).partitioner == rdd.partitioner)


def _write(files: dict[str, str]) -> str:
    folder = tempfile.mkdtemp(prefix="conform-")
    for name, text in files.items():
        os.makedirs(os.path.dirname(os.path.join(folder, name)), exist_ok=True)
        with open(os.path.join(folder, name), "w", encoding="utf-8", newline="") as file:
            file.write(text)
    return folder


def _read(folder: str) -> dict[str, str]:
    found = {}
    for name in sorted(os.listdir(folder)):
        if not name.startswith((".", "_")):
            with open(os.path.join(folder, name), encoding="utf-8", newline="") as file:
                found[name] = file.read()
    return found


def _saved(rdd: Any) -> dict[str, str]:
    folder = os.path.join(tempfile.mkdtemp(prefix="conform-"), "out")
    rdd.saveAsTextFile(folder)
    return _read(folder)


def _text(sc: Any, text: str, **options: Any) -> Any:
    return sc.textFile(os.path.join(_write({"file.txt": text}), "file.txt"), **options)


LINES = "".join(f"line {i}\n" for i in range(30))
_several(
    "text",
    {
        "lines": lambda sc: _text(sc, "one\ntwo\nthree\n"),
        "no last newline": lambda sc: _text(sc, "one\ntwo"),
        "carriage returns": lambda sc: _text(sc, "one\r\ntwo\rthree\n\nfour").collect(),
        "empty": lambda sc: _text(sc, ""),
        "empty lines": lambda sc: _text(sc, "\n\n\n").collect(),
        "separators that are no line ends": lambda sc: _text(sc, "a\u2028b\x1cc\x85d\x0be\n").collect(),
        "unicode": lambda sc: _text(sc, "é日本😀\n" * 20, minPartitions=4),
        "one partition": lambda sc: _text(sc, LINES, minPartitions=1),
        "five partitions": lambda sc: _text(sc, LINES, minPartitions=5),
        "more partitions than lines": lambda sc: _text(sc, "a\nb\n", minPartitions=7),
        "bytes": lambda sc: _text(sc, "é\nb\n", use_unicode=False).collect(),
        "a folder": lambda sc: sc.textFile(_write({"b.txt": "2\n", "a.txt": "1\n"})).collect(),
        "a pattern": lambda sc: sorted(sc.textFile(_write({"a.txt": "1\n", "b.log": "2\n"}) + "/*.txt").collect()),
        "a list": lambda sc: sc.textFile(",".join(_write({"x.txt": t}) + "/x.txt" for t in ("1\n", "2\n"))).collect(),
        "hidden files": lambda sc: sc.textFile(_write({"_a": "1\n", ".b": "2\n", "c": "3\n"})).collect(),
        "missing": lambda sc: sc.textFile("/nowhere/at/all"),
        "missing, partitions": lambda sc: sc.textFile("/nowhere/at/all").getNumPartitions(),
        "missing, reduceByKey": lambda sc: (
            sc.textFile("/nowhere/at/all").map(lambda x: (x, 1)).reduceByKey(operator.add)
        ),
        "a pattern without match": lambda sc: sc.textFile(_write({"a": ""}) + "/*.txt").collect(),
        "words": lambda sc: _text(sc, "a b a\nb c\n").flatMap(str.split).countByValue(),
        "save": lambda sc: _saved(sc.parallelize(["one", "two", "three"], 2)),
        "save numbers and tuples": lambda sc: _saved(sc.parallelize([1, 2.5, (1, "a"), None, True], 2)),
        "save empty partitions": lambda sc: _saved(sc.parallelize([1], 3)),
        "save unicode": lambda sc: _saved(sc.parallelize(["é", "日本", "😀"], 1)),
        "save bytes": lambda sc: _saved(sc.parallelize([b"abc", "d"], 1)),
        "save lines with newlines": lambda sc: _saved(sc.parallelize(["a\nb", ""], 1)),
        "save where something is": lambda sc: sc.parallelize([1], 1).saveAsTextFile(_write({"a": ""})),
        "save with an unknown codec": lambda sc: sc.parallelize([1], 1).saveAsTextFile(_write({}) + "/x", "no.Such"),
        "save and read compressed": lambda sc: _compressed(sc),
    },
)


def _compressed(sc: Any) -> list[str]:
    folder = os.path.join(tempfile.mkdtemp(prefix="conform-"), "out")
    sc.parallelize(["one", "two"], 2).saveAsTextFile(folder, "org.apache.hadoop.io.compress.GzipCodec")
    names: list[str] = sorted(name for name in os.listdir(folder) if not name.startswith((".", "_")))
    lines: list[str] = sc.textFile(folder).collect()
    return names + sorted(lines)


_several(
    "sorting",
    {
        "stable": lambda sc: sc.parallelize([(i % 3, i) for i in range(20)], 4).sortByKey(),
        "stable descending": lambda sc: sc.parallelize([(i % 3, i) for i in range(20)], 4).sortByKey(False),
        "many partitions of few": lambda sc: sc.parallelize([2, 1], 2).sortBy(lambda x: x, numPartitions=6),
        "texts": lambda sc: sc.parallelize(["b", "é", "a", "Z", ""], 3).sortBy(lambda x: x),
        "tuples": lambda sc: sc.parallelize([(1, "b"), (1, "a"), (0, "z")], 2).sortBy(lambda x: x),
        "by key function": lambda sc: sc.parallelize([("b", 1), ("A", 2)], 2).sortByKey(True, 2, lambda k: k.lower()),
        "ascending None": lambda sc: sc.parallelize([(1, 1), (2, 2)], 1).sortByKey(None),
        "one value": lambda sc: sc.parallelize([7] * 10, 3).sortBy(lambda x: x),
        "floats": lambda sc: sc.parallelize([2.5, -1.0, math.inf, -math.inf, 0.0], 2).sortBy(lambda x: x),
        "partitions by default": lambda sc: sc.parallelize(range(100), 7).sortBy(lambda x: -x).getNumPartitions(),
        "partitions of nothing": lambda sc: (
            sc.parallelize([], 3).sortBy(lambda x: x, numPartitions=5).getNumPartitions()
        ),
        "large": lambda sc: sc.parallelize([(i * 7919) % 1000 for i in range(1000)], 5).sortBy(lambda x: x),
        "large descending": lambda sc: sc.parallelize([(i * 7919) % 1000 for i in range(1000)], 5).sortBy(
            lambda x: x, False, 3
        ),
        "take of sorted": lambda sc: sc.parallelize(range(100), 7).sortBy(lambda x: -x).take(3),
        "takeOrdered equal keys": lambda sc: sc.parallelize([(1, "a"), (0, "b"), (1, "c"), (0, "d")], 3).takeOrdered(
            3, key=lambda p: p[0]
        ),
        "top equal keys": lambda sc: sc.parallelize([(1, "a"), (0, "b"), (1, "c"), (0, "d")], 3).top(
            3, key=lambda p: p[0]
        ),
        "top more than there are": lambda sc: sc.parallelize([1, 2], 2).top(5),
    },
)
_several(
    "more",
    {
        "take over sparse partitions": lambda sc: sc.parallelize(range(50), 25).filter(lambda x: x % 20 == 19).take(2),
        "take all of many": lambda sc: sc.parallelize(range(50), 25).take(50),
        "first of late": lambda sc: sc.parallelize(range(50), 10).filter(lambda x: x > 45).first(),
        "count of large": lambda sc: sc.parallelize(range(100000), 3).count(),
        "sum of large": lambda sc: sc.parallelize(range(100000), 3).sum(),
        "fold with mutable zero": lambda sc: sc.parallelize([[1], [2], [3]], 3).fold([], _extend),
        "aggregate with mutable zero": lambda sc: sc.parallelize(range(6), 3).aggregate([], _append, _extend),
        "aggregate counts zero once a partition": lambda sc: sc.parallelize([1, 2], 4).aggregate(
            10, operator.add, operator.add
        ),
        "fold counts zero once a partition": lambda sc: sc.parallelize([1, 2], 4).fold(10, operator.add),
        "foldByKey counts zero once a partition": lambda sc: sc.parallelize([("a", 1)] * 4, 2).foldByKey(
            10, operator.add
        ),
        "countByValue type": lambda sc: type(sc.parallelize([1], 1).countByValue()).__name__,
        "countByKey type": lambda sc: type(sc.parallelize([(1, 1)], 1).countByKey()).__name__,
        "groupByKey value type": lambda sc: type(_pairs(sc).groupByKey().first()[1]).__name__,
        "groupByKey value length": lambda sc: _pairs(sc).groupByKey().mapValues(len),
        "cogroup value types": lambda sc: [type(v).__name__ for v in _pairs(sc).cogroup(_pairs(sc)).first()[1]],
        "join product order": lambda sc: sc.parallelize([(1, "a"), (1, "b")], 1).join(
            sc.parallelize([(1, "x"), (1, "y")], 1)
        ),
        "join with other key types": lambda sc: sc.parallelize([(1, "a"), (2, "b")], 2).join(
            sc.parallelize([(1.0, "x"), (True, "y")], 2)
        ),
        "chain": lambda sc: (
            sc.range(20).map(lambda x: x + 1).filter(lambda x: x % 2).flatMap(lambda x: [x, -x]).keyBy(abs)
        ),
        "word count": lambda sc: (
            sc.parallelize(["a b", "b c b"], 2).flatMap(str.split).map(lambda w: (w, 1)).reduceByKey(operator.add)
        ),
        "two shuffles": lambda sc: (
            _pairs(sc).reduceByKey(operator.add).map(lambda p: (p[1] % 2, p[0])).groupByKey().mapValues(sorted)
        ),
        "zipWithIndex after filter": lambda sc: sc.range(20, numSlices=4).filter(lambda x: x % 3 == 0).zipWithIndex(),
        "zipWithIndex of one partition": lambda sc: sc.parallelize("abc", 1).zipWithIndex(),
        "mapPartitions generator": lambda sc: sc.parallelize(range(6), 2).mapPartitions(lambda it: (x * 2 for x in it)),
        "mapPartitions ignoring input": lambda sc: sc.parallelize(range(6), 2).mapPartitions(lambda it: [0]),
        "coalesce 5 to 3": lambda sc: sc.parallelize(range(10), 5).coalesce(3),
        "coalesce 7 to 2": lambda sc: sc.parallelize(range(14), 7).coalesce(2),
        "coalesce up with shuffle": lambda sc: sc.parallelize(range(6), 2).coalesce(4, True).getNumPartitions(),
        "repartition of large": lambda sc: sc.parallelize(range(1000), 4).repartition(3).glom().map(len),
        "repartition keeps all": lambda sc: sorted(sc.parallelize(range(100), 4).repartition(7).collect()),
        "name": lambda sc: sc.parallelize([1]).setName("x").name(),
        "name of new": lambda sc: sc.parallelize([1]).map(lambda x: x).name(),
        "context": lambda sc: sc.parallelize([1]).context is sc,
        "ids differ": lambda sc: sc.parallelize([1]).id() != sc.parallelize([1]).id(),
        "local property": lambda sc: (sc.setLocalProperty("mine", "1"), sc.getLocalProperty("mine"))[1],
        "local property unknown": lambda sc: sc.getLocalProperty("unknown to all"),
        "default parallelism": lambda sc: (sc.defaultParallelism, sc.defaultMinPartitions),
        "getOrCreate": lambda sc: type(sc).getOrCreate() is sc,
        "large records": lambda sc: sc.parallelize(["x" * 300000] * 3, 2).map(len),
        "nan": lambda sc: sc.parallelize([NAN, 1.0], 2).map(repr),
        "max of nan": lambda sc: sc.parallelize([1.0, NAN], 1).max(),
        "min of nan": lambda sc: sc.parallelize([NAN, 1.0], 1).min(),
        "stats of nan": lambda sc: repr(sc.parallelize([NAN, 1.0], 2).stats()),
        "stats of negative": lambda sc: repr(sc.parallelize([-3, -1, -2], 2).stats()),
        "collectAsMap last wins": lambda sc: sc.parallelize([(1, "a"), (1, "b")], 2).collectAsMap(),
        "flatMap of texts": lambda sc: sc.parallelize(["ab", "", "c"], 2).flatMap(lambda s: s),
        "filter of None": lambda sc: sc.parallelize([None, 0, "", "x"], 2).filter(lambda x: x is None),
        "empty tuples": lambda sc: sc.parallelize([(), ()], 2).distinct(),
        "default partitions of reduceByKey": lambda sc: (
            sc.parallelize([(1, 1)], 7).reduceByKey(operator.add).getNumPartitions()
        ),
        "default partitions of distinct": lambda sc: sc.parallelize([1], 6).distinct().getNumPartitions(),
        "default partitions of groupByKey": lambda sc: sc.parallelize([(1, 1)], 5).groupByKey().getNumPartitions(),
    },
)

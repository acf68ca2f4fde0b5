"""Joins, groups and aggregates; the comments are the types that mypy shall reveal."""

from __future__ import annotations

from typing import NamedTuple

from weft import RDD, StorageLevel, WeftContext


class Sale(NamedTuple):
    shop: str
    cents: int


def sales(sc: WeftContext) -> RDD[Sale]:
    return sc.parallelize([Sale("a", 1), Sale("b", 2)], 2)


def main() -> None:
    sc = WeftContext.getOrCreate()
    by_shop = sales(sc).map(lambda sale: (sale.shop, sale.cents)).persist(StorageLevel.MEMORY_AND_DISK)
    reveal_type(by_shop)  # weft.rdd.RDD[tuple[str, int]]
    cities = sc.parallelize([("a", "Ulm"), ("b", "Bonn")])
    reveal_type(by_shop.join(cities).collect())  # list[tuple[str, tuple[int, str]]]
    outer = by_shop.leftOuterJoin(cities).first()[1][1]
    reveal_type(outer)  # Union[str, None]
    sums = by_shop.aggregateByKey(0.0, lambda total, cents: total + cents, lambda a, b: a + b)
    reveal_type(sums)  # weft.rdd.RDD[tuple[str, float]]
    groups = by_shop.groupByKey().mapValues(len)
    reveal_type(groups.lookup("a"))  # list[int]
    both = by_shop.groupWith(cities).first()[1]
    reveal_type(both)  # tuple[weft.resultiterable.ResultIterable[int], weft.resultiterable.ResultIterable[str]]
    names = sc.broadcast({"a": "Anna"})
    reveal_type(names.value)  # dict[str, str]
    reveal_type(by_shop.keys().map(lambda shop: names.value[shop]).collect())  # list[str]
    reveal_type(by_shop.values().treeReduce(max))  # int
    reveal_type(by_shop.values().mean())  # float
    reveal_type(by_shop.values().sumApprox(1000))  # weft._ops.approximate.BoundedFloat
    reveal_type(sc.statusTracker().getJobIdsForGroup())  # list[int]


main()

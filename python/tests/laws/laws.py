"""What the RDD API promises, said with plain lists; each law takes a context and draws its own input.

A partitioned collection is a list of lists. Where an operation promises no order, bags are compared.
"""

from __future__ import annotations

import itertools
import math
from collections import defaultdict
from operator import add
from typing import Any

from hypothesis import strategies as st

from weft import StorageLevel, WeftContext

from .model import Draw, by_key, flat, groups, joined, kind, law, made, same_parts
from .records import bag, canonical, holds_nan, keys, numbers, pairs, parts, records, whole


@law
def elements_stay_where_they_are(sc: WeftContext, draw: Draw) -> None:
    given = draw(parts(records))
    rdd = made(sc, given)
    same_parts(rdd, given)
    same_parts(rdd.map(lambda x: (kind(x), x)), [[(kind(x), x) for x in part] for part in given])
    same_parts(rdd.filter(lambda x: kind(x) != "int"), [[x for x in part if kind(x) != "int"] for part in given])
    same_parts(
        rdd.flatMap(lambda x: [x] * (len(kind(x)) % 3)),
        [[x for x in p for _ in range(len(kind(x)) % 3)] for p in given],
    )
    same_parts(rdd.mapPartitions(lambda part: [len(list(part))]), [[len(part)] for part in given])
    same_parts(rdd.glom(), [[part] for part in given])
    same_parts(rdd.keyBy(kind), [[(kind(x), x) for x in part] for part in given])


@law
def pairs_are_taken_apart(sc: WeftContext, draw: Draw) -> None:
    given = draw(parts(pairs()))
    rdd = made(sc, given)
    same_parts(rdd.keys(), [[key for key, _ in part] for part in given])
    same_parts(rdd.values(), [[value for _, value in part] for part in given])
    same_parts(rdd.mapValues(kind), [[(key, kind(value)) for key, value in part] for part in given])
    same_parts(rdd.flatMapValues(kind), [[(key, one) for key, value in part for one in kind(value)] for part in given])


@law
def elements_are_numbered_in_order(sc: WeftContext, draw: Draw) -> None:
    given = draw(parts(records))
    numbered = iter(range(len(flat(given))))
    same_parts(made(sc, given).zipWithIndex(), [[(x, next(numbered)) for x in part] for part in given])
    unique = [[(x, i * len(given) + n) for i, x in enumerate(part)] for n, part in enumerate(given)]
    same_parts(made(sc, given).zipWithUniqueId(), unique)


@law
def a_union_has_the_partitions_of_both(sc: WeftContext, draw: Draw) -> None:
    one, other = draw(parts(records)), draw(parts(records))
    same_parts(made(sc, one).union(made(sc, other)), one + other)


@law
def a_zip_pairs_what_stands_at_the_same_place(sc: WeftContext, draw: Draw) -> None:
    given = draw(parts(records))
    same_parts(made(sc, given).zip(made(sc, given).map(kind)), [[(x, kind(x)) for x in part] for part in given])


@law
def a_cartesian_product_has_all_pairs(sc: WeftContext, draw: Draw) -> None:
    one, other = draw(parts(records)), draw(parts(records))
    found = made(sc, one).cartesian(made(sc, other))
    assert found.getNumPartitions() == len(one) * len(other)
    assert bag(found.collect()) == bag(itertools.product(flat(one), flat(other)))


@law
def repartitioning_loses_and_doubles_nothing(sc: WeftContext, draw: Draw) -> None:
    given, count = draw(parts(records)), draw(st.integers(1, 7))
    rdd = made(sc, given)
    spread, fewer = rdd.repartition(count), rdd.coalesce(count)
    assert (spread.getNumPartitions(), fewer.getNumPartitions()) == (count, min(count, len(given)))
    assert bag(spread.collect()) == bag(flat(given))
    assert bag(fewer.collect()) == bag(flat(given))


@law
def a_key_is_in_one_partition(sc: WeftContext, draw: Draw) -> None:
    given, count = draw(parts(pairs())), draw(st.integers(1, 4))
    found = made(sc, given).partitionBy(count).glom().collect()
    assert len(found) == count
    assert bag(flat(found)) == bag(flat(given))
    places: dict[Any, set[int]] = defaultdict(set)
    for place, part in enumerate(found):
        for key, _ in part:
            places[canonical(key)].add(place)
    assert all(len(one) == 1 for one in places.values())


@law
def distinct_keeps_one_of_each(sc: WeftContext, draw: Draw) -> None:
    given = draw(parts(keys))
    assert bag(made(sc, given).distinct().collect()) == bag(set(map(canonical, flat(given))))


@law
def reducing_by_key_is_reducing_each_group(sc: WeftContext, draw: Draw) -> None:
    given = draw(parts(pairs(whole)))
    expected = {key: sum(values) for key, values in groups(given).items()}
    rdd = made(sc, given)
    assert by_key(rdd.reduceByKey(add)) == expected
    assert by_key(rdd.reduceByKey(lambda a, b: a + b, 3)) == expected
    assert by_key(rdd.foldByKey(0, add)) == expected
    if not any(map(holds_nan, expected)):  # a dict of the driver's keeps every NaN, as PySpark's does
        assert {canonical(key): value for key, value in rdd.reduceByKeyLocally(add).items()} == expected
    counted = {key: (len(values), sum(values)) for key, values in groups(given).items()}
    merged = rdd.aggregateByKey((0, 0), lambda a, v: (a[0] + 1, a[1] + v), lambda a, b: (a[0] + b[0], a[1] + b[1]))
    assert by_key(merged) == counted
    combined = rdd.combineByKey(lambda v: [v], lambda a, v: [*a, v], lambda a, b: a + b)
    assert {key: sorted(values) for key, values in by_key(combined).items()} == {
        key: sorted(values) for key, values in groups(given).items()
    }


@law
def grouping_keeps_every_value_of_a_key(sc: WeftContext, draw: Draw) -> None:
    given = draw(parts(pairs()))
    found = {key: bag(values) for key, values in by_key(made(sc, given).groupByKey()).items()}
    assert found == {key: bag(values) for key, values in groups(given).items()}
    by = made(sc, given).groupBy(lambda pair: kind(pair[1]))
    assert {key: len(values) for key, values in by_key(by).items()} == {
        name: len(list(same)) for name, same in itertools.groupby(sorted(kind(value) for _, value in flat(given)))
    }


@law
def joins_are_products_of_groups(sc: WeftContext, draw: Draw) -> None:
    one, other = draw(parts(pairs())), draw(parts(pairs()))
    left, right = groups(one), groups(other)
    a, b = made(sc, one), made(sc, other)

    assert bag(a.join(b).collect()) == joined(left, right)
    assert bag(a.leftOuterJoin(b, 2).collect()) == joined(left, right, "left")
    assert bag(a.rightOuterJoin(b).collect()) == joined(left, right, "right")
    assert bag(a.fullOuterJoin(b).collect()) == joined(left, right, "left and right")
    both = {key: tuple(map(bag, sides)) for key, sides in by_key(a.cogroup(b)).items()}
    assert both == {key: (bag(left.get(key, [])), bag(right.get(key, []))) for key in set(left) | set(right)}


@law
def sets_are_taken_from_each_other(sc: WeftContext, draw: Draw) -> None:
    one, other = draw(parts(keys)), draw(parts(keys))
    mine, yours = [canonical(x) for x in flat(one)], {canonical(x) for x in flat(other)}
    a, b = made(sc, one), made(sc, other)
    assert bag(a.subtract(b).collect()) == bag(x for x in mine if x not in yours)
    assert bag(a.intersection(b).collect()) == bag(set(mine) & yours)
    ka, kb = a.map(lambda x: (x, 1)), b.map(lambda x: (x, 2))
    assert bag(ka.subtractByKey(kb).keys().collect()) == bag(x for x in mine if x not in yours)


@law
def sorting_orders_everything_over_all_partitions(sc: WeftContext, draw: Draw) -> None:
    kinds = [whole, st.text(max_size=4), st.tuples(whole, st.text(max_size=2))]
    given = draw(st.sampled_from(kinds).flatmap(parts))
    rising, count = draw(st.booleans()), draw(st.integers(1, 4))
    rdd = made(sc, given)
    expected = sorted(flat(given), reverse=not rising)
    assert rdd.sortBy(lambda x: x, rising, count).collect() == expected
    keyed = rdd.map(lambda x: (x, kind(x)))
    assert keyed.sortByKey(rising, count).keys().collect() == expected
    placed = keyed.repartitionAndSortWithinPartitions(count).keys().glom().collect()
    assert len(placed) == count
    assert all(part == sorted(part) for part in placed)
    assert bag(flat(placed)) == bag(flat(given))


@law
def actions_see_partitions_in_order(sc: WeftContext, draw: Draw) -> None:
    given, few = draw(parts(records)), draw(st.integers(0, 8))
    rdd, everything = made(sc, given), flat(given)
    assert canonical(rdd.collect()) == canonical(everything)
    assert canonical(list(rdd.toLocalIterator())) == canonical(everything)
    assert canonical(rdd.take(few)) == canonical(everything[:few])
    assert rdd.count() == len(everything)
    assert rdd.isEmpty() == (not everything)
    if everything:
        assert canonical(rdd.first()) == canonical(everything[0])


@law
def numbers_are_summed_up(sc: WeftContext, draw: Draw) -> None:
    given = draw(parts(whole))
    rdd, everything = made(sc, given), flat(given)
    assert rdd.sum() == sum(everything)
    assert rdd.fold(0, add) == sum(everything)
    assert rdd.aggregate((0, 0), lambda a, x: (a[0] + x, a[1] + 1), lambda a, b: (a[0] + b[0], a[1] + b[1])) == (
        sum(everything),
        len(everything),
    )
    assert rdd.treeAggregate(0, add, add) == sum(everything)
    assert rdd.countByValue() == dict(bag(everything))
    assert rdd.top(3) == sorted(everything, reverse=True)[:3]
    assert rdd.takeOrdered(3, key=lambda x: -x) == sorted(everything, reverse=True)[:3]
    if everything:
        assert rdd.reduce(add) == rdd.treeReduce(add) == sum(everything)
        assert (rdd.min(), rdd.max()) == (min(everything), max(everything))


@law
def statistics_are_those_of_the_whole(sc: WeftContext, draw: Draw) -> None:
    small = st.integers(-1000, 1000) | st.floats(-1000, 1000)
    given = draw(parts(small).filter(lambda made_up: any(made_up)))
    everything, found = flat(given), made(sc, given).stats()
    mean = math.fsum(everything) / len(everything)
    assert found.count() == len(everything)
    assert (found.min(), found.max()) == (min(everything), max(everything))
    assert math.isclose(found.mean(), mean, rel_tol=1e-9, abs_tol=1e-9)
    assert math.isclose(
        found.variance(), math.fsum((x - mean) ** 2 for x in everything) / len(everything), rel_tol=1e-6, abs_tol=1e-6
    )


@law
def counting_by_key_counts(sc: WeftContext, draw: Draw) -> None:
    given = draw(parts(pairs()))
    rdd = made(sc, given)
    found = {canonical(key): count for key, count in rdd.countByKey().items()}
    assert found == {key: len(values) for key, values in groups(given).items()}
    assert {canonical(key) for key in rdd.collectAsMap()} == set(groups(given))
    for key in itertools.islice({canonical(key): key for key, _ in flat(given)}.values(), 2):
        if not holds_nan(canonical(key)):  # which equals nothing
            assert bag(rdd.lookup(key)) == bag(groups(given)[canonical(key)])


@law
def what_is_persisted_is_what_is_computed(sc: WeftContext, draw: Draw) -> None:
    given = draw(parts(pairs()))
    level = draw(st.sampled_from([StorageLevel.MEMORY_ONLY, StorageLevel.DISK_ONLY, StorageLevel.MEMORY_AND_DISK_2]))
    rdd = made(sc, given).mapValues(kind).persist(level)
    expected = [[(key, kind(value)) for key, value in part] for part in given]
    same_parts(rdd, expected)
    same_parts(rdd, expected)
    assert bag(rdd.partitionBy(2).collect()) == bag(flat(expected))
    rdd.unpersist()
    same_parts(rdd, expected)


@law
def numbers_of_every_kind_fall_together(sc: WeftContext, draw: Draw) -> None:
    given = draw(parts(st.tuples(numbers, st.just(1))))
    assert by_key(made(sc, given).reduceByKey(add, 3)) == {key: len(ones) for key, ones in groups(given).items()}


@law
def saved_text_is_read_again(sc: WeftContext, draw: Draw) -> None:
    import tempfile

    line = st.text(st.characters(blacklist_categories=("Cs",), blacklist_characters="\r\n"), max_size=12)
    given = draw(parts(line))
    with tempfile.TemporaryDirectory() as folder:
        made(sc, given).saveAsTextFile(f"file:{folder}/out")
        assert bag(sc.textFile(f"file:{folder}/out", 3).collect()) == bag(flat(given))

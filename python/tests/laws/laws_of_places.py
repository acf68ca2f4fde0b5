"""Laws of where records go, and of what leaves them as they are."""

from __future__ import annotations

import tempfile
import warnings
from operator import add
from typing import Any

from hypothesis import strategies as st

from weft import WeftContext, serializers

from .model import Draw, by_key, flat, groups, kind, law, made, same_parts
from .records import bag, canonical, huge, keys, pairs, parts, records, whole

__all__: list[str] = []


@law
def a_partition_and_its_number_are_given_to_a_function(sc: WeftContext, draw: Draw) -> None:
    given = draw(parts(records))
    expected = [[(index, kind(x)) for x in part] for index, part in enumerate(given)]
    rdd = made(sc, given)
    same_parts(rdd.mapPartitionsWithIndex(lambda index, part: [(index, kind(x)) for x in part]), expected)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it is deprecated, as in PySpark
        same_parts(rdd.mapPartitionsWithSplit(lambda index, part: [(index, kind(x)) for x in part]), expected)


@law
def a_shuffling_coalesce_makes_as_many_partitions_as_asked(sc: WeftContext, draw: Draw) -> None:
    given, count = draw(parts(records)), draw(st.integers(1, 7))
    spread = made(sc, given).coalesce(count, shuffle=True)
    assert spread.getNumPartitions() == count
    assert bag(spread.collect()) == bag(flat(given))


@law
def neighbours_stay_together_when_partitions_are_coalesced(sc: WeftContext, draw: Draw) -> None:
    given, count = draw(parts(records)), draw(st.integers(1, 7))
    fewer = made(sc, given).coalesce(count).glom().collect()
    assert len(fewer) == min(count, len(given))
    for part in given:
        assert any(not bag(part) - bag(one) for one in fewer)


@law
def distinct_into_partitions_keeps_one_of_each(sc: WeftContext, draw: Draw) -> None:
    given, count = draw(parts(keys)), draw(st.integers(1, 5))
    rdd = made(sc, given).distinct(count)
    assert rdd.getNumPartitions() == count
    assert bag(rdd.collect()) == bag(set(map(canonical, flat(given))))


@law
def the_users_function_says_where_a_key_goes(sc: WeftContext, draw: Draw) -> None:
    given, count, turn = draw(parts(pairs(whole))), draw(st.integers(1, 4)), draw(st.integers(-5, 5))

    def place(key: Any) -> int:
        return sum(map(ord, kind(key))) + turn

    placed: list[list[Any]] = [[] for _ in range(count)]
    for key, value in flat(given):
        placed[place(key) % count].append((key, value))
    rdd = made(sc, given)
    assert list(map(bag, rdd.partitionBy(count, place).glom().collect())) == list(map(bag, placed))
    summed = rdd.mapValues(lambda value: value % 7).reduceByKey(add, count, lambda key: 0 * place(key))
    assert [len(part) for part in summed.glom().collect()][1:] == [0] * (count - 1)
    assert by_key(summed) == {key: sum(value % 7 for value in values) for key, values in groups(given).items()}
    by = rdd.groupBy(lambda pair: kind(pair[0]), count, lambda name: len(name))
    for index, part in enumerate(by.keys().glom().collect()):
        assert all(len(name) % count == index for name in part)


@law
def four_sides_are_grouped_with_each_other(sc: WeftContext, draw: Draw) -> None:
    given = [draw(parts(pairs())) for _ in range(draw(st.integers(2, 4)))]
    first, *others = [made(sc, one) for one in given]
    sides = [groups(one) for one in given]
    found = {key: tuple(map(bag, values)) for key, values in by_key(first.groupWith(*others)).items()}
    every = {key for side in sides for key in side}
    assert found == {key: tuple(bag(side.get(key, [])) for side in sides) for key in every}


@law
def unions_of_many_stand_one_behind_the_other(sc: WeftContext, draw: Draw) -> None:
    given = [draw(parts(records)) for _ in range(draw(st.integers(2, 4)))]
    rdds = [made(sc, one) for one in given]
    same_parts(sc.union(rdds), [part for one in given for part in one])
    same_parts(rdds[0] + rdds[1], given[0] + given[1])


@law
def a_program_gets_each_partition_as_lines(sc: WeftContext, draw: Draw) -> None:
    line = st.text(st.characters(blacklist_categories=("Cs",), blacklist_characters="\n"), max_size=12)
    given = draw(parts(line))
    rdd = made(sc, given)
    same_parts(rdd.pipe("cat"), given)
    same_parts(rdd.pipe("/usr/bin/tr a-c A-C"), [[x.translate({97: 65, 98: 66, 99: 67}) for x in p] for p in given])
    same_parts(rdd.pipe("wc -l").map(int), [[len(part)] for part in given])


@law
def a_checkpoint_holds_what_was_computed(sc: WeftContext, draw: Draw) -> None:
    given = draw(parts(pairs()))
    expected = [[(key, (kind(value), value)) for key, value in part] for part in given]
    local = made(sc, given).mapValues(lambda value: (kind(value), value))
    local.localCheckpoint()
    with tempfile.TemporaryDirectory() as folder:
        sc.setCheckpointDir(folder)
        kept = made(sc, given).mapValues(lambda value: (kind(value), value))
        kept.checkpoint()
        for rdd in (local, kept):
            assert rdd.count() == len(flat(given))
            assert rdd.isCheckpointed()
            same_parts(rdd, expected)
            assert bag(rdd.partitionBy(2).keys().collect()) == bag(key for key, _ in flat(given))
    local.unpersist()


plain = st.none() | st.booleans() | whole | st.floats() | st.text(max_size=8) | st.binary(max_size=8)
MADE_BY = {
    "pickle": lambda: serializers.PickleSerializer(),
    "marshal": lambda: serializers.MarshalSerializer(),
    "marshal in threes": lambda: serializers.BatchedSerializer(serializers.MarshalSerializer(), 3),
    "compressed": lambda: serializers.CompressedSerializer(serializers.CloudPickleSerializer()),
    "batches that suit": lambda: serializers.AutoBatchedSerializer(serializers.PickleSerializer()),
}


@law
def a_serializer_changes_no_record(sc: WeftContext, draw: Draw) -> None:
    given = draw(parts(st.tuples(plain, plain | st.lists(plain, max_size=3))))
    one, other = (MADE_BY[draw(st.sampled_from(sorted(MADE_BY)))]() for _ in range(2))
    rdd = made(sc, given).withSerializer(one)
    same_parts(rdd, given)
    same_parts(rdd.union(made(sc, given).withSerializer(other)), given + given)
    assert bag(rdd.partitionBy(3).withSerializer(other).collect()) == bag(flat(given))
    found = {key: bag(values) for key, values in by_key(rdd.groupByKey(2)).items()}
    assert found == {key: bag(values) for key, values in groups(given).items()}
    kept = rdd.persist()
    same_parts(kept, given)
    same_parts(kept, given)
    kept.unpersist()


def size(value: Any) -> int:
    """A small number of any whole number, text or bytes."""
    return value % 7 if isinstance(value, int) else len(value)


@law
def huge_records_go_where_small_ones_go(sc: WeftContext, draw: Draw) -> None:
    given = draw(parts(pairs(whole | st.text(max_size=3))))
    large = [draw(huge) for _ in range(2)]
    given[draw(st.integers(0, len(given) - 1))].append(("large", large[0]))
    given[0].insert(0, (draw(keys), large[1]))
    rdd = made(sc, given)
    same_parts(rdd, given)
    same_parts(rdd.mapValues(size), [[(key, size(x)) for key, x in part] for part in given])
    found = {key: bag(values) for key, values in by_key(rdd.groupByKey(2)).items()}
    assert found == {key: bag(values) for key, values in groups(given).items()}
    kept = rdd.persist()
    rising = kept.values().sortBy(lambda x: (kind(x), x), numPartitions=2)
    assert rising.collect() == sorted((x for _, x in flat(given)), key=lambda x: (kind(x), x))
    same_parts(kept, given)
    kept.unpersist()
    assert bag(rdd.values().distinct().collect()) == bag(set(x for _, x in flat(given)))

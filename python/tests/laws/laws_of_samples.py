"""Laws of samples and of numbers about all records."""

from __future__ import annotations

import math
import statistics
from collections import Counter
from typing import Any

import pytest
from hypothesis import strategies as st

from weft import WeftContext

from .model import Draw, by_key, flat, groups, kind, law, made, same_parts
from .records import bag, canonical, pairs, parts, records, whole

__all__: list[str] = []

fractions = st.sampled_from([0.0, 0.1, 0.5, 0.9, 1.0])
seeds = st.integers(0, 2**31)


def numbered(given: list[list[Any]]) -> list[list[Any]]:
    """Each record with its place, so that equal ones are told apart."""
    places = iter(range(len(flat(given))))
    return [[(next(places), x) for x in part] for part in given]


def runs_within(found: list[list[Any]], given: list[list[Any]]) -> bool:
    """Whether each partition has only records of that partition, in their order."""
    places = [[place for place, _ in part] for part in found]
    allowed = [{place for place, _ in part} for part in given]
    return all(part == sorted(part) and set(part) <= one for part, one in zip(places, allowed))


@law
def a_sample_has_some_of_the_records_in_their_order(sc: WeftContext, draw: Draw) -> None:
    given, fraction, seed = numbered(draw(parts(records))), draw(fractions), draw(seeds)
    rdd = made(sc, given)
    once = rdd.sample(False, fraction, seed)
    found = once.glom().collect()
    assert len(found) == len(given)
    assert runs_within(found, given)
    assert all(len(set(place for place, _ in part)) == len(part) for part in found)
    same_parts(once, found)  # it does not change
    same_parts(rdd.sample(False, fraction, seed), found)
    if fraction in (0.0, 1.0):
        same_parts(once, given if fraction else [[] for _ in given])
    again = rdd.sample(True, 2 * fraction, seed).glom().collect()
    assert runs_within(again, given)
    same_parts(rdd.sample(True, 2 * fraction, seed), again)
    assert fraction or not flat(again)


@law
def a_random_split_gives_each_record_to_one(sc: WeftContext, draw: Draw) -> None:
    given, seed = numbered(draw(parts(records))), draw(seeds)
    weights = draw(st.lists(st.integers(0, 5), min_size=1, max_size=4).filter(any))
    found = [rdd.glom().collect() for rdd in made(sc, given).randomSplit(weights, seed)]
    assert len(found) == len(weights)
    assert all(runs_within(one, given) for one in found)
    assert [not weight and bool(flat(one)) for weight, one in zip(weights, found)] == [False] * len(weights)
    assert sorted(place for one in found for place, _ in flat(one)) == list(range(len(flat(given))))


@law
def a_sample_by_key_asks_each_keys_fraction(sc: WeftContext, draw: Draw) -> None:
    given, seed = draw(parts(st.tuples(st.sampled_from("abc"), records))), draw(seeds)
    chosen = {"a": 0.0, "b": draw(fractions), "c": 1.0}
    rdd = made(sc, given)
    found = rdd.sampleByKey(False, chosen, seed).glom().collect()
    for part, mine in zip(found, given):
        assert bag(x for x in part if x[0] == "c") == bag(x for x in mine if x[0] == "c")
        assert not bag(part) - bag(x for x in mine if x[0] != "a")
    same_parts(rdd.sampleByKey(False, chosen, seed), found)
    repeated = rdd.sampleByKey(True, chosen, seed).collect()
    assert set(bag(repeated)) <= set(bag(x for x in flat(given) if x[0] != "a"))


@law
def taking_a_sample_gives_as_many_as_asked(sc: WeftContext, draw: Draw) -> None:
    given, count, seed = draw(parts(records)), draw(st.integers(0, 12)), draw(seeds)
    rdd, everything = made(sc, given), flat(given)
    without = rdd.takeSample(False, count, seed)
    assert len(without) == min(count, len(everything))
    assert not bag(without) - bag(everything)
    repeated = rdd.takeSample(True, count, seed)
    assert len(repeated) == (count if everything else 0)
    assert set(bag(repeated)) <= set(bag(everything))
    assert canonical(rdd.takeSample(False, count, seed)) == canonical(without)


@law
def a_histogram_counts_what_lies_between(sc: WeftContext, draw: Draw) -> None:
    given = draw(parts(st.integers(-50, 50) | st.floats(-50, 50) | st.none() | st.just(math.nan)))
    ends = sorted(draw(st.sets(st.integers(-40, 40), min_size=2, max_size=6)))
    numbers = [x for x in flat(given) if x is not None and x == x]
    pieces = list(zip(ends, ends[1:]))
    expected = [sum(low <= x < high or x == high == ends[-1] for x in numbers) for low, high in pieces]
    assert made(sc, given).histogram(ends) == (ends, expected)
    if len(set(numbers)) > 1:
        count = draw(st.integers(1, 5))
        made_ends, counts = made(sc, given).histogram(count)
        assert (made_ends[0], made_ends[-1]) == (min(numbers), max(numbers))
        assert (len(made_ends), len(counts), sum(counts)) == (count + 1, count, len(numbers))


@law
def deviations_are_those_of_the_whole(sc: WeftContext, draw: Draw) -> None:
    small = st.integers(-1000, 1000) | st.floats(-1000, 1000)
    given = draw(parts(small).filter(lambda made_up: len(flat(made_up)) > 1))
    rdd, everything = made(sc, given), [float(x) for x in flat(given)]
    expected = {
        rdd.mean: statistics.fmean(everything),
        rdd.variance: statistics.pvariance(everything),
        rdd.stdev: statistics.pstdev(everything),
        rdd.sampleVariance: statistics.variance(everything),
        rdd.sampleStdev: statistics.stdev(everything),
    }
    for method, value in expected.items():
        assert math.isclose(method(), value, rel_tol=1e-6, abs_tol=1e-5), method.__name__


@law
def foreach_sees_each_record_once(sc: WeftContext, draw: Draw) -> None:
    given = draw(parts(whole))
    total, seen, partitions = sc.accumulator(0), sc.accumulator(0), sc.accumulator(0)

    def look(x: int) -> None:
        total.add(x)
        seen.add(1)

    def look_at_all(part: Any) -> None:
        partitions.add(1)
        for x in part:
            total.add(-x)

    made(sc, given).foreach(look)
    assert (total.value, seen.value) == (sum(flat(given)), len(flat(given)))
    made(sc, given).foreachPartition(look_at_all)
    assert (total.value, partitions.value) == (0, len(given))


@law
def common_records_are_found_and_counted(sc: WeftContext, draw: Draw) -> None:
    given = draw(parts(st.sampled_from("aaab") | st.text(max_size=1) | st.integers(-2, 2)))
    counts = Counter(flat(given))
    hot = made(sc, given).map(lambda x: (x, kind(x))).hotKeys(3)
    assert [one.rows for one in hot] == [rows for _, rows in counts.most_common(3)]
    assert all((one.rows, one.error) == (counts[one.key], 0) for one in hot)
    assert all(math.isclose(one.share, one.rows / len(flat(given))) for one in hot)
    pytest.importorskip("datasketches")
    share = draw(st.sampled_from([0.05, 0.3, 0.6]))
    found = {one.record: (one.atLeast, one.atMost) for one in made(sc, given).heavyHitters(share)}
    assert {x for x, rows in counts.items() if rows > share * len(flat(given))} <= set(found)
    assert all(low <= counts[x] <= high for x, (low, high) in found.items())


@law
def percentiles_of_few_are_numbers_of_their_rank(sc: WeftContext, draw: Draw) -> None:
    pytest.importorskip("ddsketch")
    given = draw(parts(st.tuples(st.sampled_from("ab"), st.integers(-1000, 1000) | st.floats(-1e6, 1e6))))
    wanted = [0.0, 0.3, 0.5, 0.95, 1.0]

    def ranks(values: list[Any]) -> list[float]:
        return [float(sorted(values)[max(0, math.ceil(p * len(values)) - 1)]) for p in wanted]

    rdd = made(sc, given)
    assert by_key(rdd.percentilesByKey(wanted)) == {key: ranks(values) for key, values in groups(given).items()}
    if flat(given):
        assert rdd.values().percentiles(wanted) == ranks([value for _, value in flat(given)])


@law
def a_count_by_value_counts_any_record(sc: WeftContext, draw: Draw) -> None:
    given = draw(parts(pairs(st.none())))
    found = made(sc, given).map(lambda pair: kind(pair[0])).countByValue()
    assert dict(found) == dict(Counter(kind(key) for key, _ in flat(given)))
    assert made(sc, given).countApprox(100_000) == len(flat(given))

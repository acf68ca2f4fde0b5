"""Joins of skewed keys against the plain joins of lists."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from weft import WeftContext
from weft._progress import Totals

NAN = float("nan")
keys = st.one_of(st.just("hot"), st.integers(0, 3), st.sampled_from([None, "", (1, "x"), (NAN, 2), NAN, b"b"]))
pairs = st.lists(st.tuples(keys, st.integers(0, 9)), max_size=25)


@pytest.fixture(scope="module")
def sc() -> Iterator[WeftContext]:
    with WeftContext("inline[3]") as made:
        yield made


def plain(key: Any) -> Any:
    """A key that equals itself."""
    return repr(key)


def inner(left: list[Any], right: list[Any]) -> list[Any]:
    return sorted((plain(k), v, w) for k, v in left for other, w in right if plain(k) == plain(other))


def left_outer(left: list[Any], right: list[Any]) -> list[Any]:
    known = {plain(key) for key, _ in right}
    alone = [(plain(k), v, None) for k, v in left if plain(k) not in known]
    return sorted(inner(left, right) + alone, key=repr)


def flat(joined: list[Any]) -> list[Any]:
    return sorted(((plain(k), v, w) for k, (v, w) in joined), key=repr)


@given(pairs, pairs, st.integers(1, 4), st.sampled_from([None, [], ["hot"], ["hot", NAN, 1]]), st.integers(1, 3))
def test_a_skew_join_gives_what_a_join_gives(
    sc: WeftContext, left: list[Any], right: list[Any], count: int, hot: Any, pieces: int
) -> None:
    one, other = sc.parallelize(left, 3), sc.parallelize(right, 2)
    joined = one.skewJoin(other, count, hot=hot, pieces=pieces)
    assert flat(joined.collect()) == sorted(inner(left, right), key=repr)
    assert joined.getNumPartitions() == count
    assert flat(one.skewLeftOuterJoin(other, count, hot=hot, pieces=pieces).collect()) == left_outer(left, right)


@given(pairs, pairs, st.booleans())
def test_a_broadcast_join_gives_what_a_join_gives(
    sc: WeftContext, left: list[Any], right: list[Any], shared: bool
) -> None:
    one, other = sc.parallelize(left, 3), sc.parallelize(right, 2)
    assert flat(one.broadcastJoin(other, shared=shared).collect()) == sorted(inner(left, right), key=repr)
    assert flat(one.broadcastLeftOuterJoin(other, shared=shared).collect()) == left_outer(left, right)


def test_a_hot_key_is_found_and_its_pairs_come_to_several_partitions(sc: WeftContext) -> None:
    left = [("hot", n) for n in range(900)] + [(f"k{n}", n) for n in range(100)]
    right = [("hot", "h"), *((f"k{n}", str(n)) for n in range(0, 100, 2))]
    one, other = sc.parallelize(left, 4), sc.parallelize(right, 2)
    joined = one.skewJoin(other, 4)
    sizes = joined.filter(lambda pair: pair[0] == "hot").glom().map(len).collect()
    assert sum(sizes) == 900 and max(sizes) <= 700 and sum(size > 0 for size in sizes) > 1
    plain_sizes = one.join(other, 4).filter(lambda pair: pair[0] == "hot").glom().map(len).collect()
    assert sorted(plain_sizes) == [0, 0, 0, 900]
    assert joined.keys().filter(lambda key: not isinstance(key, str)).collect() == []


def test_the_summary_names_a_hot_key_that_was_found(sc: WeftContext, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sc._jobs, "_totals", Totals())  # the context is other tests', too
    one = sc.parallelize([("-", n) for n in range(80)] + [(n, n) for n in range(20)], 4)
    one.skewJoin(one, 4)
    assert re.search(r"; hot keys? divided: '-' 80%", sc._jobs._totals.line(1))


def test_given_hot_keys_cost_no_job(sc: WeftContext) -> None:
    one, other = sc.parallelize([("a", 1)] * 10, 2), sc.parallelize([("a", 2)])
    before = sc._jobs.count
    joined = one.skewJoin(other, 3, hot=["a"])
    assert sc._jobs.count == before
    assert joined.count() == 10


def test_hot_keys_are_those_with_most_pairs(sc: WeftContext) -> None:
    data = [("a", 0)] * 50 + [("b", 0)] * 30 + [(f"k{n}", 0) for n in range(20)]
    first, second = sc.parallelize(data, 4).hotKeys(2)
    assert (first.key, first.rows, first.error, first.share) == ("a", 50, 0, 0.5)
    assert (second.key, second.rows, second.share) == ("b", 30, 0.3)
    assert sc.emptyRDD().hotKeys() == []


def test_hot_keys_among_many_keys_are_counted_to_within_the_error(sc: WeftContext) -> None:
    data = [(n % 20_000, 0) for n in range(40_000)] + [("hot", 0)] * 10_000
    (hot,) = sc.parallelize(data, 3).hotKeys(1)
    assert hot.key == "hot" and hot.rows <= 10_000 <= hot.rows + hot.error
    assert 0 < hot.error <= 50 and math.isclose(hot.share, hot.rows / 50_000)


def test_a_broadcast_join_keeps_the_partitioning(sc: WeftContext) -> None:
    placed = sc.parallelize([(n, n) for n in range(10)]).partitionBy(3)
    joined = placed.broadcastJoin({n: str(n) for n in range(5)})
    assert joined.partitioner == placed.partitioner
    assert sorted(joined.collect()) == [(n, (n, str(n))) for n in range(5)]


def test_what_makes_no_sense_is_refused(sc: WeftContext) -> None:
    one = sc.parallelize([("a", 1)])
    with pytest.raises(ValueError, match="pieces"):
        one.skewJoin(one, pieces=0)
    with pytest.raises(ValueError, match="positive"):
        one.skewJoin(one, 0)
    with pytest.raises(ValueError, match="positive"):
        one.hotKeys(0)

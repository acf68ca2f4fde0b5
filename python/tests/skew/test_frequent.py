"""The bounds of the counts of hot keys, against counting all."""

from __future__ import annotations

import functools
import pickle
from collections import Counter
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from weft._ops.frequent import Frequent

keys = st.one_of(st.integers(0, 30), st.sampled_from(["a", "b", (1, "c"), None, float("nan")]))


def counted(limit: int, lists: list[list[Any]]) -> Frequent:
    made = Frequent(limit)
    for some in lists:
        made.add(some)
    return made


@given(st.lists(st.lists(st.lists(keys, max_size=60), max_size=4), max_size=5), st.integers(1, 8))
def test_counts_stay_within_their_bounds_however_they_are_merged(parts: list[list[list[Any]]], limit: int) -> None:
    sent = [pickle.loads(pickle.dumps(counted(limit, lists))) for lists in parts]
    found = functools.reduce(Frequent.merge, sent, Frequent(limit))
    exact = Counter("NaN" if key != key else key for lists in parts for some in lists for key in some)
    assert found.rows == sum(exact.values())
    assert found.error <= found.rows / limit
    mine = {"NaN" if key != key else key: count for key, count in found.counts.items()}
    assert len(mine) == len(found.counts) <= 2 * limit
    for key, count in exact.items():
        assert mine.get(key, 0) <= count <= mine.get(key, 0) + found.error


def test_few_keys_are_counted_exactly() -> None:
    found = counted(3, [["a", "b"], ["a"], ["c", "a"]])
    assert (found.largest(2), found.error) == ([("a", 3), ("b", 1)], 0)


def test_a_key_with_half_of_many_rows_is_found_in_little_memory() -> None:
    lists = [[f"k{number}-{i}" for i in range(100)] + ["hot"] * 100 for number in range(50)]
    found = counted(4, lists)
    ((key, count),) = found.largest(1)
    assert key == "hot" and count <= 5000 <= count + found.error

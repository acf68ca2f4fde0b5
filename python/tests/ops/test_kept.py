"""Partitions that are read several times; products, pairs, sorting and combining in a partition, whatever spills."""

from __future__ import annotations

import itertools
import random
from pathlib import Path
from typing import Any

import pytest

from tests.ops.scope import scope
from weft._ops import scope as scopes
from weft._ops.kept import Kept, all_pairs, zipped
from weft._ops.locally import combine_pairs, sort_within
from weft._ops.memory import AlwaysFull, NeverFull
from weft._ops.scope import TaskScope


@pytest.mark.parametrize("every", [0, 1, 2])
def test_kept_records_are_read_twice_in_order_whatever_spills(every: int) -> None:
    with scope() as task:
        kept = Kept(iter(range(100_000)), task, AlwaysFull(every) if every else NeverFull())
        assert kept.spilled == bool(every)
        for _ in range(2):
            assert list(itertools.chain.from_iterable(kept.chunks())) == list(range(100_000))


@pytest.mark.parametrize("full", [False, True])
@pytest.mark.parametrize(("left", "right"), [(3000, 40), (0, 5), (5, 0), (40, 3000)])
def test_all_pairs_are_those_of_a_product(full: bool, left: int, right: int) -> None:
    gauge = AlwaysFull() if full else NeverFull()
    with scope() as task:
        found = all_pairs(iter(range(left)), iter(map(str, range(right))), task, gauge)
        pairs = list(itertools.chain.from_iterable(found))
    expected = list(itertools.product(range(left), map(str, range(right))))
    assert sorted(pairs) == sorted(expected)
    if not full:
        assert pairs == expected


def test_equally_long_sides_are_zipped() -> None:
    pairs = itertools.chain.from_iterable(zipped(0, iter(range(20_000)), iter(range(20_000, 40_000))))
    assert list(pairs) == list(zip(range(20_000), range(20_000, 40_000)))


@pytest.mark.parametrize(
    ("left", "right", "says"),
    [
        (5, 3, "has 3 records on one side and more on the other, the left"),
        (3, 5, "has 3 records on one side and more on the other, the right"),
        (9000, 8999, "8999 records"),
        (0, 1, "has 0 records"),
    ],
)
def test_a_longer_side_is_an_error_that_counts(left: int, right: int, says: str) -> None:
    with pytest.raises(ValueError, match=f"partition 7 .*{says}" if "8999" in says else says):
        list(itertools.chain.from_iterable(zipped(7, iter(range(left)), iter(range(right)))))


@pytest.mark.parametrize("every", [0, 1, 3])
@pytest.mark.parametrize("ascending", [True, False])
def test_pairs_are_sorted_within_a_partition_stably_whatever_spills(
    tmp_path: Path, every: int, ascending: bool
) -> None:
    numbers = random.Random(5)
    pairs: list[tuple[int, Any]] = [(numbers.randrange(500), place) for place in range(30_000)]
    task = TaskScope(1 << 30, [str(tmp_path)])
    task.gauge = AlwaysFull(every) if every else NeverFull()
    scopes.enter(task)
    try:
        found = list(sort_within(lambda key: -key, ascending)(0, iter(pairs)))
    finally:
        scopes.enter(None)
        task.close()
    assert found == sorted(pairs, key=lambda pair: -pair[0], reverse=not ascending)
    assert (task.spills > 0) == bool(every)


@pytest.mark.parametrize("every", [0, 1, 3])
def test_pairs_are_combined_within_a_partition_whatever_spills(tmp_path: Path, every: int) -> None:
    numbers = random.Random(6)
    pairs = [(numbers.randrange(20_000), place) for place in range(60_000)]
    wanted: dict[int, list[int]] = {}
    for key, value in pairs:
        wanted.setdefault(key, []).append(value)
    task = TaskScope(1 << 30, [str(tmp_path)])
    task.gauge = AlwaysFull(every) if every else NeverFull()
    scopes.enter(task)
    try:
        found = list(combine_pairs(lambda value: [value], lambda values, value: [*values, value])(0, iter(pairs)))
    finally:
        scopes.enter(None)
        task.close()
    assert found == list(wanted.items())
    assert (task.spills > 0) == bool(every)

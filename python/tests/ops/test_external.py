"""Combining with spills gives what combining in a large enough memory gives, in the same order."""

from __future__ import annotations

import itertools
import operator
from array import array
from collections.abc import Iterable, Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.ops.scope import scope
from weft._ops import native
from weft._ops.external import ExternalCombiner
from weft._ops.memory import AlwaysFull, Gauge, NeverFull
from weft._ops.spreading import FAN_OUT, spread
from weft._ops.tables import PairTable, Table, make_table

Pair = tuple[Any, Any]


def batches(pairs: Iterable[Pair], size: int) -> Iterator[tuple[list[Any], list[Any]]]:
    iterator = iter(pairs)
    while batch := list(itertools.islice(iterator, size)):
        yield [key for key, _ in batch], [value for _, value in batch]


def tables(create: Any, merge: Any) -> list[Table]:
    """An empty table of each kind there is here: in Python, and compiled."""
    return [PairTable(create, merge)] + ([] if native.module() is None else [make_table(create, merge)])


def combined(pairs: list[Pair], every: int, size: int = 3) -> tuple[list[Pair], int]:
    answers = [
        combined_by(table, pairs, AlwaysFull(every), size)
        for table in tables(lambda value: [value], lambda combiner, value: [*combiner, value])
    ]
    assert answers == [answers[0]] * len(answers)
    return answers[0]


def combined_by(table: Table, pairs: list[Pair], gauge: Gauge, size: int = 3) -> tuple[list[Pair], int]:
    with scope() as task:
        combiner = ExternalCombiner(task, gauge, table)
        for keys, values in batches(pairs, size):
            combiner.add(keys, values)
        result = [pair for keys, values in combiner.results() for pair in zip(keys, values)]
        return result, task.spilled_bytes


def expected(pairs: list[Pair]) -> list[Pair]:
    table: dict[Any, list[Any]] = {}
    for key, value in pairs:
        table.setdefault(key, []).append(value)
    return list(table.items())


KEYS = st.one_of(st.integers(-5, 40), st.text(max_size=2), st.none(), st.tuples(st.integers(0, 3), st.none()))


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(KEYS, st.integers()), max_size=120), st.integers(3, 30))
def test_spilling_changes_neither_results_nor_their_order(pairs: list[Pair], every: int) -> None:
    assert combined(pairs, every)[0] == expected(pairs)


def test_many_keys_come_out_in_first_seen_order_after_several_levels() -> None:
    pairs = [(f"key{number * 7919 % 5003}", number) for number in range(20_000)]
    result, spilled = combined(pairs, 40, size=100)
    assert result == expected(pairs)
    assert spilled > 200_000


def test_nothing_is_spilled_while_memory_is_enough() -> None:
    result, spilled = combined_by(PairTable(lambda v: [v], lambda c, v: [*c, v]), [(1, 2), (1, 3)], NeverFull())
    assert result == [(1, [2, 3])]
    assert spilled == 0


def test_keys_that_share_their_hash_are_combined_all_the_same() -> None:
    mersenne = (1 << 61) - 1
    pairs = [(number % 50 * mersenne, number) for number in range(400)]
    assert len({hash(key) for key, _ in pairs}) == 1
    assert combined(pairs, 7)[0] == expected(pairs)


def test_files_are_gone_when_the_results_are_dropped_half_way() -> None:
    with scope() as task:
        combiner = ExternalCombiner(task, AlwaysFull(2), PairTable(None, operator.add))
        for keys, values in batches([(number, 1) for number in range(100)], 5):
            combiner.add(keys, values)
        results = combiner.results()
        next(results)
        results.close()  # type: ignore[attr-defined]


def test_an_error_of_the_merge_function_passes_through_and_leaves_no_file() -> None:
    def merge(first: int, second: int) -> int:
        raise ZeroDivisionError("mine")

    with scope() as task, pytest.raises(ZeroDivisionError, match="mine"):
        combiner = ExternalCombiner(task, AlwaysFull(2), PairTable(None, merge))
        for keys, values in batches([(number % 7, 1) for number in range(100)], 5):
            combiner.add(keys, values)
        list(combiner.results())


def handed_over(pairs: list[Pair], table: Table) -> list[list[Pair]]:
    """What leaves early, each time that memory is full, and last what the results give."""
    left: list[list[Pair]] = []
    with scope() as task:
        combiner = ExternalCombiner(task, AlwaysFull(2), table, lambda columns: left.append(list(zip(*columns))))
        for keys, values in batches(pairs, 3):
            combiner.add(keys, values)
        left.append([pair for columns in combiner.results() for pair in zip(*columns)])
    return left


def test_sums_that_are_exact_leave_when_memory_is_full() -> None:
    for table in tables(None, operator.add):
        pairs = [("a", 1), ("b", 2), ("a", 3), ("a", 4), ("c", 5), ("b", 6), ("a", 7)]
        assert handed_over(pairs, table) == [[("a", 8), ("b", 8), ("c", 5)], [("a", 7)]]


@pytest.mark.parametrize("inexact", [lambda number: number + 0.5, lambda number: (number + 0.5, 1)])
def test_sums_that_are_not_exact_stay_until_they_are_whole(inexact: Any) -> None:
    pairs = [(number % 7, inexact(number)) for number in range(40)]
    sums: dict[Any, Any] = {}
    for key, value in pairs:
        sums[key] = sums[key] + value if key in sums else value
    for table in tables(None, operator.add):
        assert handed_over(pairs, table) == [list(sums.items())]


def test_keys_of_one_partition_are_dealt_evenly() -> None:
    keys = list(range(0, 200 * 64_000, 200))
    sizes = [len(some) for _, some, _ in spread(array("Q", range(len(keys))), keys, keys, 0)]
    assert len(sizes) == FAN_OUT
    assert min(sizes) > 800
    assert max(sizes) < 1200

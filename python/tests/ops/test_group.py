"""Groups and cogroups are those of plain Python, whatever spills, and large ones can be read again and again."""

from __future__ import annotations

import pickle
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.ops.scope import scope
from tests.ops.test_external import KEYS, Pair, batches, expected
from weft._ops.cogroup import cogroup
from weft._ops.group import SpilledValues, group
from weft._ops.memory import AlwaysFull, Gauge, NeverFull
from weft.resultiterable import ResultIterable

LIMIT = 1 << 20


def grouped(pairs: list[Pair], gauge: Gauge, size: int = 3) -> list[Pair]:
    with scope() as task:
        return [(key, list(values)) for key, values in group(batches(pairs, size), task, gauge, LIMIT)]


def cogrouped(inputs: list[list[Pair]], gauge: Gauge, size: int = 3) -> list[Any]:
    with scope() as task:
        columns = [batches(pairs, size) for pairs in inputs]
        return [(key, tuple(map(list, bags))) for key, bags in cogroup(columns, task, gauge, LIMIT)]


def expected_cogroup(inputs: list[list[Pair]]) -> list[Any]:
    table: dict[Any, tuple[list[Any], ...]] = {}
    for number, pairs in enumerate(inputs):
        for key, value in pairs:
            table.setdefault(key, tuple([] for _ in inputs))[number].append(value)
    return list(table.items())


PAIRS = st.lists(st.tuples(KEYS, st.integers()), max_size=100)


@settings(max_examples=60, deadline=None)
@given(PAIRS, st.integers(3, 30))
def test_spilling_changes_neither_groups_nor_their_order(pairs: list[Pair], every: int) -> None:
    assert grouped(pairs, AlwaysFull(every)) == expected(pairs)


@settings(max_examples=60, deadline=None)
@given(st.lists(PAIRS, min_size=1, max_size=3), st.integers(3, 30))
def test_spilling_does_not_change_a_cogroup(inputs: list[list[Pair]], every: int) -> None:
    assert cogrouped(inputs, AlwaysFull(every)) == expected_cogroup(inputs)
    assert cogrouped(inputs, NeverFull()) == expected_cogroup(inputs)


def hot(count: int) -> list[Pair]:
    """Pairs of which every other one belongs to one key, whose values are large."""
    return [("hot", f"{number:0500}") if number % 2 else (number % 400, number) for number in range(count)]


@pytest.mark.parametrize("every", [3, 11, 25])
def test_a_hot_key_goes_to_disk_and_is_read_lazily_more_than_once(every: int) -> None:
    pairs = hot(6000)
    with scope() as task:
        for key, values in group(batches(pairs, 100), task, AlwaysFull(every), LIMIT):
            if key == "hot":
                assert isinstance(values.data, SpilledValues)
                assert len(values) == 3000
                assert list(values) == list(values) == dict(expected(pairs))["hot"]
                assert next(iter(values)) == f"{1:0500}"
        assert task.spilled_bytes > 500_000
    assert grouped(pairs, AlwaysFull(every), size=100) == expected(pairs)


def test_a_hot_key_is_written_once_also_where_memory_is_full_early() -> None:
    # What is held is less than half of the limit each time, as it is where much of the memory is taken otherwise.
    pairs = [("cold" if number % 500 == 0 else "hot", f"{number:0100}") for number in range(30_000)]
    with scope() as task:
        groups = group(batches(pairs, 500), task, AlwaysFull(4), LIMIT)
        assert [(key, list(values)) for key, values in groups] == expected(pairs)
        assert 100 * len(pairs) * 0.9 < task.spilled_bytes < 100 * len(pairs) * 1.2


def test_a_hot_key_in_one_input_of_a_cogroup_keeps_its_order() -> None:
    inputs = [hot(3000), [(key, 1) for key in range(100)], hot(4000)]
    assert cogrouped(inputs, AlwaysFull(9), size=100) == expected_cogroup(inputs)


def test_a_spilled_group_pickles_to_a_list() -> None:
    with scope() as task:
        groups = dict(group(batches(hot(3000), 100), task, AlwaysFull(5), LIMIT))
        again = pickle.loads(pickle.dumps(groups["hot"]))
        assert type(again) is ResultIterable
        assert type(again.data) is list
        assert list(again) == list(groups["hot"])


def test_reading_a_spilled_group_after_its_task_says_so() -> None:
    with scope() as task:
        groups = dict(group(batches(hot(3000), 100), task, AlwaysFull(5), LIMIT))
    with pytest.raises(RuntimeError, match="task that has ended"):
        list(groups["hot"])


def test_values_that_are_groups_themselves_survive_a_spill() -> None:
    pairs = [(number % 30, {"n": [number, (None, "x" * 40)]}) for number in range(600)]
    assert grouped(pairs, AlwaysFull(6), size=20) == expected(pairs)


def test_a_key_error_of_a_keys_own_equality_is_not_swallowed() -> None:
    class Odd:
        def __hash__(self) -> int:
            return 1

        def __eq__(self, other: object) -> bool:
            raise KeyError("mine")

    with pytest.raises(KeyError, match="mine"):
        grouped([(Odd(), 1), (Odd(), 2)], NeverFull())

"""All NaNs are one key: they meet in one partition and in one group, also within tuples and behind a spill."""

from __future__ import annotations

import decimal
import pickle
from typing import Any, NamedTuple

import pytest

from tests.ops.operators import both, using
from tests.ops.scope import scope
from weft._ops.cogroup import cogroup
from weft._ops.external import ExternalCombiner
from weft._ops.group import group
from weft._ops.keys import portable_hash
from weft._ops.memory import AlwaysFull, NeverFull
from weft._ops.nans import canonical, canonical_keys
from weft._ops.tables import make_table


class Place(NamedTuple):
    """A key that is a named tuple."""

    name: str
    height: float


def new_nan() -> float:
    return float("nan")


KINDS = {
    "float": new_nan,
    "negative": lambda: -float("nan"),
    "in a tuple": lambda: ("a", new_nan()),
    "deep in a tuple": lambda: (1, ("a", (new_nan(), None))),
    "in a named tuple": lambda: Place("top", new_nan()),
    "in a frozenset": lambda: frozenset([1, new_nan()]),
    "decimal": lambda: decimal.Decimal("nan"),
    "complex": lambda: complex(new_nan(), 1),
}


def filled(make: Any, count: int = 40) -> tuple[list[Any], list[int]]:
    """Keys of which every other one is a NaN of its own."""
    return [make() if place % 2 else f"key {place}" for place in range(count)], list(range(count))


@both
@pytest.mark.parametrize("every", [3, 7, 1000])
@pytest.mark.parametrize("kind", KINDS)
def test_nans_are_combined_under_one_key(operators: str, kind: str, every: int) -> None:
    keys, values = filled(KINDS[kind])
    with using(operators), scope() as task:
        combiner = ExternalCombiner(task, AlwaysFull(every), make_table(lambda v: [v], lambda c, v: [*c, v]))
        for place in range(0, len(keys), 4):
            combiner.add(*pickle.loads(pickle.dumps((keys[place : place + 4], values[place : place + 4]))))
        found = [pair for some in combiner.results() for pair in zip(*some)]
    assert found[1][1] == values[1::2]
    assert [value for _, value in found] == [[0], values[1::2], *[[value] for value in values[2::2]]]


@both
@pytest.mark.parametrize("every", [3, 1000])
@pytest.mark.parametrize("kind", KINDS)
def test_nans_are_one_group_and_meet_in_a_join(operators: str, kind: str, every: int) -> None:
    keys, values = filled(KINDS[kind])
    batches = [(keys[place : place + 4], values[place : place + 4]) for place in range(0, len(keys), 4)]
    with using(operators), scope() as task:
        groups = [list(bag) for _, bag in group(iter(batches), task, AlwaysFull(every), 1 << 20)]
        assert groups == [[0], values[1::2], *[[value] for value in values[2::2]]]
        other = [([KINDS[kind]()], ["right"])]
        joined = [
            (list(left), list(right))
            for _, (left, right) in cogroup([iter(batches), iter(other)], task, AlwaysFull(every), 1 << 20)
        ]
    assert (values[1::2], ["right"]) in joined


@both
def test_a_table_absorbs_nans_of_an_iterator_as_one(operators: str) -> None:
    with using(operators), scope() as task:
        combiner = ExternalCombiner(task, NeverFull(), make_table(None, lambda one, other: one + other))
        combiner.absorb(iter([(new_nan(), 1), (1.5, 1), (new_nan(), 1)]))
        ((keys, values),) = combiner.results()
    assert values == [2, 1]
    assert keys[1] == 1.5


@pytest.mark.parametrize("kind", KINDS)
def test_what_stands_for_a_nan_falls_where_the_nan_does(kind: str) -> None:
    key = KINDS[kind]()
    assert portable_hash(canonical(key)) == portable_hash(key)
    assert [canonical(KINDS[kind]())] == [canonical(key)]


def test_a_column_without_nans_stays_the_same_list() -> None:
    for column in [["a", 1, b"c", None], [1.5, 2], [("a", 1.5)], [Place("a", 1.0)], [frozenset([1.0])], []]:
        assert canonical_keys(column) is column


def test_nans_of_numpy_are_the_same_key_and_nothing_in_time_is_one() -> None:
    numpy = pytest.importorskip("numpy")
    column = [numpy.float64("nan"), numpy.float32("nan"), new_nan()]
    assert len({id(key) for key in canonical_keys(column)}) == 1
    times = [numpy.datetime64("NaT"), numpy.datetime64("NaT")]
    first, second = canonical_keys(times)
    assert first is second
    assert canonical(numpy.float64(1.5)) == 1.5

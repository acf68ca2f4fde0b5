"""Random data in random small budgets: what comes out is what a list and a dict of plain Python give, in that order."""

from __future__ import annotations

import decimal
import random
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.ops.operators import both, using
from tests.ops.scope import TestScope, scope
from weft._ops.cogroup import cogroup
from weft._ops.external import ExternalCombiner
from weft._ops.group import group
from weft._ops.tables import make_table

SEEDS = range(60)
Pair = tuple[Any, Any]


class Whims:
    """A gauge that is full whenever the random numbers say so: more often than any budget would be."""

    def __init__(self, numbers: random.Random) -> None:
        self._numbers = random.Random(numbers.random())
        self._chance = numbers.choice([0.02, 0.1, 0.4])

    def full(self, extra: int = 0) -> bool:
        """Whether the next number is below the chance."""
        del extra
        return self._numbers.random() < self._chance

    def release(self) -> None:
        """Nothing to give back."""


def key(numbers: random.Random, most: int) -> Any:
    number = numbers.randrange(most)
    return numbers.choice(
        [
            number,
            float(number),
            decimal.Decimal(number),
            f"text {number}",
            number.to_bytes(4, "big"),
            None,
            (number, f"{number}"),
            (None, (number % 3, 1.5)),
            frozenset([number]),
            number % 2 == 0,
        ]
    )


def value(numbers: random.Random) -> Any:
    return numbers.choice([numbers.random(), numbers.randrange(1000), "x" * numbers.randrange(2000), (1, [2.5]), None])


def pairs(numbers: random.Random, make: Callable[[random.Random], Any] = value) -> list[Pair]:
    most = numbers.choice([1, 5, 100, 4000])
    return [(key(numbers, most), make(numbers)) for _ in range(numbers.choice([0, 1, 50, 1500]))]


def batches(numbers: random.Random, records: list[Pair]) -> Iterator[tuple[list[Any], list[Any]]]:
    start = 0
    while start < len(records):
        end = start + numbers.choice([1, 7, 100])
        yield [one for one, _ in records[start:end]], [other for _, other in records[start:end]]
        start = end


def grouped(records: list[Pair]) -> dict[Any, list[Any]]:
    table: dict[Any, list[Any]] = {}
    for one, other in records:
        table.setdefault(one, []).append(other)
    return table


def same(one: Any, other: Any) -> bool:
    """Equality to the last bit, and of the classes: 1 is not 1.0 here."""
    return repr(one) == repr(other)


def combine(numbers: random.Random, task: TestScope, records: list[Pair], create: Any, merge: Any) -> list[Pair]:
    combiner = ExternalCombiner(task, Whims(numbers), make_table(create, merge))
    if numbers.random() < 0.5:
        combiner.absorb(iter(records))
    else:
        for keys, values in batches(numbers, records):
            combiner.add(keys, values)
    return [pair for some in combiner.results() for pair in zip(*some)]


@both
@pytest.mark.parametrize("seed", SEEDS)
def test_reduce_by_key_of_floats_is_the_sum_from_the_left(operators: str, seed: int) -> None:
    numbers = random.Random(seed)
    records = pairs(numbers, lambda some: some.uniform(-1, 1) * 10 ** some.randrange(-12, 12))
    sums: dict[Any, float] = {}
    for one, other in records:
        sums[one] = sums[one] + other if one in sums else other
    with using(operators), scope() as task:
        found = combine(numbers, task, records, None, lambda a, b: a + b)
    assert same(found, list(sums.items()))


@both
@pytest.mark.parametrize("seed", SEEDS)
def test_distinct_keeps_the_first_of_equal_keys(operators: str, seed: int) -> None:
    numbers = random.Random(seed)
    records = [(one, None) for one, _ in pairs(numbers)]
    with using(operators), scope() as task:
        found = combine(numbers, task, records, None, lambda a, _: a)
    assert same([one for one, _ in found], list(dict.fromkeys(one for one, _ in records)))


@both
@pytest.mark.parametrize("seed", SEEDS)
def test_combine_by_key_creates_once_and_merges_in_order(operators: str, seed: int) -> None:
    numbers = random.Random(seed)
    records = pairs(numbers)
    with using(operators), scope() as task:
        found = combine(numbers, task, records, lambda v: ["made", v], lambda c, v: [*c, v])
    assert same(found, [(one, ["made", *values]) for one, values in grouped(records).items()])


@both
@pytest.mark.parametrize("seed", SEEDS)
def test_group_by_key_gives_the_lists_of_a_dict(operators: str, seed: int) -> None:
    numbers = random.Random(seed)
    records = pairs(numbers)
    with using(operators), scope() as task:
        found = [(one, list(bag)) for one, bag in group(batches(numbers, records), task, Whims(numbers), 1 << 20)]
    assert same(found, list(grouped(records).items()))


@both
@pytest.mark.parametrize("seed", SEEDS)
def test_cogroup_and_join_give_those_of_dicts(operators: str, seed: int) -> None:
    numbers = random.Random(seed)
    sides = [pairs(numbers) for _ in range(numbers.choice([2, 2, 3]))]
    tables = [grouped(records) for records in sides]
    order = dict.fromkeys(one for records in sides for one, _ in records)
    with using(operators), scope() as task:
        inputs = [batches(numbers, records) for records in sides]
        found = [
            (one, tuple(map(list, bags))) for one, bags in cogroup(inputs, task, Whims(numbers), 1 << 20)
        ]
    assert same(found, [(one, tuple(table.get(one, []) for table in tables)) for one in order])

"""Records are cut into lists by their size from the first one on, none is lost and none is read ahead of need."""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.ops.operators import both, using
from weft._batches import dump_columns, dump_records
from weft._ops.batching import all_fit, fitting_rows, in_lists

MEGABYTE = 1 << 20


class Document:
    """What a user's class may hold."""

    def __init__(self, size: int) -> None:
        self.text = "x" * size


@both
@given(st.lists(st.one_of(st.integers(), st.text(), st.lists(st.binary())), max_size=300), st.integers(1, 50))
def test_all_records_come_in_order(operators: str, records: list[object], most: int) -> None:
    with using(operators):
        lists = list(in_lists(iter(records), most))
    assert list(itertools.chain.from_iterable(lists)) == records
    assert all(0 < len(some) <= most for some in lists)


@both
def test_lists_of_small_records_grow_to_the_longest_allowed(operators: str) -> None:
    with using(operators):
        sizes = [len(some) for some in in_lists(iter(range(100_000)), 8192)]
    assert sizes[:4] == [16, 128, 1024, 8192]


@both
@pytest.mark.parametrize("large", [lambda: "x" * MEGABYTE, lambda: (1, [b"x" * MEGABYTE]), lambda: Document(MEGABYTE)])
def test_lists_of_large_records_are_short_from_the_first_on(operators: str, large: object) -> None:
    assert callable(large)
    with using(operators):
        sizes = [len(some) for some in in_lists((large() for _ in range(40)), 8192)]
    assert max(sizes) == 1
    assert sum(sizes) == 40


def test_records_that_turn_large_are_noticed_at_the_first_of_them() -> None:
    with using("compiled"):
        records = itertools.chain(range(5000), ("x" * MEGABYTE for _ in range(40)))
        lists = list(in_lists(records, 8192))
        assert [sum(type(record) is str for record in some) for some in lists if "x" * MEGABYTE in some] == [1] * 40


def test_in_python_records_that_turn_large_are_noticed_within_sixteen() -> None:
    with using("pure"):
        records = itertools.chain(range(5000), ("x" * MEGABYTE for _ in range(40)))
        found = [sum(type(record) is str for record in some) for some in in_lists(records, 8192)]
    assert max(found) <= 16
    assert found.count(1) >= 24


@both
def test_no_record_is_read_before_its_list_is_asked_for(operators: str) -> None:
    read = []

    def records() -> Iterator[int]:
        for number in range(100):
            read.append(number)
            yield number

    with using(operators):
        lists = in_lists(records(), 10)
        next(lists)
    assert read == list(range(10))


@both
def test_an_error_in_the_input_comes_through(operators: str) -> None:
    with using(operators), pytest.raises(ZeroDivisionError):
        list(in_lists((1 // number for number in [1, 0]), 10))


@both
@given(st.lists(st.integers(0, 3000), min_size=1, max_size=60), st.integers(1, 40), st.integers(1, 20_000))
def test_fitting_rows_fit_and_no_further_row_does(operators: str, sizes: list[int], rows: int, most: int) -> None:
    column = ["x" * size for size in sizes]
    with using(operators):
        fitting = fitting_rows([column, column], 0, rows, most)
    assert 1 <= fitting <= min(rows, len(sizes))
    if operators == "compiled":
        taken = [2 * (56 + size) for size in sizes]
        assert fitting == 1 or sum(taken[:fitting]) <= most
        assert fitting == min(rows, len(sizes)) or sum(taken[: fitting + 1]) > most


@both
@given(st.lists(st.integers(0, 3000), min_size=1, max_size=60), st.integers(1, 20_000), st.randoms())
def test_rows_fit_in_an_order_as_they_do_in_a_column_of_that_order(
    operators: str, sizes: list[int], most: int, numbers: random.Random
) -> None:
    column = ["x" * size for size in sizes]
    order = list(range(len(column)))
    numbers.shuffle(order)
    ordered = [column[place] for place in order]
    with using(operators):
        for start in range(len(column)):
            wanted = fitting_rows([ordered, ordered], start, 20, most)
            assert fitting_rows([column, column], start, 20, most, order) == wanted


def test_all_rows_fit_when_the_largest_does() -> None:
    with using("compiled"):
        columns: list[list[object]] = [["x" * 100, "x" * 200, "x"], [1, None, (1, 2)]]
        assert all_fit(columns, 56 + 200 + 32)
        assert not all_fit(columns, 56 + 200 + 31)
        assert not all_fit([[Document(MEGABYTE)]], MEGABYTE)
        assert all_fit([[], []], 0)


@both
def test_a_batch_of_large_records_holds_one(operators: str) -> None:
    values = ["x" * MEGABYTE] * 20
    with using(operators):
        assert [sum(map(len, parts)) > MEGABYTE for _, parts in dump_records(iter(values))] == [True] * 20
        assert len(list(dump_columns(list(range(20)), values))) == 20

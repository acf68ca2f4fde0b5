"""Records are cut into lists by their size, none is lost and none is read ahead of need."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

from hypothesis import given
from hypothesis import strategies as st

from weft._ops.batching import in_lists


@given(st.lists(st.one_of(st.integers(), st.text(), st.lists(st.binary())), max_size=300), st.integers(1, 50))
def test_all_records_come_in_order(records: list[object], most: int) -> None:
    lists = list(in_lists(iter(records), most))
    assert list(itertools.chain.from_iterable(lists)) == records
    assert all(0 < len(some) <= most for some in lists)


def test_lists_of_small_records_grow_to_the_longest_allowed() -> None:
    sizes = [len(some) for some in in_lists(iter(range(100_000)), 8192)]
    assert sizes[:4] == [16, 128, 1024, 8192]


def test_lists_of_large_records_stay_short() -> None:
    sizes = [len(some) for some in in_lists(("x" * 200_000 for _ in range(100)), 8192)]
    assert max(sizes[1:]) <= 5


def test_records_that_turn_large_are_noticed_in_the_next_list() -> None:
    records = itertools.chain(range(200), ("x" * 500_000 for _ in range(2000)))
    sizes = [len(some) for some in in_lists(records, 8192)]
    assert sizes[0] == 16
    assert max(sizes) <= 1024
    assert sizes[3:-1] == [2] * len(sizes[3:-1])


def test_no_record_is_read_before_its_list_is_asked_for() -> None:
    read = []

    def records() -> Iterator[int]:
        for number in range(100):
            read.append(number)
            yield number

    lists = in_lists(records(), 10)
    next(lists)
    assert read == list(range(10))

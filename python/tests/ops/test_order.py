"""Columns are sorted as Python's sorted does it, whichever operators sort them."""

from __future__ import annotations

import random
import string
import sys
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tests.ops.operators import both, using
from weft._ops import native
from weft._ops.merging import order_or_sort, sort_columns

LONG = "the same twelve letters and more "
chosen = st.sampled_from([LONG, LONG + "a", LONG + "b", LONG[:12]])
narrow = st.text(st.characters(max_codepoint=255), max_size=20) | chosen
texts = narrow | st.text(max_size=20)
numbers = st.integers(-(1 << 63), (1 << 63) - 1) | st.integers(-3, 3)
reals = st.floats(allow_nan=False) | st.sampled_from([0.0, -0.0, 1.0])
raws = st.binary(max_size=20)
second = st.none() | st.integers() | reals | texts
keys = st.one_of(
    st.lists(narrow),
    st.lists(texts),
    st.lists(numbers),
    st.lists(st.integers()),
    st.lists(reals),
    st.lists(raws),
    st.lists(st.booleans() | st.integers(0, 1)),
    st.lists(reals | st.integers(-3, 3)),
    st.lists(st.tuples(texts, st.integers())),
    st.lists(st.tuples(st.integers(-3, 3), texts, reals)),
    st.lists(st.tuples(st.integers(-3, 3)) | st.tuples(st.integers(-3, 3), st.integers())),
    st.lists(st.tuples()),
)


@both
@given(keys, st.booleans())
@example([0.0, -0.0, -1.5, 0.0], False)
@example(["a", "a\0", "a", "é", "\U0001f600", "\ud800", "z" * 13], True)
@example([1 << 63, -1], False)
def test_rows_come_in_the_order_of_sorted(operators: str, column: list[Any], reverse: bool) -> None:
    with using(operators):
        order = sorted(range(len(column)), key=column.__getitem__, reverse=reverse)
        places = list(range(len(column)))
        assert_same(sort_columns([list(column), places], reverse=reverse)[0], [column[place] for place in order])
        assert_same(sort_columns([list(column)], reverse=reverse)[0], sorted(column, reverse=reverse))
        held = [list(column), list(range(len(column)))]
        found = order_or_sort(held, reverse=reverse)
        assert (held[1] if found is None else found) == order


def assert_same(one: list[Any], other: list[Any]) -> None:
    """The very same objects, so that it shows when equal ones change places."""
    assert list(map(id, one)) == list(map(id, other))


@pytest.mark.parametrize("reverse", [False, True])
@pytest.mark.parametrize("kind", ["texts", "wide texts", "numbers", "reals", "pairs", "few", "runs", "descending"])
def test_many_rows_come_in_the_order_of_sorted(kind: str, reverse: bool) -> None:
    rng = random.Random(kind)
    words = ["".join(rng.choices(string.ascii_lowercase, k=rng.randint(1, 15))) for _ in range(300)]
    made: dict[str, Any] = {
        "texts": lambda _: " ".join(rng.choices(words, k=3)),
        "wide texts": lambda _: "€é"[rng.randrange(2)] + rng.choice(words),
        "numbers": lambda _: rng.randrange(-5000, 5000),
        "reals": lambda _: rng.gauss(0, 1),
        "pairs": lambda _: (rng.choice(words), rng.randrange(3), rng.choice(words)),
        "few": lambda _: rng.choice(words[:3]),
        "runs": lambda at: at % 1000,
        "descending": lambda at: -(at // 3),
    }
    column = [made[kind](at) for at in range(10_000)]
    order = sorted(range(len(column)), key=column.__getitem__, reverse=reverse)
    for operators in ("compiled", "pure"):
        if operators == "pure" or native.module() is not None:
            with using(operators):
                places = list(range(len(column)))
                found = sort_columns([list(column), places], reverse=reverse)
                assert found == [[column[place] for place in order], order]


@both
def test_keys_that_cannot_be_compared_raise_and_change_nothing(operators: str) -> None:
    with using(operators):
        column: list[Any] = [(1, "a"), (0, "b"), (1, None)]
        places = [0, 1, 2]
        with pytest.raises(TypeError, match="'<' not supported"):
            sort_columns([column, places])
        assert places == [0, 1, 2]
        assert column == [(1, "a"), (0, "b"), (1, None)]


def test_a_comparison_that_raises_is_the_last_one() -> None:
    class Odd:
        asked = 0

        def __lt__(self, other: Odd) -> bool:
            Odd.asked += 1
            raise KeyError("odd")

    with pytest.raises(KeyError, match="odd"):
        sort_columns([[(1, Odd()) for _ in range(1000)]])
    assert Odd.asked == 1


def test_a_comparison_may_empty_the_list_that_is_sorted() -> None:
    class Odd:
        def __lt__(self, other: Odd) -> bool:
            column.clear()
            return False

    column: list[Any] = [(1, Odd()) for _ in range(100)]
    if sys.implementation.name == "pypy":  # sorts a copy, and notices what was added meanwhile alone
        before = list(column)
        sort_columns([column])
        assert column == before
        return
    with pytest.raises((RuntimeError, ValueError), match="changed|modified"):
        sort_columns([column])

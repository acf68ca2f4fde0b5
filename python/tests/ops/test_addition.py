"""A function that only adds is not called for plain numbers; every other case is left to it."""

from __future__ import annotations

import operator
import sys
import traceback
from collections import Counter
from fractions import Fraction
from random import Random
from typing import Any

import pytest

from weft._ops.tables import _only_adds, make_table


def _sum_of(one: Any, other: Any) -> Any:
    return one + other


def _sum_and_note(one: Any, other: Any) -> Any:
    _NOTED.append(one)
    return one + other


_NOTED: list[Any] = []


class _Odd(int):
    def __add__(self, other: int) -> int:
        return 1000


def _combined(values: list[Any], merge: Any) -> Any:
    table = make_table(None, merge)
    table.update(["key"] * len(values), values)
    return table.take()[1][0]


def test_functions_that_only_add_are_told_by_their_code() -> None:
    offset = 1
    assert _only_adds(lambda x, y: x + y)
    assert _only_adds(_sum_of)
    scope: dict[str, Any] = {}
    exec(compile("merge = lambda a, b: a + b", "script.py", "exec", dont_inherit=True), scope)
    assert _only_adds(scope["merge"])
    others = [
        lambda a, b: b + a,
        lambda a, b: a - b,
        lambda a, b: a + b + offset,
        lambda a, *b: a + b,
        lambda a, b, c=1: a + b,
        lambda a, b: (yield a + b),
        _sum_and_note,
        operator.add,
        max,
    ]
    assert not any(map(_only_adds, others))


def test_who_profiles_sees_every_call() -> None:
    before = sys.getprofile()
    sys.setprofile(lambda *_: None)
    try:
        told = _only_adds(_sum_of)
    finally:
        sys.setprofile(before)
    assert not told


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([1, 2, 3], 6),
        ([2**63, 2**63, -1], 2**64 - 1),
        ([2**61 - 1, 1], 2**61),
        ([2**61, -1, -(2**61)], -1),
        ([-(2**61), -1, 3], 2 - 2**61),
        ([2**62, 2**62], 2**63),
        ([3, 0.5, 2], 5.5),
        ([7, Fraction(1, 2), -7], Fraction(1, 2)),
        ([5, True], 6),
        ([0.5, 0.25], 0.75),
        ([1, 0.5], 1.5),
        ([True, True], 2),
        (["a", "b"], "ab"),
        ([[1], [2]], [1, 2]),
        ([Fraction(1, 3), 1], Fraction(4, 3)),
        ([_Odd(1), 1], 1000),
    ],
)
def test_the_sum_is_what_the_function_gives(values: list[Any], expected: Any) -> None:
    combined = _combined(values, lambda a, b: a + b)
    assert combined == expected
    assert type(combined) is type(expected)


@pytest.mark.parametrize("merge", [operator.add, lambda a, b: a + b], ids=["operator.add", "lambda"])
def test_sums_of_ints_of_any_size_are_exact_wherever_the_table_is_cut(merge: Any) -> None:
    random = Random(11)
    table, expected, cut = make_table(None, merge), Counter[str](), Counter[str]()
    for _ in range(50):
        keys = [f"key {random.randrange(400)}" for _ in range(300)]
        widths = random.choices((1, 8, 31, 60, 61, 62, 63, 90), k=len(keys))
        values = [random.choice((-1, 1)) * random.getrandbits(width) for width in widths]
        table.update(keys, values)
        for key, value in zip(keys, values):
            expected[key] += value
        for key, value in zip(*table.cut(len(table) * 3 // 4)):
            cut[key] += value
    for key, value in zip(*table.take()):
        cut[key] += value
    assert dict(cut) == dict(expected)


def test_a_function_that_notes_is_called_for_every_pair() -> None:
    _NOTED.clear()
    assert _combined([1, 2, 3], _sum_and_note) == 6
    assert _NOTED == [1, 3]


def test_a_sum_that_fails_names_the_users_line() -> None:
    with pytest.raises(TypeError) as raised:
        _combined([1, "b"], _sum_of)
    assert traceback.extract_tb(raised.value.__traceback__)[-1].name == "_sum_of"

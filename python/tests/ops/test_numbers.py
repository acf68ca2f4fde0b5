"""float and int mapped over text: what the compiled pipeline gives is what Python's own conversion gives."""

from __future__ import annotations

import random
import struct
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from weft._ops import native

Convert = Callable[[str], Any]

TEXTS = [
    "0", "-0", "+0", "0.0", "-0.0", "00012", "1.", ".5",
    "-.5", "5e3", "1E-7", "inf", "-Infinity", "nan", "1_000", "1__0",
    "", " ", "-", "+", ".", "-.", "1.2.3", "1-", "--1", "+-1", "0x10", " 12 ", "12\n", "\t3.5", "\u0663", "\u0663.5",
    "1\u00a0",
    "123456789012345", "1234567890123456", "0.123456789012345", "0.1234567890123456", "9007199254740993", "1e400",
    "999999999999999999", "-999999999999999999", "9223372036854775807", "9223372036854775808", "-9223372036854775808",
    "12,5", "12.5f", "1 2", "\u0000", "12\u0000", "000000000000000000000000000001.5", "2.675", "0.1", "0.3",
    "179.9999999999",
]  # fmt: skip
"""Numbers and what only looks like one."""


def converted(function: Convert, text: str, op: str) -> Any:
    """What a step gives, or the class and message of what it raises."""
    compiled = native.module()
    if compiled is None:
        pytest.skip("the operators are not compiled here")
    record = text if op == "map" else ("key", text)
    try:
        (found,) = list(compiled.Pipeline(iter([[record]]), ((op, function),)))
    except ValueError as error:
        return type(error), str(error)
    return exact(found if op == "map" else found[1])


def expected(function: Convert, text: str) -> Any:
    try:
        return exact(function(text))
    except ValueError as error:
        return type(error), str(error)


def exact(number: Any) -> Any:
    """Class and value to the last bit, the sign of a zero too."""
    return type(number), struct.pack(">d", number) if type(number) is float else number


@pytest.mark.parametrize("op", ["map", "mapValues"])
@pytest.mark.parametrize("function", [float, int])
@pytest.mark.parametrize("text", TEXTS)
def test_text_is_converted_as_python_does(function: Convert, text: str, op: str) -> None:
    assert converted(function, text, op) == expected(function, text)


@given(st.from_regex(r"[+-]?[0-9]{0,17}\.?[0-9]{0,17}", fullmatch=True))
def test_any_digits_are_converted_as_python_does(text: str) -> None:
    for function in (float, int):
        assert converted(function, text, "map") == expected(function, text)


def test_decimals_are_rounded_as_python_does() -> None:
    rng = random.Random(5)
    for digits in range(1, 17):
        for _ in range(2000):
            number = str(rng.randrange(10**digits))
            at = rng.randrange(len(number) + 1)
            text = f"{number[:at]}.{number[at:]}"
            assert converted(float, text, "map") == expected(float, text)


def test_a_record_that_is_no_text_is_converted_as_python_does() -> None:
    class Text(str):
        def __float__(self) -> float:
            return 7.0

    compiled = native.module()
    if compiled is None:
        pytest.skip("the operators are not compiled here")
    records = [Text("1.5"), 3, 2.5, True, b"1.5"]
    assert list(compiled.Pipeline(iter([records]), (("map", float),))) == [float(record) for record in records]

"""Records of every kind, partitions of every shape, and when two bags of records are the same."""

from __future__ import annotations

import math
import random
from collections import Counter
from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from typing import Any

from hypothesis import strategies as st

__all__ = ["bag", "canonical", "holds_nan", "huge", "keys", "numbers", "pairs", "parts", "records", "whole"]

_NAN = ("is NaN",)
whole = st.integers(-(2**70), 2**70) | st.integers(-3, 3)
numbers = whole | st.floats(allow_nan=False) | st.booleans()
_plain = (
    st.none()
    | st.booleans()
    | whole
    | st.floats()
    | st.text(max_size=8)
    | st.sampled_from(["", "naïve", "日本", "\x00", "a\nb", "🙂" * 3, "x" * 5000])
    | st.binary(max_size=8)
    | st.dates(min_value=date(1, 1, 1))
)
_hashable = st.recursive(_plain, lambda inner: st.tuples(inner) | st.tuples(inner, inner), max_leaves=4)
records = _hashable | st.lists(_plain, max_size=3) | st.dictionaries(st.text(max_size=3), _plain, max_size=2)
"""Anything that can be pickled."""
keys = (
    st.integers(-2, 2)
    | st.sampled_from([None, True, 1.0, -0.0, Decimal(2), float("nan"), "a", "b", ("a", 1)])
    | _hashable
)
"""Hashable values, often the same ones."""
huge = st.builds(
    lambda seed, size, text: "日 x" * (size // 5) if text else random.Random(seed).randbytes(size),
    st.integers(0, 9),
    st.integers(1 << 20, 6 << 20),
    st.booleans(),
)
"""Text or bytes of one to six MB, which packs well or not at all."""


def pairs(values: st.SearchStrategy[Any] = records) -> st.SearchStrategy[Any]:
    """Pairs with such values."""
    return st.tuples(keys, values)


def parts(items: st.SearchStrategy[Any]) -> st.SearchStrategy[list[list[Any]]]:
    """Partitions, one to five, some of them empty."""
    return st.lists(st.lists(items, max_size=6), min_size=1, max_size=5)


def canonical(value: Any) -> Any:
    """The same hashable value for all that is equal, and for all NaN."""
    if isinstance(value, float) and math.isnan(value):
        return _NAN
    if isinstance(value, tuple):
        return tuple(map(canonical, value))
    if isinstance(value, list):
        return ("list", *map(canonical, value))
    if isinstance(value, dict):
        return ("dict", frozenset((canonical(key), canonical(one)) for key, one in value.items()))
    return value


def holds_nan(value: Any) -> bool:
    """Whether there is a NaN in a canonical value."""
    return value == _NAN or (isinstance(value, tuple) and any(map(holds_nan, value)))


def bag(values: Iterable[Any]) -> Counter[Any]:
    """How often each record is there, in whatever order."""
    return Counter(map(canonical, values))

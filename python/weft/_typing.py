"""Types that signatures need."""

from __future__ import annotations

from typing import Any, Protocol, TypeVar

__all__ = ["NumberOrArray", "S", "SupportsArithmetic", "SupportsOrdering"]


class SupportsOrdering(Protocol):
    """What can be sorted."""

    def __lt__(self, other: Any, /) -> bool: ...


S = TypeVar("S", bound=SupportsOrdering)


class SupportsArithmetic(Protocol):
    """What has a sum and a mean: numbers of every kind and arrays, and no texts."""

    def __add__(self, other: Any, /) -> Any: ...

    def __sub__(self, other: Any, /) -> Any: ...

    def __truediv__(self, other: Any, /) -> Any: ...


NumberOrArray = TypeVar("NumberOrArray", bound=SupportsArithmetic)

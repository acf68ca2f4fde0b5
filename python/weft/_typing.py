"""Types that signatures need."""

from __future__ import annotations

from typing import Any, Protocol, TypeVar

__all__ = ["S", "SupportsOrdering"]


class SupportsOrdering(Protocol):
    """What can be sorted."""

    def __lt__(self, other: Any, /) -> bool: ...


S = TypeVar("S", bound=SupportsOrdering)

"""The table that combines pairs by key: the compiled one where it is, else its twin."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import islice
from typing import Any, Protocol

from weft._ops import native
from weft._ops.external import DictTable

__all__ = ["PairTable", "Table", "make_table"]


class Table(Protocol):
    """Combines values per key; keys come out in the order in which they were first seen."""

    def absorb(self, pairs: Iterator[tuple[Any, Any]], limit: int) -> int:
        """Combine at most `limit` pairs of an iterator; returns how many there were (fewer only at its end)."""

    def update(self, keys: list[Any], values: list[Any]) -> None:
        """Combine pairs given as columns."""

    def take(self) -> tuple[list[Any], list[Any]]:
        """All keys and combiners; the table is empty afterwards."""

    def __len__(self) -> int: ...


class PairTable(DictTable):
    """The twin of the compiled table, over a dict."""

    def absorb(self, pairs: Iterator[tuple[Any, Any]], limit: int) -> int:
        """Combine at most `limit` pairs of an iterator; returns how many there were."""
        entries, merge, create = self._entries, self._merge, self._create
        count = 0
        for key, value in islice(pairs, limit):
            count += 1
            if key in entries:
                entries[key] = merge(entries[key], value)
            else:
                entries[key] = value if create is None else create(value)
        return count

    def __len__(self) -> int:
        return len(self._entries)


def make_table(create: Callable[[Any], Any] | None, merge: Callable[[Any, Any], Any]) -> Table:
    """An empty table; `create` None keeps a key's first value as it is."""
    compiled = native.module()
    if compiled is not None:
        table: Table = compiled.CombineTable(create, merge)
        return table
    return PairTable(create, merge)

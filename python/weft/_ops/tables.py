"""The table that combines pairs by key: the compiled one where it is, else its twin."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable, Iterator
from itertools import islice
from types import FunctionType
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


_OTHER_CALLS = (
    inspect.CO_VARARGS
    | inspect.CO_VARKEYWORDS
    | inspect.CO_GENERATOR
    | inspect.CO_COROUTINE
    | inspect.CO_ASYNC_GENERATOR
    | inspect.CO_ITERABLE_COROUTINE
)


def _addition(one: Any, other: Any) -> Any:
    return one + other


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
        table: Table = compiled.CombineTable(create, merge, _only_adds(merge))
        return table
    return PairTable(create, merge)


def _only_adds(function: Any) -> bool:
    """Whether a function is known to give the sum of its two arguments and to do nothing else.

    The same byte code of the same interpreter, without cells, on two positional arguments: names do not matter. Who
    traces or profiles wants to see each call.
    """
    if type(function) is not FunctionType or sys.gettrace() is not None or sys.getprofile() is not None:
        return False
    code, known = function.__code__, _addition.__code__
    shape = (code.co_argcount, code.co_kwonlyargcount, code.co_nlocals)
    return (
        code.co_code == known.co_code
        and shape == (2, 0, 2)
        and not code.co_flags & _OTHER_CALLS
        and not code.co_freevars
        and not code.co_cellvars
    )

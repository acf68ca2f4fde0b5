"""The table that combines pairs by key: the compiled one where it is, else its twin."""

from __future__ import annotations

import inspect
import sys
from array import array
from collections.abc import Callable, Iterator
from itertools import islice
from types import FunctionType
from typing import Any, Protocol

from weft._ops import native
from weft._ops.columns import estimate_bytes
from weft._ops.nans import canonical, canonical_keys
from weft._ops.spreading import Rows, numbers_of

__all__ = ["PairTable", "Table", "make_table"]


class Table(Protocol):
    """Combines values per key; keys come out in the order in which they were first seen. All NaNs are one key."""

    def absorb(self, pairs: Iterator[tuple[Any, Any]], limit: int, most_bytes: int = ...) -> int:
        """Combine so many pairs of an iterator, or such as take so many bytes; returns how many, 0 at its end."""

    def update(self, keys: list[Any], values: list[Any]) -> None:
        """Combine pairs given as columns."""

    def load(self, keys: list[Any], combiners: list[Any]) -> None:
        """Put in keys that are not there, with the combiners that they have already."""

    def fold(self, numbers: array[int], keys: list[Any], values: list[Any], *, frozen: bool) -> Rows:
        """Combine numbered pairs; gives the numbers of those with new keys. Frozen: leaves these out and gives them."""

    def cut(self, keep: int) -> tuple[list[Any], list[Any]]:
        """Take out all entries but the first `keep`: their keys and combiners."""

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


_MISSING: Any = object()
_NEVER_NAN = frozenset({str, bytes, int, bool, type(None)})
_STEP = 64  # rows between two looks at what a row takes
_NO_LIMIT = 1 << 62


class PairTable:
    """The table in pure Python, over a dict.

    Parameters
    ----------
    create : callable or None
        Makes a combiner of a key's first value; None: the value itself.
    merge : callable
        ``merge(combiner, value)`` gives the new combiner.
    """

    def __init__(self, create: Callable[[Any], Any] | None, merge: Callable[[Any, Any], Any]) -> None:
        self._create = create
        self._merge = merge
        self._entries: dict[Any, Any] = {}

    def absorb(self, pairs: Iterator[tuple[Any, Any]], limit: int, most_bytes: int = _NO_LIMIT) -> int:
        """Combine so many pairs of an iterator, or such as take so many bytes; returns how many."""
        entries, merge, create = self._entries, self._merge, self._create
        count, left, step = 0, most_bytes, 1
        key: Any = None
        value: Any = None
        while count < limit and left > 0:
            before = count
            for key, value in islice(pairs, min(step, limit - count)):
                count += 1
                if key in entries:
                    entries[key] = merge(entries[key], value)
                    continue
                if type(key) not in _NEVER_NAN:
                    key = canonical(key)
                    if key in entries:
                        entries[key] = merge(entries[key], value)
                        continue
                entries[key] = value if create is None else create(value)
            if count == before:
                break
            each = max(1, estimate_bytes(key) + estimate_bytes(value))
            left -= (count - before) * each
            step = max(1, min(_STEP, left // each))
        return count

    def update(self, keys: list[Any], values: list[Any]) -> None:
        """Combine these pairs, in order."""
        entries, merge, create = self._entries, self._merge, self._create
        get = entries.get
        for key, value in zip(canonical_keys(keys), values):
            old = get(key, _MISSING)
            if old is not _MISSING:
                entries[key] = merge(old, value)
            else:
                entries[key] = value if create is None else create(value)

    def load(self, keys: list[Any], combiners: list[Any]) -> None:
        """Put in keys that are not there, with the combiners that they have already."""
        before = len(self._entries)
        self._entries.update(zip(canonical_keys(keys), combiners))
        if len(self._entries) != before + len(keys):
            raise RuntimeError("a key has two combiners")

    def fold(self, numbers: array[int], keys: list[Any], values: list[Any], *, frozen: bool) -> Rows:
        """Combine numbered pairs; gives the numbers of those with new keys. Frozen: leaves these out and gives them."""
        entries, merge, create = self._entries, self._merge, self._create
        get, noted = entries.get, array("Q")
        missed: tuple[list[Any], list[Any]] = ([], [])
        for number, key, value in zip(numbers, canonical_keys(keys), values):
            old = get(key, _MISSING)
            if old is not _MISSING:
                entries[key] = merge(old, value)
                continue
            noted.append(number)
            if frozen:
                missed[0].append(key)
                missed[1].append(value)
            else:
                entries[key] = value if create is None else create(value)
        return noted, *missed

    def cut(self, keep: int) -> tuple[list[Any], list[Any]]:
        """Take out all entries but the first `keep`: their keys and combiners."""
        entries = self._entries
        self._entries = dict(islice(entries.items(), keep))
        return list(islice(entries, keep, None)), list(islice(entries.values(), keep, None))

    def take(self) -> tuple[list[Any], list[Any]]:
        """All keys, in first-seen order, and their combiners; the table is empty afterwards."""
        entries, self._entries = self._entries, {}
        return list(entries), list(entries.values())

    def __len__(self) -> int:
        return len(self._entries)


class _CompiledTable:
    """The compiled table."""

    def __init__(self, compiled: Any) -> None:
        self._table = compiled
        self.update: Callable[[list[Any], list[Any]], None] = compiled.update
        self.load: Callable[[list[Any], list[Any]], None] = compiled.load
        self.cut: Callable[[int], tuple[list[Any], list[Any]]] = compiled.cut
        self.take: Callable[[], tuple[list[Any], list[Any]]] = compiled.take

    def absorb(self, pairs: Iterator[tuple[Any, Any]], limit: int, most_bytes: int = _NO_LIMIT) -> int:
        """Combine so many pairs of an iterator, or such as take so many bytes; returns how many."""
        count: int = self._table.absorb(pairs, limit, most_bytes, estimate_bytes)
        return count

    def fold(self, numbers: array[int], keys: list[Any], values: list[Any], *, frozen: bool) -> Rows:
        """Combine numbered pairs; gives the numbers of those with new keys. Frozen: leaves these out and gives them."""
        noted, missed_keys, missed_values = self._table.fold(keys, values, numbers, frozen)
        return numbers_of(noted), missed_keys, missed_values

    def __len__(self) -> int:
        return len(self._table)


def make_table(create: Callable[[Any], Any] | None, merge: Callable[[Any, Any], Any]) -> Table:
    """An empty table; `create` None keeps a key's first value as it is."""
    compiled = native.module()
    if compiled is not None:
        return _CompiledTable(compiled.CombineTable(create, merge, _only_adds(merge)))
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

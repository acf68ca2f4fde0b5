"""Joins where some keys have most of the rows: pieces of hot keys, and look-ups in a broadcast table."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, NamedTuple

from weft._ops.batching import in_lists
from weft._ops.nans import canonical, canonical_keys

__all__ = ["Piece", "copied_hot", "look_up", "spread_hot", "whole_keys"]

_ROWS = 8192
_MARK = "weft.piece"

_Partition = Callable[[int, Iterator[Any]], Iterable[Any]]


class Piece(NamedTuple):
    """A piece of a hot key, as a key; ``mark`` keeps it apart from users' tuples, which have the same hash."""

    mark: str
    number: int
    key: Any


def spread_hot(hot: Sequence[Any], pieces: int) -> _Partition:
    """Deal the pairs of hot keys out to the pieces in turn; a retry deals alike."""

    def spread(index: int, records: Iterator[Any]) -> Iterable[Any]:
        chosen = frozenset(map(canonical, hot))
        turn = index
        for some in in_lists(records, _ROWS):
            for key, pair in zip(canonical_keys([pair[0] for pair in some]), some):
                if key in chosen:
                    turn += 1
                    yield Piece(_MARK, turn % pieces, key), pair[1]
                else:
                    yield pair

    return spread


def copied_hot(hot: Sequence[Any], pieces: int) -> _Partition:
    """Give each piece of a hot key every pair of that key."""

    def copied(_index: int, records: Iterator[Any]) -> Iterable[Any]:
        chosen = frozenset(map(canonical, hot))
        for some in in_lists(records, _ROWS):
            for key, pair in zip(canonical_keys([pair[0] for pair in some]), some):
                if key in chosen:
                    for number in range(pieces):
                        yield Piece(_MARK, number, key), pair[1]
                else:
                    yield pair

    return copied


def whole_keys(_index: int, records: Iterator[Any]) -> Iterable[Any]:
    """Give pieces their keys back."""
    return ((pair[0].key, pair[1]) if type(pair[0]) is Piece else pair for pair in records)


def look_up(table: Any, odd: list[tuple[Any, list[Any]]], outer: bool) -> _Partition:
    """Join with a broadcast table of lists.

    Parameters
    ----------
    table : Broadcast
        Key -> its values.
    odd : list
        The same of keys that are or hold a NaN, which a table made in another process does not find.
    outer : bool
        Whether a key without values gives a pair with None.
    """
    nothing: tuple[Any, ...] = (None,) if outer else ()

    def join(_index: int, records: Iterator[Any]) -> Iterable[Any]:
        find = table.value.get
        if odd:
            find = _with_odd(find, {canonical(key): values for key, values in odd})
        for key, value in records:
            for found in find(key) or nothing:
                yield key, (value, found)

    return join


def _with_odd(find: Callable[[Any], Any], odd: dict[Any, list[Any]]) -> Callable[[Any], Any]:
    def find_either(key: Any) -> Any:
        known = canonical(key)
        return odd[known] if known in odd else find(key)

    return find_either

"""Merges sorted runs, block by block.

A step takes from every run what cannot be preceded by anything unread, and sorts that with `list.sort`, which finds
the runs in it. That is two to three times as fast as a heap over single records, and as stable: equal keys come in
the order of the runs, then in the order within a run. Keys are compared with ``<`` alone, as `list.sort` does.
"""

from __future__ import annotations

import operator
from collections.abc import Iterator, Sequence
from typing import Any

from weft._ops import native

__all__ = ["bisect_before", "bisect_behind", "is_nan", "merge_runs", "order_or_sort", "sort_columns", "sort_order"]

Columns = list[list[Any]]


def merge_runs(runs: Sequence[Iterator[Columns]], *, reverse: bool = False) -> Iterator[Columns]:
    """Merge runs of columns by their first column; the other columns follow it.

    Parameters
    ----------
    runs : sequence of iterators
        Each yields blocks: lists of columns of equal length, the first ascending (descending with `reverse`).
    reverse : bool
        Whether runs and result descend; equal keys keep their order all the same.

    Yields
    ------
    list of columns
        The next part of the result; never empty.
    """
    heads = [head for head in (_Head(run) for run in runs) if head.load()]
    while len(heads) > 1:
        first = _first_to_end(heads, reverse=reverse)
        cut = heads[first].keys[-1]
        parts = []
        for number, head in enumerate(heads):
            if number == first or (is_nan(cut) and reverse):
                end = len(head.keys)
            elif is_nan(cut):
                end = head.position
            elif number < first:
                end = bisect_behind(head.keys, cut, reverse=reverse, start=head.position)
            else:
                end = bisect_before(head.keys, cut, reverse=reverse, start=head.position)
            if end > head.position:
                parts.append(head.take(end))
        if len(parts) == 1:
            yield parts[0]
        else:
            joined = [[value for part in parts for value in part[column]] for column in range(len(parts[0]))]
            yield sort_columns(joined, reverse=reverse)
        heads = [head for head in heads if head.position < len(head.keys) or head.load()]
    for head in heads:
        yield head.take(len(head.keys))
        while head.load():
            yield head.take(len(head.keys))


def sort_columns(columns: Columns, *, reverse: bool = False) -> Columns:
    """Sort columns by the first, stably; the columns given may be changed.

    One column alone is sorted in place. NaN keys count as smaller than all numbers.
    """
    if _sorted_natively(columns, reverse):
        return columns
    keys = columns[0]
    if len(columns) > 1:
        order = sort_order(keys, reverse=reverse)
        return [[column[place] for place in order] for column in columns]
    if _has_nan(keys):
        order = sort_order(keys, reverse=reverse)
        keys[:] = [keys[place] for place in order]
    else:
        keys.sort(reverse=reverse)
    return columns


def order_or_sort(columns: Columns, *, reverse: bool = False) -> list[int] | None:
    """Sort columns by the first as `sort_columns` does, in place, or give the order to take their rows in.

    Returns
    -------
    list of int or None
        The rows' places in sorted order; None if they are in it already.
    """
    return None if _sorted_natively(columns, reverse) else sort_order(columns[0], reverse=reverse)


def _sorted_natively(columns: Columns, reverse: bool) -> bool:
    compiled = native.module()
    return compiled is not None and bool(compiled.sort_columns(columns, reverse))


def sort_order(keys: Sequence[Any], *, reverse: bool = False) -> list[int]:
    """The places of the keys in sorted order, stably. NaN keys count as smaller than all numbers."""
    if not _has_nan(keys):
        return sorted(range(len(keys)), key=keys.__getitem__, reverse=reverse)
    nans = [place for place, key in enumerate(keys) if is_nan(key)]
    others = [place for place, key in enumerate(keys) if not is_nan(key)]
    others.sort(key=keys.__getitem__, reverse=reverse)
    return others + nans if reverse else nans + others


def is_nan(key: Any) -> bool:
    """Whether a key is the float that is not even equal to itself."""
    return type(key) is float and key != key


def _has_nan(keys: Sequence[Any]) -> bool:
    """Whether there are NaNs among the keys: they compare false with everything, which would break any sort."""
    return float in set(map(type, keys)) and any(map(operator.ne, keys, keys))


def bisect_behind(keys: Sequence[Any], key: Any, *, reverse: bool = False, start: int = 0) -> int:
    """The position behind all keys that equal or precede `key`; in descending keys with `reverse`."""
    low, high = start, len(keys)
    while low < high:
        middle = (low + high) // 2
        if (keys[middle] < key or is_nan(keys[middle])) if reverse else (key < keys[middle]):
            high = middle
        else:
            low = middle + 1
    return low


def bisect_before(keys: Sequence[Any], key: Any, *, reverse: bool = False, start: int = 0) -> int:
    """The position before all keys that equal or follow `key`; in descending keys with `reverse`."""
    low, high = start, len(keys)
    while low < high:
        middle = (low + high) // 2
        if (key < keys[middle]) if reverse else (keys[middle] < key or is_nan(keys[middle])):
            low = middle + 1
        else:
            high = middle
    return low


class _Head:
    """The block at the front of a run, and how far it is used up."""

    def __init__(self, run: Iterator[Columns]) -> None:
        self._run = run
        self._columns: Columns = []
        self.keys: list[Any] = []
        self.position = 0

    def load(self) -> bool:
        """Go on to the next block that is not empty; False at the end of the run."""
        self._columns, self.keys, self.position = [], [], 0
        for columns in self._run:
            if len(columns[0]):
                self._columns, self.keys = columns, columns[0]
                return True
        return False

    def take(self, end: int) -> Columns:
        """The rows up to `end`, which are used up then."""
        start, self.position = self.position, end
        if start == 0 and end == len(self.keys):
            return self._columns
        return [column[start:end] for column in self._columns]


def _first_to_end(heads: Sequence[_Head], *, reverse: bool) -> int:
    """The head whose block ends first; of several, that of the earliest run."""
    first = 0
    for number in range(1, len(heads)):
        last, least = heads[number].keys[-1], heads[first].keys[-1]
        if is_nan(last) or is_nan(least):
            earlier = is_nan(least) and not is_nan(last) if reverse else is_nan(last) and not is_nan(least)
        else:
            earlier = (least < last) if reverse else (last < least)
        if earlier:
            first = number
    return first

"""Cutting records into lists that are long when records are small and short when they are large.

The bound in bytes holds from the first record on: the compiled operators look at each record, their twin at one of
sixteen, and at each one while they are large.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from typing import Any, TypeVar

from weft._ops import native
from weft._ops.columns import estimate_bytes

__all__ = ["all_fit", "fitting_rows", "in_lists", "take"]

T = TypeVar("T")

_FIRST_ROWS = 16
_STEP = 16


def in_lists(records: Iterator[T], most_rows: int, most_bytes: int = 1 << 20) -> Iterator[list[T]]:
    """Cut records into lists, so that memory can be looked at between two of them.

    Lists begin short and grow up to eightfold at a time.

    Parameters
    ----------
    records : iterator
    most_rows : int
        No list is longer.
    most_bytes : int
        About what a list's records take in memory, at most, unless a single one takes more.
    """
    rows = min(most_rows, _FIRST_ROWS)
    while some := take(records, rows, most_bytes):
        rows = min(most_rows, rows * 8)
        yield some


def take(records: Iterator[T], most_rows: int, most_bytes: int) -> list[T]:
    """The next records, until there are so many or they take so much memory; none only at the input's end."""
    compiled = native.module()
    if compiled is not None:
        some: list[T] = compiled.take(records, most_rows, most_bytes, estimate_bytes)
        return some
    taken: list[T] = []
    size, step = 0, 1
    while len(taken) < most_rows and size < most_bytes:
        part = list(itertools.islice(records, min(step, most_rows - len(taken))))
        if not part:
            break
        taken += part
        each = max(1, estimate_bytes(part[-1]))
        size += each * len(part)
        step = max(1, min(_STEP, (most_bytes - size) // each))
    return taken


def all_fit(columns: Sequence[list[Any]], most_bytes: int) -> bool:
    """Whether it is sure that each row of some columns takes at most so much memory, in one pass in the rows' order."""
    compiled = native.module()
    return compiled is not None and compiled.largest(tuple(columns), most_bytes, estimate_bytes) <= most_bytes


def fitting_rows(
    columns: Sequence[list[Any]], start: int, most_rows: int, most_bytes: int, order: Sequence[int] | None = None
) -> int:
    """How many rows of some columns from `start` on, in some order, take at most so much memory; at least one."""
    most = min(most_rows, len(columns[0]) - start)
    compiled = native.module()
    if compiled is not None:
        rows: int = compiled.fit(tuple(columns), start, most, most_bytes, estimate_bytes, order)
        return rows
    fitting, size, step = 0, 0, 1
    while fitting < most:
        place = start + fitting if order is None else order[start + fitting]
        each = max(1, sum([estimate_bytes(column[place]) for column in columns]))
        if fitting and size + each > most_bytes:
            break
        step = max(1, min(_STEP, most - fitting, (most_bytes - size) // each))
        size += each * step
        fitting += step
    return fitting

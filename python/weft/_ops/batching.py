"""Cutting a stream of records into lists that are long when records are small and short when they are large."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import TypeVar

from weft._ops.columns import estimate_bytes

__all__ = ["in_lists"]

T = TypeVar("T")

_FIRST_ROWS = 16


def in_lists(records: Iterator[T], most_rows: int, most_bytes: int = 1 << 20) -> Iterator[list[T]]:
    """Cut records into lists, so that memory can be looked at between two of them.

    Lists begin short and grow up to eightfold at a time; their size follows a look at some records of the last list.

    Parameters
    ----------
    records : iterator
    most_rows : int
        No list is longer.
    most_bytes : int
        About what a list's records take in memory, at most, unless a single one takes more.
    """
    rows = min(most_rows, _FIRST_ROWS)
    while some := list(itertools.islice(records, rows)):
        looks = some[:: max(1, len(some) // 4)]
        average = sum(map(estimate_bytes, looks)) // len(looks)
        rows = max(1, min(most_rows, rows * 8, most_bytes // max(1, average)))
        yield some

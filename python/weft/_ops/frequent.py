"""Counts of the commonest keys in bounded memory."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from weft._ops.batching import in_lists
from weft._ops.nans import canonical, canonical_keys

__all__ = ["Frequent", "count_keys"]

_ROWS = 8192


class Frequent:
    """What Misra and Gries count, a list of keys at a time; merging keeps the bounds (Agarwal et al. 2012).

    Invariants: a key's rows are at least its count here and at most ``error`` more, and a key that is not here has at
    most ``error`` rows; ``error`` is at most ``rows / limit``. As long as no more than ``limit`` keys come, it is 0.

    Parameters
    ----------
    limit : int
        How many keys are kept.
    """

    __slots__ = ("counts", "error", "limit", "rows")

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.counts: dict[Any, int] = {}
        self.rows = 0
        self.error = 0

    def __reduce__(self) -> tuple[Callable[..., Frequent], tuple[Any, ...]]:
        return _restored, (self.limit, list(self.counts.items()), self.rows, self.error)

    def add(self, keys: list[Any]) -> None:
        """Count a list of keys."""
        counts = self.counts
        for key in canonical_keys(keys):
            counts[key] = counts.get(key, 0) + 1
        self.rows += len(keys)
        if len(counts) > 2 * self.limit:
            self._cut()

    def merge(self, other: Frequent) -> Frequent:
        """Take another one's counts in."""
        counts = self.counts
        for key, count in other.counts.items():
            counts[key] = counts.get(key, 0) + count
        self.rows += other.rows
        self.error += other.error
        if len(counts) > 2 * self.limit:
            self._cut()
        return self

    def largest(self, num: int) -> list[tuple[Any, int]]:
        """The commonest keys and their counts, the commonest first."""
        return heapq.nlargest(num, self.counts.items(), key=lambda item: item[1])

    def _cut(self) -> None:
        """Take the count of the (limit + 1)-th key from all: at least limit + 1 counts fall by it."""
        cut = heapq.nlargest(self.limit + 1, self.counts.values())[-1]
        self.error += cut
        self.counts = {key: count - cut for key, count in self.counts.items() if count > cut}


def _restored(limit: int, counts: list[tuple[Any, int]], rows: int, error: int) -> Frequent:
    """Made again in another process, where another object stands for all NaNs."""
    made = Frequent(limit)
    made.counts = {canonical(key): count for key, count in counts}
    made.rows, made.error = rows, error
    return made


def count_keys(limit: int) -> Callable[[int, Iterator[Any]], Iterable[Frequent]]:
    """The keys of a partition of pairs, counted."""

    def count(_index: int, records: Iterator[Any]) -> Iterable[Frequent]:
        counted = Frequent(limit)
        for some in in_lists(records, _ROWS):
            counted.add([key for key, _ in some])
        return (counted,)

    return count

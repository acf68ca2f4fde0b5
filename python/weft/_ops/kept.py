"""Records of one partition that are read several times, and pairs of partitions (zip, cartesian)."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator
from typing import Any

from weft._ops.batching import in_lists
from weft._ops.external import write_rows
from weft._ops.memory import Gauge
from weft._ops.spill import Segment, SpillFiles, SpillScope

__all__ = ["Kept", "all_pairs", "zipped"]

_ROWS = 8192
_LEFT_ROWS = 1024
_BLOCK_BYTES = 512 << 10


class Kept:
    """Records to be read as often as asked until the task ends; on disk where they pass the memory.

    Parameters
    ----------
    records : iterator
        Read to its end at once.
    scope : SpillScope
        The task.
    gauge : Gauge
        Asked once per some records whether to write them.
    """

    def __init__(self, records: Iterator[Any], scope: SpillScope, gauge: Gauge) -> None:
        self._files = SpillFiles(scope)
        self._segments: list[Segment] = []
        self._held: list[Any] = []
        for some in in_lists(records, _ROWS):
            self._held += some
            if gauge.full():
                self._files.count_spill()
                self._segments.append(self._write())
                gauge.release()

    @property
    def spilled(self) -> bool:
        """Whether some records lie on disk."""
        return bool(self._segments)

    def chunks(self) -> Iterator[list[Any]]:
        """The records in order, some at a time."""
        for segment in self._segments:
            for (rows,) in self._files.read(segment, 1):
                yield rows
        if self._held:
            yield self._held

    def _write(self) -> Segment:
        held, self._held = self._held, []
        return write_rows(self._files, [held], _BLOCK_BYTES)


def all_pairs(
    left: Iterator[Any], right: Iterator[Any], scope: SpillScope, gauge: Gauge
) -> Iterator[Iterable[tuple[Any, Any]]]:
    """All pairs of the records of two partitions, some at a time.

    For each record of the left side all of the right side's follow. Where the right side is larger than the memory,
    some hundred records of the left side are paired with it at a time, so that it is read from disk once for them all.
    """
    kept = Kept(right, scope, gauge)
    if not kept.spilled:
        for rows in kept.chunks():
            for one in left:
                yield zip(itertools.repeat(one), rows)
        return
    for some in in_lists(left, _LEFT_ROWS):
        for rows in kept.chunks():
            for one in some:
                yield zip(itertools.repeat(one), rows)


def zipped(index: int, left: Iterator[Any], right: Iterator[Any]) -> Iterator[Iterable[tuple[Any, Any]]]:
    """Pairs of the records of two partitions that stand at the same place.

    Raises
    ------
    ValueError
        If one partition has more records than the other.
    """
    count = 0
    for some in in_lists(left, _ROWS):
        others = list(itertools.islice(right, len(some)))
        if len(others) < len(some):
            raise ValueError(_unequal(index, count + len(others), "left"))
        count += len(some)
        yield zip(some, others)
    for _ in right:
        raise ValueError(_unequal(index, count, "right"))


def _unequal(index: int, count: int, longer: str) -> str:
    return (
        f"zip: partition {index} has {count} records on one side and more on the other, the {longer} one; "
        "both sides need equally many records in each partition"
    )

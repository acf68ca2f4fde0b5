"""Combining more keys than fit in memory, with exactly the result of having had enough memory.

Pairs go to a table until the gauge is full. Then the table is frozen: it keeps the first half of its keys, the others'
combiners go to disk, and from then on a pair whose key is not in the table goes to disk as it is. What goes to disk is
spread over 64 sub-partitions with its sequence number. At the end each sub-partition is combined by itself, its
combiners first and then its pairs in their order, the same way one level deeper.

So every key's values are folded from the left, one after the other, wherever memory ran out: what is a sum of floats
here does not depend on when the process had grown by how much. Keys come out in first-seen order: those of the table
first, then the runs that the sub-partitions give, merged by sequence number.

Where combiners merge to the same in any grouping (whole numbers, texts, collections of them) and somebody merges them
later anyway, as the reduce side does, a full table is simply handed over: that is half the reading and writing.
"""

from __future__ import annotations

import itertools
from array import array
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple, Protocol

from weft._ops.batching import fitting_rows, in_lists
from weft._ops.columns import estimate_bytes
from weft._ops.memory import Gauge
from weft._ops.merging import merge_runs
from weft._ops.spill import Segment, SpillFiles, SpillScope
from weft._ops.spreading import DEEPEST, FAN_OUT, spread
from weft._ops.tables import Table

__all__ = ["ExternalCombiner", "merge_segments", "write_rows"]

_OUT_ROWS = 8192
_FIRST_ROWS = 64
_ABSORB_ROWS = 16384
_ABSORB_BYTES = 2 << 20
_RUN_BLOCK_BYTES = 128 << 10
_BLOCK_BYTES = 512 << 10
_WAITING_BYTES = 4 << 20
_FEWEST_KEPT = 1024
_MOST_RUNS = 64

_EXACT = frozenset({int, bool, str, bytes, bytearray, set, frozenset, type(None)})


class Codec(Protocol):
    """Turns the columns of a row group into those that lie on disk, and back."""

    def pack(self, columns: list[Any]) -> list[Any]:
        """What to write."""

    def unpack(self, group: list[Any]) -> list[Any]:
        """The columns of what was read."""


class _Part(NamedTuple):
    """What one writing gave a sub-partition; `first` is its first sequence number."""

    first: int
    segment: Segment


class ExternalCombiner:
    """Combines pairs by key; spills when the gauge says so.

    Parameters
    ----------
    scope : SpillScope
        The task.
    gauge : Gauge
        Asked once per batch.
    table : Table
        An empty table: create and merge_value when the maps have not combined, merge_combiners alone when they have.
    hand_over : callable, optional
        Takes columns of keys and combiners that are merged later with those that `results` gives behind them.
    """

    def __init__(
        self,
        scope: SpillScope,
        gauge: Gauge,
        table: Table,
        hand_over: Callable[[tuple[list[Any], list[Any]]], None] | None = None,
        *,
        level: int = 0,
        files: SpillFiles | None = None,
    ) -> None:
        self._scope = scope
        self._gauge = gauge
        self._table = table
        self._hand_over = hand_over
        self._level = level
        self._files = files
        self._frozen = False
        self._rows = 0
        # The sequence number of each key of the table; at level 0 only once it is frozen: until then they just count.
        self._order = array("Q")
        self._combined: list[list[_Part]] = [[] for _ in range(FAN_OUT)]
        self._raw: list[list[_Part]] = [[] for _ in range(FAN_OUT)]
        self._waiting: tuple[array[int], list[Any], list[Any]] = (array("Q"), [], [])
        self._waiting_bytes = 0

    def absorb(self, pairs: Iterator[tuple[Any, Any]]) -> None:
        """Combine all pairs of an iterator, in order."""
        rows = _FIRST_ROWS
        while not self._frozen:
            count = self._table.absorb(pairs, rows, _ABSORB_BYTES)
            if not count:
                return
            self._rows += count
            rows = min(_ABSORB_ROWS, rows * 4)
            if self._gauge.full():
                self._make_room()
        for some in in_lists(pairs, _OUT_ROWS):
            self.add([key for key, _ in some], [value for _, value in some])

    def add(self, keys: list[Any], values: list[Any]) -> None:
        """Combine a batch of pairs, in order."""
        if self._frozen:
            self._fold(array("Q", range(self._rows, self._rows + len(keys))), keys, values)
        else:
            self._table.update(keys, values)
        self._rows += len(keys)
        if self._gauge.full():
            self._make_room()

    def results(self) -> Iterator[tuple[list[Any], list[Any]]]:
        """Columns of keys and combiners, each key once, in first-seen order. Ends the combining."""
        if not self._frozen or self._files is None:
            yield self._table.take()
            return
        try:
            yield from self._kept_results()
            runs: list[Segment] = []
            self._finish_parts(self._files, runs)
            for _, keys, values in merge_segments(self._files, runs, columns=3):
                yield keys, values
        finally:
            self._files.close()

    def _kept_results(self) -> Iterator[tuple[list[Any], list[Any]]]:
        """What is still in the table: all its keys were seen before any other."""
        self._write_waiting()
        keys, values = self._table.take()
        for start in range(0, len(keys), _OUT_ROWS):
            yield keys[start : start + _OUT_ROWS], values[start : start + _OUT_ROWS]

    def _fold(self, numbers: array[int], keys: list[Any], values: list[Any]) -> None:
        noted, missed_keys, missed_values = self._table.fold(numbers, keys, values, frozen=self._frozen)
        if not self._frozen:
            self._order.extend(noted)
        elif missed_keys:
            self._waiting[0].extend(noted)
            self._waiting[1].extend(missed_keys)
            self._waiting[2].extend(missed_values)
            self._waiting_bytes += len(missed_keys) * (
                estimate_bytes(missed_keys[-1]) + estimate_bytes(missed_values[-1])
            )
            if self._waiting_bytes >= _WAITING_BYTES:
                self._write_waiting()

    def _make_room(self) -> None:
        """Write what waits, and give up some of the table if that was little."""
        if self._level >= DEEPEST or self._handed_over():
            return
        if self._files is None:
            self._files = SpillFiles(self._scope)
        self._files.count_spill()
        waited, count = self._waiting_bytes, len(self._table)
        self._write_waiting()
        if waited < _WAITING_BYTES // 2 and count:
            if not self._frozen and self._level == 0:
                self._order = array("Q", range(count))
            self._frozen = True
            keep = count // 2 if count >= 2 * _FEWEST_KEPT else 0
            keys, values = self._table.cut(keep)
            order, self._order = self._order[keep:], self._order[:keep]
            self._write(self._files, (order, keys, values), self._combined)
            del keys, values
        self._gauge.release()

    def _handed_over(self) -> bool:
        """Hand over what the table holds, if that changes no result."""
        if self._hand_over is None or self._frozen or not len(self._table):
            return False
        columns = self._table.take()
        if not _merge_exactly(columns[1]):
            self._table.load(*columns)
            return False
        self._hand_over(columns)
        del columns
        self._gauge.release()
        return True

    def _write_waiting(self) -> None:
        waiting, self._waiting, self._waiting_bytes = self._waiting, (array("Q"), [], []), 0
        if waiting[1] and self._files is not None:
            self._write(self._files, waiting, self._raw)

    def _write(
        self, files: SpillFiles, rows: tuple[array[int], list[Any], list[Any]], parts: list[list[_Part]]
    ) -> None:
        """Spread rows over the sub-partitions and write each one's as a segment."""
        for part, some in zip(parts, spread(*rows, self._level)):
            if some[1]:
                part.append(_Part(some[0][0], write_rows(files, some, _BLOCK_BYTES)))

    def _finish_parts(self, files: SpillFiles, runs: list[Segment]) -> None:
        """Combine each sub-partition one level deeper; appends the runs that come of it."""
        self._gauge.release()
        for number in range(FAN_OUT):
            combined, raw = self._combined[number], self._raw[number]
            self._combined[number], self._raw[number] = [], []
            if combined or raw:
                deeper = ExternalCombiner(self._scope, self._gauge, self._table, level=self._level + 1, files=files)
                deeper._regroup(files, combined, raw, runs)

    def _regroup(
        self, files: SpillFiles, combined: Sequence[_Part], raw: Sequence[_Part], runs: list[Segment]
    ) -> None:
        for part in sorted(combined):
            for numbers, keys, values in files.read(part.segment, 3):
                if self._frozen:
                    self._write(files, (numbers, keys, values), self._combined)
                else:
                    self._table.load(keys, values)
                    self._order.extend(numbers)
                if self._gauge.full():
                    self._make_room()
        for part in raw:
            for numbers, keys, values in files.read(part.segment, 3):
                self._fold(numbers, keys, values)
                if self._gauge.full():
                    self._make_room()
        self._write_waiting()
        keys, values = self._table.take()
        if keys:
            runs.append(write_rows(files, (self._order, keys, values), _RUN_BLOCK_BYTES))
        del keys, values
        if self._frozen:
            self._finish_parts(files, runs)


def _merge_exactly(combiners: list[Any]) -> bool:
    """Whether it cannot matter which of these are merged first: no floats are among them, nor objects unknown here."""
    kinds = set(map(type, combiners))
    if kinds <= {tuple, list}:
        kinds = set(map(type, itertools.chain.from_iterable(combiners)))
    return kinds <= _EXACT


def write_rows(files: SpillFiles, rows: Sequence[Any], block_bytes: int) -> Segment:
    """Write columns of which the last two are lists as a segment of row groups of about so many bytes."""
    writer = files.writer()
    count, start = len(rows[-1]), 0
    while start < count:
        size = fitting_rows(rows[-2:], start, _OUT_ROWS, block_bytes)
        whole = size == count
        writer.write([column if whole else column[start : start + size] for column in rows], size)
        start += size
    return writer.finish()


def merge_segments(
    files: SpillFiles, segments: Sequence[Segment], *, columns: int, reverse: bool = False, codec: Codec | None = None
) -> Iterator[list[list[Any]]]:
    """Merge runs on disk by their first column, in several passes if there are more than 64 of them.

    With a `codec` the row groups hold other columns than those that are merged.
    """

    def read(run: Segment) -> Iterator[list[Any]]:
        groups = files.read(run, columns)
        return groups if codec is None else map(codec.unpack, groups)

    runs = list(segments)
    while len(runs) > _MOST_RUNS:
        merged = []
        for start in range(0, len(runs), _MOST_RUNS):
            writer = files.writer()
            for block in merge_runs([read(run) for run in runs[start : start + _MOST_RUNS]], reverse=reverse):
                rows, first = len(block[0]), 0
                while first < rows:
                    size = fitting_rows(block[-1:], first, _OUT_ROWS, _RUN_BLOCK_BYTES // 2)
                    some = [column[first : first + size] for column in block]
                    writer.write(some if codec is None else codec.pack(some), size)
                    first += size
            merged.append(writer.finish())
        runs = merged
    yield from merge_runs([read(run) for run in runs], reverse=reverse)

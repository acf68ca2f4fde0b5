"""Combining more keys than fit in memory, with the result of having had enough memory.

Records go to a table until the gauge is full. Then the table's entries are dealt to 64 sub-partitions by bits of a
mixed hash (which have nothing to do with ``hash % partitions``: all keys of a task share that), and written with the
sequence number at which their key was first seen. At the end each sub-partition is combined by itself, dealing again
by other bits if it is still too large, and written as a run in sequence order; the runs are merged by sequence
number. So keys come out in first-seen order and combiners are merged in arrival order, whatever the memory.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple, Protocol

from weft._ops.memory import Gauge
from weft._ops.merging import merge_runs
from weft._ops.spill import RowSizer, Segment, SpillFiles, SpillScope

__all__ = ["DictTable", "ExternalCombiner", "Table", "deal", "merge_segments"]

FAN_OUT = 64
DEEPEST = 8
_FAN_BITS = 6
_GOLDEN = 0x9E3779B97F4A7C15
_RUN_BLOCK_BYTES = 64 << 10
_MOST_RUNS = 64

_MISSING: Any = object()


class Table(Protocol):
    """Combines values per key and remembers the order in which keys were first seen."""

    def update(self, keys: list[Any], values: list[Any]) -> None:
        """Combine these pairs, in order."""

    def take(self) -> tuple[list[Any], list[Any]]:
        """All keys, in first-seen order, and their combiners; the table is empty afterwards."""


class DictTable:
    """The table in pure Python.

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

    def update(self, keys: list[Any], values: list[Any]) -> None:
        """Combine these pairs, in order."""
        entries, merge, create = self._entries, self._merge, self._create
        get = entries.get
        for key, value in zip(keys, values):
            old = get(key, _MISSING)
            if old is not _MISSING:
                entries[key] = merge(old, value)
            else:
                entries[key] = value if create is None else create(value)

    def take(self) -> tuple[list[Any], list[Any]]:
        """All keys, in first-seen order, and their combiners; the table is empty afterwards."""
        entries, self._entries = self._entries, {}
        return list(entries), list(entries.values())


class _Part(NamedTuple):
    """Entries of one sub-partition written by one spill; their sequence numbers count from `base`."""

    segment: Segment
    base: int


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
    merge_combiners : callable
        Merges two combiners of a key, the earlier one first.
    """

    def __init__(
        self, scope: SpillScope, gauge: Gauge, table: Table, merge_combiners: Callable[[Any, Any], Any]
    ) -> None:
        self._scope = scope
        self._gauge = gauge
        self._table = table
        self._merge = merge_combiners
        self._files: SpillFiles | None = None
        self._parts: list[list[_Part]] = [[] for _ in range(FAN_OUT)]
        self._sizer = RowSizer()
        self._base = 0

    def add(self, keys: list[Any], values: list[Any]) -> None:
        """Combine a batch of pairs, in order."""
        self._table.update(keys, values)
        if self._gauge.full():
            self._spill()

    def results(self) -> Iterator[tuple[list[Any], list[Any]]]:
        """Columns of keys and combiners, each key once, in first-seen order. Ends the combining."""
        if self._files is None:
            yield self._table.take()
            return
        self._spill()
        try:
            runs: list[Segment] = []
            for parts in self._parts:
                self._combine_parts(self._files, parts, 1, runs)
            for _, keys, values in merge_segments(self._files, runs, columns=3):
                yield keys, values
        finally:
            self._files.close()

    def _spill(self) -> None:
        if self._files is None:
            self._files = SpillFiles(self._scope)
        self._files.count_spill()
        keys, values = self._table.take()
        for parts, segment in zip(self._parts, self._write(self._files, keys, values, None, 0)):
            if segment.rows:
                parts.append(_Part(segment, self._base))
        self._base += len(keys)
        del keys, values
        self._gauge.release()

    def _write(
        self, files: SpillFiles, keys: list[Any], values: list[Any], sequence: array[int] | None, level: int
    ) -> list[Segment]:
        """Deal entries to sub-partitions and write each as a segment."""
        segments = []
        for places in deal(keys, level):
            writer = files.writer()
            start = 0
            while start < len(places):
                chosen = places[start : start + self._sizer.rows]
                numbers = chosen if sequence is None else array("Q", [sequence[place] for place in chosen])
                columns = [numbers, [keys[place] for place in chosen], [values[place] for place in chosen]]
                self._sizer.saw(len(chosen), writer.write(columns, len(chosen)))
                start += len(chosen)
            segments.append(writer.finish())
        return segments

    def _combine_parts(self, files: SpillFiles, parts: Sequence[_Part], level: int, runs: list[Segment]) -> None:
        """Combine a sub-partition in memory, or deal it again; appends its runs."""
        entries: dict[Any, Any] = {}
        sequence = array("Q")
        deeper: list[list[_Part]] = [[] for _ in range(FAN_OUT)]
        for part in parts:
            for numbers, keys, values in files.read(part.segment, 3):
                self._absorb(entries, sequence, numbers, keys, values, part.base)
                if level < DEEPEST and self._gauge.full():
                    self._deal_again(files, entries, sequence, level, deeper)
                    entries, sequence = {}, array("Q")
                    self._gauge.release()
        if any(deeper):
            self._deal_again(files, entries, sequence, level, deeper)
            del entries, sequence
            self._gauge.release()
            for children in deeper:
                self._combine_parts(files, children, level + 1, runs)
        elif entries:
            runs.append(self._write_run(files, entries, sequence))

    def _absorb(
        self,
        entries: dict[Any, Any],
        sequence: array[int],
        numbers: Sequence[int],
        keys: list[Any],
        values: list[Any],
        base: int,
    ) -> None:
        merge, get, note = self._merge, entries.get, sequence.append
        for number, key, value in zip(numbers, keys, values):
            old = get(key, _MISSING)
            if old is _MISSING:
                entries[key] = value
                note(base + number)
            else:
                entries[key] = merge(old, value)

    def _deal_again(
        self,
        files: SpillFiles,
        entries: dict[Any, Any],
        sequence: array[int],
        level: int,
        deeper: list[list[_Part]],
    ) -> None:
        files.count_spill()
        keys, values = list(entries), list(entries.values())
        entries.clear()
        for children, segment in zip(deeper, self._write(files, keys, values, sequence, level)):
            if segment.rows:
                children.append(_Part(segment, 0))

    def _write_run(self, files: SpillFiles, entries: dict[Any, Any], sequence: array[int]) -> Segment:
        """Write a combined sub-partition; insertion order is sequence order."""
        sizer = RowSizer(_RUN_BLOCK_BYTES)
        keys, values = list(entries), list(entries.values())
        entries.clear()
        writer = files.writer()
        start = 0
        while start < len(keys):
            end = start + sizer.rows
            columns = [sequence[start:end], keys[start:end], values[start:end]]
            rows = len(columns[0])
            sizer.saw(rows, writer.write(columns, rows))
            start = end
        return writer.finish()


def deal(keys: Sequence[Any], level: int) -> list[array[int]]:
    """The positions of the keys of each sub-partition, by the level's own bits of the mixed hash."""
    places = [array("I") for _ in range(FAN_OUT)]
    appends = [place.append for place in places]
    shift = 64 - _FAN_BITS * (level + 1)
    for number, key in enumerate(keys):
        appends[(hash(key) * _GOLDEN >> shift) & 63](number)
    return places


def merge_segments(
    files: SpillFiles, segments: Sequence[Segment], *, columns: int, reverse: bool = False
) -> Iterator[list[list[Any]]]:
    """Merge runs on disk by their first column, in several passes if there are more than 64 of them."""
    runs = list(segments)
    while len(runs) > _MOST_RUNS:
        merged = []
        for start in range(0, len(runs), _MOST_RUNS):
            some = [files.read(run, columns) for run in runs[start : start + _MOST_RUNS]]
            writer = files.writer()
            sizer = RowSizer(_RUN_BLOCK_BYTES)
            for block in merge_runs(some, reverse=reverse):
                rows, first = len(block[0]), 0
                while first < rows:
                    cut = [column[first : first + sizer.rows] for column in block]
                    first += sizer.rows
                    sizer.saw(len(cut[0]), writer.write(cut, len(cut[0])))
            merged.append(writer.finish())
        runs = merged
    yield from merge_runs([files.read(run, columns) for run in runs], reverse=reverse)

"""Grouping values by key, for one input (groupByKey) or several (cogroup), in bounded memory.

The tables of a grouping, one per input, map a key to the list of its values. When the gauge is full:

1. Long lists (1/256 of what is held, or more) go to disk as chunks; the key keeps references to them. When that frees
   most of the memory, because a few keys own it, nothing else happens.
2. Otherwise all entries are dealt to 16 sub-partitions by bits of a mixed hash and written with the sequence number
   at which their key was first seen. At the end each sub-partition is grouped by itself, in the same way one level
   deeper, and written as a run in sequence order; the runs are merged.

So keys come out in first-seen order and values in arrival order, whatever the memory. Values in chunks are read when
they are iterated over, as often as asked, until the task ends.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterator, Sequence
from typing import Any, Union

from weft._ops.columns import estimate_bytes
from weft._ops.external import DEEPEST, FAN_OUT, deal, merge_segments
from weft._ops.memory import Gauge
from weft._ops.spill import RowSizer, Segment, SpillFiles, SpillScope
from weft.resultiterable import ResultIterable

__all__ = ["Grouping", "SpilledValues", "group"]

_CHUNK_SHARE = 256
_LEAST_CHUNK_BYTES = 64 << 10
_RUN_BLOCK_BYTES = 64 << 10

Bag = Union[list[Any], "SpilledValues"]
Pieces = list["Segment | list[Any]"]


class SpilledValues:
    """Values of a key of which some lie on disk: sized, re-iterable, in arrival order."""

    __slots__ = ("_files", "_length", "_pieces")

    def __init__(self, files: SpillFiles, pieces: Pieces) -> None:
        self._files = files
        self._pieces = pieces
        self._length = sum(piece.rows if isinstance(piece, Segment) else len(piece) for piece in pieces)

    def __len__(self) -> int:
        return self._length

    def __iter__(self) -> Iterator[Any]:
        for piece in self._pieces:
            if isinstance(piece, Segment):
                for (values,) in self._files.read(piece, 1):
                    yield from values
            else:
                yield from piece

    def __reduce__(self) -> tuple[type[list[Any]], tuple[list[Any]]]:
        return list, (list(self),)


def group(
    batches: Iterator[tuple[list[Any], list[Any]]], scope: SpillScope, gauge: Gauge, limit: int
) -> Iterator[tuple[Any, ResultIterable[Any]]]:
    """Group pairs by key.

    Parameters
    ----------
    batches : iterator of (keys, values)
        Columns of pairs.
    scope : SpillScope
        The task.
    gauge : Gauge
        Asked once per batch whether to spill.
    limit : int
        The bytes that the gauge watches over.

    Yields
    ------
    (key, ResultIterable)
        Keys in first-seen order, values in arrival order.
    """
    grouping = Grouping(scope, gauge, limit)
    for keys, values in batches:
        grouping.add(0, keys, values)
    for key, bags in grouping.results():
        yield key, ResultIterable(bags[0])


class Grouping:
    """Groups the values of several inputs by key.

    Inputs are added one after the other, by rising number. One level of the recursion is one object.

    Parameters
    ----------
    scope : SpillScope
        The task.
    gauge : Gauge
        Asked once per batch whether to spill.
    limit : int
        The bytes that the gauge watches over.
    inputs : int
        How many inputs there are.
    """

    def __init__(
        self,
        scope: SpillScope,
        gauge: Gauge,
        limit: int,
        inputs: int = 1,
        *,
        level: int = 0,
        files: SpillFiles | None = None,
    ) -> None:
        self._scope = scope
        self._gauge = gauge
        self._limit = limit
        self._inputs = inputs
        self._level = level
        self._files = files
        self._chunk_bytes = max(_LEAST_CHUNK_BYTES, limit // _CHUNK_SHARE)
        self._sizer = RowSizer()
        self._parts: list[list[tuple[int, Segment]]] = [[] for _ in range(FAN_OUT)]
        self._base = 0
        self._clear()

    def _clear(self) -> None:
        # Per input: open lists of values; what lies before an open list, for keys with chunks; sequence numbers of
        # the keys in the order of the table, kept from level 1 on (at level 0 they simply count).
        self._tables: list[dict[Any, list[Any]]] = [{} for _ in range(self._inputs)]
        self._pieces: list[dict[Any, Pieces]] = [{} for _ in range(self._inputs)]
        self._sequences = [array("Q") for _ in range(self._inputs)]

    def add(self, number: int, keys: list[Any], values: list[Any]) -> None:
        """Add a batch of pairs of input `number`."""
        table = self._tables[number]
        get = table.get
        for key, value in zip(keys, values):
            bag = get(key)
            if bag is None:
                table[key] = [value]
            else:
                bag.append(value)
        if self._gauge.full():
            self._spill()

    def results(self) -> Iterator[tuple[Any, tuple[Bag, ...]]]:
        """Each key once with one bag of values per input, in first-seen order. Ends the grouping.

        A bag is a list, or `SpilledValues`, which can be read until the task ends.
        """
        if not any(self._parts):
            yield from self._entries()
            return
        files = self._spill_files()
        self._deal(files)
        runs: list[Segment] = []
        self._finish_parts(files, runs)
        for (entries,) in (block[1:] for block in merge_segments(files, runs, columns=2)):
            for key, bags in entries:
                yield key, tuple([self._bag(pieces) for pieces in bags])

    def _bag(self, pieces: Pieces) -> Bag:
        """A list where nothing lies on disk."""
        if not pieces:
            return []
        if len(pieces) == 1 and isinstance(pieces[0], list):
            return pieces[0]
        return SpilledValues(self._spill_files(), pieces)

    def _entries(self) -> Iterator[tuple[Any, tuple[Bag, ...]]]:
        """What the tables hold, in the order of the inputs, then of the keys."""
        single = self._inputs == 1 and not self._pieces[0]
        if single:
            for key, bag in self._tables[0].items():
                yield key, (bag,)
            return
        for key in self._order():
            yield key, tuple([self._bag(self._pieces_of(number, key)) for number in range(self._inputs)])

    def _order(self) -> dict[Any, None]:
        order: dict[Any, None] = {}
        for table in self._tables:
            order.update(dict.fromkeys(table))
        return order

    def _pieces_of(self, number: int, key: Any) -> Pieces:
        """All pieces of a key, in arrival order."""
        pieces = list(self._pieces[number].get(key, ()))
        if bag := self._tables[number].get(key):
            pieces.append(bag)
        return pieces

    def _spill_files(self) -> SpillFiles:
        if self._files is None:
            self._files = SpillFiles(self._scope)
        return self._files

    def _spill(self) -> None:
        files = self._spill_files()
        files.count_spill()
        freed = self._write_chunks(files, self._chunk_bytes)
        self._gauge.release()
        if freed and not self._gauge.full(self._limit // 2):
            return
        if self._level < DEEPEST:
            self._deal(files)
        else:
            self._write_chunks(files, 0)
        self._gauge.release()

    def _write_chunks(self, files: SpillFiles, least_bytes: int) -> bool:
        """Move lists of at least so many bytes to disk; whether there were any."""
        found = False
        for number, table in enumerate(self._tables):
            for key, bag in table.items():
                if bag and len(bag) * estimate_bytes(bag[len(bag) // 2]) >= least_bytes:
                    pieces = self._pieces[number].setdefault(key, [])
                    pieces.append(self._write_chunk(files, bag))
                    bag.clear()
                    found = True
        return found

    def _write_chunk(self, files: SpillFiles, values: list[Any]) -> Segment:
        writer = files.writer()
        sizer = RowSizer()
        start = 0
        while start < len(values):
            rows = values[start : start + sizer.rows]
            start += len(rows)
            sizer.saw(len(rows), writer.write([rows], len(rows)))
        return writer.finish()

    def _deal(self, files: SpillFiles) -> None:
        """Write everything the tables hold to the sub-partitions."""
        tables, pieces, sequences = self._tables, self._pieces, self._sequences
        self._clear()
        for number, table in enumerate(tables):
            if not table:
                continue
            keys = list(table)
            sequence = sequences[number]
            if self._level == 0:
                sequence = array("Q", range(self._base, self._base + len(keys)))
                self._base += len(keys)
            for parts, places in zip(self._parts, deal(keys, self._level)):
                if places:
                    parts.append(
                        (number, self._write_entries(files, places, keys, sequence, table, pieces[number]))
                    )

    def _write_entries(
        self,
        files: SpillFiles,
        places: array[int],
        keys: list[Any],
        sequence: array[int],
        table: dict[Any, list[Any]],
        pieces: dict[Any, Pieces],
    ) -> Segment:
        """Write the entries at `places`; the table gives its lists up, so that memory falls while disk fills."""
        writer = files.writer()
        numbers, some, counts, earlier = array("Q"), [], array("Q"), []
        values: list[Any] = []
        for place in places:
            key = keys[place]
            bag = table.pop(key)
            numbers.append(sequence[place])
            some.append(key)
            counts.append(len(bag))
            earlier.append(pieces.pop(key, None))
            values += bag
            if len(values) + len(some) >= self._sizer.rows:
                rows = len(values) + len(some)
                self._sizer.saw(rows, writer.write([numbers, some, counts, earlier, values], len(some)))
                numbers, some, counts, earlier, values = array("Q"), [], array("Q"), [], []
        if some:
            rows = len(values) + len(some)
            self._sizer.saw(rows, writer.write([numbers, some, counts, earlier, values], len(some)))
        return writer.finish()

    def _finish_parts(self, files: SpillFiles, runs: list[Segment]) -> None:
        """Group each sub-partition one level deeper."""
        for number, parts in enumerate(self._parts):
            self._parts[number] = []
            if parts:
                deeper = Grouping(
                    self._scope, self._gauge, self._limit, self._inputs, level=self._level + 1, files=files
                )
                deeper._regroup(files, parts, runs)

    def _regroup(self, files: SpillFiles, parts: Sequence[tuple[int, Segment]], runs: list[Segment]) -> None:
        """Group the entries of one sub-partition, input by input, and append the runs that come of it."""
        for wanted in range(self._inputs):
            for number, segment in parts:
                if number == wanted:
                    for columns in files.read(segment, 5):
                        self._absorb(number, columns)
                        if self._gauge.full():
                            self._spill()
        if any(self._parts):
            self._deal(files)
            self._gauge.release()
            self._finish_parts(files, runs)
        else:
            runs.append(self._write_run(files))

    def _absorb(self, number: int, columns: Sequence[Any]) -> None:
        numbers, keys, counts, earlier, values = columns
        table, pieces, sequence = self._tables[number], self._pieces[number], self._sequences[number]
        start = 0
        for order, key, count, before in zip(numbers, keys, counts, earlier):
            bag = table.get(key)
            if bag is None:
                table[key] = bag = []
                sequence.append(order)
            if before:
                known = pieces.setdefault(key, [])
                if bag:
                    known.append(bag)
                    table[key] = bag = []
                known += before
            bag += values[start : start + count]
            start += count

    def _write_run(self, files: SpillFiles) -> Segment:
        """Write what the tables hold as one run in sequence order."""
        first_seen: dict[Any, int] = {}
        for table, sequence in zip(self._tables, self._sequences):
            for key, order in zip(table, sequence):
                first_seen.setdefault(key, order)
        writer = files.writer()
        sizer = RowSizer(_RUN_BLOCK_BYTES)
        numbers, entries, weight = array("Q"), [], 0
        for key, order in first_seen.items():
            bags = [self._pieces_of(number, key) for number in range(self._inputs)]
            numbers.append(order)
            entries.append((key, bags))
            weight += 1 + sum(len(piece) for pieces in bags for piece in pieces if type(piece) is list)
            if weight >= sizer.rows:
                sizer.saw(weight, writer.write([numbers, entries], len(entries)))
                numbers, entries, weight = array("Q"), [], 0
        if entries:
            writer.write([numbers, entries], len(entries))
        self._clear()
        return writer.finish()

"""Grouping values by key, for one input (groupByKey) or several (cogroup), in bounded memory.

The tables of a grouping, one per input, map a key to the list of its values. When the gauge is full:

1. Long lists (1/256 of what is held, or more) go to disk as chunks; the key keeps references to them. When that frees
   most of the memory, because a few keys own it, nothing else happens.
2. Otherwise all entries are spread over 64 sub-partitions by bits of a mixed hash and written with the sequence number
   at which their key was first seen; the pairs that follow are spread as they come. At the end each sub-partition is
   grouped by itself, in the same way one level deeper, and written as a run in sequence order; the runs are merged.

So keys come out in first-seen order and values in arrival order, whatever the memory. Values in chunks are read when
they are iterated over, as often as asked, until the task ends.
"""

from __future__ import annotations

import itertools
from array import array
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple, Union

from weft._ops.batching import fitting_rows
from weft._ops.columns import estimate_bytes
from weft._ops.external import merge_segments, write_rows
from weft._ops.memory import Gauge
from weft._ops.nans import canonical_keys
from weft._ops.spill import Segment, SpillFiles, SpillScope
from weft._ops.spreading import DEEPEST, FAN_OUT, gather, spread
from weft.resultiterable import ResultIterable

__all__ = ["Grouping", "SpilledValues", "group"]

_CHUNK_SHARE = 256
_LEAST_CHUNK_BYTES = 64 << 10
_RUN_BLOCK_BYTES = 128 << 10
_BLOCK_BYTES = 512 << 10
_WAITING_BYTES = 4 << 20
_OUT_ROWS = 8192
_LOOKS = 64

Bag = Union[list[Any], "SpilledValues"]
Pieces = list["Segment | list[Any]"]
Entry = tuple[Any, tuple[Any, ...]]  # a key and its bags


class _Part(NamedTuple):
    """What one writing gave a sub-partition: entries of an input, or its pairs as they came."""

    number: int
    raw: bool
    segment: Segment


class SpilledValues:
    """Values of a key of which some lie on disk: sized, re-iterable, in arrival order."""

    __slots__ = ("_files", "_length", "_pieces")

    def __init__(self, files: SpillFiles, pieces: Sequence[Segment | list[Any]]) -> None:
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
    for entries in grouping.results():
        for key, (bag,) in entries:
            yield key, ResultIterable(bag)


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
        self._parts: list[list[_Part]] = [[] for _ in range(FAN_OUT)]
        self._base = 0
        # At level 0, once entries were spread: pairs that wait to be, all of one input.
        self._raw = False
        self._waiting: tuple[list[Any], list[Any]] = ([], [])
        self._waiting_bytes = 0
        self._waiting_number = 0
        self._clear()

    def _clear(self) -> None:
        # Per input: open lists of values; what lies before an open list, for keys with chunks; sequence numbers of
        # the keys in the order of the table, kept from level 1 on (at level 0 they simply count).
        self._tables: list[dict[Any, list[Any]]] = [{} for _ in range(self._inputs)]
        self._pieces: list[dict[Any, Pieces]] = [{} for _ in range(self._inputs)]
        self._sequences = [array("Q") for _ in range(self._inputs)]

    def add(self, number: int, keys: list[Any], values: list[Any]) -> None:
        """Add a batch of pairs of input `number`."""
        if not self._raw:
            gather(self._tables[number], keys, values)
        elif keys:
            if number != self._waiting_number:
                self._write_waiting()
            self._waiting_number = number
            self._waiting[0].extend(canonical_keys(keys))
            self._waiting[1].extend(values)
            self._waiting_bytes += len(keys) * (estimate_bytes(keys[-1]) + estimate_bytes(values[-1]))
            if self._waiting_bytes >= _WAITING_BYTES:
                self._write_waiting()
        if self._gauge.full():
            self._spill()

    def results(self) -> Iterator[list[Entry]]:
        """Each key once with one bag of values per input, in first-seen order, in lists. Ends the grouping.

        A bag is a list, or `SpilledValues`, which can be read until the task ends.
        """
        if not any(self._parts) and not self._waiting[0]:
            order = iter(self._order() if self._inputs > 1 else self._tables[0])
            while keys := list(itertools.islice(order, _OUT_ROWS)):
                yield self._opened(self._entries(keys))
            return
        files = self._spill_files()
        self._write_waiting()
        self._write_chunks(files, self._chunk_bytes)
        self._spread(files)
        self._gauge.release()
        runs: list[Segment] = []
        self._finish_parts(files, runs)
        codec = _EntryColumns(self._inputs)
        for _, entries in merge_segments(files, runs, columns=codec.width, codec=codec):
            yield self._opened(entries) if codec.met_pieces else entries

    def _opened(self, entries: list[Entry]) -> list[Entry]:
        """Entries fit for the user: pieces become `SpilledValues`."""
        if self._files is None:
            return entries
        return [
            (key, tuple([self._bag(bag) for bag in bags])) if any(type(bag) is tuple for bag in bags) else entry
            for entry in entries
            for key, bags in (entry,)
        ]

    def _bag(self, bag: Bag | tuple[Any, ...]) -> Bag:
        return SpilledValues(self._spill_files(), bag) if isinstance(bag, tuple) else bag

    def _entries(self, keys: list[Any]) -> list[Entry]:
        """The entries of some keys: bags are lists, or tuples of pieces where some lie on disk."""
        if any(self._pieces):
            numbers = range(self._inputs)
            return [(key, tuple([self._closed_bag(number, key) for number in numbers])) for key in keys]
        if self._inputs == 1:
            table = self._tables[0]
            return [(key, (table[key],)) for key in keys]
        if self._inputs == 2:
            left, right = self._tables[0].get, self._tables[1].get
            return [(key, (left(key) or [], right(key) or [])) for key in keys]
        return [(key, tuple([table.get(key) or [] for table in self._tables])) for key in keys]

    def _closed_bag(self, number: int, key: Any) -> Any:
        bag = self._tables[number].get(key) or []
        pieces = self._pieces[number].get(key)
        if not pieces:
            return bag
        return (*pieces, bag) if bag else tuple(pieces)

    def _order(self) -> dict[Any, int]:
        """All keys in first-seen order, with their sequence numbers (from level 1 on)."""
        if self._level == 0:
            return dict.fromkeys(itertools.chain.from_iterable(self._tables), 0)
        order = dict(zip(self._tables[0], self._sequences[0]))
        for table, sequence in zip(self._tables[1:], self._sequences[1:]):
            for key, number in zip(table, sequence):
                if key not in order:
                    order[key] = number
        return order

    def _spill_files(self) -> SpillFiles:
        if self._files is None:
            self._files = SpillFiles(self._scope)
        return self._files

    def _spill(self) -> None:
        files = self._spill_files()
        files.count_spill()
        if self._raw:
            self._write_waiting()
        elif self._level >= DEEPEST:
            self._write_chunks(files, 0)
        elif self._write_chunks(files, self._chunk_bytes) < max(self._held_bytes(), self._limit // 8):
            self._spread(files)
            self._raw = self._level == 0
        self._gauge.release()

    def _held_bytes(self) -> int:
        """About what the tables hold, by a look at some entries."""
        held = 0
        for table in self._tables:
            step = len(table) // _LOOKS + 1
            for key, bag in itertools.islice(table.items(), 0, None, step):
                held += step * (estimate_bytes(key) + (len(bag) * estimate_bytes(bag[0]) if bag else 0))
        return held

    def _write_waiting(self) -> None:
        """Spread the pairs that wait, each with a sequence number of its own."""
        (keys, values), self._waiting, self._waiting_bytes = self._waiting, ([], []), 0
        if not keys:
            return
        files = self._spill_files()
        numbers = array("Q", range(self._base, self._base + len(keys)))
        self._base += len(keys)
        for parts, rows in zip(self._parts, spread(numbers, keys, values, self._level)):
            if rows[1]:
                parts.append(_Part(self._waiting_number, True, write_rows(files, rows, _BLOCK_BYTES)))

    def _write_chunks(self, files: SpillFiles, least_bytes: int) -> int:
        """Move lists of about so many bytes or more to disk; returns about how many bytes that was."""
        moved = 0
        keys = sum(map(len, self._tables))
        # With many keys a short list cannot be long in bytes, on the whole.
        shortest = 8 if keys * least_bytes > self._limit * 32 else 1
        for number, table in enumerate(self._tables):
            if max(map(len, table.values()), default=0) < shortest:
                continue
            for key, bag in table.items():
                if len(bag) < shortest:
                    continue
                size = len(bag) * estimate_bytes(bag[len(bag) // 2])
                if size >= least_bytes:
                    pieces = self._pieces[number].setdefault(key, [])
                    pieces.append(self._write_chunk(files, bag))
                    bag.clear()
                    moved += size
        return moved

    def _write_chunk(self, files: SpillFiles, values: list[Any]) -> Segment:
        return write_rows(files, [values], _BLOCK_BYTES)

    def _spread(self, files: SpillFiles) -> None:
        """Write everything the tables hold to the sub-partitions."""
        tables, pieces, sequences = self._tables, self._pieces, self._sequences
        self._clear()
        for number, table in enumerate(tables):
            if not table:
                continue
            keys, bags = list(table), list(table.values())
            table.clear()
            sequence = sequences[number]
            if self._level == 0:
                sequence = array("Q", range(self._base, self._base + len(keys)))
                self._base += len(keys)
            for parts, rows in zip(self._parts, spread(sequence, keys, bags, self._level)):
                if rows[1]:
                    parts.append(_Part(number, False, self._write_entries(files, rows, pieces[number])))

    def _write_entries(
        self, files: SpillFiles, rows: tuple[array[int], list[Any], list[Any]], pieces: dict[Any, Pieces]
    ) -> Segment:
        """Write entries of one input."""
        writer = files.writer()
        sequence, keys, bags = rows
        start = 0
        while start < len(keys):
            end = start + fitting_rows([keys, bags], start, _OUT_ROWS, _BLOCK_BYTES)
            some_bags = bags[start:end]
            values = list(itertools.chain.from_iterable(some_bags))
            earlier = [pieces.get(key) for key in keys[start:end]] if pieces else None
            columns = [sequence[start:end], keys[start:end], array("Q", map(len, some_bags)), [earlier], values]
            writer.write(columns, end - start)
            start = end
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

    def _regroup(self, files: SpillFiles, parts: Sequence[_Part], runs: list[Segment]) -> None:
        """Group what one sub-partition holds, input by input, and append the runs that come of it."""
        for wanted in range(self._inputs):
            for number, raw, segment in parts:
                if number != wanted:
                    continue
                for columns in files.read(segment, 3 if raw else 5):
                    if raw:
                        numbers, keys, values = columns
                        self._sequences[number].extend(gather(self._tables[number], keys, values, numbers) or ())
                    else:
                        self._absorb(number, columns)
                    if self._gauge.full():
                        self._spill()
        self._write_chunks(files, self._chunk_bytes)
        if any(self._parts):
            self._spread(files)
            self._gauge.release()
            self._finish_parts(files, runs)
        else:
            runs.append(self._write_run(files))

    def _absorb(self, number: int, columns: Sequence[Any]) -> None:
        numbers, keys, counts, (earlier,), values = columns
        table, pieces = self._tables[number], self._pieces[number]
        get, note = table.get, self._sequences[number].append
        start = 0
        for place, (order, key, count) in enumerate(zip(numbers, canonical_keys(keys), counts)):
            end = start + count
            bag = get(key)
            if bag is None:
                note(order)
                table[key] = bag = []
            if earlier is not None and (before := earlier[place]):
                known = pieces.setdefault(key, [])
                if bag:
                    known.append(bag)
                    table[key] = bag = []
                known += before
            bag += values[start:end]
            start = end

    def _write_run(self, files: SpillFiles) -> Segment:
        """Write what the tables hold as one run in sequence order."""
        order = self._order()
        numbers, keys = array("Q", order.values()), list(order)
        del order
        writer = files.writer()
        codec = _EntryColumns(self._inputs)
        start = 0
        while start < len(keys):
            entries = self._entries(keys[start : start + _OUT_ROWS])
            first = 0
            while first < len(entries):
                size = fitting_rows([entries], first, _OUT_ROWS, _RUN_BLOCK_BYTES)
                some = [numbers[start + first : start + first + size], entries[first : first + size]]
                writer.write(codec.pack(some), size)
                first += size
            start += first
        self._clear()
        return writer.finish()


class _EntryColumns:
    """Entries as flat columns, which pickle much faster: keys, and per input the lengths of the bags and all values.

    Where bags hold pieces the entries are written as they are.
    """

    def __init__(self, inputs: int) -> None:
        self.width = 3 + 2 * inputs
        self.met_pieces = False
        self._inputs = inputs

    def pack(self, columns: list[Any]) -> list[Any]:
        """What to write for numbers and entries."""
        numbers, entries = columns
        keys, bags = [key for key, _ in entries], [bags for _, bags in entries]
        flat: list[Any] = []
        for some in zip(*bags):
            if any([type(bag) is not list for bag in some]):
                return [numbers, keys, [bags], *[[] for _ in range(2 * self._inputs)]]
            flat += [array("Q", map(len, some)), list(itertools.chain.from_iterable(some))]
        return [numbers, keys, [None], *flat]

    def unpack(self, group: list[Any]) -> list[Any]:
        """Numbers and entries."""
        numbers, keys, (bags,), *flat = group
        if bags is None:
            columns = []
            for counts, values in zip(flat[::2], flat[1::2]):
                ends = list(itertools.accumulate(counts))
                columns.append([values[end - count : end] for end, count in zip(ends, counts)])
            bags = list(zip(*columns))
        else:
            self.met_pieces = True
        return [numbers, list(zip(keys, bags))]

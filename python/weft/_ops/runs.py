"""Sorted runs: what a map task of a sort writes (see sort.py for the whole)."""

from __future__ import annotations

import itertools
import operator
import pickle
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, Protocol

from weft._ops.batching import all_fit, fitting_rows
from weft._ops.columns import KIND_PAIRS, KIND_RECORDS, KIND_RUN, dump_column, estimate_bytes, frame
from weft._ops.memory import Gauge
from weft._ops.merging import order_or_sort, sort_columns
from weft._ops.spill import Segment, SpillFiles, SpillScope

__all__ = [
    "ARGSORT_BYTES",
    "BLOCK_ROWS",
    "MOST_SAMPLES",
    "SORT_BYTES",
    "Header",
    "RunOutput",
    "shortened",
    "write_runs",
]

BLOCK_ROWS = 2048
MOST_SAMPLES = 500
ARGSORT_BYTES = 48  # per row: an integer, its place in the list, the key's place while list.sort works
SORT_BYTES = 32  # per row of one column, which the compiled sort uses; list.sort takes less
_BLOCK_BYTES = 512 << 10
_SAMPLE_BYTES = 1 << 20
_LONG_KEY = 4096
_FIRST = operator.itemgetter(0)

Header = dict[str, Any]


class RunOutput(Protocol):
    """Where partitions go, one after the other, the first one being partition 0."""

    def partition(self, parts: Iterable[bytes], rows: int) -> None:
        """Append a partition: its bytes, and the records in it."""


def write_runs(
    batches: Iterator[list[Any]],
    key: Callable[[Any], Any] | None,
    *,
    ascending: bool,
    scope: SpillScope,
    gauge: Gauge,
    output: RunOutput,
) -> int:
    """Sort records into runs and write them as one map output.

    Parameters
    ----------
    batches : iterator of lists
        The records, in order.
    key : callable or None
        Gives a record's sort key, called once per record; None: the first element of each record (a pair).
    ascending : bool
        False sorts as ``sorted(…, reverse=True)`` does.
    scope : SpillScope
        The task.
    gauge : Gauge
        Asked once per batch whether what is held must be written.
    output : RunOutput
        Gets the headers as partition 0, then a partition per block.

    Returns
    -------
    int
        The records written.

    Raises
    ------
    TypeError
        Python's own, when two keys cannot be compared.
    """
    held = _Held(key)
    spilled: list[tuple[Segment, list[int]]] = []
    headers: list[Header] = []
    files: SpillFiles | None = None
    for batch in batches:
        held.add(batch)
        if gauge.full(held.rows * (ARGSORT_BYTES if held.keyed else SORT_BYTES)):
            files = files or SpillFiles(scope)
            spilled.append(_spill_run(held, ascending, files, headers))
            held = _Held(key)
            gauge.release()
    if held.rows or not headers:
        if files is not None:
            spilled.append(_spill_run(held, ascending, files, headers))
        else:
            run = held.sort(ascending=ascending)
            headers.append(run.header(0))
            _write_headers(headers, output)
            for parts, rows in run.blocks():
                output.partition(parts, rows)
    if files is not None:
        _write_headers(headers, output)
        for (segment, lengths), header in zip(spilled, headers):
            offset = segment.offset
            for length, rows in zip(lengths, header["counts"]):
                output.partition(files.read_bytes(Segment(segment.file, offset, length, rows)), rows)
                offset += length
        files.close()
    return sum(header["rows"] for header in headers)


class _Held:
    """Records of a run to be, with their keys; `keyed` once a key is not its record."""

    def __init__(self, key: Callable[[Any], Any] | None) -> None:
        self._key = key
        self._keys: list[Any] = []
        self._values: list[Any] = []
        self.keyed = key is None
        self._pairs = key is None

    @property
    def rows(self) -> int:
        """The records held."""
        return len(self._values)

    def add(self, batch: list[Any]) -> None:
        """Add records; their keys are made now."""
        if self._pairs:
            if set(map(type, batch)) <= {tuple} and set(map(len, batch)) <= {2}:
                self._keys += [pair[0] for pair in batch]
                self._values += [pair[1] for pair in batch]
                return
            self._pairs = False
            self._values = list(zip(self._keys, self._values))
        keys = list(map(self._key or _FIRST, batch))
        if not self.keyed and not all(map(operator.is_, keys, batch)):
            self.keyed = True
            self._keys = list(self._values)
        if self.keyed:
            self._keys += keys
        self._values += batch

    def sort(self, *, ascending: bool) -> _Run:
        """The records as a sorted run; nothing is held afterwards."""
        keys, values, self._keys, self._values = self._keys, self._values, [], []
        columns = [keys, values] if self.keyed else [values]
        small = all_fit(columns, _BLOCK_BYTES // BLOCK_ROWS)  # before the sort: in memory order
        if not self.keyed:
            sort_columns(columns, reverse=not ascending)
            return _Run(values, values, None, pairs=False, small=small)
        order = order_or_sort(columns, reverse=not ascending)
        return _Run(keys, values, order, pairs=self._pairs, small=small)


class _Run:
    """A sorted run. With an `order` the columns are as they came and `order` has their sorted places. Keys that are the
    values are one list with them.

    `small` says that any block of 2,048 records has the size of a block at most.
    """

    def __init__(
        self, keys: list[Any], values: list[Any], order: list[int] | None, *, pairs: bool, small: bool
    ) -> None:
        self._keys = keys
        self._values = values
        self._order = order
        self._pairs = pairs
        self._starts = list(range(0, len(keys), BLOCK_ROWS)) if small else self._block_starts()

    def header(self, run: int) -> Header:
        """What goes to partition 0."""
        rows, starts = len(self._keys), self._starts
        samples = [shortened(self._key_at(place)) for place in _sample_places(rows, self._keys)]
        whole = [self._key_at(start) for start in starts]
        first = list(map(shortened, whole))
        return {
            "run": run,
            "rows": rows,
            "samples": samples,
            "first": first,
            "shortened": not all(map(operator.is_, first, whole)),
            "counts": [end - start for start, end in zip(starts, [*starts[1:], rows])],
            "sorted_by_value": self._keys is self._values,
            "pairs": self._pairs,
        }

    def blocks(self) -> Iterator[tuple[tuple[bytes, ...], int]]:
        """Each block as a batch, with its number of records."""
        for start, end in zip(self._starts, [*self._starts[1:], len(self._keys)]):
            values = self._rows(self._values, start, end)
            if self._keys is self._values:
                yield frame(KIND_RECORDS, len(values), dump_column(values)), len(values)
            else:
                keys = dump_column(self._rows(self._keys, start, end))
                yield frame(KIND_PAIRS, len(values), keys, dump_column(values)), len(values)

    def _block_starts(self) -> list[int]:
        """Where blocks begin: at most 2,048 records each, fewer where they are large."""
        rows = len(self._keys)
        columns = [self._values] if self._keys is self._values else [self._keys, self._values]
        starts, start = [], 0
        while start < rows:
            starts.append(start)
            start += fitting_rows(columns, start, BLOCK_ROWS, _BLOCK_BYTES, self._order)
        return starts

    def _rows(self, column: list[Any], start: int, end: int) -> list[Any]:
        return column[start:end] if self._order is None else [column[place] for place in self._order[start:end]]

    def _key_at(self, place: int) -> Any:
        return self._keys[place if self._order is None else self._order[place]]


def _spill_run(held: _Held, ascending: bool, files: SpillFiles, headers: list[Header]) -> tuple[Segment, list[int]]:
    """Sort what is held, write its blocks as one segment, and append its header; returns the blocks' lengths too."""
    files.count_spill()
    run = held.sort(ascending=ascending)
    headers.append(run.header(len(headers)))
    writer = files.writer()
    lengths = [writer.write_bytes(*parts) for parts, _ in run.blocks()]
    return writer.finish(), lengths


def _write_headers(headers: Sequence[Header], output: RunOutput) -> None:
    parts = itertools.chain.from_iterable(frame(KIND_RUN, 0, pickle.dumps(header, 5)) for header in headers)
    output.partition(parts, 0)


def shortened(key: Any) -> Any:
    """A key as headers hold it: of a very long text its beginning, which sorts before it and not behind its equals."""
    return key[:_LONG_KEY] if type(key) in (str, bytes) and len(key) > _LONG_KEY else key


def _sample_places(rows: int, keys: list[Any]) -> Sequence[int]:
    """Places of the sampled keys: all of up to 500, else 500 at equal distances, fewer when keys are very long."""
    if rows <= MOST_SAMPLES:
        return range(rows)
    looks = keys[:: max(1, rows // 20)]
    average = sum(estimate_bytes(shortened(key)) for key in looks) // len(looks)
    count = max(20, min(MOST_SAMPLES, _SAMPLE_BYTES // max(1, average)))
    return [(2 * number + 1) * rows // (2 * count) for number in range(count)]

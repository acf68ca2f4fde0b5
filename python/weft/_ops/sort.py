"""Sorting in one pass over the input: sorted runs, bounds, ranges of runs.

1. A map task sorts what it reads into runs as large as its memory (`write_runs`). A run is blocks of at most 2,048
   records and a header with the first key of each block and a sample of the keys. Keys that are their records are
   not written beside them.
2. One task reads the headers and chooses the bounds of the partitions (`make_bounds`).
3. A reduce task takes of each run the blocks between its bounds (`choose_ranges`), cuts the first and the last of
   them, and merges: by concatenation and `list.sort` when it fits in memory (`read_sorted`).

Equal keys stay in the order of the maps, then of a map's input, ascending and descending alike.
"""

from __future__ import annotations

import bisect
import itertools
import operator
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple

from weft._ops.batching import fitting_rows
from weft._ops.columns import load_column
from weft._ops.external import merge_segments
from weft._ops.memory import Gauge
from weft._ops.merging import bisect_before, bisect_behind, is_nan, order_or_sort, sort_columns
from weft._ops.runs import ARGSORT_BYTES, SORT_BYTES, Header, RunOutput, shortened, write_runs
from weft._ops.spill import Segment, SpillFiles, SpillScope

__all__ = [
    "Header",
    "RunOutput",
    "RunRange",
    "choose_ranges",
    "load_header",
    "make_bounds",
    "read_sorted",
    "sorted_segments",
    "spill_columns",
    "write_runs",
]

_MOST_WEIGHED = 200_000
_OUT_ROWS = 8192
_MERGE_BLOCK_BYTES = 128 << 10
_FIRST = operator.itemgetter(0)

Columns = list[list[Any]]


class RunRange(NamedTuple):
    """What one partition needs of one run: partitions `start` to `stop` (exclusive) of the output of map `map`."""

    map: int
    start: int
    stop: int
    by_value: bool
    pairs: bool


def load_header(payload: bytes) -> Header:
    """The header of a run, from the payload of a batch of kind 16."""
    header: Header = load_column(payload)
    return header


def make_bounds(headers: Iterable[Header], partitions: int) -> dict[str, Any]:
    """Choose the bounds of `partitions` partitions of about equally many records.

    Parameters
    ----------
    headers : iterable of headers
        Of all runs of all maps.
    partitions : int
        At least 1.

    Returns
    -------
    dict
        ``bounds``: keys, ascending, one fewer than partitions (none without records); ``samples``: how many keys
        they were chosen from. With all keys at hand the bounds are PySpark's.
    """
    weighed: list[tuple[Any, float]] = []
    complete, samples = True, 0
    for header in headers:
        keys = header["samples"]
        samples += len(keys)
        complete = complete and len(keys) == header["rows"]
        if keys:
            # NaNs precede all numbers wherever the bounds are.
            weight = header["rows"] / len(keys)
            weighed.extend([(key, weight) for key in keys if not is_nan(key)])
        if len(weighed) > _MOST_WEIGHED:
            weighed, complete = _thin(weighed), False
    weighed.sort(key=_FIRST)
    return {"bounds": _cut(weighed, partitions, complete=complete), "samples": samples}


def choose_ranges(
    headers: Iterable[Header], bounds: Sequence[Any], partition: int, *, ascending: bool
) -> list[RunRange]:
    """What partition `partition` needs of each run.

    Parameters
    ----------
    headers : iterable of headers
        Partition 0 of all maps, in map order.
    bounds : sequence
        Ascending, of `make_bounds`. A key belongs to partition ``bisect_left(bounds, key)``, counted from the other
        end when descending.
    partition : int
    ascending : bool

    Returns
    -------
    list of RunRange
        In map order, then run order; runs of which nothing is needed are left out.
    """
    entry, leave = _limits(bounds, partition, ascending=ascending)
    ranges = []
    number, start = -1, 0
    for header in headers:
        if header["run"] == 0:
            number, start = number + 1, 1
        first = header["first"]
        # The block before the one that begins behind the cut may hold keys on both sides of it.
        if header.get("shortened", False):
            # Beginnings of keys say less: take every block that could be needed, it is cut when it is read.
            begin = 0 if entry is None else max(0, _before(first, shortened(entry[0]), ascending=ascending) - 1)
            end = len(first) if leave is None else _behind(first, shortened(leave[0]), ascending=ascending)
        else:
            begin = 0 if entry is None else max(0, _cut_at(first, entry[0], ascending=ascending) - 1)
            end = len(first) if leave is None else _cut_at(first, leave[0], ascending=ascending)
        if begin < end and 0 <= partition <= len(bounds):
            ranges.append(RunRange(number, start + begin, start + end, header["sorted_by_value"], header["pairs"]))
        start += len(first)
    return ranges


def read_sorted(
    ranges: Sequence[RunRange],
    blocks: Iterator[Columns],
    bounds: Sequence[Any],
    partition: int,
    *,
    ascending: bool,
    scope: SpillScope,
    gauge: Gauge,
) -> Iterator[list[Any]]:
    """Merge the ranges of all runs into this partition's sorted records.

    Parameters
    ----------
    ranges : sequence of RunRange
        Of `choose_ranges`.
    blocks : iterator of columns
        The blocks of the ranges, in their order: ``[keys, values]``, or ``[records]`` where keys are the records.
    bounds, partition, ascending
        As given to `choose_ranges`.
    scope : SpillScope
        The task.
    gauge : Gauge
        Asked once per block whether what is held must be written.

    Yields
    ------
    list
        The next records; never empty.
    """
    by_value = all(item.by_value for item in ranges)
    pairs = bool(ranges) and all(item.pairs for item in ranges)
    width = 1 if by_value else 2
    held: Columns = [[] for _ in range(width)]
    files: SpillFiles | None = None
    spilled: list[Segment] = []
    limits = _limits(bounds, partition, ascending=ascending)
    for columns in _cut_blocks(ranges, blocks, limits, ascending=ascending, width=width, pairs=pairs):
        for column, more in zip(held, columns):
            column += more
        if gauge.full(len(held[0]) * (ARGSORT_BYTES if width == 2 else SORT_BYTES)):
            files = files or SpillFiles(scope)
            spilled.append(spill_columns(files, held, ascending))
            held = [[] for _ in range(width)]
            gauge.release()
    if files is None:
        yield from _emit(held, pairs, ascending)
        return
    if held[0]:
        spilled.append(spill_columns(files, held, ascending))
        gauge.release()
    for columns in merge_segments(files, spilled, columns=width, reverse=not ascending):
        yield _records(columns, pairs)
    files.close()


def sorted_segments(files: SpillFiles, segments: Sequence[Segment], ascending: bool) -> Iterator[list[Any]]:
    """The second columns of segments that `spill_columns` wrote, merged by the first."""
    for columns in merge_segments(files, segments, columns=2, reverse=not ascending):
        yield columns[1]
    files.close()


def spill_columns(files: SpillFiles, held: Columns, ascending: bool) -> Segment:
    """Sort columns and write them as a segment; they are empty afterwards."""
    files.count_spill()
    writer = files.writer()
    rows, start = len(held[0]), 0
    order: list[int] | None = None
    if len(held) == 1:
        sort_columns(held, reverse=not ascending)
    else:
        order = order_or_sort(held, reverse=not ascending)
    while start < rows:
        some, first, end = held, start, min(rows, start + _OUT_ROWS)
        if order is not None:
            some = [[column[place] for place in order[start:end]] for column in held]
            first, end = 0, end - start
        base = first
        while first < end:
            size = fitting_rows(some, first, end - first, _MERGE_BLOCK_BYTES)
            writer.write([column[first : first + size] for column in some], size)
            first += size
        start += end - base
    for column in held:
        column.clear()
    return writer.finish()


def _cut_blocks(
    ranges: Sequence[RunRange],
    blocks: Iterator[Columns],
    limits: tuple[tuple[Any] | None, tuple[Any] | None],
    *,
    ascending: bool,
    width: int,
    pairs: bool,
) -> Iterator[Columns]:
    """The blocks of all ranges with what lies outside the limits cut off, all in the same columns."""
    entry, leave = limits
    for item in ranges:
        count = item.stop - item.start
        for number in range(count):
            columns = next(blocks, None)
            if columns is None:
                raise EOFError(f"map {item.map} gave {number} of {count} blocks of a sorted run")
            keys = columns[0]
            begin, end = 0, len(keys)
            if entry is not None:
                begin = _cut_at(keys, entry[0], ascending=ascending)
            if leave is not None:
                end = _cut_at(keys, leave[0], ascending=ascending)
            if begin > 0 or end < len(keys):
                columns = [column[begin : max(begin, end)] for column in columns]
            if item.pairs and not pairs:
                columns = [columns[0], list(zip(*columns))]
            elif item.by_value and width == 2:
                columns = [columns[0], columns[0]]
            yield columns


def _emit(held: Columns, pairs: bool, ascending: bool) -> Iterator[list[Any]]:
    """Sort what is held in memory and hand it out."""
    if len(held) == 1:
        if held[0]:
            yield sort_columns(held, reverse=not ascending)[0]
        return
    order = order_or_sort(held, reverse=not ascending)
    taken = held if pairs else held[1:]
    for start in range(0, len(held[0]), _OUT_ROWS):
        end = start + _OUT_ROWS
        if order is None:
            yield _records([column[start:end] for column in taken], pairs)
        else:
            yield _records([[column[place] for place in order[start:end]] for column in taken], pairs)


def _records(columns: Columns, pairs: bool) -> list[Any]:
    return list(zip(*columns)) if pairs else columns[-1]


def _limits(bounds: Sequence[Any], partition: int, *, ascending: bool) -> tuple[tuple[Any] | None, tuple[Any] | None]:
    """The keys at which a partition is entered and left, in the order of the runs; None at the open ends.

    In tuples, because None may be a key.
    """
    place = partition if ascending else len(bounds) - partition
    low = (bounds[place - 1],) if 0 < place <= len(bounds) else None
    high = (bounds[place],) if 0 <= place < len(bounds) else None
    return (low, high) if ascending else (high, low)


def _cut_at(keys: Sequence[Any], bound: Any, *, ascending: bool) -> int:
    """Where a run passes a bound. A key that equals it belongs to the side of the smaller keys."""
    if ascending:
        return bisect_behind(keys, bound)
    return bisect_before(keys, bound, reverse=True)


def _before(keys: Sequence[Any], bound: Any, *, ascending: bool) -> int:
    """The first place of a key that does not precede the bound."""
    return bisect_before(keys, bound, reverse=not ascending)


def _behind(keys: Sequence[Any], bound: Any, *, ascending: bool) -> int:
    """The first place of a key that the bound precedes."""
    return bisect_behind(keys, bound, reverse=not ascending)


def _thin(weighed: list[tuple[Any, float]]) -> list[tuple[Any, float]]:
    """Half as many sampled keys, each with the weight of two."""
    weighed.sort(key=_FIRST)
    halved = [
        (weighed[place + 1][0], weighed[place][1] + weighed[place + 1][1]) for place in range(0, len(weighed) - 1, 2)
    ]
    return halved + weighed[-1:] if len(weighed) % 2 else halved


def _cut(weighed: list[tuple[Any, float]], partitions: int, *, complete: bool) -> list[Any]:
    """Bounds from sampled keys in order, each standing for `weight` records."""
    if not weighed:
        return []
    count = len(weighed)
    if complete:
        return [weighed[count * (number + 1) // partitions][0] for number in range(partitions - 1)]
    ends = list(itertools.accumulate(weight for _, weight in weighed))
    places = [bisect.bisect_right(ends, ends[-1] * (number + 1) / partitions) for number in range(partitions - 1)]
    return [weighed[min(place, count - 1)][0] for place in places]

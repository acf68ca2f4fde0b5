"""More functions for the steps of a pipeline: partitions sorted, numbered, counted into buckets, piped."""

from __future__ import annotations

import bisect
import contextlib
import itertools
import math
import operator
import shlex
import subprocess
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from weft._ops import scope as scopes
from weft._ops.batching import in_lists
from weft._ops.external import ExternalCombiner
from weft._ops.merging import order_or_sort
from weft._ops.runs import ARGSORT_BYTES
from weft._ops.sort import sorted_segments, spill_columns
from weft._ops.spill import SpillFiles
from weft._ops.tables import make_table

__all__ = [
    "Buckets",
    "combine_pairs",
    "comparable",
    "count_buckets",
    "has_all",
    "left_only",
    "number_uniquely",
    "piped",
    "reduce_by_key",
    "renumber",
    "sort_within",
]

_Partition = Callable[[int, Iterator[Any]], Iterable[Any]]
_FIRST = operator.itemgetter(0)
_ROWS = 4096


def combine_pairs(create: Callable[[Any], Any], merge: Callable[[Any, Any], Any]) -> _Partition:
    """Combine the values of each key where all of them are in this partition already, on disk if need be."""

    def combine(_index: int, pairs: Iterator[Any]) -> Iterable[Any]:
        scope = scopes.current()
        combiner = ExternalCombiner(scope, scope.gauge, make_table(create, merge))
        combiner.absorb(pairs)
        return itertools.chain.from_iterable(zip(*columns) for columns in combiner.results())

    return combine


def sort_within(key: Callable[[Any], Any] | None, ascending: bool) -> _Partition:
    """Sort the pairs of a partition by (what ``key`` makes of) their keys; runs that pass the memory go to disk."""

    def sort(_index: int, pairs: Iterator[Any]) -> Iterable[Any]:
        scope = scopes.current()
        held: list[list[Any]] = [[], []]
        files: SpillFiles | None = None
        segments = []
        for some in in_lists(pairs, _ROWS):
            keys = map(_FIRST, some)
            held[0] += keys if key is None else map(key, keys)
            held[1] += some
            if scope.gauge.full(len(held[0]) * ARGSORT_BYTES):
                files = files or SpillFiles(scope)
                segments.append(spill_columns(files, held, ascending))
                held = [[], []]
                scope.gauge.release()
        if files is None:
            order = order_or_sort(held, reverse=not ascending)
            return held[1] if order is None else map(held[1].__getitem__, order)
        if held[0]:
            segments.append(spill_columns(files, held, ascending))
        return itertools.chain.from_iterable(sorted_segments(files, segments, ascending))

    return sort


def number_uniquely(partitions: int) -> _Partition:
    """Pair each record with a number that no other has: its place times ``partitions``, plus the partition's."""

    def number(index: int, records: Iterator[Any]) -> Iterable[Any]:
        return zip(records, itertools.count(index, partitions))

    return number


def renumber(partitions: int) -> _Partition:
    """Pair the records of a partition with one of ``partitions`` numbers, for a level of a tree."""

    def number(index: int, records: Iterator[Any]) -> Iterable[Any]:
        return zip(itertools.repeat(index % partitions), records)

    return number


def reduce_by_key(function: Callable[[Any, Any], Any]) -> _Partition:
    """One dictionary of the partition's values, reduced by key."""

    def reduce(_index: int, pairs: Iterator[Any]) -> Iterable[Any]:
        table: dict[Any, Any] = {}
        for key, value in pairs:
            table[key] = function(table[key], value) if key in table else value
        return (table,)

    return reduce


def has_all(pair: tuple[Any, tuple[Any, ...]]) -> bool:
    """Whether every side has values of the key."""
    return all(len(side) for side in pair[1])


def left_only(lists: tuple[Any, Any]) -> Iterable[Any]:
    """The left side's values where the right side has none."""
    left, right = lists
    return () if len(right) else left


def comparable(record: Any) -> bool:
    """Whether a record can be put in order: neither None nor NaN."""
    return record is not None and not (type(record) is float and math.isnan(record))


class Buckets(NamedTuple):
    """Ends of the buckets of a histogram; ``width`` is that of each where all are equal, else None."""

    ends: Sequence[Any]
    width: Any


def count_buckets(buckets: Buckets) -> _Partition:
    """Count the records of the partition in each bucket; the last one includes its end."""
    ends, width = buckets

    def count(_index: int, records: Iterator[Any]) -> Iterable[list[int]]:
        low, high = ends[0], ends[-1]
        counts = [0] * len(ends)
        for record in records:
            if record is None or (isinstance(record, float) and math.isnan(record)) or record > high or record < low:
                continue
            place = bisect.bisect_right(ends, record) - 1 if width is None else int((record - low) / width)
            counts[place] += 1
        last = counts.pop()
        counts[-1] += last
        return (counts,)

    return count


def piped(command: str, env: Mapping[str, str], check: bool) -> _Partition:
    """Send the partition's records through a program, a line each, and give the lines it prints."""

    def pipe(_index: int, records: Iterator[Any]) -> Iterator[str]:
        process = subprocess.Popen(
            shlex.split(command), env=dict(env), stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=1 << 16
        )
        scopes.current().on_close(lambda: _end(process))
        failed: list[BaseException] = []
        feeder = threading.Thread(target=_feed, args=(process, records, failed), name="weft-pipe", daemon=True)
        feeder.start()
        assert process.stdout is not None
        with process.stdout as lines:
            for line in lines:
                yield line.rstrip(b"\n").decode("utf-8")
        status = process.wait()
        feeder.join()
        if failed:
            raise failed[0]
        if check and status:
            raise RuntimeError(f"pipe: {command!r} ended with exit code {status}")

    return pipe


def _feed(process: subprocess.Popen[bytes], records: Iterator[Any], failed: list[BaseException]) -> None:
    """Write the records; a program that does not read to the end is no failure, one of the records' making is."""
    assert process.stdin is not None
    try:
        with contextlib.suppress(BrokenPipeError), process.stdin as stdin:
            for record in records:
                stdin.write((str(record).rstrip("\n") + "\n").encode("utf-8"))
    except BaseException as error:  # raised again by the task's thread
        failed.append(error)


def _end(process: subprocess.Popen[bytes]) -> None:
    """End a program that outlives the reading of its lines."""
    if process.poll() is None:
        process.kill()
    process.wait()
    if process.stdout is not None:
        process.stdout.close()

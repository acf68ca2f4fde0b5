"""Functions that the RDD methods give to the steps of a pipeline; the workers unpickle and call them.

Those that carry nothing are module functions (pickled by name). The others are made by a factory around the user's
function, so that the workers call plain functions without a lookup per record.
"""

from __future__ import annotations

import copy
import functools
import heapq
import itertools
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from typing import Any

from weft._ops import statistics
from weft._ops.batching import in_lists
from weft._ops.nans import canonical_keys
from weft._ops.statistics import count
from weft.resultiterable import ResultIterable

__all__ = [
    "as_data",
    "as_groups",
    "as_texts",
    "count_records",
    "count_values",
    "enumerate_from",
    "extreme",
    "extremes",
    "first_of_two",
    "fold_records",
    "for_each",
    "for_partition",
    "full_outer_pairs",
    "glom",
    "grouped",
    "in_list",
    "inner_pairs",
    "key_by",
    "key_is",
    "largest",
    "left_outer_pairs",
    "of_key",
    "pair_with_none",
    "per_partition",
    "reduce_lists",
    "reduce_records",
    "right_outer_pairs",
    "same",
    "smallest",
    "stats_records",
    "sum_records",
    "take_records",
    "with_zero",
]

_ROWS = 8192

_Partition = Callable[[int, Iterator[Any]], Iterable[Any]]


def per_partition(function: Callable[[Iterator[Any]], Iterable[Any]]) -> _Partition:
    """Make a step of a function that does not ask for the partition's number."""

    def call(_index: int, records: Iterator[Any]) -> Iterable[Any]:
        return function(records)

    return call


def glom(_index: int, records: Iterator[Any]) -> Iterable[Any]:
    """All records of the partition as one list."""
    return (list(records),)


def key_by(function: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """Pair each record with its key."""

    def pair(record: Any) -> Any:
        return (function(record), record)

    return pair


def pair_with_none(record: Any) -> Any:
    """Make the record a key without a value."""
    return (record, None)


def of_key(function: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """Apply a function to the key of a pair."""

    def key(pair: Any) -> Any:
        return function(pair[0])

    return key


def with_zero(zero: Any, function: Callable[[Any, Any], Any]) -> Callable[[Any], Any]:
    """Make the first step of an aggregation; each key begins with a copy of ``zero`` of its own."""

    def create(value: Any) -> Any:
        return function(copy.deepcopy(zero), value)

    return create


def inner_pairs(lists: tuple[Any, Any]) -> Iterator[tuple[Any, Any]]:
    """All pairs of the values of one key."""
    left, right = lists
    return ((a, b) for a in left for b in right)


def left_outer_pairs(lists: tuple[Any, Any]) -> Iterator[tuple[Any, Any]]:
    """All pairs, None where the right side has no value."""
    left, right = lists
    return ((a, b) for a in left for b in (right or (None,)))


def right_outer_pairs(lists: tuple[Any, Any]) -> Iterator[tuple[Any, Any]]:
    """All pairs, None where the left side has no value."""
    left, right = lists
    return ((a, b) for a in (left or (None,)) for b in right)


def full_outer_pairs(lists: tuple[Any, Any]) -> Iterator[tuple[Any, Any]]:
    """All pairs, None where one side has no value."""
    left, right = lists
    return ((a, b) for a in (left or (None,)) for b in (right or (None,)))


def as_data(file: tuple[bytes, bytes]) -> tuple[str, bytes]:
    """Path and content of a file of bytes."""
    return file[0].decode("utf-8"), file[1]


def as_texts(file: tuple[bytes, bytes]) -> tuple[str, str]:
    """Path and content of a file of text; what is no UTF-8 becomes U+FFFD."""
    return file[0].decode("utf-8"), file[1].decode("utf-8", "replace")


def as_groups(lists: tuple[Any, ...]) -> tuple[ResultIterable[Any], ...]:
    """The values of one key, per side, as the iterables that users get."""
    return tuple(map(ResultIterable, lists))


def grouped(lists: tuple[Any]) -> ResultIterable[Any]:
    """The values of one key of the only side."""
    return ResultIterable(lists[0])


def enumerate_from(starts: list[int]) -> _Partition:
    """Pair each record with its number; ``starts`` has the first number of each partition."""

    def number(index: int, records: Iterator[Any]) -> Iterable[Any]:
        return ((record, count) for count, record in enumerate(records, starts[index]))

    return number


def count_records(_index: int, records: Iterator[Any]) -> Iterable[int]:
    """Count the partition."""

    return (count(records),)


def sum_records(_index: int, records: Iterator[Any]) -> Iterable[Any]:
    """Sum the partition."""
    return (sum(records),)


def count_values(_index: int, records: Iterator[Any]) -> Iterable[dict[Any, int]]:
    """Count each distinct record of the partition."""
    counts: dict[Any, int] = defaultdict(int)
    for some in in_lists(records, _ROWS):
        for record in canonical_keys(some):
            counts[record] += 1
    return (dict(counts),)


def reduce_records(function: Callable[[Any, Any], Any]) -> _Partition:
    """Reduce the partition to one record, or to none if it is empty."""

    def reduce(_index: int, records: Iterator[Any]) -> Iterable[Any]:
        for first in records:
            return (functools.reduce(function, records, first),)
        return ()

    return reduce


def fold_records(zero: Any, function: Callable[[Any, Any], Any]) -> _Partition:
    """Fold the partition into a copy of ``zero``."""

    def fold(_index: int, records: Iterator[Any]) -> Iterable[Any]:
        return (functools.reduce(function, records, copy.deepcopy(zero)),)

    return fold


def take_records(count: int) -> _Partition:
    """The first records of the partition."""

    def take(_index: int, records: Iterator[Any]) -> Iterable[Any]:
        return list(islice(records, count))

    return take


def smallest(count: int, key: Any) -> _Partition:
    """The smallest records of the partition, in order, as one list."""

    def select(_index: int, records: Iterator[Any]) -> Iterable[Any]:
        return (heapq.nsmallest(count, records, key),)

    return select


def largest(count: int, key: Any) -> _Partition:
    """The largest records of the partition, in descending order, as one list."""

    def select(_index: int, records: Iterator[Any]) -> Iterable[Any]:
        return (heapq.nlargest(count, records, key),)

    return select


def for_each(function: Callable[[Any], Any]) -> _Partition:
    """Call a function with each record, keep nothing."""

    def call(_index: int, records: Iterator[Any]) -> Iterable[Any]:
        for record in records:
            function(record)
        return ()

    return call


def for_partition(function: Callable[[Iterator[Any]], Any]) -> _Partition:
    """Call a function with the whole partition, and run through what it may give back."""

    def call(_index: int, records: Iterator[Any]) -> Iterable[Any]:
        result = function(records)
        try:
            iterator = iter(result)
        except TypeError:
            return ()
        for _ in iterator:
            pass
        return ()

    return call


def same(value: Any) -> Any:
    """The value itself."""
    return value


def first_of_two(one: Any, _other: Any) -> Any:
    """The first of two equal things."""
    return one


def extreme(choose: Callable[..., Any], key: Any) -> _Partition:
    """The largest or smallest record (``choose`` is ``max`` or ``min``), none of an empty partition."""

    def select(_index: int, records: Iterator[Any]) -> Iterable[Any]:
        for first in records:
            return (choose(itertools.chain((first,), records), key=key),)
        return ()

    return select


def stats_records(_index: int, records: Iterator[Any]) -> Iterable[Any]:
    """The statistics of the partition."""
    return (statistics.partition_stats(records),)


def extremes(_index: int, records: Iterator[Any]) -> Iterable[tuple[Any, Any]]:
    """The smallest and the largest record of the partition, none if it is empty."""
    for low in records:
        high = low
        for record in records:
            low, high = min(low, record), max(high, record)
        return ((low, high),)
    return ()


def key_is(key: Any) -> Callable[[Any], bool]:
    """Tell whether a pair has this key."""

    def has(pair: Any) -> bool:
        return bool(pair[0] == key)

    return has


def in_list(record: Any) -> list[Any]:
    """The record as a list of one."""
    return [record]


def reduce_lists(function: Callable[[Any, Any], Any]) -> Callable[[list[Any], list[Any]], list[Any]]:
    """Reduce two lists of at most one record to one; an empty one is the other's neutral element."""

    def reduce(one: list[Any], other: list[Any]) -> list[Any]:
        return [function(one[0], other[0])] if one and other else one or other

    return reduce

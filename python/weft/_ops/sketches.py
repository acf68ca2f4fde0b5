"""Quantiles and heavy hitters by sketch libraries, which are optional and loaded when they are first used."""

from __future__ import annotations

import importlib
import math
import pickle
from array import array
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from weft._ops.batching import in_lists
from weft._ops.nans import canonical, canonical_keys

__all__ = ["Heavy", "Quantiles", "count_heavy", "first_value", "observe", "quantiles_of"]

_EXACT = 512
_ROWS = 8192
_LENGTH = 4


def library(name: str) -> Any:
    """Load a sketch library.

    Raises
    ------
    ModuleNotFoundError
        If it is not installed where this runs, with what to do.
    """
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as missing:
        if missing.name != name:
            raise
        raise ModuleNotFoundError(
            f"this needs the package {name}, on the workers too: pip install 'weft[sketches]', "
            "or take it along in the environment of --archives",
            name=name,
        ) from None


class Quantiles:
    """Where the values of a collection lie: all values while they are few, then counts in buckets (DDSketch).

    Buckets add up alike in any order, so the answer is the same however the values were divided among tasks, which of
    them were repeated, and when memory ran short.

    Parameters
    ----------
    accuracy : float
        How far an answer may be from the value of that rank, as a part of it.
    """

    __slots__ = ("accuracy", "sketch", "values")

    def __init__(self, accuracy: float) -> None:
        self.accuracy = accuracy
        self.values = array("d")
        self.sketch: Any = None

    def __reduce__(self) -> tuple[Callable[..., Quantiles], tuple[Any, ...]]:
        return _restored, (self.accuracy, self.values, self.sketch)

    def add(self, value: Any) -> Quantiles:
        """Take a number in; None and NaN count nowhere, as in ``histogram``."""
        if value is None or value != value:
            return self
        number = float(value)
        if math.isinf(number):
            raise ValueError(f"percentiles: {value!r} is not finite")
        if self.sketch is None:
            self.values.append(number)
            if len(self.values) > _EXACT:
                self._count_values()
        else:
            self.sketch.add(number)
        return self

    def merge(self, other: Quantiles) -> Quantiles:
        """Take all of another one in."""
        if other.sketch is None:
            for value in other.values:
                self.add(value)
            return self
        self._count_values()
        self.sketch.merge(other.sketch)
        return self

    def at(self, probabilities: Iterable[float]) -> list[float]:
        """The values of these ranks: the smallest one that at least such a part of all does not exceed."""
        return [self._at(probability) for probability in probabilities]

    @property
    def count(self) -> int:
        """How many numbers were taken in."""
        return len(self.values) if self.sketch is None else int(self.sketch.count)

    def _at(self, probability: float) -> float:
        count = self.count
        if not count:
            raise ValueError("percentiles: there are no numbers")
        rank = max(0, math.ceil(probability * count) - 1)
        if self.sketch is None:
            return sorted(self.values)[rank]
        found: float = self.sketch.get_quantile_value(min(1.0, (rank + 0.25) / (count - 1)))
        return found

    def _count_values(self) -> None:
        if self.sketch is None:
            self.sketch = library("ddsketch").DDSketch(relative_accuracy=self.accuracy)
        for value in self.values:
            self.sketch.add(value)
        self.values = array("d")


def _restored(accuracy: float, values: array[float], sketch: Any) -> Quantiles:
    made = Quantiles(accuracy)
    made.values, made.sketch = values, sketch
    return made


def observe(accuracy: float) -> Callable[[int, Iterator[Any]], Iterable[Quantiles]]:
    """The numbers of a partition."""

    def take(_index: int, records: Iterator[Any]) -> Iterable[Quantiles]:
        seen = Quantiles(accuracy)
        for value in records:
            seen.add(value)
        return (seen,)

    return take


def first_value(accuracy: float) -> Callable[[Any], Quantiles]:
    """The first number of a key."""

    def create(value: Any) -> Quantiles:
        return Quantiles(accuracy).add(value)

    return create


def quantiles_of(probabilities: tuple[float, ...]) -> Callable[[Quantiles], list[float]]:
    """The values of these ranks of one key; none if the key has no numbers."""

    def values(seen: Quantiles) -> list[float]:
        return seen.at(probabilities) if seen.count else []

    return values


class _Nothing:
    """Stands for None, which the library takes for no argument."""


class Heavy:
    """The commonest records, by the frequent-items sketch of Apache DataSketches.

    Parameters
    ----------
    share : float
        Records with a larger part of all than this are found, each of them.
    """

    def __init__(self, share: float) -> None:
        sketches = library("datasketches")
        # the library's bound is 3.5 / size: a quarter of the share tells those above it from most below it
        self.share = share
        self.size = max(5, math.ceil(math.log2(14.0 / share)))
        self.sketch = sketches.frequent_items_sketch(self.size)

    def __reduce__(self) -> tuple[Callable[..., Heavy], tuple[Any, ...]]:
        return _restored_heavy, (self.share, self.sketch.serialize(_pickled()))

    def add(self, records: list[Any]) -> None:
        """Count a list of records."""
        update = self.sketch.update
        for record, count in Counter(canonical_keys(records)).items():
            update(_Nothing if record is None else record, count)

    def merge(self, other: Heavy) -> Heavy:
        """Take another one's counts in."""
        self.sketch.merge(other.sketch)
        return self

    def found(self) -> list[tuple[Any, int, int]]:
        """Records that may have more than the share, with the least and the greatest count, the commonest first."""
        kind = library("datasketches").frequent_items_error_type.NO_FALSE_NEGATIVES
        threshold = math.floor(self.share * self.sketch.total_weight)
        rows = self.sketch.get_frequent_items(kind, threshold)
        found = [(None if record is _Nothing else record, lower, upper) for record, _, lower, upper in rows]
        return sorted(found, key=lambda row: (-row[2], -row[1]))


def _restored_heavy(share: float, data: bytes) -> Heavy:
    made = Heavy(share)
    made.sketch = library("datasketches").frequent_items_sketch.deserialize(data, _pickled())
    return made


def _pickled() -> Any:
    """What writes a sketch's records: each pickled, behind its length."""

    class Pickled(library("datasketches").PyObjectSerDe):  # type: ignore[misc]
        def get_size(self, item: Any) -> int:
            return len(self.to_bytes(item))

        def to_bytes(self, item: Any) -> bytes:
            data = pickle.dumps(item, 5)
            return len(data).to_bytes(_LENGTH, "big") + data

        def from_bytes(self, data: bytes, offset: int) -> tuple[Any, int]:
            start = offset + _LENGTH
            length = int.from_bytes(data[offset:start], "big")
            return canonical(pickle.loads(data[start : start + length])), _LENGTH + length

    return Pickled()


def count_heavy(share: float) -> Callable[[int, Iterator[Any]], Iterable[Heavy]]:
    """The commonest records of a partition."""

    def count(_index: int, records: Iterator[Any]) -> Iterable[Heavy]:
        seen = Heavy(share)
        for some in in_lists(records, _ROWS):
            seen.add(some)
        return (seen,)

    return count

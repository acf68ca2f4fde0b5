"""Count, mean, variance and extremes of one partition, in one pass.

Integers are summed exactly. Floats are summed with their rounding errors, their squares as distances from the first
value, so that neither a large common offset nor an outlier costs digits. Everything else (Decimal, Fraction, numpy's
own numbers, bool) goes through StatCounter, one value at a time.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator
from fractions import Fraction
from operator import mul
from typing import Any

from weft._ops import native
from weft.statcounter import StatCounter

__all__ = ["count", "partition_stats"]

_CHUNK = 16384
_MOST_EXACT = 1 << 46


def count(records: Iterator[Any]) -> int:
    """How many records there are."""
    compiled = native.module()
    if compiled is not None:
        found: int = compiled.count(records)
        return found
    total = 0
    for some in iter(lambda: len(list(itertools.islice(records, 8192))), 0):
        total += some
    return total


def partition_stats(records: Iterator[Any]) -> StatCounter:
    """The statistics of all records."""
    total = StatCounter()
    compiled = native.module()
    if compiled is None:
        for some in iter(lambda: list(itertools.islice(records, _CHUNK)), []):
            total.mergeStats(_of_list(some))
        return total
    while True:
        integers, floats, other = compiled.stats(records)
        if integers is not None:
            total.mergeStats(_of_integers(*integers))
        if floats is not None:
            total.mergeStats(_of_floats(*floats))
        if not other:
            return total
        total.merge(other[0])


def _of_list(numbers: list[Any]) -> StatCounter:
    kinds = set(map(type, numbers))
    if kinds == {int}:
        return _of_integers(len(numbers), sum(numbers), sum(map(mul, numbers, numbers)), min(numbers), max(numbers))
    if kinds == {float} and math.isfinite(sum(numbers)):
        origin = numbers[0]
        distances = [number - origin for number in numbers]
        return _of_floats(
            len(numbers),
            (math.fsum(numbers), 0.0),
            origin,
            (math.fsum(distances), 0.0),
            (math.fsum(map(mul, distances, distances)), 0.0),
            min(numbers),
            max(numbers),
        )
    return StatCounter(numbers)


def _of_integers(number: int, total: int, squares: int, least: int, most: int) -> StatCounter:
    m2 = Fraction(squares * number - total * total, number)
    return StatCounter.of(number, total / number, float(m2), float(least), float(most))


def _of_floats(
    number: int,
    total: tuple[float, float],
    _origin: float,
    distances: tuple[float, float],
    squares: tuple[float, float],
    least: float,
    most: float,
) -> StatCounter:
    mean = (total[0] + total[1]) / number
    moved = Fraction(distances[0]) + Fraction(distances[1])
    m2 = Fraction(squares[0]) + Fraction(squares[1]) - moved * moved / number
    return StatCounter.of(number, mean, max(float(m2), 0.0), least, most)

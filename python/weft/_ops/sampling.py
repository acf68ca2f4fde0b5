"""Random samples, the same for the same seed on every host and in every attempt.

The generator of a partition is ``random.Random(seed ^ partition)`` with ten draws thrown away, and a record takes the
draws that PySpark's sampler takes for it, so that equal seeds choose equal records on both.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

__all__ = ["sample_by_key", "sample_range", "sample_records", "size_to_fraction"]

_Partition = Callable[[int, Iterator[Any]], Iterable[Any]]
_SMALL_MEAN = 20.0


def _generator(seed: int, index: int) -> random.Random:
    made = random.Random(seed ^ index)
    for _ in range(10):
        made.randint(0, 1)
    return made


def sample_records(replace: bool, fraction: float, seed: int) -> _Partition:
    """Choose each record with probability ``fraction``, or as often as a Poisson draw of that mean says."""

    def sample(index: int, records: Iterator[Any]) -> Iterable[Any]:
        generator = _generator(seed, index)
        draw = generator.random
        if not replace:
            return (record for record in records if draw() < fraction)
        return (record for record in records for _ in range(_poisson(generator, fraction)))

    return sample


def sample_range(low: float, high: float, seed: int) -> _Partition:
    """Choose the records whose draw lies in a range; ranges that follow each other share no record."""

    def sample(index: int, records: Iterator[Any]) -> Iterable[Any]:
        draw = _generator(seed, index).random
        return (record for record in records if low <= draw() < high)

    return sample


def sample_by_key(replace: bool, fractions: Mapping[Any, float], seed: int) -> _Partition:
    """Choose pairs with the fraction of their key; every key that occurs needs one."""

    def sample(index: int, pairs: Iterator[Any]) -> Iterable[Any]:
        generator = _generator(seed, index)
        draw = generator.random
        if not replace:
            return (pair for pair in pairs if draw() < fractions[pair[0]])
        return (pair for pair in pairs for _ in range(_poisson(generator, fractions[pair[0]])))

    return sample


def _poisson(generator: random.Random, mean: float) -> int:
    """A Poisson draw: by products of uniform draws (Knuth), for large means by sums of exponential ones."""
    count = 0
    if mean < _SMALL_MEAN:
        limit = math.exp(-mean)
        product = generator.random()
        while product > limit:
            count += 1
            product *= generator.random()
        return count
    passed = generator.expovariate(mean)
    while passed < 1.0:
        count += 1
        passed += generator.expovariate(mean)
    return count


def size_to_fraction(size: int, total: int, replace: bool) -> float:
    """The fraction with which a sample of ``total`` records has ``size`` or more in all but one of 10,000 cases.

    With replacement the bound is five standard deviations of a Poisson count (nine for small samples), without it is
    Chernoff's bound.
    """
    fraction = size / total
    if replace:
        deviations = 9 if size < 12 else 5
        return fraction + deviations * math.sqrt(fraction / total)
    gamma = -math.log(5e-05) / total
    return min(1.0, fraction + gamma + math.sqrt(gamma * gamma + 2 * gamma * fraction))

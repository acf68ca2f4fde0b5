"""Sums and means of all partitions, from those that are there when the time is up."""

from __future__ import annotations

import math
from collections.abc import Sequence
from statistics import NormalDist

__all__ = ["BoundedFloat", "estimate_mean", "estimate_sum"]


class BoundedFloat(float):
    """A number that is known within bounds.

    Parameters
    ----------
    mean : float
        The number.
    confidence : float
        How likely the true number is between the bounds; 1 for an exact one.
    low, high : float
        The bounds.

    Examples
    --------
    >>> found = BoundedFloat(100.0, 0.95, 95.0, 105.0)
    >>> found + 1, found.low, found.high, found.confidence
    (101.0, 95.0, 105.0, 0.95)
    """

    confidence: float
    low: float
    high: float

    def __new__(cls, mean: float, confidence: float, low: float, high: float) -> BoundedFloat:
        """Make one; a float cannot be set later."""
        made = float.__new__(cls, mean)
        made.confidence = confidence
        made.low = low
        made.high = high
        return made

    def __reduce__(self) -> tuple[type[BoundedFloat], tuple[float, float, float, float]]:
        return BoundedFloat, (float(self), self.confidence, self.low, self.high)


def estimate_sum(parts: Sequence[float], partitions: int, confidence: float) -> BoundedFloat:
    """The sum over all partitions, of the sums of some, which count as a sample without replacement."""
    known = len(parts)
    if known == partitions:
        exact = math.fsum(parts)
        return BoundedFloat(exact, 1.0, exact, exact)
    if not known:
        return BoundedFloat(0.0, 0.0, -math.inf, math.inf)
    mean = math.fsum(parts) / known
    spread = [part - mean for part in parts]
    return _bounded(mean * partitions, partitions, spread, partitions, confidence)


def estimate_mean(parts: Sequence[tuple[float, int]], partitions: int, confidence: float) -> BoundedFloat:
    """The mean of all records, of the sums and counts of some partitions: the ratio of two estimates."""
    records = sum(count for _, count in parts)
    if not records:
        return BoundedFloat(0.0, 0.0, -math.inf, math.inf)
    mean = math.fsum(total for total, _ in parts) / records
    if len(parts) == partitions:
        return BoundedFloat(mean, 1.0, mean, mean)
    spread = [total - mean * count for total, count in parts]
    return _bounded(mean, len(parts) / records, spread, partitions, confidence)


def _bounded(value: float, scale: float, spread: Sequence[float], partitions: int, confidence: float) -> BoundedFloat:
    """Bounds of an estimate whose error is ``scale`` times that of the mean of these deviations."""
    known = len(spread)
    if known < 2:
        return BoundedFloat(value, confidence, -math.inf, math.inf)
    variance = math.fsum(one * one for one in spread) / (known - 1)
    error = scale * math.sqrt(variance / known * (1 - known / partitions))
    half = error * _student(confidence, known - 1)
    return BoundedFloat(value, confidence, value - half, value + half)


def _student(confidence: float, freedom: int) -> float:
    """How many standard errors lie between an estimate and its bounds: Student's t, by Hill's expansion."""
    if confidence >= 1:
        return math.inf
    tail = (1 + max(confidence, 0.0)) / 2
    if freedom == 1:
        return math.tan(math.pi * (tail - 0.5))
    if freedom == 2:
        return (2 * tail - 1) * math.sqrt(2 / (4 * tail * (1 - tail)))
    z = NormalDist().inv_cdf(tail)
    first = (z**3 + z) / 4
    second = (5 * z**5 + 16 * z**3 + 3 * z) / 96
    third = (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / 384
    fourth = (79 * z**9 + 776 * z**7 + 1482 * z**5 - 1920 * z**3 - 945 * z) / 92160
    return z + first / freedom + second / freedom**2 + third / freedom**3 + fourth / freedom**4

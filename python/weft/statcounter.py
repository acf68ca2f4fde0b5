"""Count, mean, variance and extremes of numbers, from one pass."""

from __future__ import annotations

import copy
import math
from collections.abc import Iterable
from typing import Any

__all__ = ["StatCounter"]


class StatCounter:
    """Statistics that can be merged.

    Parameters
    ----------
    values : iterable of float, optional
        The numbers to begin with.

    Examples
    --------
    >>> one = StatCounter([1, 2, 3])
    >>> one.mergeStats(StatCounter([4.0]))
    (count: 4, mean: 2.5, stdev: 1.118033988749895, max: 4.0, min: 1.0)
    >>> one.sampleVariance()
    1.6666666666666667
    """

    def __init__(self, values: Iterable[float] | None = None) -> None:
        self.n = 0
        self.mu: Any = 0.0
        self.m2: Any = 0.0
        self.maxValue: Any = -math.inf
        self.minValue: Any = math.inf
        for value in () if values is None else values:
            self.merge(value)

    @classmethod
    def of(cls, n: int, mean: Any, m2: Any, least: Any, most: Any) -> StatCounter:
        """Make one of what is known already; ``m2`` is the sum of squared distances from the mean."""
        result = cls()
        if n:
            result.n, result.mu, result.m2, result.minValue, result.maxValue = n, mean, m2, least, most
        return result

    def merge(self, value: float) -> StatCounter:
        """Add a number."""
        delta = value - self.mu
        self.n += 1
        self.mu += delta / self.n
        self.m2 += delta * (value - self.mu)
        self.maxValue = _larger(self.maxValue, value)
        self.minValue = _smaller(self.minValue, value)
        return self

    def mergeStats(self, other: StatCounter) -> StatCounter:
        """Add what another counter has seen.

        Raises
        ------
        TypeError
            If ``other`` is not a StatCounter.
        """
        if not isinstance(other, StatCounter):
            raise TypeError(f"mergeStats takes a StatCounter, not {type(other).__name__}")
        if other is self:
            return self.mergeStats(other.copy())
        if self.n == 0:
            self.n, self.mu, self.m2 = other.n, other.mu, other.m2
            self.maxValue, self.minValue = other.maxValue, other.minValue
        elif other.n:
            delta = other.mu - self.mu
            total = self.n + other.n
            if other.n * 10 < self.n:
                self.mu = self.mu + delta * other.n / total
            elif self.n * 10 < other.n:
                self.mu = other.mu - delta * self.n / total
            else:
                self.mu = (self.mu * self.n + other.mu * other.n) / total
            self.m2 += other.m2 + delta * delta * self.n * other.n / total
            self.n = total
            self.maxValue = _larger(self.maxValue, other.maxValue)
            self.minValue = _smaller(self.minValue, other.minValue)
        return self

    def copy(self) -> StatCounter:
        """Give a counter of its own with the same content."""
        return copy.deepcopy(self)

    def count(self) -> int:
        """How many numbers there were."""
        return int(self.n)

    def mean(self) -> Any:
        """The mean, 0.0 of none."""
        return self.mu

    def sum(self) -> Any:
        """The sum."""
        return self.n * self.mu

    def min(self) -> Any:
        """The least, infinity of none."""
        return _real(self.minValue)

    def max(self) -> Any:
        """The greatest, minus infinity of none."""
        return _real(self.maxValue)

    def variance(self) -> Any:
        """The variance of a population, NaN of none."""
        return math.nan if self.n == 0 else self.m2 / self.n

    def sampleVariance(self) -> Any:
        """The variance of a sample, NaN of fewer than two."""
        return math.nan if self.n <= 1 else self.m2 / (self.n - 1)

    def stdev(self) -> Any:
        """The standard deviation of a population, NaN of none."""
        return self.variance() ** 0.5

    def sampleStdev(self) -> Any:
        """The standard deviation of a sample, NaN of fewer than two."""
        return self.sampleVariance() ** 0.5

    def asDict(self, sample: bool = False) -> dict[str, Any]:
        """Give all values by name.

        Parameters
        ----------
        sample : bool
            True gives variance and standard deviation of the population, False those of a sample: so does PySpark.

        Examples
        --------
        >>> StatCounter([1.0, 3.0]).asDict()["variance"], StatCounter([1.0, 3.0]).asDict(True)["variance"]
        (2.0, 1.0)
        """
        return {
            "count": self.count(),
            "mean": self.mean(),
            "sum": self.sum(),
            "min": self.min(),
            "max": self.max(),
            "stdev": self.stdev() if sample else self.sampleStdev(),
            "variance": self.variance() if sample else self.sampleVariance(),
        }

    def __repr__(self) -> str:
        return (
            f"(count: {self.count()}, mean: {self.mean()}, stdev: {self.stdev()}, max: {self.max()}, min: {self.min()})"
        )


def _larger(one: Any, other: Any) -> Any:
    """The larger; a NaN wins, whichever side it is on."""
    return one if _is_nan(one) or one >= other else other


def _smaller(one: Any, other: Any) -> Any:
    """The smaller; a NaN wins."""
    return one if _is_nan(one) or one <= other else other


def _is_nan(value: Any) -> bool:
    return bool(value != value)  # noqa: PLR0124


def _real(value: Any) -> Any:
    """Whole numbers as floats, as far as they fit."""
    try:
        return float(value) if isinstance(value, int) else value
    except OverflowError:
        return value

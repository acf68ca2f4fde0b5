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
        """Make one of what is known already; ``m2`` is the sum of squared distances from the mean.

        Parameters
        ----------
        n : int
            How many numbers.
        mean : number
            Their mean.
        m2 : number
            The sum of their squared distances from the mean.
        least, most : number
            The extremes.

        Returns
        -------
        StatCounter
            An empty one if ``n`` is 0.

        Examples
        --------
        >>> StatCounter.of(2, 2.0, 2.0, 1.0, 3.0)
        (count: 2, mean: 2.0, stdev: 1.0, max: 3.0, min: 1.0)
        """
        result = cls()
        if n:
            result.n, result.mu, result.m2, result.minValue, result.maxValue = n, mean, m2, least, most
        return result

    def merge(self, value: float) -> StatCounter:
        """Add a number.

        Parameters
        ----------
        value : number
            An int, a float, or what can be added to them and compared.

        Returns
        -------
        StatCounter
            This object.

        Examples
        --------
        >>> StatCounter([1]).merge(3).mean()
        2.0
        """
        delta = value - self.mu
        self.n += 1
        self.mu += delta / self.n
        self.m2 += delta * (value - self.mu)
        self.maxValue = _larger(self.maxValue, value)
        self.minValue = _smaller(self.minValue, value)
        return self

    def mergeStats(self, other: StatCounter) -> StatCounter:
        """Add what another counter has seen.

        Parameters
        ----------
        other : StatCounter
            It stays as it is.

        Returns
        -------
        StatCounter
            This object.

        Raises
        ------
        TypeError
            If ``other`` is not a StatCounter.

        Examples
        --------
        >>> StatCounter([1, 2]).mergeStats(StatCounter([6])).mean()
        3.0
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
        """Give a counter of its own with the same content.

        Returns
        -------
        StatCounter
            Changes of either are not seen by the other.

        Examples
        --------
        >>> one = StatCounter([1.0])
        >>> one.copy().merge(3.0).count(), one.count()
        (2, 1)
        """
        return copy.deepcopy(self)

    def count(self) -> int:
        """Give how many numbers there were.

        Returns
        -------
        int
            0 or more.

        Examples
        --------
        >>> StatCounter([1, 2, 6]).count()
        3
        """
        return int(self.n)

    def mean(self) -> Any:
        """Give the mean.

        Returns
        -------
        float
            0.0 of none.

        Examples
        --------
        >>> StatCounter([1, 2, 6]).mean()
        3.0
        """
        return self.mu

    def sum(self) -> Any:
        """Give the sum.

        Returns
        -------
        float
            0.0 of none.

        Examples
        --------
        >>> StatCounter([1, 2, 6]).sum()
        9.0
        """
        return self.n * self.mu

    def min(self) -> Any:
        """Give the least number.

        Returns
        -------
        float
            Infinity of none; NaN if there was one.

        Examples
        --------
        >>> StatCounter([1, 2, 6]).min()
        1.0
        """
        return _real(self.minValue)

    def max(self) -> Any:
        """Give the greatest number.

        Returns
        -------
        float
            Minus infinity of none; NaN if there was one.

        Examples
        --------
        >>> StatCounter([1, 2, 6]).max()
        6.0
        """
        return _real(self.maxValue)

    def variance(self) -> Any:
        """Give the variance of a population: the mean of the squared distances from the mean.

        Returns
        -------
        float
            NaN of none.

        Examples
        --------
        >>> StatCounter([1, 3]).variance()
        1.0
        """
        return math.nan if self.n == 0 else self.m2 / self.n

    def sampleVariance(self) -> Any:
        """Give the variance of a sample: the squared distances from the mean, divided by one less than the count.

        Returns
        -------
        float
            NaN of fewer than two.

        Examples
        --------
        >>> StatCounter([1, 3]).sampleVariance()
        2.0
        """
        return math.nan if self.n <= 1 else self.m2 / (self.n - 1)

    def stdev(self) -> Any:
        """Give the standard deviation of a population.

        Returns
        -------
        float
            NaN of none.

        Examples
        --------
        >>> StatCounter([1, 3]).stdev()
        1.0
        """
        return self.variance() ** 0.5

    def sampleStdev(self) -> Any:
        """Give the standard deviation of a sample.

        Returns
        -------
        float
            NaN of fewer than two.

        Examples
        --------
        >>> StatCounter([1, 1, 1]).sampleStdev()
        0.0
        """
        return self.sampleVariance() ** 0.5

    def asDict(self, sample: bool = False) -> dict[str, Any]:
        """Give all values by name.

        Parameters
        ----------
        sample : bool
            True gives variance and standard deviation of the population, False those of a sample: so does PySpark.

        Returns
        -------
        dict
            ``count``, ``mean``, ``sum``, ``min``, ``max``, ``stdev`` and ``variance``.

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
    return bool(value != value)


def _real(value: Any) -> Any:
    """Whole numbers as floats, as far as they fit."""
    try:
        return float(value) if isinstance(value, int) else value
    except OverflowError:
        return value

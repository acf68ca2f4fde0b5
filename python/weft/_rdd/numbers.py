"""Actions on numbers."""

from __future__ import annotations

import functools
import operator
from typing import TypeVar

from weft._ops import narrow
from weft._rdd.trees import Trees
from weft._typing import NumberOrArray
from weft.statcounter import StatCounter

__all__ = ["Numbers"]

T = TypeVar("T")


class Numbers(Trees[T]):
    """Sums and statistics."""

    def sum(self: Numbers[NumberOrArray]) -> NumberOrArray:
        """Add all records.

        Returns
        -------
        number
            What ``+`` makes of the records, beginning with 0; 0 if there are none.

        Notes
        -----
        Action: one job, which brings one number a partition to the driver.

        Examples
        --------
        >>> sc.parallelize([1.0, 2.0, 3.0]).sum()
        6.0
        """
        parts = self._partitions_step(narrow.sum_records, "sum")._collect("sum")
        total: NumberOrArray = functools.reduce(operator.add, parts, 0)  # type: ignore[assignment]
        return total

    def stats(self: Numbers[NumberOrArray]) -> StatCounter:
        """Give count, mean, variance and extremes of numbers.

        Returns
        -------
        StatCounter
            Of all records; :class:`~weft.statcounter.StatCounter` can be merged with others.

        Raises
        ------
        ValueError
            If the RDD has no partitions.

        Notes
        -----
        Action: one job, which reads the records once.

        Examples
        --------
        >>> sc.parallelize([1.0, 2.0, 3.0]).stats()
        (count: 3, mean: 2.0, stdev: 0.816496580927726, max: 3.0, min: 1.0)
        """
        return self._stats("stats")

    def _stats(self, name: str) -> StatCounter:
        partials: list[StatCounter] = self._partitions_step(narrow.stats_records, name)._collect(name)
        if not partials:
            raise ValueError("Can not reduce() empty RDD")
        return functools.reduce(StatCounter.mergeStats, partials)

    def mean(self: Numbers[NumberOrArray]) -> float:
        """Give the mean.

        Returns
        -------
        float
            0.0 if there are no records.

        Raises
        ------
        ValueError
            If the RDD has no partitions.

        Notes
        -----
        Action: one job, as of :meth:`stats`.

        Examples
        --------
        >>> sc.parallelize([1, 2, 3]).mean()
        2.0
        """
        found: float = self._stats("mean").mean()
        return found

    def variance(self: Numbers[NumberOrArray]) -> float:
        """Give the variance of a population: the mean of the squared distances from the mean.

        Returns
        -------
        float
            NaN if there are no records.

        Raises
        ------
        ValueError
            If the RDD has no partitions.

        Notes
        -----
        Action: one job, as of :meth:`stats`.

        Examples
        --------
        >>> sc.parallelize([1, 2, 3]).variance()
        0.6666666666666666
        """
        found: float = self._stats("variance").variance()
        return found

    def stdev(self: Numbers[NumberOrArray]) -> float:
        """Give the standard deviation of a population.

        Returns
        -------
        float
            NaN if there are no records.

        Raises
        ------
        ValueError
            If the RDD has no partitions.

        Notes
        -----
        Action: one job, as of :meth:`stats`.

        Examples
        --------
        >>> sc.parallelize([1, 2, 3]).stdev()
        0.816496580927726
        """
        found: float = self._stats("stdev").stdev()
        return found

    def sampleVariance(self: Numbers[NumberOrArray]) -> float:
        """Give the variance of a sample: the squared distances from the mean, divided by one less than the count.

        Returns
        -------
        float
            NaN if there are fewer than two records.

        Raises
        ------
        ValueError
            If the RDD has no partitions.

        Notes
        -----
        Action: one job, as of :meth:`stats`.

        Examples
        --------
        >>> sc.parallelize([1, 2, 3]).sampleVariance()
        1.0
        """
        found: float = self._stats("sampleVariance").sampleVariance()
        return found

    def sampleStdev(self: Numbers[NumberOrArray]) -> float:
        """Give the standard deviation of a sample.

        Returns
        -------
        float
            NaN if there are fewer than two records.

        Raises
        ------
        ValueError
            If the RDD has no partitions.

        Notes
        -----
        Action: one job, as of :meth:`stats`.

        Examples
        --------
        >>> sc.parallelize([1, 2, 3]).sampleStdev()
        1.0
        """
        found: float = self._stats("sampleStdev").sampleStdev()
        return found

"""Random samples, and counts in buckets."""

from __future__ import annotations

import math
import random
import sys
from collections.abc import Hashable, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

from weft._ops import locally, narrow, sampling
from weft._rdd.described import Described
from weft._typing import S

if TYPE_CHECKING:
    from weft.rdd import RDD

__all__ = ["Sampling"]

T = TypeVar("T")
K = TypeVar("K", bound=Hashable)
V = TypeVar("V")

_LARGEST_SAMPLE = sys.maxsize - int(10.0 * math.sqrt(sys.maxsize))


class Sampling(Described[T]):
    """Samples are reproducible: equal seeds choose equal records, on every host and in every attempt."""

    def sample(self, withReplacement: bool, fraction: float, seed: int | None = None) -> RDD[T]:
        """Choose records at random.

        Parameters
        ----------
        withReplacement : bool
            Whether a record may be chosen several times.
        fraction : float
            Without replacement the probability of each record; with it, how often each is chosen on average.
        seed : int, optional
            Else one is drawn now, so that the RDD is the same however often it is run.

        Returns
        -------
        RDD
            The chosen records in their partitions and order, with this RDD's partitioner.

        Raises
        ------
        ValueError
            If ``fraction`` is negative.

        Notes
        -----
        Narrow.

        Examples
        --------
        >>> 6 <= sc.parallelize(range(100), 4).sample(False, 0.1, 81).count() <= 14
        True
        """
        if not fraction >= 0:
            raise ValueError(f"Fraction must be nonnegative: {fraction}")
        return self._sample(withReplacement, fraction, _seed(seed), "sample")

    def _sample(self, replace: bool, fraction: float, seed: int, name: str) -> RDD[T]:
        return self._partitions_step(sampling.sample_records(replace, fraction, seed), name, True)

    def randomSplit(self, weights: Sequence[float], seed: int | None = None) -> list[RDD[T]]:
        """Deal the records out at random to several RDDs, in the proportion of ``weights``.

        Parameters
        ----------
        weights : sequence of float
            One for each RDD; they need not add up to 1.
        seed : int, optional
            Else one is drawn now.

        Returns
        -------
        list of RDD
            Each record is in exactly one of them.

        Raises
        ------
        ValueError
            If a weight is negative, or all are 0.

        Notes
        -----
        Narrow. Each of the RDDs reads all of this one: persist it if that is dear.

        Examples
        --------
        >>> few, many = sc.parallelize(range(500), 1).randomSplit([2, 3], 17)
        >>> len(few.collect() + many.collect()), 150 < few.count() < 250
        (500, True)
        """
        if not all(weight >= 0 for weight in weights):
            raise ValueError(f"Weights must be nonnegative: {list(weights)}")
        total = float(sum(weights))
        if not total > 0:
            raise ValueError(f"Sum of weights must be positive: {list(weights)}")
        bounds = [0.0]
        for weight in weights:
            bounds.append(bounds[-1] + weight / total)
        chosen = random.randint(0, 2**32 - 1) if seed is None else seed
        return [
            self._partitions_step(sampling.sample_range(low, high, chosen), "randomSplit", True)
            for low, high in zip(bounds, bounds[1:])
        ]

    def sampleByKey(
        self: Sampling[tuple[K, V]], withReplacement: bool, fractions: dict[K, float], seed: int | None = None
    ) -> RDD[tuple[K, V]]:
        """Choose pairs at random, with a fraction for each key.

        Parameters
        ----------
        withReplacement : bool
            Whether a pair may be chosen several times.
        fractions : dict
            By key what ``fraction`` is for :meth:`sample`.
        seed : int, optional
            Else one is drawn now.

        Returns
        -------
        RDD
            The chosen pairs in their partitions and order, with this RDD's partitioner.

        Raises
        ------
        AssertionError
            If a fraction is negative.
        KeyError
            Within the action, if a key has no fraction.

        Notes
        -----
        Narrow.

        Examples
        --------
        >>> pairs = sc.parallelize([(key, i) for key in "ab" for i in range(1000)])
        >>> counts = pairs.sampleByKey(False, {"a": 0.2, "b": 0.1}, 2).countByKey()
        >>> 150 < counts["a"] < 250, 50 < counts["b"] < 150
        (True, True)
        """
        for fraction in fractions.values():
            assert fraction >= 0.0, f"Negative fraction value: {fraction}"
        step = sampling.sample_by_key(withReplacement, fractions, _seed(seed))
        return self._partitions_step(step, "sampleByKey", True)

    def takeSample(self, withReplacement: bool, num: int, seed: int | None = None) -> list[T]:
        """Bring exactly ``num`` records, chosen at random, to the driver; fewer if there are not so many.

        Parameters
        ----------
        withReplacement : bool
            Whether a record may be chosen several times.
        num : int
            How many records.
        seed : int, optional
            Equal seeds choose equal records of an equal RDD.

        Returns
        -------
        list
            In random order.

        Raises
        ------
        ValueError
            If ``num`` is negative or absurdly large.

        Notes
        -----
        Action: two jobs, of which one counts the records and one brings a sample to the driver that is a little too
        large; rarely it is too small, and a further one is taken. None if ``num`` is 0.

        Examples
        --------
        >>> rdd = sc.parallelize(range(10))
        >>> len(rdd.takeSample(True, 20, 1)), len(rdd.takeSample(False, 5, 2)), len(rdd.takeSample(False, 15, 3))
        (20, 5, 10)
        """
        if num < 0:
            raise ValueError("Sample size cannot be negative.")
        if num > _LARGEST_SAMPLE:
            raise ValueError(f"Sample size cannot be greater than {_LARGEST_SAMPLE}.")
        if num == 0 or self.getNumPartitions() == 0:
            return []
        total = sum(self._partitions_step(narrow.count_records, "takeSample")._collect("takeSample"))
        if total == 0:
            return []
        generator = random.Random(seed)
        if not withReplacement and num >= total:
            chosen = self._collect("takeSample")
        else:
            fraction = sampling.size_to_fraction(num, total, withReplacement)
            chosen = self._sample(withReplacement, fraction, _seed(seed), "takeSample")._collect("takeSample")
            while len(chosen) < num:
                again = generator.randint(0, sys.maxsize)
                chosen = self._sample(withReplacement, fraction, again, "takeSample")._collect("takeSample")
        generator.shuffle(chosen)
        return chosen[:num]

    def histogram(self: Sampling[S], buckets: int | list[S] | tuple[S, ...]) -> tuple[Sequence[S], list[int]]:
        """Count the records in buckets; records outside them, None and NaN count nowhere.

        Parameters
        ----------
        buckets : int or list
            The ends of the buckets, ascending; each bucket includes its lower end, the last both. A number asks for
            so many of equal width from the smallest to the largest record, which takes a job more.

        Returns
        -------
        tuple
            The ends of the buckets, and the counts, one fewer.

        Raises
        ------
        ValueError, TypeError
            If the ends make no sense, or there is nothing to find them from.

        Notes
        -----
        Action: one job, which brings one list of counts a partition to the driver; one more before it if ``buckets`` is
        a number.

        Examples
        --------
        >>> numbers = sc.parallelize(range(51))
        >>> numbers.histogram(2)
        ([0, 25, 50], [25, 26])
        >>> numbers.histogram([0, 15, 30, 45, 60])
        ([0, 15, 30, 45, 60], [15, 15, 15, 6])
        >>> sc.parallelize(["ab", "ac", "b", "bd", "ef"]).histogram(("a", "b", "c"))
        (('a', 'b', 'c'), [2, 2])
        """
        if isinstance(buckets, int):
            if buckets < 1:
                raise ValueError("number of buckets must be >= 1")
            low, high = self._extremes()
            if low == high or buckets == 1:
                kept = self._step("filter", locally.comparable, "histogram")
                return [low, high], [kept.count()]
            chosen = _even_buckets(low, high, buckets)
        elif isinstance(buckets, (list, tuple)):
            chosen = _given_buckets(buckets)
        else:
            raise TypeError(f"buckets should be a list or tuple or number(int or long), not {type(buckets).__name__}")
        partials = self._partitions_step(locally.count_buckets(chosen), "histogram")._non_empty("histogram")
        return chosen.ends, [sum(counts) for counts in zip(*partials)]

    def _extremes(self) -> tuple[Any, Any]:
        kept = self._step("filter", locally.comparable, "histogram")
        partials = kept._partitions_step(narrow.extremes, "histogram")._collect("histogram")
        if not partials:
            raise ValueError("can not generate buckets from empty RDD")
        return min(low for low, _ in partials), max(high for _, high in partials)


def _seed(seed: int | None) -> int:
    return random.randint(0, sys.maxsize) if seed is None else seed


def _even_buckets(low: Any, high: Any, count: int) -> locally.Buckets:
    """So many buckets of equal width; whole numbers where that comes out even."""
    try:
        width = (high - low) / count
    except TypeError:
        raise TypeError("Can not generate buckets with non-number in RDD") from None
    if math.isinf(width):
        raise ValueError("Can not generate buckets with infinite value")
    width = int(width)
    if width * count != high - low:
        width = (high - low) * 1.0 / count
    return locally.Buckets([*(number * width + low for number in range(count)), high], width)


def _given_buckets(ends: list[Any] | tuple[Any, ...]) -> locally.Buckets:
    if len(ends) < 2:
        raise ValueError("buckets should have more than one value")
    if any(end is None or (isinstance(end, float) and math.isnan(end)) for end in ends):
        raise ValueError("can not have None or NaN in buckets")
    if sorted(ends) != list(ends):
        raise ValueError("buckets should be sorted")
    if len(set(ends)) != len(ends):
        raise ValueError("buckets should not contain duplicated values")
    try:
        steps = [high - low for low, high in zip(ends, ends[1:])]
    except TypeError:
        return locally.Buckets(ends, None)
    even = max(steps) - min(steps) < 1e-10
    return locally.Buckets(ends, (ends[-1] - ends[0]) / (len(ends) - 1) if even else None)

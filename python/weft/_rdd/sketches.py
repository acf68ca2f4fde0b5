"""Quantiles and heavy hitters, by sketch libraries. PySpark has none of this."""

from __future__ import annotations

import functools
from collections.abc import Callable, Hashable, Iterable
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from weft._ops import sketches
from weft._ops.keys import portable_hash
from weft._rdd.storage import Storage

if TYPE_CHECKING:
    from weft.rdd import RDD

__all__ = ["HeavyHitter", "Sketches"]

T = TypeVar("T")
K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class HeavyHitter(NamedTuple):
    """A record that is common.

    Attributes
    ----------
    record : object
        The record.
    atLeast, atMost : int
        Between which numbers its count lies; where they are equal it is exact.

    Examples
    --------
    >>> hit, = sc.parallelize(["a", "a", "b", "c"]).heavyHitters(0.4)
    >>> hit.record, hit.atLeast, hit.atMost
    ('a', 2, 2)
    """

    record: Any
    atLeast: int
    atMost: int


class Sketches(Storage[T]):
    """Answers that are nearly exact, in memory that does not grow with the data."""

    def percentiles(self, probabilities: Iterable[float], accuracy: float = 0.01) -> list[float]:
        """Give the numbers below which such parts of all lie; needs the package ddsketch.

        None and NaN count nowhere. Up to 512 numbers are kept as they are, and the answer is exact.

        Parameters
        ----------
        probabilities : iterable of float
            Such as ``[0.5, 0.95]``.
        accuracy : float
            How far an answer may be from the number of that rank, as a part of it.

        Returns
        -------
        list of float
            A number for each probability; the same ones in every run over the same data.

        Raises
        ------
        ValueError
            If there are no numbers, or an argument makes no sense; within the action, if a number is infinite.
        ModuleNotFoundError
            If ddsketch is not installed: ``pip install 'weft[sketches]'``.

        Notes
        -----
        Action: one job, which reads the records once and brings one sketch a partition to the driver.

        Examples
        --------
        >>> sc.parallelize(range(1, 101), 4).percentiles([0.5, 0.95, 1])
        [50.0, 95.0, 100.0]
        """
        wanted = _checked(probabilities, accuracy, "percentiles")
        partials = self._partitions_step(sketches.observe(accuracy), "percentiles")._collect("percentiles")
        return functools.reduce(sketches.Quantiles.merge, partials, sketches.Quantiles(accuracy)).at(wanted)

    def percentilesByKey(
        self: Sketches[tuple[K, V]],
        probabilities: Iterable[float],
        accuracy: float = 0.01,
        numPartitions: int | None = None,
        partitionFunc: Callable[[K], int] = portable_hash,
    ) -> RDD[tuple[K, list[float]]]:
        """Give :meth:`percentiles` for each key.

        Parameters
        ----------
        probabilities, accuracy
            As in :meth:`percentiles`.
        numPartitions, partitionFunc
            As in :meth:`partitionBy`.

        Returns
        -------
        RDD
            Pairs of a key and a list of float, a number for each probability; partitioned by key.

        Raises
        ------
        ValueError
            If ``probabilities``, ``accuracy`` or ``numPartitions`` make no sense.
        ModuleNotFoundError
            Within the action, if ddsketch is not installed: ``pip install 'weft[sketches]'``.

        Notes
        -----
        Shuffle: one sketch of each key from each partition that has it; none if this RDD's partitioner is equal.

        Examples
        --------
        >>> times = sc.parallelize([("a", 3), ("b", 70), ("a", 1), ("a", 2)])
        >>> sorted(times.percentilesByKey([0.5, 1]).collect())
        [('a', [2.0, 3.0]), ('b', [70.0, 70.0])]
        """
        wanted = _checked(probabilities, accuracy, "percentilesByKey")
        functions = (sketches.first_value(accuracy), sketches.Quantiles.add, sketches.Quantiles.merge)
        combined = self._combine("percentilesByKey", functions, numPartitions, partitionFunc)
        return combined._map_values(sketches.quantiles_of(wanted), "percentilesByKey")

    def heavyHitters(self, share: float = 0.01) -> list[HeavyHitter]:
        """Find the records that make up more than a part of all; needs the package datasketches.

        Each of them is found. One that makes up less may be found as well, if its count may be large enough: a count is
        known to within a quarter of the part.

        Parameters
        ----------
        share : float
            Such as 0.01: records of which there are more than one in a hundred.

        Returns
        -------
        list of HeavyHitter
            The commonest first.

        Raises
        ------
        ValueError
            If ``share`` is not between 0 and 1.
        ModuleNotFoundError
            If datasketches is not installed: ``pip install 'weft[sketches]'``.

        Notes
        -----
        Action: one job, which reads the records once and brings one sketch a partition to the driver.

        Examples
        --------
        >>> sc.parallelize(["a"] * 6 + ["b"] * 3 + ["c"], 2).heavyHitters(0.2)
        [HeavyHitter(record='a', atLeast=6, atMost=6), HeavyHitter(record='b', atLeast=3, atMost=3)]
        """
        if not 1e-6 <= share < 1:
            raise ValueError(f"heavyHitters: share ({share}) must be at least 0.000001 and less than 1")
        partials = self._partitions_step(sketches.count_heavy(share), "heavyHitters")._collect("heavyHitters")
        found = functools.reduce(sketches.Heavy.merge, partials, sketches.Heavy(share)).found()
        return [HeavyHitter(*row) for row in found]


def _checked(probabilities: Iterable[float], accuracy: float, name: str) -> tuple[float, ...]:
    wanted = tuple(probabilities)
    if not all(0 <= one <= 1 for one in wanted):
        raise ValueError(f"{name}: probabilities must be between 0 and 1, not {list(wanted)}")
    if not 0 < accuracy < 1:
        raise ValueError(f"{name}: accuracy ({accuracy}) must be between 0 and 1")
    return wanted

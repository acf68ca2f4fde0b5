"""Actions that give about the right number."""

from __future__ import annotations

import functools
import threading
import uuid
from collections.abc import Callable, Iterable, Iterator
from typing import Any, TypeVar

from weft._ops import hyperloglog
from weft._ops.approximate import BoundedFloat, estimate_mean, estimate_sum
from weft._ops.statistics import count
from weft._rdd.numbers import Numbers
from weft.accumulators import Accumulator, AddingAccumulatorParam, make_accumulator
from weft.errors import JobCancelledError

__all__ = ["Approximate"]

T = TypeVar("T")
N = TypeVar("N", bound=float)
_LEAST_DEVIATION = 0.000017
_SMALL_SKETCH = 14
_AGAIN_SECONDS = 0.1


class Approximate(Numbers[T]):
    """Counts, sums and means within a time, and how many records differ."""

    def countApprox(self, timeout: int, confidence: float = 0.95) -> int:
        """Count the records, or estimate it from the partitions that are counted when the time is up.

        Unlike PySpark's, which waits for the last partition whatever the time is, this stops the job then.

        Parameters
        ----------
        timeout : int
            Milliseconds.
        confidence : float
            How likely the bounds that :meth:`sumApprox` gives shall hold the count; of no effect on the count itself.

        Returns
        -------
        int
            The count, or the estimate, rounded towards 0.

        Notes
        -----
        Action: one job, which is cancelled when the time is up. It brings one number a partition to the driver.

        Examples
        --------
        >>> sc.parallelize(range(1000), 10).countApprox(10000)
        1000
        """
        return int(self._sum_within(_count_as_float, "countApprox", timeout, confidence))

    def sumApprox(self: Approximate[N], timeout: int, confidence: float = 0.95) -> BoundedFloat:
        """Sum the records, or estimate it from the partitions that are summed when the time is up.

        Parameters
        ----------
        timeout : int
            Milliseconds; then the job is stopped.
        confidence : float
            How likely the sum shall lie between the bounds.

        Returns
        -------
        BoundedFloat
            A float with ``low``, ``high`` and ``confidence``, which is 1 if all partitions were summed.

        Notes
        -----
        Action: one job, which is cancelled when the time is up. It brings one number a partition to the driver.

        Examples
        --------
        >>> found = sc.parallelize(range(1000), 10).sumApprox(10000)
        >>> found, found.low, found.high, found.confidence
        (499500.0, 499500.0, 499500.0, 1.0)
        """
        return self._sum_within(_sum_as_float, "sumApprox", timeout, confidence)

    def meanApprox(self: Approximate[N], timeout: int, confidence: float = 0.95) -> BoundedFloat:
        """Give the mean, or estimate it from the partitions that are there when the time is up.

        Parameters
        ----------
        timeout : int
            Milliseconds; then the job is stopped.
        confidence : float
            How likely the mean shall lie between the bounds.

        Returns
        -------
        BoundedFloat
            As of :meth:`sumApprox`.

        Notes
        -----
        Action: one job, which is cancelled when the time is up. It brings two numbers a partition to the driver.

        Examples
        --------
        >>> sc.parallelize(range(1000), 10).meanApprox(10000)
        499.5
        """
        parts = self._partials(_sum_and_count, "meanApprox", timeout)
        return estimate_mean(parts, self.getNumPartitions(), confidence)

    def countApproxDistinct(self, relativeSD: float = 0.05) -> int:
        """Estimate how many different records there are, by a sketch of fixed size (HyperLogLog).

        Parameters
        ----------
        relativeSD : float
            The standard deviation of the estimate, relative to the number. A partition's sketch has
            ``(1.04 / relativeSD) ** 2`` bytes, rounded up to a power of 2, at most 256 MiB.

        Returns
        -------
        int
            0 if there are no records.

        Raises
        ------
        ValueError
            If ``relativeSD`` is less than 0.000017.

        Notes
        -----
        Action: one job, which brings the sketch of each partition to the driver; sketches of more than 16 KiB are
        merged on the workers first.

        Examples
        --------
        >>> 900 < sc.parallelize(range(1000)).map(str).countApproxDistinct() < 1100
        True
        >>> sc.parallelize([i % 20 for i in range(1000)]).countApproxDistinct()
        20
        """
        if relativeSD < _LEAST_DEVIATION:
            raise ValueError(f"relativeSD is {relativeSD}; it should be greater than {_LEAST_DEVIATION}")
        precision = hyperloglog.precision_for(relativeSD)
        sketches = self._partitions_step(hyperloglog.sketch_records(precision), "countApproxDistinct")
        if self.getNumPartitions() == 0:
            return 0
        if precision > _SMALL_SKETCH:
            return hyperloglog.estimate(sketches.treeReduce(hyperloglog.merge))
        return hyperloglog.estimate(functools.reduce(hyperloglog.merge, sketches._collect("countApproxDistinct")))

    def _sum_within(
        self, partial: Callable[[Iterator[Any]], float], name: str, timeout: int, confidence: float
    ) -> BoundedFloat:
        return estimate_sum(self._partials(partial, name, timeout), self.getNumPartitions(), confidence)

    def _partials(self, partial: Callable[[Iterator[Any]], Any], name: str, timeout: int) -> list[Any]:
        """What ``partial`` gives for each partition that ends in time, in any order; the others' tasks are cancelled.

        It comes as what tasks add to an accumulator: results come in the order of partitions, of which the first may be
        the slowest.
        """
        parts: Accumulator[list[Any]] = make_accumulator([], AddingAccumulatorParam([]))

        def add(_index: int, records: Iterator[Any]) -> Iterable[Any]:
            parts.add([partial(records)])
            return ()

        tag = f"{name}-{uuid.uuid4()}"
        late, ended = threading.Event(), threading.Event()

        def stop() -> None:
            late.set()
            while not ended.is_set():  # the job may be on its way
                self.ctx.cancelJobsWithTag(tag)
                ended.wait(_AGAIN_SECONDS)

        timer = threading.Timer(max(0, timeout) / 1000, stop)
        timer.daemon = True
        node = self._partitions_step(add, name)._node
        self.ctx.addJobTag(tag)
        timer.start()
        try:
            self.ctx._drain(node, name)
        except JobCancelledError:
            if not late.is_set():  # somebody else has cancelled it
                raise
        finally:
            ended.set()
            timer.cancel()
            self.ctx.removeJobTag(tag)
        return list(parts.value)


def _count_as_float(records: Iterator[Any]) -> float:
    return float(count(records))


def _sum_as_float(records: Iterator[Any]) -> float:
    return float(sum(records))


def _sum_and_count(records: Iterator[Any]) -> tuple[float, int]:
    total, number = 0.0, 0
    for number, record in enumerate(records, 1):  # noqa: B007 - the last one counts
        total += float(record)
    return total, number

"""Actions: what runs a job and brings its result to the driver."""

from __future__ import annotations

import functools
import heapq
from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Iterator
from typing import TYPE_CHECKING, Any, TypeVar, overload

from weft._ops import narrow
from weft._ops.nans import canonical
from weft._rdd.order import Order
from weft._typing import S

if TYPE_CHECKING:
    pass

__all__ = ["Actions"]

T = TypeVar("T")
U = TypeVar("U")
K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class Actions(Order[T]):
    """Results of records of any kind."""

    def _collect(self, name: str, partitions: Iterable[int] = ()) -> list[Any]:
        return self.ctx._collect(self._node, name, list(partitions))

    def collect(self) -> list[T]:
        """Bring all records to the driver, in partition order.

        Returns
        -------
        list
            As many as there are records: all of them must fit into the driver.

        Raises
        ------
        ResultTooLargeError
            If they have more bytes than ``weft.driver.maxResultSize``, where that is set (E20).

        Notes
        -----
        Action: one job. :meth:`toLocalIterator` holds less.

        Examples
        --------
        >>> sc.parallelize([1, 2, 3]).map(lambda x: x + 1).collect()
        [2, 3, 4]
        """
        return self._collect("collect")

    def collectAsMap(self: Actions[tuple[K, V]]) -> dict[K, V]:
        """Bring pairs to the driver as a dictionary; of equal keys the last one counts.

        Returns
        -------
        dict
            A value for each key.

        Notes
        -----
        Action: one job, which brings all pairs to the driver, those with equal keys, too.

        Examples
        --------
        >>> sc.parallelize([(1, 2), (3, 4)]).collectAsMap()
        {1: 2, 3: 4}
        """
        return dict(self._collect("collectAsMap"))

    def count(self) -> int:
        """Count the records.

        Returns
        -------
        int
            0 or more.

        Notes
        -----
        Action: one job, which brings one number a partition to the driver.

        Examples
        --------
        >>> sc.parallelize([2, 3, 4]).count()
        3
        """
        return sum(self._partitions_step(narrow.count_records, "count")._collect("count"))

    def countByKey(self: Actions[tuple[K, V]]) -> dict[K, int]:
        """Count the pairs of each key.

        Returns
        -------
        dict
            How many pairs each key has.

        Raises
        ------
        ValueError
            If the RDD has no partitions.

        Notes
        -----
        Action: one job. A task holds the keys of its partition and the driver all of them; for very many keys use
        ``mapValues(lambda _: 1).reduceByKey(add)``.

        Examples
        --------
        >>> sorted(sc.parallelize([("a", 1), ("b", 1), ("a", 1)]).countByKey().items())
        [('a', 2), ('b', 1)]
        """
        return self._step("keys", None, "countByKey")._count_values("countByKey")

    def countByValue(self: Actions[K]) -> dict[K, int]:
        """Count how often each record occurs.

        Returns
        -------
        dict
            How often each record occurs. Records must be hashable.

        Raises
        ------
        ValueError
            If the RDD has no partitions.

        Notes
        -----
        Action: one job. A task holds the different records of its partition and the driver all of them.

        Examples
        --------
        >>> sorted(sc.parallelize([1, 2, 1, 2, 2], 2).countByValue().items())
        [(1, 2), (2, 3)]
        """
        return self._count_values("countByValue")

    def _count_values(self, name: str) -> dict[Any, int]:
        total: dict[Any, int] = defaultdict(int)
        for counts in self._partitions_step(narrow.count_values, name)._non_empty(name):
            for value, count in counts.items():
                total[canonical(value)] += count
        return total

    def _non_empty(self, name: str) -> list[Any]:
        """Collect partial results of an action that PySpark refuses on an RDD without partitions."""
        partials = self._collect(name)
        if not partials:
            raise ValueError(f"{name}: the RDD has no partitions")
        return partials

    def take(self, num: int) -> list[T]:
        """Bring the first records to the driver.

        Parameters
        ----------
        num : int
            How many.

        Returns
        -------
        list
            ``num`` records in partition order, fewer if there are no more.

        Notes
        -----
        Action: a job for the first partition, then, as long as records are missing, one for at most four times as many
        partitions as were read; no job if ``num`` is 0. No partition is read twice.

        Examples
        --------
        >>> sc.parallelize(range(100), 100).filter(lambda x: x > 90).take(3)
        [91, 92, 93]
        """
        return self._take(num, "take")

    def _take(self, num: int, name: str) -> list[Any]:
        items: list[Any] = []
        count = self.getNumPartitions()
        scanned = 0
        while len(items) < num and scanned < count:
            tries = 1
            if scanned:
                tries = scanned * 4
                if items:
                    tries = min(max(int(1.5 * num * scanned / len(items)) - scanned, 1), tries)
            left = num - len(items)
            some = self._partitions_step(narrow.take_records(left), name)
            items += some._collect(name, range(scanned, min(scanned + tries, count)))[:left]
            scanned += tries
        return items

    def first(self) -> T:
        """Give the first record.

        Returns
        -------
        object
            The first record of the first partition that has any.

        Raises
        ------
        ValueError
            If there is none.

        Notes
        -----
        Action: jobs as of ``take(1)``.

        Examples
        --------
        >>> sc.parallelize([2, 3, 4]).first()
        2
        """
        for record in self._take(1, "first"):
            found: T = record
            return found
        raise ValueError("RDD is empty")

    @overload
    def top(self: Actions[S], num: int) -> list[S]: ...

    @overload
    def top(self, num: int, key: Callable[[T], S]) -> list[T]: ...

    def top(self, num: int, key: Callable[[Any], Any] | None = None) -> Any:
        """Give the largest records, the largest first.

        Parameters
        ----------
        num : int
            How many.
        key : callable, optional
            Gets a record, gives what to compare; else the records themselves are compared.

        Returns
        -------
        list
            At most ``num`` records.

        Raises
        ------
        ValueError
            If the RDD has no partitions.

        Notes
        -----
        Action: one job, which brings at most ``num`` records of each partition to the driver.

        Examples
        --------
        >>> sc.parallelize([10, 4, 2, 12, 3]).top(2)
        [12, 10]
        >>> sc.parallelize([10, 4, 2, 12, 3]).top(3, key=str)
        [4, 3, 2]
        """
        partial = self._partitions_step(narrow.largest(num, key), "top", user=key)
        order: Any = key
        lists: list[list[T]] = partial._non_empty("top")
        return functools.reduce(lambda one, other: heapq.nlargest(num, one + other, order), lists)

    @overload
    def takeOrdered(self: Actions[S], num: int) -> list[S]: ...

    @overload
    def takeOrdered(self, num: int, key: Callable[[T], S]) -> list[T]: ...

    def takeOrdered(self, num: int, key: Callable[[Any], Any] | None = None) -> Any:
        """Give the smallest records, the smallest first.

        Parameters
        ----------
        num : int
            How many.
        key : callable, optional
            Gets a record, gives what to compare; else the records themselves are compared.

        Returns
        -------
        list
            At most ``num`` records.

        Raises
        ------
        ValueError
            If ``num`` is negative.

        Notes
        -----
        Action: one job, which brings at most ``num`` records of each partition to the driver; none if ``num`` is 0.

        Examples
        --------
        >>> sc.parallelize([10, 1, 2, 9, 3]).takeOrdered(3)
        [1, 2, 3]
        >>> sc.parallelize([10, 1, 2, 9, 3], 2).takeOrdered(2, key=lambda x: -x)
        [10, 9]
        """
        if num < 0:
            raise ValueError("top N cannot be negative.")
        if num == 0 or self.getNumPartitions() == 0:
            return []
        partial = self._partitions_step(narrow.smallest(num, key), "takeOrdered", user=key)
        order: Any = key
        lists: list[list[T]] = partial._collect("takeOrdered")
        return functools.reduce(lambda one, other: heapq.nsmallest(num, one + other, order), lists)

    def foreach(self, f: Callable[[T], Any]) -> None:
        """Call a function with each record, on the workers.

        Parameters
        ----------
        f : callable
            Gets a record; what it gives is thrown away. What it changes on a worker the driver does not see: use
            accumulators.

        Notes
        -----
        Action: one job, which brings nothing to the driver.

        Examples
        --------
        >>> seen = sc.accumulator(0)
        >>> sc.parallelize([1, 2, 3]).foreach(seen.add)
        >>> seen.value
        6
        """
        self.ctx._drain(self._partitions_step(narrow.for_each(f), "foreach", user=f)._node, "foreach")

    def foreachPartition(self, f: Callable[[Iterator[T]], Any]) -> None:
        """Call a function with each partition's records, on the workers.

        Parameters
        ----------
        f : callable
            Gets an iterator over a partition's records; what it gives is thrown away.

        Notes
        -----
        Action: one job, which brings nothing to the driver.

        Examples
        --------
        >>> partitions = sc.accumulator(0)
        >>> sc.parallelize([1, 2, 3], 2).foreachPartition(lambda records: partitions.add(1))
        >>> partitions.value
        2
        """
        step = self._partitions_step(narrow.for_partition(f), "foreachPartition", user=f)
        self.ctx._drain(step._node, "foreachPartition")

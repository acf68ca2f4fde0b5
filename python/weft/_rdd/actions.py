"""Actions: what runs a job and brings its result to the driver."""

from __future__ import annotations

import copy
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

        Examples
        --------
        >>> sc.parallelize([1, 2, 3]).map(lambda x: x + 1).collect()
        [2, 3, 4]
        """
        return self._collect("collect")

    def collectAsMap(self: Actions[tuple[K, V]]) -> dict[K, V]:
        """Bring pairs to the driver as a dictionary; of equal keys the last one counts.

        Examples
        --------
        >>> sc.parallelize([(1, 2), (3, 4)]).collectAsMap()
        {1: 2, 3: 4}
        """
        return dict(self._collect("collectAsMap"))

    def count(self) -> int:
        """Count the records.

        Examples
        --------
        >>> sc.parallelize([2, 3, 4]).count()
        3
        """
        return sum(self._partitions_step(narrow.count_records, "count")._collect("count"))

    def countByKey(self: Actions[tuple[K, V]]) -> dict[K, int]:
        """Count the pairs of each key.

        Examples
        --------
        >>> sorted(sc.parallelize([("a", 1), ("b", 1), ("a", 1)]).countByKey().items())
        [('a', 2), ('b', 1)]
        """
        return self._step("keys", None, "countByKey")._count_values("countByKey")

    def countByValue(self: Actions[K]) -> dict[K, int]:
        """Count how often each record occurs.

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
        """Bring the first records to the driver; no more partitions are run than needed.

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

        Raises
        ------
        ValueError
            If there is none.

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

        Raises
        ------
        ValueError
            If ``num`` is negative.

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

    def reduce(self, f: Callable[[T, T], T]) -> T:
        """Make one record of all, by a function that is associative and commutative.

        Raises
        ------
        ValueError
            If there are no records.

        Examples
        --------
        >>> from operator import add
        >>> sc.parallelize([1, 2, 3, 4, 5]).reduce(add)
        15
        """
        reduced: T = self._reduce(narrow.reduce_records(f), f, "reduce")
        return reduced

    def _reduce(self, partition: Any, f: Callable[[Any, Any], Any], name: str) -> Any:
        partials = self._partitions_step(partition, name, user=f)._collect(name)
        if not partials:
            raise ValueError("Can not reduce() empty RDD")
        return functools.reduce(f, partials)

    def fold(self, zeroValue: T, op: Callable[[T, T], T]) -> T:
        """Make one record of all, beginning with ``zeroValue`` in each partition and once more at the end.

        Examples
        --------
        >>> from operator import add
        >>> sc.parallelize([1, 2, 3, 4, 5]).fold(0, add)
        15
        """
        folded: T = self._fold("fold", zeroValue, op, op)
        return folded

    def aggregate(self, zeroValue: U, seqOp: Callable[[U, T], U], combOp: Callable[[U, U], U]) -> U:
        """Aggregate the records of each partition, then the partitions.

        Parameters
        ----------
        zeroValue
            What each partition, and the whole, begins with.
        seqOp : callable
            Takes a record into an aggregation; may change and give back its first argument.
        combOp : callable
            Makes one aggregation of two.

        Examples
        --------
        >>> numbers = sc.parallelize([1, 2, 3, 4])
        >>> numbers.aggregate((0, 0), lambda s, x: (s[0] + x, s[1] + 1), lambda s, t: (s[0] + t[0], s[1] + t[1]))
        (10, 4)
        """
        aggregated: U = self._fold("aggregate", zeroValue, seqOp, combOp)
        return aggregated

    def _fold(self, name: str, zero: Any, fold: Callable[[Any, Any], Any], merge: Callable[[Any, Any], Any]) -> Any:
        partials = self._partitions_step(narrow.fold_records(zero, fold), name, user=fold)._collect(name)
        return functools.reduce(merge, partials, copy.deepcopy(zero))

    @overload
    def max(self: Actions[S]) -> S: ...

    @overload
    def max(self, key: Callable[[T], S]) -> T: ...

    def max(self, key: Callable[[Any], Any] | None = None) -> Any:
        """Give the largest record, by ``key`` if given.

        Raises
        ------
        ValueError
            If there are no records.

        Examples
        --------
        >>> sc.parallelize([1.0, 5.0, 43.0, 10.0]).max(), sc.parallelize([1.0, 5.0, 43.0, 10.0]).max(key=str)
        (43.0, 5.0)
        """
        found: T = self._reduce(narrow.extreme(max, key), functools.partial(max, key=key), "max")
        return found

    @overload
    def min(self: Actions[S]) -> S: ...

    @overload
    def min(self, key: Callable[[T], S]) -> T: ...

    def min(self, key: Callable[[Any], Any] | None = None) -> Any:
        """Give the smallest record, by ``key`` if given.

        Raises
        ------
        ValueError
            If there are no records.

        Examples
        --------
        >>> sc.parallelize([2.0, 5.0, 43.0, 10.0]).min(), sc.parallelize([2.0, 5.0, 43.0, 10.0]).min(key=str)
        (2.0, 10.0)
        """
        found: T = self._reduce(narrow.extreme(min, key), functools.partial(min, key=key), "min")
        return found

    def foreach(self, f: Callable[[T], Any]) -> None:
        """Call a function with each record, on the workers.

        Examples
        --------
        >>> sc.parallelize([1, 2, 3]).foreach(lambda x: None)
        """
        self.ctx._drain(self._partitions_step(narrow.for_each(f), "foreach", user=f)._node, "foreach")

    def foreachPartition(self, f: Callable[[Iterator[T]], Any]) -> None:
        """Call a function with each partition's records, on the workers.

        Examples
        --------
        >>> sc.parallelize([1, 2, 3]).foreachPartition(lambda records: None)
        """
        step = self._partitions_step(narrow.for_partition(f), "foreachPartition", user=f)
        self.ctx._drain(step._node, "foreachPartition")

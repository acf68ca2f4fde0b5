"""Sorting."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import TYPE_CHECKING, Any, TypeVar, overload

from weft._ops import locally, narrow
from weft._ops.keys import portable_hash
from weft._rdd.core import positive
from weft._rdd.sets import Sets
from weft._typing import S

if TYPE_CHECKING:
    from weft.rdd import RDD

__all__ = ["Order"]

T = TypeVar("T")
K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


def _same(value: Any) -> Any:
    """The key function that means: the key itself."""
    return value


class Order(Sets[T]):
    """Total order over all partitions; each method is a shuffle."""

    def sortBy(self, keyfunc: Callable[[T], Any], ascending: bool = True, numPartitions: int | None = None) -> RDD[T]:
        """Sort by a key; equal keys stay in order.

        Parameters
        ----------
        keyfunc : callable
            Gives the key of a record; called once for each.
        ascending : bool
            False sorts the largest first.
        numPartitions : int, optional
            How many partitions; None: the default of shuffles.

        Returns
        -------
        RDD
            In order over all partitions, the first has the first keys; without a partitioner.

        Raises
        ------
        ValueError
            If ``numPartitions`` is not positive.

        Notes
        -----
        Shuffle: every record. Where to cut, a stage of one task finds from samples of the keys, in the same job;
        nothing runs before the action. What a task has not memory for goes to its disk.

        Examples
        --------
        >>> sc.parallelize([("a", 1), ("d", 4), ("2", 5)]).sortBy(lambda pair: pair[1]).collect()
        [('a', 1), ('d', 4), ('2', 5)]
        """
        return self._sort("sortBy", keyfunc, ascending, numPartitions)

    @overload
    def sortByKey(
        self: Order[tuple[S, V]], ascending: bool | None = ..., numPartitions: int | None = ...
    ) -> RDD[tuple[S, V]]: ...

    @overload
    def sortByKey(
        self: Order[tuple[K, V]], ascending: bool | None, numPartitions: int | None, keyfunc: Callable[[K], S]
    ) -> RDD[tuple[K, V]]: ...

    @overload
    def sortByKey(
        self: Order[tuple[K, V]],
        ascending: bool | None = ...,
        numPartitions: int | None = ...,
        *,
        keyfunc: Callable[[K], S],
    ) -> RDD[tuple[K, V]]: ...

    def sortByKey(
        self: Order[tuple[Any, Any]],
        ascending: bool | None = True,
        numPartitions: int | None = None,
        keyfunc: Callable[[Any], Any] = _same,
    ) -> RDD[tuple[Any, Any]]:
        """Sort pairs by their keys, or by what ``keyfunc`` makes of them; equal keys stay in order.

        Parameters
        ----------
        ascending : bool
            False sorts the largest first.
        numPartitions : int, optional
            How many partitions; None: the default of shuffles.
        keyfunc : callable
            Gets a key, gives what to sort by; called once for each pair.

        Returns
        -------
        RDD
            In order over all partitions, without a partitioner.

        Raises
        ------
        ValueError
            If ``numPartitions`` is not positive.

        Notes
        -----
        Shuffle: every pair, as :meth:`sortBy` does it.

        Examples
        --------
        >>> sc.parallelize([("b", 2), ("A", 3), ("c", 1)]).sortByKey(keyfunc=str.lower).collect()
        [('A', 3), ('b', 2), ('c', 1)]
        """
        key = None if keyfunc is _same else narrow.of_key(keyfunc)
        return self._sort("sortByKey", key, bool(ascending), numPartitions)

    def _sort(
        self, name: str, key: Callable[[Any], Any] | None, ascending: bool, numPartitions: int | None
    ) -> RDD[Any]:
        count = self._default_partitions() if numPartitions is None else positive(numPartitions)
        return self._shuffle(name, count, "range", "sorted", None, key=key, ascending=bool(ascending))

    @overload
    def repartitionAndSortWithinPartitions(
        self: Order[tuple[S, V]],
        numPartitions: int | None = ...,
        partitionFunc: Callable[[S], int] = ...,
        ascending: bool = ...,
    ) -> RDD[tuple[S, V]]: ...

    @overload
    def repartitionAndSortWithinPartitions(
        self: Order[tuple[K, V]],
        numPartitions: int | None,
        partitionFunc: Callable[[K], int],
        ascending: bool,
        keyfunc: Callable[[K], S],
    ) -> RDD[tuple[K, V]]: ...

    @overload
    def repartitionAndSortWithinPartitions(
        self: Order[tuple[K, V]],
        numPartitions: int | None = ...,
        partitionFunc: Callable[[K], int] = ...,
        ascending: bool = ...,
        *,
        keyfunc: Callable[[K], S],
    ) -> RDD[tuple[K, V]]: ...

    def repartitionAndSortWithinPartitions(
        self: Order[tuple[Any, Any]],
        numPartitions: int | None = None,
        partitionFunc: Callable[[Any], int] = portable_hash,
        ascending: bool = True,
        keyfunc: Callable[[Any], Any] = _same,
    ) -> RDD[tuple[Any, Any]]:
        """Bring each pair to the partition of its key and sort each partition by key; equal keys stay in order.

        Parameters
        ----------
        numPartitions, partitionFunc
            As in :meth:`partitionBy`.
        ascending, keyfunc
            As in :meth:`sortByKey`.

        Returns
        -------
        RDD
            Pairs in order within each partition, not from one to the next; with a partitioner.

        Raises
        ------
        ValueError
            If ``numPartitions`` is not positive.

        Notes
        -----
        Shuffle: every pair; none if this RDD's partitioner is equal. What a task has not memory for goes to its disk.

        Examples
        --------
        >>> pairs = sc.parallelize([(0, 5), (3, 8), (2, 6), (0, 8), (3, 8), (1, 3)])
        >>> pairs.repartitionAndSortWithinPartitions(2, lambda x: x % 2, True).glom().collect()
        [[(0, 5), (0, 8), (2, 6)], [(1, 3), (3, 8), (3, 8)]]
        """
        name = "repartitionAndSortWithinPartitions"
        target = self._target(numPartitions, partitionFunc)
        placed: RDD[Any] = self._itself
        if self.partitioner != target:
            placed = self._shuffle(name, target.numPartitions, "hash", "plain", target)
        key = None if keyfunc is _same else keyfunc
        return placed._partitions_step(locally.sort_within(key, bool(ascending)), name, True, key)

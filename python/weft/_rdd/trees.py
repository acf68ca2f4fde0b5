"""Actions that combine partial results on the workers, and look-ups."""

from __future__ import annotations

import functools
import math
import warnings
from collections.abc import Callable, Hashable, Iterable, Iterator
from typing import TYPE_CHECKING, Any, TypeVar

from weft._localiterator import in_turn, prefetched
from weft._ops import locally, narrow
from weft._rdd.reductions import Reductions

if TYPE_CHECKING:
    from weft.rdd import RDD

__all__ = ["Trees"]

T = TypeVar("T")
U = TypeVar("U")
K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class Trees(Reductions[T]):
    """More actions, and PySpark's older names."""

    def treeAggregate(self, zeroValue: U, seqOp: Callable[[U, T], U], combOp: Callable[[U, U], U], depth: int = 2) -> U:
        """Aggregate as :meth:`aggregate` does, but combine the partitions' results on the workers first.

        Parameters
        ----------
        zeroValue
            What each partition begins with.
        seqOp, combOp : callable
            As in :meth:`aggregate`.
        depth : int
            About how many levels of combining; each but the last is a shuffle.

        Returns
        -------
        object
            Such as ``zeroValue``.

        Raises
        ------
        ValueError
            If ``depth`` is smaller than 1.

        Notes
        -----
        Action: one job with about ``depth - 1`` shuffles of one value a partition; none where there are so few
        partitions that it would not help.

        Examples
        --------
        >>> add = lambda x, y: x + y
        >>> sc.parallelize([-5, -4, -3, -2, -1, 1, 2, 3, 4], 10).treeAggregate(0, add, add, 3)
        -5
        """
        aggregated: U = self._tree(zeroValue, seqOp, combOp, depth, "treeAggregate")
        return aggregated

    def treeReduce(self, f: Callable[[T, T], T], depth: int = 2) -> T:
        """Reduce as :meth:`reduce` does, but combine the partitions' results on the workers first.

        Parameters
        ----------
        f : callable
            Makes one record of two; associative and commutative.
        depth : int
            About how many levels of combining; each but the last is a shuffle.

        Returns
        -------
        object
            Such as the records.

        Raises
        ------
        ValueError
            If there are no records, or ``depth`` is smaller than 1.

        Notes
        -----
        Action: one job, with shuffles as of :meth:`treeAggregate`.

        Examples
        --------
        >>> sc.parallelize([-5, -4, -3, -2, -1, 1, 2, 3, 4], 10).treeReduce(lambda x, y: x + y)
        -5
        """
        partial = self._partitions_step(narrow.reduce_records(f), "treeReduce", user=f)
        wrapped = partial._step("map", narrow.in_list, "treeReduce")
        found: list[T] = wrapped._tree([], narrow.reduce_lists(f), narrow.reduce_lists(f), depth, "treeReduce")
        if not found:
            raise ValueError("Cannot reduce empty RDD.")
        return found[0]

    def _tree(self, zero: Any, fold: Callable[..., Any], merge: Callable[..., Any], depth: int, name: str) -> Any:
        if depth < 1:
            raise ValueError(f"Depth cannot be smaller than 1 but got {depth}.")
        count = float(self.getNumPartitions())
        if count == 0:
            return zero
        level: RDD[Any] = self._partitions_step(narrow.fold_records(zero, fold), name, user=fold)
        scale = max(math.ceil(count ** (1.0 / depth)), 2)
        while count > scale + count / scale:
            count /= scale
            pairs = level._partitions_step(locally.renumber(int(count)), name)
            merged = pairs._combine(name, (narrow.same, merge, merge), int(count), None, merge)
            level = merged._step("values", None, name)
        return functools.reduce(merge, level._collect(name))

    def reduceByKeyLocally(self: Trees[tuple[K, V]], func: Callable[[V, V], V]) -> dict[K, V]:
        """Reduce the values of each key and bring the result to the driver.

        Parameters
        ----------
        func : callable
            Makes one value of two; associative and commutative.

        Returns
        -------
        dict
            One value for each key.

        Raises
        ------
        ValueError
            If the RDD has no partitions.

        Notes
        -----
        Action: one job without a shuffle. A task holds the keys of its partition and the driver all of them.

        Examples
        --------
        >>> from operator import add
        >>> sorted(sc.parallelize([("a", 1), ("b", 1), ("a", 1)]).reduceByKeyLocally(add).items())
        [('a', 2), ('b', 1)]
        """
        tables = self._partitions_step(locally.reduce_by_key(func), "reduceByKeyLocally", user=func)
        merged: dict[K, V] = {}
        for number, table in enumerate(tables._non_empty("reduceByKeyLocally")):
            if number == 0:
                merged = table
                continue
            for key, value in table.items():
                merged[key] = func(merged[key], value) if key in merged else value
        return merged

    def lookup(self: Trees[tuple[K, V]], key: K) -> list[V]:
        """Give the values of a key.

        Parameters
        ----------
        key
            The key.

        Returns
        -------
        list
            Its values in partition order, an empty one if there is no such key.

        Notes
        -----
        Action: one job that reads all partitions; of a partitioned RDD two: one finds on a worker to which partition
        the key belongs, the other reads that one.

        Examples
        --------
        >>> pairs = sc.parallelize([("a", 1), ("b", 2), ("a", 3)])
        >>> pairs.lookup("a"), pairs.partitionBy(4).lookup("c")
        ([1, 3], [])
        """
        values = self._step("filter", narrow.key_is(key), "lookup")._step("values", None, "lookup")
        if self.partitioner is None:
            return values._collect("lookup")
        # on a worker: the driver may hash text by another seed
        place = self.ctx.parallelize([key], 1)._step("map", self.partitioner, "lookup")
        return values._collect("lookup", place._collect("lookup"))

    def isEmpty(self) -> bool:
        """Tell whether there is no record at all.

        Returns
        -------
        bool
            True as well if there are no partitions.

        Notes
        -----
        Action: jobs as of ``take(1)``; none if there are no partitions.

        Examples
        --------
        >>> sc.parallelize([]).isEmpty(), sc.parallelize([1]).isEmpty()
        (True, False)
        """
        return self.getNumPartitions() == 0 or not self._take(1, "isEmpty")

    def toLocalIterator(self, prefetchPartitions: bool = False) -> Iterator[T]:
        """Give an iterator over all records in the driver, which holds a batch of records at a time.

        A job runs for each partition when the iterator comes to it; what the RDD is made of is computed anew for each
        where it is no shuffle. A partition's result beyond 8 MB waits on the driver's disk, so that its containers are
        free while the records are used. An iterator that is let go half-way leaves nothing.

        Parameters
        ----------
        prefetchPartitions : bool
            Run the next partition's job while this one's records are used.

        Returns
        -------
        iterator
            Over the records in partition order.

        Notes
        -----
        Action: one job a partition, begun when the iterator comes to it.

        Examples
        --------
        >>> [x for x in sc.parallelize(range(10), 3).toLocalIterator()]
        [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]
        """
        jobs, count = self.ctx._jobs, self.getNumPartitions()
        return (prefetched if prefetchPartitions else in_turn)(jobs, self._node, count, "toLocalIterator")

    def mapPartitionsWithSplit(
        self, f: Callable[[int, Iterator[T]], Iterable[U]], preservesPartitioning: bool = False
    ) -> RDD[U]:
        """Do what :meth:`mapPartitionsWithIndex` does; deprecated in PySpark.

        Parameters
        ----------
        f, preservesPartitioning
            As in :meth:`mapPartitionsWithIndex`.

        Returns
        -------
        RDD
            What ``f`` gives, a partition for each of this RDD's.

        Notes
        -----
        Narrow.

        Examples
        --------
        >>> import warnings
        >>> with warnings.catch_warnings():
        ...     warnings.simplefilter("ignore")
        ...     sc.parallelize([1, 2], 2).mapPartitionsWithSplit(lambda index, _: [index]).collect()
        [0, 1]
        """
        warnings.warn(
            "mapPartitionsWithSplit is deprecated; use mapPartitionsWithIndex instead", FutureWarning, stacklevel=2
        )
        return self._partitions_step(f, "mapPartitionsWithSplit", preservesPartitioning)

    def collectWithJobGroup(self, groupId: str, description: str, interruptOnCancel: bool = False) -> list[T]:
        """Collect within a job group; deprecated in PySpark: use :meth:`~weft.context.WeftContext.setJobGroup`.

        Parameters
        ----------
        groupId, description, interruptOnCancel
            As in :meth:`~weft.context.WeftContext.setJobGroup`; they are this job's alone.

        Returns
        -------
        list
            All records, as of :meth:`collect`.

        Notes
        -----
        Action: one job.

        Examples
        --------
        >>> import warnings
        >>> with warnings.catch_warnings():
        ...     warnings.simplefilter("ignore")
        ...     sc.parallelize([1, 2]).collectWithJobGroup("group", "both")
        [1, 2]
        """
        warnings.warn("collectWithJobGroup is deprecated; use setJobGroup", FutureWarning, stacklevel=2)
        properties = self.ctx._jobs.properties
        before = dict(properties)
        self.ctx.setJobGroup(groupId, description, interruptOnCancel)
        try:
            return self._collect("collectWithJobGroup")
        finally:
            properties.clear()
            properties.update(before)

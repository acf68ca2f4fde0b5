"""RDDs against each other: products, pairs, differences; and groups by a function."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import TYPE_CHECKING, Any, TypeVar, overload

from weft._callsite import call_site
from weft._lineage import CartesianNode, ZipNode
from weft._ops import locally, narrow
from weft._ops.keys import portable_hash
from weft._rdd.bykey import ByKey
from weft.resultiterable import ResultIterable

if TYPE_CHECKING:
    from weft.rdd import RDD

__all__ = ["Sets"]

T = TypeVar("T")
U = TypeVar("U")
K = TypeVar("K", bound=Hashable)
V = TypeVar("V")
V1 = TypeVar("V1")
V2 = TypeVar("V2")
V3 = TypeVar("V3")


class Sets(ByKey[T]):
    """Two RDDs into one."""

    def cartesian(self, other: RDD[U]) -> RDD[tuple[T, U]]:
        """Give all pairs of a record of this RDD and one of the other.

        Parameters
        ----------
        other : RDD
            Of the same context.

        Returns
        -------
        RDD
            As many partitions as the product of both sides' numbers.

        Notes
        -----
        Narrow. Each task reads one partition of each side, so that a partition is computed as often as the other side
        has partitions, unless it is persisted or behind a shuffle.

        Examples
        --------
        >>> rdd = sc.parallelize([1, 2])
        >>> sorted(rdd.cartesian(rdd).collect())
        [(1, 1), (1, 2), (2, 1), (2, 2)]
        """
        node = CartesianNode(self.ctx._next_id(), "cartesian", call_site(), (self._node, other._node))
        return self._derive(node)

    def zip(self, other: RDD[U]) -> RDD[tuple[T, U]]:
        """Pair the records that stand at the same place of the same partition.

        Parameters
        ----------
        other : RDD
            With as many partitions, and as many records in each.

        Returns
        -------
        RDD
            Pairs ``(record, other's record)``.

        Raises
        ------
        ValueError
            If the numbers of partitions differ; within the action, if those of records do.

        Notes
        -----
        Narrow.

        Examples
        --------
        >>> sc.parallelize(range(5), 2).zip(sc.parallelize(range(1000, 1005), 2)).collect()
        [(0, 1000), (1, 1001), (2, 1002), (3, 1003), (4, 1004)]
        """
        if self.getNumPartitions() != other.getNumPartitions():
            raise ValueError(
                "Can only zip with RDD which has the same number of partitions: "
                f"this one has {self.getNumPartitions()}, the other {other.getNumPartitions()}"
            )
        return self._derive(ZipNode(self.ctx._next_id(), "zip", call_site(), (self._node, other._node)))

    def zipWithUniqueId(self) -> RDD[tuple[T, int]]:
        """Pair each record with a number that no other has.

        Returns
        -------
        RDD
            Pairs; record ``i`` of partition ``k`` of ``n`` has the number ``i * n + k``.

        Notes
        -----
        Narrow. Unlike :meth:`zipWithIndex` it runs no job, and leaves gaps.

        Examples
        --------
        >>> sc.parallelize(["a", "b", "c", "d", "e"], 3).zipWithUniqueId().collect()
        [('a', 0), ('b', 1), ('c', 4), ('d', 2), ('e', 5)]
        """
        return self._partitions_step(locally.number_uniquely(self.getNumPartitions()), "zipWithUniqueId")

    def groupBy(
        self,
        f: Callable[[T], K],
        numPartitions: int | None = None,
        partitionFunc: Callable[[K], int] = portable_hash,
    ) -> RDD[tuple[K, ResultIterable[T]]]:
        """Group the records by a key that a function gives.

        Parameters
        ----------
        f : callable
            Gets a record, gives its key.
        numPartitions, partitionFunc
            As in :meth:`partitionBy`.

        Returns
        -------
        RDD
            Pairs of a key and a :class:`~weft.resultiterable.ResultIterable` of its records, partitioned by key.

        Raises
        ------
        ValueError
            If ``numPartitions`` is not positive.

        Notes
        -----
        Shuffle: every record, with its key.

        Examples
        --------
        >>> groups = sc.parallelize([1, 1, 2, 3, 5, 8]).groupBy(lambda x: x % 2)
        >>> sorted((key, sorted(values)) for key, values in groups.collect())
        [(0, [2, 8]), (1, [1, 1, 3, 5])]
        """
        pairs = self._step("map", narrow.key_by(f), "groupBy", user=f)
        return pairs._group("groupBy", numPartitions, partitionFunc)

    @overload
    def groupWith(
        self: Sets[tuple[K, V]], other: RDD[tuple[K, V1]], /
    ) -> RDD[tuple[K, tuple[ResultIterable[V], ResultIterable[V1]]]]: ...

    @overload
    def groupWith(
        self: Sets[tuple[K, V]], other: RDD[tuple[K, V1]], second: RDD[tuple[K, V2]], /
    ) -> RDD[tuple[K, tuple[ResultIterable[V], ResultIterable[V1], ResultIterable[V2]]]]: ...

    @overload
    def groupWith(
        self: Sets[tuple[K, V]], other: RDD[tuple[K, V1]], second: RDD[tuple[K, V2]], third: RDD[tuple[K, V3]], /
    ) -> RDD[tuple[K, tuple[ResultIterable[V], ResultIterable[V1], ResultIterable[V2], ResultIterable[V3]]]]: ...

    @overload
    def groupWith(
        self: Sets[tuple[K, Any]], other: RDD[tuple[K, Any]], *others: RDD[tuple[K, Any]]
    ) -> RDD[tuple[K, tuple[ResultIterable[Any], ...]]]: ...

    def groupWith(
        self: Sets[tuple[K, Any]], other: RDD[tuple[K, Any]], *others: RDD[tuple[K, Any]]
    ) -> RDD[Any]:
        """Give for each key of any RDD the values of all, as :meth:`cogroup` does for two.

        Parameters
        ----------
        other, *others : RDD
            Pairs.

        Returns
        -------
        RDD
            Pairs of a key and a tuple of one :class:`~weft.resultiterable.ResultIterable` for each RDD, this one's
            first; partitioned by key.

        Notes
        -----
        Shuffle: every pair of all RDDs, but for those whose partitioner is the result's already.

        Examples
        --------
        >>> w, x = sc.parallelize([("a", 5), ("b", 6)]), sc.parallelize([("a", 1), ("b", 4)])
        >>> y, z = sc.parallelize([("a", 2)]), sc.parallelize([("b", 42)])
        >>> [(key, tuple(map(list, sides))) for key, sides in sorted(w.groupWith(x, y, z).collect())]
        [('a', ([5], [1], [2], [])), ('b', ([6], [4], [], [42]))]
        """
        sides = self._cogroup((self._itself, other, *others), None, "groupWith")
        return sides._map_values(narrow.as_groups, "groupWith")

    def intersection(self, other: RDD[T]) -> RDD[T]:
        """Give the records that both RDDs have, each once.

        Parameters
        ----------
        other : RDD
            Of hashable records.

        Returns
        -------
        RDD
            In no particular order, without a partitioner.

        Notes
        -----
        Shuffle: every record of both.

        Examples
        --------
        >>> one, other = sc.parallelize([1, 10, 2, 3, 4, 5]), sc.parallelize([1, 6, 2, 3, 7, 8])
        >>> sorted(one.intersection(other).collect())
        [1, 2, 3]
        """
        left = self._step("map", narrow.pair_with_none, "intersection")
        right = other._step("map", narrow.pair_with_none, "intersection")
        sides = left._cogroup((left, right), None, "intersection")
        return sides._step("filter", locally.has_all, "intersection", True)._step("keys", None, "intersection")

    def subtract(self, other: RDD[T], numPartitions: int | None = None) -> RDD[T]:
        """Give the records that the other RDD does not have, as often as they stand here.

        Parameters
        ----------
        other : RDD
            Of hashable records.
        numPartitions : int, optional
            As in :meth:`join`.

        Returns
        -------
        RDD
            In no particular order, without a partitioner.

        Raises
        ------
        ValueError
            If ``numPartitions`` is not positive.

        Notes
        -----
        Shuffle: every record of both.

        Examples
        --------
        >>> one, other = sc.parallelize([1, 5, 4, 3]), sc.parallelize([3, 4])
        >>> sorted(one.subtract(other).collect())
        [1, 5]
        """
        left = self._step("map", narrow.pair_with_none, "subtract")
        right = other._step("map", narrow.pair_with_none, "subtract")
        return left._without(right, numPartitions, "subtract")._step("keys", None, "subtract")

    def subtractByKey(
        self: Sets[tuple[K, V]], other: RDD[tuple[K, Any]], numPartitions: int | None = None
    ) -> RDD[tuple[K, V]]:
        """Give the pairs whose key the other RDD does not have.

        Parameters
        ----------
        other : RDD
            Pairs, whose values do not matter.
        numPartitions : int, optional
            As in :meth:`join`.

        Returns
        -------
        RDD
            Pairs of this RDD, partitioned by key.

        Raises
        ------
        ValueError
            If ``numPartitions`` is not positive.

        Notes
        -----
        Shuffle: every pair of both, but for a side whose partitioner is the result's already.

        Examples
        --------
        >>> one, other = sc.parallelize([("a", 1), ("b", 4), ("b", 5)]), sc.parallelize([("a", 3), ("c", None)])
        >>> sorted(one.subtractByKey(other).collect())
        [('b', 4), ('b', 5)]
        """
        return self._without(other, numPartitions, "subtractByKey")

    def _without(self, other: RDD[Any], numPartitions: int | None, name: str) -> RDD[Any]:
        sides = self._cogroup((self._itself, other), numPartitions, name)
        return sides._flat_map_values(locally.left_only, name)

    def pipe(self, command: str, env: dict[str, str] | None = None, checkCode: bool = False) -> RDD[str]:
        """Send each partition through a program: a line of its input a record, a record each line of its output.

        Parameters
        ----------
        command : str
            Program and arguments, in the shell's quoting; no shell runs.
        env : dict, optional
            The program's whole environment; none given means an empty one.
        checkCode : bool
            Whether an exit code other than 0 fails the task.

        Returns
        -------
        RDD
            The lines that the program prints, as str without line ends.

        Notes
        -----
        Narrow. One process for each partition; records are sent and lines read as they come.

        Examples
        --------
        >>> sc.parallelize(["1", "2", "", "3"]).pipe("/bin/cat").collect()
        ['1', '2', '', '3']
        """
        return self._partitions_step(locally.piped(command, dict(env or {}), checkCode), "pipe")

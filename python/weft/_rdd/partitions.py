"""Several RDDs into one, and records to other partitions."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import TYPE_CHECKING, Any, TypeVar

from weft._callsite import call_site
from weft._lineage import CoalesceNode, UnionNode
from weft._ops.keys import portable_hash
from weft._rdd.core import Core, positive
from weft._rdd.narrow import Narrow

if TYPE_CHECKING:
    from weft.rdd import RDD

__all__ = ["Partitions"]

T = TypeVar("T")
U = TypeVar("U")
K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class Partitions(Narrow[T]):
    """Unions, and how many partitions there are and what is where."""

    def union(self, other: RDD[U]) -> RDD[T | U]:
        """Give the records of both.

        Parameters
        ----------
        other : RDD
            Of the same context.

        Returns
        -------
        RDD
            The partitions of this RDD, then those of the other. Two RDDs with equal partitioners keep it and their
            number of partitions: there each partition has the records of both.

        Notes
        -----
        Narrow.

        Examples
        --------
        >>> rdd = sc.parallelize([1, 2])
        >>> rdd.union(rdd).collect()
        [1, 2, 1, 2]
        """
        return self._union((self._itself, other), "union")

    def __add__(self, other: RDD[U]) -> RDD[T | U]:
        """Give the records of both, as :meth:`union` does."""
        if not isinstance(other, Core):
            raise TypeError(f"an RDD can be added to an RDD only, not to {type(other).__name__}")
        return self._union((self._itself, other), "union")

    def _union(self, rdds: tuple[RDD[Any], ...], name: str) -> RDD[Any]:
        partitioner = rdds[0].partitioner
        aligned = partitioner is not None and all(rdd.partitioner == partitioner for rdd in rdds)
        node = UnionNode(self.ctx._next_id(), name, call_site(), tuple(rdd._node for rdd in rdds), aligned)
        return self._derive(node, partitioner if aligned else None)

    def coalesce(self, numPartitions: int, shuffle: bool = False) -> RDD[T]:
        """Make fewer partitions by putting several together.

        Parameters
        ----------
        numPartitions : int
            How many there shall be; more than there are only with ``shuffle``.
        shuffle : bool
            Deal all records out anew, as :meth:`repartition` does.

        Returns
        -------
        RDD
            At most ``numPartitions`` partitions, each of neighbours one after the other; without a partitioner.

        Raises
        ------
        ValueError
            If ``numPartitions`` is not positive.

        Notes
        -----
        Narrow. With ``shuffle`` it is a shuffle of every record. Fewer partitions are fewer tasks for all narrow steps
        before it, too, up to the next shuffle.

        Examples
        --------
        >>> sc.parallelize([1, 2, 3, 4, 5], 3).coalesce(1).glom().collect()
        [[1, 2, 3, 4, 5]]
        """
        positive(numPartitions)
        if shuffle:
            return self._shuffle("coalesce", numPartitions, "round", "values", None)
        return self._derive(CoalesceNode(self.ctx._next_id(), "coalesce", call_site(), self._node, numPartitions))

    def repartition(self, numPartitions: int) -> RDD[T]:
        """Deal all records out anew; the same records always fall the same way, whatever task is tried again.

        Parameters
        ----------
        numPartitions : int
            How many partitions; more or fewer than there are.

        Returns
        -------
        RDD
            Partitions of about one size, without a partitioner and in an order of their own.

        Raises
        ------
        ValueError
            If ``numPartitions`` is not positive.

        Notes
        -----
        Shuffle: every record. To make fewer partitions, :meth:`coalesce` moves none.

        Examples
        --------
        >>> rdd = sc.parallelize([1, 2, 3, 4, 5, 6, 7], 4).repartition(2)
        >>> rdd.getNumPartitions(), sorted(rdd.collect())
        (2, [1, 2, 3, 4, 5, 6, 7])
        """
        return self._shuffle("repartition", positive(numPartitions), "round", "values", None)

    def partitionBy(
        self: Partitions[tuple[K, V]],
        numPartitions: int | None,
        partitionFunc: Callable[[K], int] = portable_hash,
    ) -> RDD[tuple[K, V]]:
        """Bring each pair to the partition of its key.

        Parameters
        ----------
        numPartitions : int or None
            How many partitions; None: the default of shuffles.
        partitionFunc : callable
            Gives a key's number; the partition is that modulo ``numPartitions``.

        Returns
        -------
        RDD
            The pairs, of which those with equal keys are in one partition, in the order that they had; with a
            partitioner. It is this RDD itself if that is partitioned so.

        Raises
        ------
        ValueError
            If ``numPartitions`` is not positive.

        Notes
        -----
        Shuffle: every pair; none if this RDD's partitioner is equal (as many partitions, the same function).

        Examples
        --------
        >>> pairs = sc.parallelize([(1, "a"), (2, "b"), (3, "c"), (1, "d")])
        >>> pairs.partitionBy(2).glom().collect()
        [[(2, 'b')], [(1, 'a'), (3, 'c'), (1, 'd')]]
        """
        target = self._target(numPartitions, partitionFunc)
        if self.partitioner == target:
            return self._itself
        return self._shuffle("partitionBy", target.numPartitions, "hash", "plain", target)

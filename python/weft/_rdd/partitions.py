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
        """Give the records of both; nothing is moved.

        Two RDDs with equal partitioners keep it, and their number of partitions.

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

        Raises
        ------
        ValueError
            If ``numPartitions`` is not positive.

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
        """Deal all records out into so many partitions; the same records always fall the same way.

        Raises
        ------
        ValueError
            If ``numPartitions`` is not positive.

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

"""Pairs by their keys: combine, group, join."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import TYPE_CHECKING, Any, TypeVar

from weft import join as joins
from weft._callsite import call_site
from weft._lineage import CoGroupNode
from weft._ops import locally, narrow
from weft._ops.keys import portable_hash
from weft._rdd.partitions import Partitions
from weft.resultiterable import ResultIterable

if TYPE_CHECKING:
    from weft.rdd import RDD

__all__ = ["ByKey"]

T = TypeVar("T")
U = TypeVar("U")
K = TypeVar("K", bound=Hashable)
V = TypeVar("V")
W = TypeVar("W")


class ByKey(Partitions[T]):
    """What brings equal keys together; each method but a co-partitioned one is a shuffle."""

    def distinct(self: ByKey[K], numPartitions: int | None = None) -> RDD[K]:
        """Give each record once.

        Parameters
        ----------
        numPartitions : int, optional
            How many partitions; None: the default of shuffles.

        Returns
        -------
        RDD
            Each record once, in no particular order and without a partitioner. Records must be hashable.

        Raises
        ------
        ValueError
            If ``numPartitions`` is not positive.

        Notes
        -----
        Shuffle: each record once from each partition that has it. What a task has not memory for goes to its disk.

        Examples
        --------
        >>> sorted(sc.parallelize([1, 1, 2, 3]).distinct().collect())
        [1, 2, 3]
        """
        pairs = self._step("map", narrow.pair_with_none, "distinct")
        functions = (narrow.same, narrow.first_of_two, narrow.first_of_two)
        return pairs._combine("distinct", functions, numPartitions, None)._step("keys", None, "distinct")

    def _combine(
        self,
        name: str,
        functions: tuple[Callable[..., Any], Callable[..., Any], Callable[..., Any]],
        numPartitions: int | None,
        partitionFunc: Callable[[Any], int] | None,
        user: Any = None,
    ) -> RDD[Any]:
        """Combine the values of each key by (create, merge value, merge combiners)."""
        create, merge_value, merge_combiners = functions
        target = self._target(numPartitions, partitionFunc)
        if self.partitioner == target:
            return self._partitions_step(locally.combine_pairs(create, merge_value), name, True, user)
        return self._shuffle(
            name,
            target.numPartitions,
            "hash",
            "combine",
            target,
            create=create,
            merge_value=merge_value,
            merge_combiners=merge_combiners,
            map_side_combine=True,
        )

    def combineByKey(
        self: ByKey[tuple[K, V]],
        createCombiner: Callable[[V], U],
        mergeValue: Callable[[U, V], U],
        mergeCombiners: Callable[[U, U], U],
        numPartitions: int | None = None,
        partitionFunc: Callable[[K], int] = portable_hash,
    ) -> RDD[tuple[K, U]]:
        """Combine the values of each key with functions of your own.

        Parameters
        ----------
        createCombiner : callable
            Makes a combination of the first value.
        mergeValue : callable
            Takes a further value into a combination; may change and give back its first argument.
        mergeCombiners : callable
            Makes one combination of two; may change and give back its first argument.
        numPartitions, partitionFunc
            As in :meth:`partitionBy`.

        Returns
        -------
        RDD
            Pairs of a key and its combination, partitioned by key.

        Raises
        ------
        ValueError
            If ``numPartitions`` is not positive.

        Notes
        -----
        Shuffle: a combination of each key from each partition that has it; none if this RDD's partitioner is equal.
        What a task has not memory for goes to its disk.

        Examples
        --------
        >>> pairs = sc.parallelize([("a", 1), ("b", 1), ("a", 2)], 2)
        >>> lists = pairs.combineByKey(lambda v: [v], lambda c, v: c + [v], lambda a, b: a + b)
        >>> sorted(lists.collect())
        [('a', [1, 2]), ('b', [1])]
        """
        functions = (createCombiner, mergeValue, mergeCombiners)
        return self._combine("combineByKey", functions, numPartitions, partitionFunc)

    def reduceByKey(
        self: ByKey[tuple[K, V]],
        func: Callable[[V, V], V],
        numPartitions: int | None = None,
        partitionFunc: Callable[[K], int] = portable_hash,
    ) -> RDD[tuple[K, V]]:
        """Make one value of all values of each key.

        Parameters
        ----------
        func : callable
            Makes one value of two; associative and commutative.
        numPartitions, partitionFunc
            As in :meth:`partitionBy`.

        Returns
        -------
        RDD
            One pair for each key, partitioned by key.

        Raises
        ------
        ValueError
            If ``numPartitions`` is not positive.

        Notes
        -----
        Shuffle: one value of each key from each partition that has it; none if this RDD's partitioner is equal. What a
        task has not memory for goes to its disk.

        Examples
        --------
        >>> from operator import add
        >>> sorted(sc.parallelize([("a", 1), ("b", 1), ("a", 1)]).reduceByKey(add).collect())
        [('a', 2), ('b', 1)]
        """
        return self._combine("reduceByKey", (narrow.same, func, func), numPartitions, partitionFunc, func)

    def groupByKey(
        self: ByKey[tuple[K, V]],
        numPartitions: int | None = None,
        partitionFunc: Callable[[K], int] = portable_hash,
    ) -> RDD[tuple[K, ResultIterable[V]]]:
        """Bring all values of each key together, as an iterable that knows its length.

        For sums and the like :meth:`reduceByKey` and :meth:`aggregateByKey` move far less.

        Parameters
        ----------
        numPartitions, partitionFunc
            As in :meth:`partitionBy`.

        Returns
        -------
        RDD
            Pairs of a key and a :class:`~weft.resultiterable.ResultIterable` of its values, partitioned by key. Values
            stand in the order that they had in this RDD.

        Raises
        ------
        ValueError
            If ``numPartitions`` is not positive.

        Notes
        -----
        Shuffle: every pair; none if this RDD's partitioner is equal. The values of one key may be more than fits into
        memory: they are read from disk then, but a collected or pickled group is held as a whole.

        Examples
        --------
        >>> groups = sc.parallelize([("a", 1), ("b", 1), ("a", 2)]).groupByKey()
        >>> sorted(groups.mapValues(list).collect())
        [('a', [1, 2]), ('b', [1])]
        """
        return self._group("groupByKey", numPartitions, partitionFunc)

    def _group(
        self, name: str, numPartitions: int | None, partitionFunc: Callable[[Any], int] | None
    ) -> RDD[tuple[Any, ResultIterable[Any]]]:
        target = self._target(numPartitions, partitionFunc)
        if self.partitioner == target:
            node = CoGroupNode(self.ctx._next_id(), name, call_site(), (self._node,))
            return self._derive(node, target)._map_values(narrow.grouped, name)
        return self._shuffle(name, target.numPartitions, "hash", "group", target)

    def aggregateByKey(
        self: ByKey[tuple[K, V]],
        zeroValue: U,
        seqFunc: Callable[[U, V], U],
        combFunc: Callable[[U, U], U],
        numPartitions: int | None = None,
        partitionFunc: Callable[[K], int] = portable_hash,
    ) -> RDD[tuple[K, U]]:
        """Aggregate the values of each key, beginning with a copy of ``zeroValue``.

        Parameters
        ----------
        zeroValue
            What each key's aggregation begins with, in each partition of this RDD.
        seqFunc : callable
            Takes a value into an aggregation; may change and give back its first argument.
        combFunc : callable
            Makes one aggregation of two.
        numPartitions, partitionFunc
            As in :meth:`partitionBy`.

        Returns
        -------
        RDD
            Pairs of a key and its aggregation, partitioned by key.

        Raises
        ------
        ValueError
            If ``numPartitions`` is not positive.

        Notes
        -----
        Shuffle: an aggregation of each key from each partition that has it; none if this RDD's partitioner is equal.
        What a task has not memory for goes to its disk.

        Examples
        --------
        >>> pairs = sc.parallelize([("a", 1), ("b", 1), ("a", 2)])
        >>> def add(one, other):
        ...     return (one[0] + other[0], one[1] + other[1])
        >>> sums = pairs.aggregateByKey((0, 0), lambda s, v: add(s, (v, 1)), add)
        >>> sorted(sums.collect())
        [('a', (3, 2)), ('b', (1, 1))]
        """
        functions = (narrow.with_zero(zeroValue, seqFunc), seqFunc, combFunc)
        return self._combine("aggregateByKey", functions, numPartitions, partitionFunc, seqFunc)

    def foldByKey(
        self: ByKey[tuple[K, V]],
        zeroValue: V,
        func: Callable[[V, V], V],
        numPartitions: int | None = None,
        partitionFunc: Callable[[K], int] = portable_hash,
    ) -> RDD[tuple[K, V]]:
        """Make one value of all values of each key, beginning with a copy of ``zeroValue``.

        Parameters
        ----------
        zeroValue
            What each key begins with, in each partition of this RDD; it should change nothing, such as 0 for sums.
        func : callable
            Makes one value of two; associative and commutative.
        numPartitions, partitionFunc
            As in :meth:`partitionBy`.

        Returns
        -------
        RDD
            One pair for each key, partitioned by key.

        Raises
        ------
        ValueError
            If ``numPartitions`` is not positive.

        Notes
        -----
        Shuffle: one value of each key from each partition that has it; none if this RDD's partitioner is equal.

        Examples
        --------
        >>> from operator import add
        >>> sorted(sc.parallelize([("a", 1), ("b", 1), ("a", 1)]).foldByKey(0, add).collect())
        [('a', 2), ('b', 1)]
        """
        functions = (narrow.with_zero(zeroValue, func), func, func)
        return self._combine("foldByKey", functions, numPartitions, partitionFunc, func)

    def join(
        self: ByKey[tuple[K, V]], other: RDD[tuple[K, W]], numPartitions: int | None = None
    ) -> RDD[tuple[K, tuple[V, W]]]:
        """Give ``(key, (v, w))`` for each pair of values of keys that both sides have.

        Sides that are partitioned alike are not moved.

        Parameters
        ----------
        other : RDD
            Pairs.
        numPartitions : int, optional
            How many partitions; None: ``weft.default.parallelism`` if it is set, else that of both sides where they are
            partitioned alike, else the sum of both.

        Returns
        -------
        RDD
            Of a key with m values here and n there m times n pairs; partitioned by key.

        Raises
        ------
        ValueError
            If ``numPartitions`` is not positive.

        Notes
        -----
        Shuffle: every pair of both sides, but for a side whose partitioner is the result's already. For a small side
        see :meth:`broadcastJoin`, for keys with very many values :meth:`skewJoin`.

        Examples
        --------
        >>> left, right = sc.parallelize([("a", 1), ("b", 4)]), sc.parallelize([("a", 2), ("a", 3)])
        >>> sorted(left.join(right).collect())
        [('a', (1, 2)), ('a', (1, 3))]
        """
        return joins.join(self._itself, other, numPartitions)

    def leftOuterJoin(
        self: ByKey[tuple[K, V]], other: RDD[tuple[K, W]], numPartitions: int | None = None
    ) -> RDD[tuple[K, tuple[V, W | None]]]:
        """Join, with ``(key, (v, None))`` where the other side lacks the key.

        Parameters
        ----------
        other, numPartitions
            As in :meth:`join`.

        Returns
        -------
        RDD
            At least one pair for each of this side's, partitioned by key.

        Raises
        ------
        ValueError
            If ``numPartitions`` is not positive.

        Notes
        -----
        Shuffle: every pair of both sides, but for a side whose partitioner is the result's already.

        Examples
        --------
        >>> left, right = sc.parallelize([("a", 1), ("b", 4)]), sc.parallelize([("a", 2)])
        >>> sorted(left.leftOuterJoin(right).collect())
        [('a', (1, 2)), ('b', (4, None))]
        """
        return joins.left_outer_join(self._itself, other, numPartitions)

    def rightOuterJoin(
        self: ByKey[tuple[K, V]], other: RDD[tuple[K, W]], numPartitions: int | None = None
    ) -> RDD[tuple[K, tuple[V | None, W]]]:
        """Join, with ``(key, (None, w))`` where this side lacks the key.

        Parameters
        ----------
        other, numPartitions
            As in :meth:`join`.

        Returns
        -------
        RDD
            At least one pair for each of the other side's, partitioned by key.

        Raises
        ------
        ValueError
            If ``numPartitions`` is not positive.

        Notes
        -----
        Shuffle: every pair of both sides, but for a side whose partitioner is the result's already.

        Examples
        --------
        >>> left, right = sc.parallelize([("a", 2)]), sc.parallelize([("a", 1), ("b", 4)])
        >>> sorted(left.rightOuterJoin(right).collect())
        [('a', (2, 1)), ('b', (None, 4))]
        """
        return joins.right_outer_join(self._itself, other, numPartitions)

    def fullOuterJoin(
        self: ByKey[tuple[K, V]], other: RDD[tuple[K, W]], numPartitions: int | None = None
    ) -> RDD[tuple[K, tuple[V | None, W | None]]]:
        """Join, with None where one side lacks the key.

        Parameters
        ----------
        other, numPartitions
            As in :meth:`join`.

        Returns
        -------
        RDD
            At least one pair ``(key, (v, w))`` for each pair of either side, partitioned by key.

        Raises
        ------
        ValueError
            If ``numPartitions`` is not positive.

        Notes
        -----
        Shuffle: every pair of both sides, but for a side whose partitioner is the result's already.

        Examples
        --------
        >>> left, right = sc.parallelize([("a", 1), ("b", 4)]), sc.parallelize([("a", 2), ("c", 8)])
        >>> sorted(left.fullOuterJoin(right).collect())
        [('a', (1, 2)), ('b', (4, None)), ('c', (None, 8))]
        """
        return joins.full_outer_join(self._itself, other, numPartitions)

    def cogroup(
        self: ByKey[tuple[K, V]], other: RDD[tuple[K, W]], numPartitions: int | None = None
    ) -> RDD[tuple[K, tuple[ResultIterable[V], ResultIterable[W]]]]:
        """Give for each key of either side the values of both.

        Parameters
        ----------
        other, numPartitions
            As in :meth:`join`.

        Returns
        -------
        RDD
            Pairs of a key and a tuple of two :class:`~weft.resultiterable.ResultIterable`, an empty one for a side
            without the key; partitioned by key.

        Raises
        ------
        ValueError
            If ``numPartitions`` is not positive.

        Notes
        -----
        Shuffle: every pair of both sides, but for a side whose partitioner is the result's already.

        Examples
        --------
        >>> left, right = sc.parallelize([("a", 1), ("b", 4)]), sc.parallelize([("a", 2)])
        >>> [(key, tuple(map(list, sides))) for key, sides in sorted(left.cogroup(right).collect())]
        [('a', ([1], [2])), ('b', ([4], []))]
        """
        return joins.cogroup((self._itself, other), numPartitions)

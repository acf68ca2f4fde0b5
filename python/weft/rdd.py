"""The collection that jobs are made of."""

from __future__ import annotations

import copy
import functools
import heapq
import itertools
import operator
import weakref
from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Iterator
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from weft import join as joins
from weft._absent import absent_name
from weft._callsite import call_site
from weft._closures import Closure, DriverObject
from weft._lineage import CoalesceNode, CoGroupNode, EmptyNode, Node, ShuffleNode, StepNode, UnionNode
from weft._ops import narrow
from weft._ops.keys import portable_hash
from weft.resultiterable import ResultIterable
from weft.statcounter import StatCounter

if TYPE_CHECKING:
    from weft.context import WeftContext

__all__ = ["RDD", "Partitioner", "portable_hash"]

T = TypeVar("T")
U = TypeVar("U")
K = TypeVar("K", bound=Hashable)
V = TypeVar("V")
W = TypeVar("W")


def _same(value: Any) -> Any:
    """The key function that means: the key itself."""
    return value


class Partitioner:
    """Which partition a key belongs to; equal if number and function are equal.

    Parameters
    ----------
    numPartitions : int
        How many partitions there are.
    partitionFunc : callable
        Gives a key's number; the partition is that number modulo ``numPartitions``.
    """

    def __init__(self, numPartitions: int, partitionFunc: Callable[[Any], int]) -> None:
        self.numPartitions = numPartitions
        self.partitionFunc = partitionFunc

    def __eq__(self, other: object) -> bool:
        return (
            isinstance(other, Partitioner)
            and self.numPartitions == other.numPartitions
            and self.partitionFunc == other.partitionFunc
        )

    def __hash__(self) -> int:
        return hash((self.numPartitions, self.partitionFunc))

    def __call__(self, key: Any) -> int:
        return self.partitionFunc(key) % self.numPartitions


class RDD(DriverObject, Generic[T]):
    """Records in partitions, described by how they are made.

    A transformation (such as :meth:`map`) gives a new RDD and runs nothing. An action (such as :meth:`collect`)
    runs what it needs. RDDs are made by a :class:`~weft.context.WeftContext`, never by this class directly, and
    can be used in the driver only.
    """

    def __init__(self, node: Node, ctx: WeftContext, partitioner: Partitioner | None = None) -> None:
        self.ctx = ctx
        self.partitioner = partitioner
        self._node = node
        self._name: str | None = None
        self._partitions: int | None = None

    # what it is

    @property
    def context(self) -> WeftContext:
        """The context that this RDD belongs to."""
        return self.ctx

    def id(self) -> int:
        """Give a number that no other RDD of this context has."""
        return self._node.rdd

    def name(self) -> str | None:
        """Give the name that :meth:`setName` set, or None."""
        return self._name

    def setName(self, name: str) -> RDD[T]:
        """Set a name for people.

        Examples
        --------
        >>> sc.parallelize([1, 2]).setName("two").name()
        'two'
        """
        self._name = name
        return self

    def getNumPartitions(self) -> int:
        """Give the number of partitions; for files this looks at them.

        Examples
        --------
        >>> sc.parallelize([1, 2, 3, 4], 2).getNumPartitions()
        2
        """
        if self._partitions is None:
            self._partitions = self.ctx._count_partitions(self._node)
        return self._partitions

    if not TYPE_CHECKING:  # or type checkers would allow any name

        def __getattr__(self, name: str) -> Any:
            raise absent_name("RDD", name)

    def __repr__(self) -> str:
        return f"<RDD {self._name or self._node.name} at {self._node.site}>"

    def _described(self) -> str:
        return f"an RDD (line {self._node.site.rpartition(':')[2]})"

    # how the next one is made

    def _derive(self, node: Node, partitioner: Partitioner | None = None) -> RDD[Any]:
        return RDD(node, self.ctx, partitioner)

    def _step(
        self, op: str, function: Any, name: str, preservesPartitioning: bool = False, user: Any = None
    ) -> RDD[Any]:
        """Add a narrow step; ``user`` is the user's function where ``function`` wraps it."""
        site = call_site()
        closure = None if function is None else Closure(function, name, site, user)
        node = StepNode(self.ctx._next_id(), name, site, self._node, op, closure)
        return self._derive(node, self.partitioner if preservesPartitioning else None)

    def _partitions_step(self, function: Any, name: str, preserves: bool = False, user: Any = None) -> RDD[Any]:
        return self._step("partitions", function, name, preserves, user)

    def _map_values(self, function: Callable[[Any], Any], name: str) -> RDD[Any]:
        return self._step("mapValues", function, name, preservesPartitioning=True)

    def _flat_map_values(self, function: Callable[[Any], Iterable[Any]], name: str) -> RDD[Any]:
        return self._step("flatMapValues", function, name, preservesPartitioning=True)

    def _shuffle(
        self, name: str, partitions: int, writer: str, read: str, partitioner: Partitioner | None, **functions: Any
    ) -> RDD[Any]:
        """Add a shuffle; ``functions`` are further fields of its node, callables among them as they are."""
        site = call_site()
        if partitions == 0:  # of a parent without partitions
            return self._derive(EmptyNode(self.ctx._next_id(), name, site, 0), partitioner)
        fields: dict[str, Any] = {
            key: Closure(value, name, site) if callable(value) else value for key, value in functions.items()
        }
        own = partitioner is None or partitioner.partitionFunc is portable_hash
        if not own and partitioner is not None:
            fields["partitioner"] = Closure(partitioner.partitionFunc, name, site)
        node = ShuffleNode(self.ctx._next_id(), name, site, self._node, partitions, writer, read, **fields)
        self._forget_later(node)
        return self._derive(node, partitioner)

    def _forget_later(self, node: ShuffleNode) -> None:
        weakref.finalize(node, self.ctx._forget_shuffle, node.rdd).atexit = False  # type: ignore[misc, unused-ignore]

    def _default_partitions(self) -> int:
        """How many partitions a shuffle makes that was not told."""
        return self.ctx._default_partitions() or self.getNumPartitions()

    def _target(self, numPartitions: int | None, partitionFunc: Callable[[Any], int] | None) -> Partitioner:
        count = self._default_partitions() if numPartitions is None else positive(numPartitions)
        return Partitioner(count, portable_hash if partitionFunc is None else partitionFunc)

    def _cogroup(self, rdds: tuple[RDD[Any], ...], numPartitions: int | None, name: str) -> RDD[Any]:
        """Bring the values of each key together: ``(key, (list of each side, …))``; sides in place are not moved."""
        if numPartitions is None:
            first = rdds[0].partitioner
            alike = first is not None and all(rdd.partitioner == first for rdd in rdds)
            counts = rdds[:1] if alike else rdds
            numPartitions = self.ctx._default_partitions() or sum(rdd.getNumPartitions() for rdd in counts)
        else:
            positive(numPartitions)
        target = Partitioner(numPartitions, portable_hash)
        if numPartitions == 0:
            return self._derive(EmptyNode(self.ctx._next_id(), name, call_site(), 0), target)
        sides = [
            rdd if rdd.partitioner == target else rdd._shuffle(name, numPartitions, "hash", "plain", target)
            for rdd in rdds
        ]
        node = CoGroupNode(self.ctx._next_id(), name, call_site(), tuple(side._node for side in sides))
        return self._derive(node, target)

    # narrow transformations

    def map(self, f: Callable[[T], U], preservesPartitioning: bool = False) -> RDD[U]:
        """Apply a function to each record.

        Parameters
        ----------
        f : callable
            Gets a record, gives the new one.
        preservesPartitioning : bool
            Promise that ``f`` keeps the keys of pairs.

        Examples
        --------
        >>> sc.parallelize(["b", "a", "c"]).map(lambda x: (x, 1)).collect()
        [('b', 1), ('a', 1), ('c', 1)]
        """
        return self._step("map", f, "map", preservesPartitioning)

    def flatMap(self, f: Callable[[T], Iterable[U]], preservesPartitioning: bool = False) -> RDD[U]:
        """Apply a function that gives several records for each.

        Examples
        --------
        >>> sc.parallelize([2, 3, 4]).flatMap(lambda x: range(1, x)).collect()
        [1, 1, 2, 1, 2, 3]
        """
        return self._step("flatMap", f, "flatMap", preservesPartitioning)

    def filter(self, f: Callable[[T], Any]) -> RDD[T]:
        """Keep the records for which a function gives a true value.

        Examples
        --------
        >>> sc.parallelize([1, 2, 3, 4, 5]).filter(lambda x: x % 2 == 0).collect()
        [2, 4]
        """
        return self._step("filter", f, "filter", preservesPartitioning=True)

    def mapPartitions(self, f: Callable[[Iterator[T]], Iterable[U]], preservesPartitioning: bool = False) -> RDD[U]:
        """Apply a function to each partition as a whole.

        Parameters
        ----------
        f : callable
            Gets an iterator over the partition's records, gives an iterable of new ones.
        preservesPartitioning : bool
            Promise that ``f`` keeps the keys of pairs.

        Examples
        --------
        >>> sc.parallelize([1, 2, 3, 4], 2).mapPartitions(lambda records: [sum(records)]).collect()
        [3, 7]
        """
        return self._partitions_step(narrow.per_partition(f), "mapPartitions", preservesPartitioning, f)

    def mapPartitionsWithIndex(
        self, f: Callable[[int, Iterator[T]], Iterable[U]], preservesPartitioning: bool = False
    ) -> RDD[U]:
        """Apply a function to each partition and its number.

        Examples
        --------
        >>> sc.parallelize([1, 2, 3, 4], 4).mapPartitionsWithIndex(lambda index, _: [index]).collect()
        [0, 1, 2, 3]
        """
        return self._partitions_step(f, "mapPartitionsWithIndex", preservesPartitioning)

    def glom(self) -> RDD[list[T]]:
        """Make each partition one list.

        Examples
        --------
        >>> sc.parallelize([1, 2, 3, 4], 2).glom().collect()
        [[1, 2], [3, 4]]
        """
        return self._partitions_step(narrow.glom, "glom")

    def keyBy(self, f: Callable[[T], K]) -> RDD[tuple[K, T]]:
        """Pair each record with a key that a function gives.

        Examples
        --------
        >>> sc.parallelize(range(3)).keyBy(lambda x: x * x).collect()
        [(0, 0), (1, 1), (4, 2)]
        """
        return self._step("map", narrow.key_by(f), "keyBy", user=f)

    def keys(self: RDD[tuple[K, V]]) -> RDD[K]:
        """Give the keys of pairs.

        Examples
        --------
        >>> sc.parallelize([(1, 2), (3, 4)]).keys().collect()
        [1, 3]
        """
        return self._step("keys", None, "keys")

    def values(self: RDD[tuple[K, V]]) -> RDD[V]:
        """Give the values of pairs.

        Examples
        --------
        >>> sc.parallelize([(1, 2), (3, 4)]).values().collect()
        [2, 4]
        """
        return self._step("values", None, "values")

    def mapValues(self: RDD[tuple[K, V]], f: Callable[[V], U]) -> RDD[tuple[K, U]]:
        """Apply a function to the values of pairs; keys and partitioning stay.

        Examples
        --------
        >>> sc.parallelize([("a", ["apple", "fig"]), ("b", ["pear"])]).mapValues(len).collect()
        [('a', 2), ('b', 1)]
        """
        return self._map_values(f, "mapValues")

    def flatMapValues(self: RDD[tuple[K, V]], f: Callable[[V], Iterable[U]]) -> RDD[tuple[K, U]]:
        """Apply a function that gives several values for each; keys and partitioning stay.

        Examples
        --------
        >>> sc.parallelize([("a", "xy"), ("b", "z")]).flatMapValues(list).collect()
        [('a', 'x'), ('a', 'y'), ('b', 'z')]
        """
        return self._flat_map_values(f, "flatMapValues")

    def zipWithIndex(self) -> RDD[tuple[T, int]]:
        """Pair each record with its number, counted from the first partition on.

        With more than one partition this runs a job that counts all but the records of the last.

        Examples
        --------
        >>> sc.parallelize(["a", "b", "c", "d"], 3).zipWithIndex().collect()
        [('a', 0), ('b', 1), ('c', 2), ('d', 3)]
        """
        starts = [0]
        count = self.getNumPartitions()
        if count > 1:
            counted = self._partitions_step(narrow.count_records, "zipWithIndex")
            counts = counted._collect("zipWithIndex", range(count - 1))
            starts = list(itertools.accumulate(counts, initial=0))
        return self._partitions_step(narrow.enumerate_from(starts), "zipWithIndex")

    # several RDDs into one, and other partitions

    def union(self, other: RDD[U]) -> RDD[T | U]:
        """Give the records of both; nothing is moved.

        Two RDDs with equal partitioners keep it, and their number of partitions.

        Examples
        --------
        >>> rdd = sc.parallelize([1, 2])
        >>> rdd.union(rdd).collect()
        [1, 2, 1, 2]
        """
        return self._union((self, other), "union")

    def __add__(self, other: RDD[U]) -> RDD[T | U]:
        """Give the records of both, as :meth:`union` does."""
        if not isinstance(other, RDD):
            raise TypeError(f"an RDD can be added to an RDD only, not to {type(other).__name__}")
        return self._union((self, other), "union")

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
        self: RDD[tuple[K, V]],
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
            return self
        return self._shuffle("partitionBy", target.numPartitions, "hash", "plain", target)

    def distinct(self: RDD[K], numPartitions: int | None = None) -> RDD[K]:
        """Give each record once.

        Examples
        --------
        >>> sorted(sc.parallelize([1, 1, 2, 3]).distinct().collect())
        [1, 2, 3]
        """
        pairs = self._step("map", narrow.pair_with_none, "distinct")
        functions = (narrow.same, narrow.first_of_two, narrow.first_of_two)
        return pairs._combine("distinct", functions, numPartitions, None)._step("keys", None, "distinct")

    # by key

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
            return self._partitions_step(narrow.combine_pairs(create, merge_value), name, True, user)
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
        self: RDD[tuple[K, V]],
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
        self: RDD[tuple[K, V]],
        func: Callable[[V, V], V],
        numPartitions: int | None = None,
        partitionFunc: Callable[[K], int] = portable_hash,
    ) -> RDD[tuple[K, V]]:
        """Make one value of all values of each key; values are combined before they are moved.

        Examples
        --------
        >>> from operator import add
        >>> sorted(sc.parallelize([("a", 1), ("b", 1), ("a", 1)]).reduceByKey(add).collect())
        [('a', 2), ('b', 1)]
        """
        return self._combine("reduceByKey", (narrow.same, func, func), numPartitions, partitionFunc, func)

    def groupByKey(
        self: RDD[tuple[K, V]],
        numPartitions: int | None = None,
        partitionFunc: Callable[[K], int] = portable_hash,
    ) -> RDD[tuple[K, ResultIterable[V]]]:
        """Bring all values of each key together, as an iterable that knows its length.

        For sums and the like :meth:`reduceByKey` and :meth:`aggregateByKey` move far less.

        Examples
        --------
        >>> groups = sc.parallelize([("a", 1), ("b", 1), ("a", 2)]).groupByKey()
        >>> sorted(groups.mapValues(list).collect())
        [('a', [1, 2]), ('b', [1])]
        """
        target = self._target(numPartitions, partitionFunc)
        if self.partitioner == target:
            node = CoGroupNode(self.ctx._next_id(), "groupByKey", call_site(), (self._node,))
            return self._derive(node, target)._map_values(narrow.grouped, "groupByKey")
        return self._shuffle("groupByKey", target.numPartitions, "hash", "group", target)

    def aggregateByKey(
        self: RDD[tuple[K, V]],
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
        self: RDD[tuple[K, V]],
        zeroValue: V,
        func: Callable[[V, V], V],
        numPartitions: int | None = None,
        partitionFunc: Callable[[K], int] = portable_hash,
    ) -> RDD[tuple[K, V]]:
        """Make one value of all values of each key, beginning with a copy of ``zeroValue``.

        Examples
        --------
        >>> from operator import add
        >>> sorted(sc.parallelize([("a", 1), ("b", 1), ("a", 1)]).foldByKey(0, add).collect())
        [('a', 2), ('b', 1)]
        """
        functions = (narrow.with_zero(zeroValue, func), func, func)
        return self._combine("foldByKey", functions, numPartitions, partitionFunc, func)

    def join(
        self: RDD[tuple[K, V]], other: RDD[tuple[K, W]], numPartitions: int | None = None
    ) -> RDD[tuple[K, tuple[V, W]]]:
        """Give ``(key, (v, w))`` for each pair of values of keys that both sides have.

        Sides that are partitioned alike are not moved.

        Examples
        --------
        >>> left, right = sc.parallelize([("a", 1), ("b", 4)]), sc.parallelize([("a", 2), ("a", 3)])
        >>> sorted(left.join(right).collect())
        [('a', (1, 2)), ('a', (1, 3))]
        """
        return joins.join(self, other, numPartitions)

    def leftOuterJoin(
        self: RDD[tuple[K, V]], other: RDD[tuple[K, W]], numPartitions: int | None = None
    ) -> RDD[tuple[K, tuple[V, W | None]]]:
        """Join, with ``(key, (v, None))`` where the other side lacks the key.

        Examples
        --------
        >>> left, right = sc.parallelize([("a", 1), ("b", 4)]), sc.parallelize([("a", 2)])
        >>> sorted(left.leftOuterJoin(right).collect())
        [('a', (1, 2)), ('b', (4, None))]
        """
        return joins.left_outer_join(self, other, numPartitions)

    def rightOuterJoin(
        self: RDD[tuple[K, V]], other: RDD[tuple[K, W]], numPartitions: int | None = None
    ) -> RDD[tuple[K, tuple[V | None, W]]]:
        """Join, with ``(key, (None, w))`` where this side lacks the key.

        Examples
        --------
        >>> left, right = sc.parallelize([("a", 2)]), sc.parallelize([("a", 1), ("b", 4)])
        >>> sorted(left.rightOuterJoin(right).collect())
        [('a', (2, 1)), ('b', (None, 4))]
        """
        return joins.right_outer_join(self, other, numPartitions)

    def fullOuterJoin(
        self: RDD[tuple[K, V]], other: RDD[tuple[K, W]], numPartitions: int | None = None
    ) -> RDD[tuple[K, tuple[V | None, W | None]]]:
        """Join, with None where one side lacks the key.

        Examples
        --------
        >>> left, right = sc.parallelize([("a", 1), ("b", 4)]), sc.parallelize([("a", 2), ("c", 8)])
        >>> sorted(left.fullOuterJoin(right).collect())
        [('a', (1, 2)), ('b', (4, None)), ('c', (None, 8))]
        """
        return joins.full_outer_join(self, other, numPartitions)

    def cogroup(
        self: RDD[tuple[K, V]], other: RDD[tuple[K, W]], numPartitions: int | None = None
    ) -> RDD[tuple[K, tuple[ResultIterable[V], ResultIterable[W]]]]:
        """Give for each key of either side the values of both.

        Examples
        --------
        >>> left, right = sc.parallelize([("a", 1), ("b", 4)]), sc.parallelize([("a", 2)])
        >>> [(key, tuple(map(list, sides))) for key, sides in sorted(left.cogroup(right).collect())]
        [('a', ([1], [2])), ('b', ([4], []))]
        """
        return joins.cogroup((self, other), numPartitions)

    # order

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

        Examples
        --------
        >>> sc.parallelize([("a", 1), ("d", 4), ("2", 5)]).sortBy(lambda pair: pair[1]).collect()
        [('a', 1), ('d', 4), ('2', 5)]
        """
        return self._sort("sortBy", keyfunc, ascending, numPartitions)

    def sortByKey(
        self: RDD[tuple[K, V]],
        ascending: bool | None = True,
        numPartitions: int | None = None,
        keyfunc: Callable[[Any], Any] = _same,
    ) -> RDD[tuple[K, V]]:
        """Sort pairs by their keys, or by what ``keyfunc`` makes of them; equal keys stay in order.

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

    # actions

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

    def collectAsMap(self: RDD[tuple[K, V]]) -> dict[K, V]:
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

    def countByKey(self: RDD[tuple[K, V]]) -> dict[K, int]:
        """Count the pairs of each key.

        Examples
        --------
        >>> sorted(sc.parallelize([("a", 1), ("b", 1), ("a", 1)]).countByKey().items())
        [('a', 2), ('b', 1)]
        """
        return self._step("keys", None, "countByKey")._count_values("countByKey")

    def countByValue(self: RDD[K]) -> dict[K, int]:
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
                total[value] += count
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

    def top(self, num: int, key: Callable[[T], Any] | None = None) -> list[T]:
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

    def takeOrdered(self, num: int, key: Callable[[T], Any] | None = None) -> list[T]:
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

    def sum(self) -> Any:
        """Add all records.

        Examples
        --------
        >>> sc.parallelize([1.0, 2.0, 3.0]).sum()
        6.0
        """
        return functools.reduce(operator.add, self._partitions_step(narrow.sum_records, "sum")._collect("sum"), 0)

    def max(self, key: Callable[[T], Any] | None = None) -> T:
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

    def min(self, key: Callable[[T], Any] | None = None) -> T:
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

    def stats(self) -> StatCounter:
        """Give count, mean, variance and extremes of numbers, from one pass.

        Examples
        --------
        >>> sc.parallelize([1.0, 2.0, 3.0]).stats()
        (count: 3, mean: 2.0, stdev: 0.816496580927726, max: 3.0, min: 1.0)
        """
        return self._stats("stats")

    def _stats(self, name: str) -> StatCounter:
        partials: list[StatCounter] = self._partitions_step(narrow.stats_records, name)._collect(name)
        if not partials:
            raise ValueError("Can not reduce() empty RDD")
        return functools.reduce(StatCounter.mergeStats, partials)

    def mean(self) -> Any:
        """Give the mean.

        Examples
        --------
        >>> sc.parallelize([1, 2, 3]).mean()
        2.0
        """
        return self._stats("mean").mean()

    def variance(self) -> Any:
        """Give the variance of a population.

        Examples
        --------
        >>> sc.parallelize([1, 2, 3]).variance()
        0.6666666666666666
        """
        return self._stats("variance").variance()

    def stdev(self) -> Any:
        """Give the standard deviation of a population.

        Examples
        --------
        >>> sc.parallelize([1, 2, 3]).stdev()
        0.816496580927726
        """
        return self._stats("stdev").stdev()

    def sampleVariance(self) -> Any:
        """Give the variance of a sample.

        Examples
        --------
        >>> sc.parallelize([1, 2, 3]).sampleVariance()
        1.0
        """
        return self._stats("sampleVariance").sampleVariance()

    def sampleStdev(self) -> Any:
        """Give the standard deviation of a sample.

        Examples
        --------
        >>> sc.parallelize([1, 2, 3]).sampleStdev()
        1.0
        """
        return self._stats("sampleStdev").sampleStdev()

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

    def saveAsTextFile(self, path: str, compressionCodecClass: str | None = None) -> None:
        """Write ``str`` of each record as a line, one file a partition, into a folder that must not exist.

        Parameters
        ----------
        path : str
            The folder, on any filesystem that Hadoop knows.
        compressionCodecClass : str, optional
            Such as ``"org.apache.hadoop.io.compress.GzipCodec"``.

        Raises
        ------
        OutputExistsError
            If the folder exists; nothing was run.

        Examples
        --------
        >>> import tempfile, os
        >>> folder = os.path.join(tempfile.mkdtemp(), "lines")
        >>> sc.parallelize(["one", 2]).saveAsTextFile(folder)
        >>> sorted(sc.textFile(folder).collect())
        ['2', 'one']
        """
        self.ctx._save_text(self._node, path, compressionCodecClass)


def positive(numPartitions: int) -> int:
    """Give a number of partitions back if there can be so many."""
    if numPartitions < 1:
        raise ValueError(f"Number of partitions ({numPartitions}) must be positive.")
    return numPartitions

"""Transformations of each partition by itself."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Hashable, Iterable, Iterator
from typing import TYPE_CHECKING, Any, TypeVar

from weft._ops import narrow
from weft._rdd.core import Core
from weft.badrecords import BadRecords

if TYPE_CHECKING:
    from weft.rdd import RDD

__all__ = ["Narrow"]

T = TypeVar("T")
U = TypeVar("U")
K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class Narrow(Core[T]):
    """Records in, records out, no data moved."""

    def map(
        self, f: Callable[[T], U], preservesPartitioning: bool = False, *, errors: BadRecords | None = None
    ) -> RDD[U]:
        """Apply a function to each record.

        Parameters
        ----------
        f : callable
            Gets a record, gives the new one.
        preservesPartitioning : bool
            Promise that ``f`` keeps the keys of pairs.
        errors : BadRecords, optional
            What becomes of records at which ``f`` raises; without it they fail the task. Not in PySpark.

        Returns
        -------
        RDD
            What ``f`` gives, in the order of the records; this RDD's partitioner stays only with
            ``preservesPartitioning``.

        Notes
        -----
        Narrow.

        Examples
        --------
        >>> sc.parallelize(["b", "a", "c"]).map(lambda x: (x, 1)).collect()
        [('b', 1), ('a', 1), ('c', 1)]
        """
        return self._step("map", f, "map", preservesPartitioning, errors=errors)

    def flatMap(
        self, f: Callable[[T], Iterable[U]], preservesPartitioning: bool = False, *, errors: BadRecords | None = None
    ) -> RDD[U]:
        """Apply a function that gives several records for each.

        Parameters
        ----------
        f : callable
            Gets a record, gives an iterable of new ones; it may be a generator, which is used up record by record.
        preservesPartitioning : bool
            Promise that ``f`` keeps the keys of pairs.
        errors : BadRecords, optional
            What becomes of records at which ``f`` raises; without it they fail the task. Not in PySpark.

        Returns
        -------
        RDD
            All that ``f`` gives, one iterable after the other.

        Notes
        -----
        Narrow.

        Examples
        --------
        >>> sc.parallelize([2, 3, 4]).flatMap(lambda x: range(1, x)).collect()
        [1, 1, 2, 1, 2, 3]
        """
        return self._step("flatMap", f, "flatMap", preservesPartitioning, errors=errors)

    def filter(self, f: Callable[[T], Any], *, errors: BadRecords | None = None) -> RDD[T]:
        """Keep the records for which a function gives a true value.

        Parameters
        ----------
        f : callable
            Gets a record, gives something true to keep it.
        errors : BadRecords, optional
            What becomes of records at which ``f`` raises; without it they fail the task. Not in PySpark.

        Returns
        -------
        RDD
            The records that are kept, in their partitions and order; the partitioner stays.

        Notes
        -----
        Narrow.

        Examples
        --------
        >>> sc.parallelize([1, 2, 3, 4, 5]).filter(lambda x: x % 2 == 0).collect()
        [2, 4]
        """
        return self._step("filter", f, "filter", preservesPartitioning=True, errors=errors)

    def mapPartitions(self, f: Callable[[Iterator[T]], Iterable[U]], preservesPartitioning: bool = False) -> RDD[U]:
        """Apply a function to each partition as a whole.

        Parameters
        ----------
        f : callable
            Gets an iterator over the partition's records, gives an iterable of new ones.
        preservesPartitioning : bool
            Promise that ``f`` keeps the keys of pairs.

        Returns
        -------
        RDD
            What ``f`` gives, a partition for each of this RDD's.

        Notes
        -----
        Narrow. Records are made while ``f`` reads them: a partition need not fit into memory unless ``f`` keeps it.

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

        Parameters
        ----------
        f : callable
            Gets the partition's number, from 0, and an iterator over its records, gives an iterable of new ones.
        preservesPartitioning : bool
            Promise that ``f`` keeps the keys of pairs.

        Returns
        -------
        RDD
            What ``f`` gives, a partition for each of this RDD's.

        Notes
        -----
        Narrow.

        Examples
        --------
        >>> sc.parallelize([1, 2, 3, 4], 4).mapPartitionsWithIndex(lambda index, _: [index]).collect()
        [0, 1, 2, 3]
        """
        return self._partitions_step(f, "mapPartitionsWithIndex", preservesPartitioning)

    def glom(self) -> RDD[list[T]]:
        """Make each partition one list.

        Returns
        -------
        RDD
            One list for each partition, an empty one for an empty partition.

        Notes
        -----
        Narrow. A worker holds one partition as a whole.

        Examples
        --------
        >>> sc.parallelize([1, 2, 3, 4], 2).glom().collect()
        [[1, 2], [3, 4]]
        """
        return self._partitions_step(narrow.glom, "glom")

    def keyBy(self, f: Callable[[T], K]) -> RDD[tuple[K, T]]:
        """Pair each record with a key that a function gives.

        Parameters
        ----------
        f : callable
            Gets a record, gives its key.

        Returns
        -------
        RDD
            Pairs ``(f(record), record)``, without a partitioner.

        Notes
        -----
        Narrow.

        Examples
        --------
        >>> sc.parallelize(range(3)).keyBy(lambda x: x * x).collect()
        [(0, 0), (1, 1), (4, 2)]
        """
        return self._step("map", narrow.key_by(f), "keyBy", user=f)

    def keys(self: Narrow[tuple[K, V]]) -> RDD[K]:
        """Give the keys of pairs.

        Returns
        -------
        RDD
            The first element of each pair, with repetitions.

        Notes
        -----
        Narrow.

        Examples
        --------
        >>> sc.parallelize([(1, 2), (3, 4)]).keys().collect()
        [1, 3]
        """
        return self._step("keys", None, "keys")

    def values(self: Narrow[tuple[K, V]]) -> RDD[V]:
        """Give the values of pairs.

        Returns
        -------
        RDD
            The second element of each pair.

        Notes
        -----
        Narrow.

        Examples
        --------
        >>> sc.parallelize([(1, 2), (3, 4)]).values().collect()
        [2, 4]
        """
        return self._step("values", None, "values")

    def mapValues(
        self: Narrow[tuple[K, V]], f: Callable[[V], U], *, errors: BadRecords | None = None
    ) -> RDD[tuple[K, U]]:
        """Apply a function to the values of pairs; keys and partitioning stay.

        Parameters
        ----------
        f : callable
            Gets a value, gives the new one.
        errors : BadRecords, optional
            What becomes of pairs at which ``f`` raises; without it they fail the task. Not in PySpark.

        Returns
        -------
        RDD
            Pairs ``(key, f(value))``, with this RDD's partitioner.

        Notes
        -----
        Narrow.

        Examples
        --------
        >>> sc.parallelize([("a", ["apple", "fig"]), ("b", ["pear"])]).mapValues(len).collect()
        [('a', 2), ('b', 1)]
        """
        return self._step("mapValues", f, "mapValues", True, errors=errors)

    def flatMapValues(
        self: Narrow[tuple[K, V]], f: Callable[[V], Iterable[U]], *, errors: BadRecords | None = None
    ) -> RDD[tuple[K, U]]:
        """Apply a function that gives several values for each; keys and partitioning stay.

        Parameters
        ----------
        f : callable
            Gets a value, gives an iterable of new ones.
        errors : BadRecords, optional
            What becomes of pairs at which ``f`` raises; without it they fail the task. Not in PySpark.

        Returns
        -------
        RDD
            A pair of the key and each new value, with this RDD's partitioner.

        Notes
        -----
        Narrow.

        Examples
        --------
        >>> sc.parallelize([("a", "xy"), ("b", "z")]).flatMapValues(list).collect()
        [('a', 'x'), ('a', 'y'), ('b', 'z')]
        """
        return self._step("flatMapValues", f, "flatMapValues", True, errors=errors)

    def zipWithIndex(self) -> RDD[tuple[T, int]]:
        """Pair each record with its number, counted from the first partition on.

        Returns
        -------
        RDD
            Pairs ``(record, number)``; the first number is 0.

        Notes
        -----
        Narrow. With more than one partition a job runs now, which counts the records of all partitions but the last;
        :meth:`zipWithUniqueId` needs none.

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

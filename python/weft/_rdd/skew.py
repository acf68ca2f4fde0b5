"""Keys that have most of the rows: finding them, and joins that they do not hold up. PySpark has none of this."""

from __future__ import annotations

import functools
from collections.abc import Hashable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from weft._ops import narrow, skew
from weft._ops.frequent import Frequent, count_keys
from weft._ops.nans import canonical
from weft._rdd.core import positive
from weft._rdd.sketches import Sketches

if TYPE_CHECKING:
    from weft.rdd import RDD

__all__ = ["HotKey", "Skew"]

T = TypeVar("T")
K = TypeVar("K", bound=Hashable)
V = TypeVar("V")
W = TypeVar("W")

_KEPT = 1000
_MORE_THAN = 0.5  # of an average partition, that a key alone must have to be hot


class HotKey(NamedTuple):
    """A key with many rows.

    Attributes
    ----------
    key : object
        The key.
    rows : int
        At least so many pairs have it.
    error : int
        At most so many more; 0: the number is exact.
    share : float
        ``rows`` as a part of all pairs.

    Examples
    --------
    >>> hot, = sc.parallelize([("a", 1), ("a", 2)]).hotKeys()
    >>> hot.key, hot.rows, hot.share
    ('a', 2, 1.0)
    """

    key: Any
    rows: int
    error: int
    share: float


class Skew(Sketches[T]):
    """Joins that give what :meth:`join` gives, in an order of their own."""

    def hotKeys(self: Skew[tuple[K, V]], num: int = 10) -> list[HotKey]:
        """Find the keys that have most of the pairs: those that a shuffle by key would bring to one task each.

        One pass over the pairs; 1,000 keys and more are counted in bounded memory, so that rare keys are left out and
        the others' counts may be too small by ``error``, at most a thousandth of all pairs.

        Parameters
        ----------
        num : int
            How many keys at most.

        Returns
        -------
        list of HotKey
            The commonest first.

        Raises
        ------
        ValueError
            If ``num`` is not positive.

        Notes
        -----
        Action: one job, which brings one table of counts a partition to the driver.

        Examples
        --------
        >>> pairs = sc.parallelize([("a", 1)] * 6 + [("b", 1), ("c", 1)], 3)
        >>> pairs.hotKeys(1)
        [HotKey(key='a', rows=6, error=0, share=0.75)]
        """
        counted = self._count_keys(max(_KEPT, positive(num)), "hotKeys")
        return _hot_keys(counted, num)

    def _count_keys(self, limit: int, name: str) -> Frequent:
        partials: list[Frequent] = self._partitions_step(count_keys(limit), name)._collect(name)
        return functools.reduce(Frequent.merge, partials, Frequent(limit))

    def skewJoin(
        self: Skew[tuple[K, V]],
        other: RDD[tuple[K, W]],
        numPartitions: int | None = None,
        *,
        hot: Iterable[K] | None = None,
        pieces: int | None = None,
    ) -> RDD[tuple[K, tuple[V, W]]]:
        """Give the pairs of :meth:`join`, with this side's hot keys divided among several tasks.

        The pairs of a hot key are dealt out to ``pieces`` tasks; each of these gets all the other side's pairs of it.

        Parameters
        ----------
        other : RDD
            The other side, with few pairs for each hot key.
        numPartitions : int, optional
            As in :meth:`join`.
        hot : iterable, optional
            The keys to divide. None: they are found by a job that reads this side's keys once, now; those that alone
            have more than half an average partition.
        pieces : int, optional
            Into how many pieces; None: as many as there are partitions.

        Returns
        -------
        RDD
            Pairs as of :meth:`join`, without a partitioner if there are hot keys.

        Raises
        ------
        ValueError
            If ``numPartitions`` or ``pieces`` is not positive.

        Notes
        -----
        Shuffle: every pair of both sides, those of hot keys on the other side ``pieces`` times. Without ``hot`` a job
        runs now.

        Examples
        --------
        >>> clicks = sc.parallelize([("-", n) for n in range(6)] + [("ann", 6)], 3)
        >>> names = sc.parallelize([("-", "nobody"), ("ann", "Ann"), ("bob", "Bob")])
        >>> sorted(clicks.skewJoin(names, 4).collect()) == sorted(clicks.join(names).collect())
        True
        """
        return self._skew_join(other, numPartitions, hot, pieces, "skewJoin")

    def skewLeftOuterJoin(
        self: Skew[tuple[K, V]],
        other: RDD[tuple[K, W]],
        numPartitions: int | None = None,
        *,
        hot: Iterable[K] | None = None,
        pieces: int | None = None,
    ) -> RDD[tuple[K, tuple[V, W | None]]]:
        """Give the pairs of :meth:`leftOuterJoin`, with hot keys divided as :meth:`skewJoin` does it.

        Parameters
        ----------
        other, numPartitions, hot, pieces
            As in :meth:`skewJoin`.

        Returns
        -------
        RDD
            Pairs as of :meth:`leftOuterJoin`, without a partitioner if there are hot keys.

        Raises
        ------
        ValueError
            If ``numPartitions`` or ``pieces`` is not positive.

        Notes
        -----
        Shuffle: every pair of both sides, those of hot keys on the other side ``pieces`` times. Without ``hot`` a job
        runs now.

        Examples
        --------
        >>> clicks = sc.parallelize([("-", n) for n in range(3)] + [("ann", 6)], 2)
        >>> names = sc.parallelize([("ann", "Ann")])
        >>> sorted(clicks.skewLeftOuterJoin(names, hot=["-"]).collect())
        [('-', (0, None)), ('-', (1, None)), ('-', (2, None)), ('ann', (6, 'Ann'))]
        """
        return self._skew_join(other, numPartitions, hot, pieces, "skewLeftOuterJoin")

    def _skew_join(
        self, other: RDD[Any], numPartitions: int | None, hot: Iterable[Any] | None, pieces: int | None, name: str
    ) -> RDD[Any]:
        if numPartitions is None:
            count = self.ctx._default_partitions() or self.getNumPartitions() + other.getNumPartitions()
        else:
            count = positive(numPartitions)
        if pieces is not None and pieces < 1:
            raise ValueError(f"{name}: pieces ({pieces}) must be positive")
        keys = self._hot_enough(count, name) if hot is None else list(hot)
        parts = count if pieces is None else pieces
        left: RDD[Any] = self._itself
        if keys:
            left = left._partitions_step(skew.spread_hot(keys, parts), name)
            other = other._partitions_step(skew.copied_hot(keys, parts), name)
        pairs = narrow.inner_pairs if name == "skewJoin" else narrow.left_outer_pairs
        joined = left._cogroup((left, other), count, name)._flat_map_values(pairs, name)
        return joined._partitions_step(skew.whole_keys, name) if keys else joined

    def _hot_enough(self, partitions: int, name: str) -> Sequence[Any]:
        """The keys that alone have more than half of what a partition has on average."""
        if partitions < 2:
            return []
        counted = self._count_keys(max(_KEPT, 8 * partitions), name)
        least = _MORE_THAN * counted.rows / partitions
        hot = [(key, rows) for key, rows in counted.largest(2 * partitions) if rows > least]
        for key, rows in hot:
            self.ctx._jobs.note_hot(key, rows / counted.rows)
        return [key for key, _ in hot]

    def broadcastJoin(
        self: Skew[tuple[K, V]], other: RDD[tuple[K, W]] | Mapping[K, W], *, shared: bool = False
    ) -> RDD[tuple[K, tuple[V, W]]]:
        """Give the pairs of :meth:`join` with a small side that is broadcast.

        Parameters
        ----------
        other : RDD or mapping
            The small side: it must fit into the driver, and as a dict into each worker unless it is shared. A mapping
            has one value for a key.
        shared : bool
            Whether all workers of a node share one map (:meth:`WeftContext.broadcastMap`): for large tables with keys
            of text, bytes, numbers, None or tuples of them; a look-up then unpickles its values.

        Returns
        -------
        RDD
            Pairs as of :meth:`join`, in this side's partitions, order and partitioner.

        Raises
        ------
        TypeError
            If ``shared`` is set, and a key is of a type that it does not take.

        Notes
        -----
        Narrow. If ``other`` is an RDD, a job brings it to the driver now.

        Examples
        --------
        >>> clicks = sc.parallelize([("de", 1), ("fr", 2), ("xx", 3)])
        >>> sorted(clicks.broadcastJoin({"de": "Germany", "fr": "France"}).collect())
        [('de', (1, 'Germany')), ('fr', (2, 'France'))]
        >>> sorted(clicks.broadcastJoin(sc.parallelize([("de", 10), ("de", 20)]), shared=True).collect())
        [('de', (1, 10)), ('de', (1, 20))]
        """
        return self._broadcast_join(other, shared, "broadcastJoin")

    def broadcastLeftOuterJoin(
        self: Skew[tuple[K, V]], other: RDD[tuple[K, W]] | Mapping[K, W], *, shared: bool = False
    ) -> RDD[tuple[K, tuple[V, W | None]]]:
        """Give the pairs of :meth:`leftOuterJoin` as :meth:`broadcastJoin` does it.

        Parameters
        ----------
        other, shared
            As in :meth:`broadcastJoin`.

        Returns
        -------
        RDD
            Pairs as of :meth:`leftOuterJoin`, in this side's partitions, order and partitioner.

        Raises
        ------
        TypeError
            If ``shared`` is set, and a key is of a type that it does not take.

        Notes
        -----
        Narrow. If ``other`` is an RDD, a job brings it to the driver now.

        Examples
        --------
        >>> clicks = sc.parallelize([("de", 1), ("xx", 3)])
        >>> sorted(clicks.broadcastLeftOuterJoin({"de": "Germany"}).collect())
        [('de', (1, 'Germany')), ('xx', (3, None))]
        """
        return self._broadcast_join(other, shared, "broadcastLeftOuterJoin")

    def _broadcast_join(self, other: RDD[Any] | Mapping[Any, Any], shared: bool, name: str) -> RDD[Any]:
        pairs = other.items() if isinstance(other, Mapping) else other._collect(name)
        table: dict[Any, list[Any]] = {}
        for key, value in pairs:
            table.setdefault(canonical(key), []).append(value)
        odd = [(key, table.pop(key)) for key in [key for key in table if _holds_nan(key)]]
        sent = self.ctx.broadcastMap(table) if shared else self.ctx.broadcast(table)
        outer = name == "broadcastLeftOuterJoin"
        return self._partitions_step(skew.look_up(sent, odd, outer), name, True)


def _hot_keys(counted: Frequent, num: int) -> list[HotKey]:
    total = counted.rows
    return [HotKey(key, rows, counted.error, rows / total) for key, rows in counted.largest(num)]


def _holds_nan(key: Any) -> bool:
    """Whether a canonical key is or holds a NaN: a copy of it, as another process has it, is then not found."""
    if isinstance(key, (tuple, frozenset)):
        return any(map(_holds_nan, key))
    return bool(key != key)

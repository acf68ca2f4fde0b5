"""Stages whose tasks all run at once, and wait for each other."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from weft._callsite import call_site
from weft._closures import Closure
from weft._lineage import StepNode
from weft._rdd.written import Written

if TYPE_CHECKING:
    from weft.rdd import RDD

__all__ = ["Barriers", "RDDBarrier"]

T = TypeVar("T")
U = TypeVar("U")


class Barriers(Written[T]):
    """The way to barrier stages."""

    def barrier(self) -> RDDBarrier[T]:
        """Have the tasks of the next step run all at once, so that they can wait for each other.

        When one of them fails, all are ended and run again together. There must be a slot for each task: a stage of
        more tasks than the application can have slots fails at once.

        Returns
        -------
        RDDBarrier
            Whose :meth:`~RDDBarrier.mapPartitions` makes the step. In its functions
            :meth:`BarrierTaskContext.get <weft.BarrierTaskContext.get>` gives what they wait with.

        Raises
        ------
        BarrierError
            With the action (E27): if there are too few slots; if an RDD of the stage has more or fewer partitions than
            the stage has tasks, as after ``coalesce``, a union, or under ``take`` and ``first``; if two barrier RDDs
            are zipped.

        Notes
        -----
        Narrow. The step runs in one stage with what stands before it, back to the last shuffle.

        Examples
        --------
        >>> sc.parallelize([1, 2, 3, 4], 2).barrier().mapPartitions(lambda records: [sum(records)]).collect()
        [3, 7]
        """
        return RDDBarrier(self._itself)


class RDDBarrier(Generic[T]):
    """An RDD, the next step of which is of a barrier stage; :meth:`RDD.barrier` makes it.

    Parameters
    ----------
    rdd : RDD
        What the step reads.

    Examples
    --------
    >>> barrier = sc.parallelize([1, 2], 2).barrier()
    >>> barrier.rdd.collect()
    [1, 2]
    """

    def __init__(self, rdd: RDD[T]) -> None:
        self.rdd = rdd

    def mapPartitions(self, f: Callable[[Iterable[T]], Iterable[U]], preservesPartitioning: bool = False) -> RDD[U]:
        """Apply a function to each partition, in tasks that run all at once.

        Parameters
        ----------
        f : callable
            Takes an iterator of the partition's records, gives an iterable of the new ones.
        preservesPartitioning : bool
            The keys of pairs stay where they are.

        Returns
        -------
        RDD
            What ``f`` gives, in as many partitions.

        Notes
        -----
        Narrow. There must be a free slot for each partition at the same time.

        Examples
        --------
        >>> from weft import BarrierTaskContext
        >>> def together(records):
        ...     BarrierTaskContext.get().barrier()
        ...     return records
        >>> sc.parallelize([1, 2], 2).barrier().mapPartitions(together).collect()
        [1, 2]
        """

        def without_index(_: int, records: Iterable[T]) -> Iterable[U]:
            return f(records)

        return self._step("mapPartitions", without_index, f, preservesPartitioning)

    def mapPartitionsWithIndex(
        self, f: Callable[[int, Iterable[T]], Iterable[U]], preservesPartitioning: bool = False
    ) -> RDD[U]:
        """Apply a function to each partition and its number, in tasks that run all at once.

        Parameters
        ----------
        f : callable
            Takes the number of the partition and an iterator of its records, gives an iterable of the new ones.
        preservesPartitioning : bool
            The keys of pairs stay where they are.

        Returns
        -------
        RDD
            What ``f`` gives, in as many partitions.

        Notes
        -----
        Narrow. There must be a free slot for each partition at the same time.

        Examples
        --------
        >>> def first(index, records):
        ...     yield index, next(iter(records))
        >>> sc.parallelize([1, 2, 3, 4], 2).barrier().mapPartitionsWithIndex(first).collect()
        [(0, 1), (1, 3)]
        """
        return self._step("mapPartitionsWithIndex", f, f, preservesPartitioning)

    def _step(self, name: str, function: Any, user: Any, preserves: bool) -> RDD[Any]:
        rdd, site = self.rdd, call_site()
        closure = Closure(function, name, site, user)
        node = StepNode(rdd.ctx._next_id(), name, site, rdd._node, "barrier", closure)
        return rdd._derive(node, rdd.partitioner if preserves else None)

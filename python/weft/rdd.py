"""The collection that jobs are made of."""

from __future__ import annotations

from typing import TypeVar

from weft._ops.approximate import BoundedFloat
from weft._ops.keys import portable_hash
from weft._rdd.barrier import Barriers, RDDBarrier
from weft._rdd.core import Partitioner

__all__ = ["RDD", "BoundedFloat", "Partitioner", "RDDBarrier", "portable_hash"]

T = TypeVar("T")


class RDD(Barriers[T]):
    """Records in partitions, described by how they are made.

    A transformation (such as :meth:`map`) gives a new RDD and runs nothing. An action (such as :meth:`collect`)
    runs what it needs. RDDs are made by a :class:`~weft.context.WeftContext`, never by this class directly, and
    can be used in the driver only.

    Each method's notes begin with its cost. ``Narrow.``: no record leaves its partition, and nothing runs until an
    action. ``Shuffle:`` what moves between partitions, in the next action. ``Action:`` which jobs run before it comes
    back. ``Driver only.``: no task has to do with it. Raised by all of them: ContextError when the context was stopped
    (E19). Raised by actions, beside their own: the exception of a function of yours, with notes that say which record
    and line it was; ClosureError (E04), DriverOnlyError (E05) if a function cannot be sent; InputMissingError (E02) if
    files do not exist; JobCancelledError; and what ``docs/errors.md`` lists of workers and containers.

    The methods stand in ``weft/_rdd``, a layer a group: core, narrow, partitions, bykey, sets, order, actions,
    reductions, trees, numbers, approximate, described, sampling, output, tables, formats, storage, sketches, skew,
    written, barrier; each layer calls only itself and those below it.

    Examples
    --------
    >>> numbers = sc.parallelize(range(6), 3)              # runs nothing
    >>> squares = numbers.map(lambda n: n * n)             # narrow: runs nothing
    >>> by_rest = squares.map(lambda n: (n % 3, n)).reduceByKey(lambda a, b: a + b)     # a shuffle: runs nothing
    >>> sorted(by_rest.collect())                          # an action: one job
    [(0, 9), (1, 46)]
    """

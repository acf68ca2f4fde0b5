"""The collection that jobs are made of."""

from __future__ import annotations

from typing import TypeVar

from weft._ops.approximate import BoundedFloat
from weft._ops.keys import portable_hash
from weft._rdd.core import Partitioner
from weft._rdd.written import Written

__all__ = ["RDD", "BoundedFloat", "Partitioner", "portable_hash"]

T = TypeVar("T")


class RDD(Written[T]):
    """Records in partitions, described by how they are made.

    A transformation (such as :meth:`map`) gives a new RDD and runs nothing. An action (such as :meth:`collect`)
    runs what it needs. RDDs are made by a :class:`~weft.context.WeftContext`, never by this class directly, and
    can be used in the driver only.

    The methods stand in ``weft/_rdd``, a layer a group: core, narrow, partitions, bykey, sets, order, actions,
    trees, numbers, approximate, described, sampling, output, tables, formats, storage, sketches, skew, written; each
    layer calls only itself and those below it.
    """

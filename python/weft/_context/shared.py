"""Variables that driver and tasks share."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Optional, TypeVar

from weft._broadcasts import Broadcasts
from weft._callsite import call_site
from weft._context.checkpointing import Checkpointing
from weft._mappedmap import MappedMap
from weft.accumulators import Accumulator, AccumulatorParam, make_accumulator
from weft.broadcast import Broadcast

__all__ = ["Shared"]

K = TypeVar("K")
T = TypeVar("T")
V = TypeVar("V")


class Shared(Checkpointing):
    """What tasks add to, and what they all read."""

    _broadcasts: Broadcasts

    def accumulator(self, value: T, accum_param: Optional[AccumulatorParam[T]] = None) -> Accumulator[T]:
        """Make a variable that tasks add to and only the driver reads.

        Parameters
        ----------
        value : object
            What it begins with: an int, float or complex number, or anything that ``accum_param`` can add.
        accum_param : AccumulatorParam, optional
            How two values are added; numbers need none.

        Returns
        -------
        Accumulator
            With the value that it begins with.

        Raises
        ------
        TypeError
            If ``value`` is no number and there is no ``accum_param``.

        Notes
        -----
        Driver only.

        Examples
        --------
        >>> odd = sc.accumulator(0)
        >>> def look(x):
        ...     if x % 2:
        ...         odd.add(1)
        >>> sc.range(5).foreach(look)
        >>> odd.value
        2
        """
        self._jobs.require_running()
        return make_accumulator(value, accum_param)

    def broadcast(self, value: T) -> Broadcast[T]:
        """Send a value to the nodes once, for the tasks of any number of jobs.

        The value is pickled now, into a file on the driver's disk; nodes fetch it when a task first needs it, from the
        driver or from each other. It is removed when the last function that uses it is gone, or by
        :meth:`Broadcast.destroy`.

        Parameters
        ----------
        value : object
            What tasks shall read. NumPy arrays, Arrow tables and bytes exist once on a node; other objects once in each
            worker.

        Returns
        -------
        Broadcast
            In functions, use its ``value``.

        Raises
        ------
        ClosureError
            If it cannot be pickled (E04).

        Notes
        -----
        Driver only. The value is read into memory once more by each worker that uses it, but for arrays, tables and
        bytes.

        Examples
        --------
        >>> weights = sc.broadcast([10, 20, 30])
        >>> sc.parallelize([0, 2]).map(lambda i: weights.value[i]).collect()
        [10, 30]
        """
        self._jobs.require_running()
        return self._broadcasts.make(value, call_site())

    def broadcastMap(self, value: Mapping[K, V]) -> Broadcast[Mapping[K, V]]:
        """Send a dict to the nodes as a map that all workers of a node share; PySpark does not have this.

        A broadcast dict is a copy in each worker. This one lies in the mapped file: a lookup hashes the key's bytes,
        and unpickles that one value. It takes about a microsecond more than a dict's.

        Parameters
        ----------
        value : mapping
            From text, bytes, numbers, None, or tuples of those, to anything that can be pickled.

        Returns
        -------
        Broadcast
            Its ``value`` is an immutable mapping with dict's methods for reading, in the order of the dict.

        Raises
        ------
        TypeError
            If a key is of another type.

        Notes
        -----
        Driver only.

        Examples
        --------
        >>> cities = sc.broadcastMap({"B": "Berlin", "P": ("Paris", 2)})
        >>> sc.parallelize(["P", "X"]).map(lambda key: cities.value.get(key, "?")).collect()
        [('Paris', 2), '?']
        >>> dict(cities.value)
        {'B': 'Berlin', 'P': ('Paris', 2)}
        """
        self._jobs.require_running()
        return self._broadcasts.make(MappedMap.of(value), call_site())

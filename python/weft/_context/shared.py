"""Variables that driver and tasks share."""

from __future__ import annotations

from typing import Optional, TypeVar

from weft._broadcasts import Broadcasts
from weft._callsite import call_site
from weft._context.files import Files
from weft.accumulators import Accumulator, AccumulatorParam, make_accumulator
from weft.broadcast import Broadcast

__all__ = ["Shared"]

T = TypeVar("T")


class Shared(Files):
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

        Raises
        ------
        TypeError
            If ``value`` is no number and there is no ``accum_param``.

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

        Examples
        --------
        >>> weights = sc.broadcast([10, 20, 30])
        >>> sc.parallelize([0, 2]).map(lambda i: weights.value[i]).collect()
        [10, 30]
        """
        self._jobs.require_running()
        return self._broadcasts.make(value, call_site())

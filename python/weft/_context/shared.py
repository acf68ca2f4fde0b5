"""Variables that driver and tasks share."""

from __future__ import annotations

from typing import Optional, TypeVar

from weft._context.files import Files
from weft.accumulators import Accumulator, AccumulatorParam, make_accumulator

__all__ = ["Shared"]

T = TypeVar("T")


class Shared(Files):
    """What tasks add to, and what they all read."""

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

"""Actions that make one value of all records."""

from __future__ import annotations

import copy
import functools
from collections.abc import Callable
from typing import Any, TypeVar, overload

from weft._ops import narrow
from weft._rdd.actions import Actions
from weft._typing import S

__all__ = ["Reductions"]

T = TypeVar("T")
U = TypeVar("U")


class Reductions(Actions[T]):
    """The partitions' values are made on the workers, and put together in the driver, in partition order."""

    def reduce(self, f: Callable[[T, T], T]) -> T:
        """Make one record of all, by a function that is associative and commutative.

        Parameters
        ----------
        f : callable
            Makes one record of two.

        Returns
        -------
        object
            Such as the records.

        Raises
        ------
        ValueError
            If there are no records.

        Notes
        -----
        Action: one job, which brings one record of each partition that has any to the driver.

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

        Parameters
        ----------
        zeroValue
            What each partition, and the whole, begins with; it should change nothing, such as 0 for sums.
        op : callable
            Makes one record of two; may change and give back its first argument.

        Returns
        -------
        object
            ``zeroValue`` of an RDD without records.

        Notes
        -----
        Action: one job, which brings one value a partition to the driver. Each partition begins with a copy.

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

        Returns
        -------
        object
            Such as ``zeroValue``.

        Notes
        -----
        Action: one job, which brings one value a partition to the driver. Each partition begins with a copy.

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

    @overload
    def max(self: Reductions[S]) -> S: ...

    @overload
    def max(self, key: Callable[[T], S]) -> T: ...

    def max(self, key: Callable[[Any], Any] | None = None) -> Any:
        """Give the largest record, by ``key`` if given.

        Parameters
        ----------
        key : callable, optional
            Gets a record, gives what to compare; else the records themselves are compared.

        Returns
        -------
        object
            The first of the largest.

        Raises
        ------
        ValueError
            If there are no records.

        Notes
        -----
        Action: one job, which brings one record of each partition that has any to the driver.

        Examples
        --------
        >>> sc.parallelize([1.0, 5.0, 43.0, 10.0]).max(), sc.parallelize([1.0, 5.0, 43.0, 10.0]).max(key=str)
        (43.0, 5.0)
        """
        found: T = self._reduce(narrow.extreme(max, key), functools.partial(max, key=key), "max")
        return found

    @overload
    def min(self: Reductions[S]) -> S: ...

    @overload
    def min(self, key: Callable[[T], S]) -> T: ...

    def min(self, key: Callable[[Any], Any] | None = None) -> Any:
        """Give the smallest record, by ``key`` if given.

        Parameters
        ----------
        key : callable, optional
            Gets a record, gives what to compare; else the records themselves are compared.

        Returns
        -------
        object
            The first of the smallest.

        Raises
        ------
        ValueError
            If there are no records.

        Notes
        -----
        Action: one job, which brings one record of each partition that has any to the driver.

        Examples
        --------
        >>> sc.parallelize([2.0, 5.0, 43.0, 10.0]).min(), sc.parallelize([2.0, 5.0, 43.0, 10.0]).min(key=str)
        (2.0, 10.0)
        """
        found: T = self._reduce(narrow.extreme(min, key), functools.partial(min, key=key), "min")
        return found

"""The values of one key, as groupByKey and the joins hand them out."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Generic, Protocol, TypeVar

__all__ = ["ResultIterable"]

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)


class _Values(Protocol[T_co]):
    """What has a length and can be iterated over again and again."""

    def __len__(self) -> int: ...

    def __iter__(self) -> Iterator[T_co]: ...


class ResultIterable(Generic[T]):
    """The values of one key: iterate over them as often as you like, ``len`` is known.

    Many values of one key may lie on disk; they are read while you iterate, and can be read until the task ends.
    Pickling (collect, another shuffle) copies all of them into memory.

    Parameters
    ----------
    data : list or other collection
        The values, in the order in which they arrived.

    Examples
    --------
    >>> values = ResultIterable([1, 2, 3])
    >>> len(values), sum(values), max(values)
    (3, 6, 3)
    """

    __slots__ = ("data",)

    def __init__(self, data: _Values[T]) -> None:
        self.data = data

    @property
    def index(self) -> int:
        """Nought; PySpark has it."""
        return 0

    @property
    def maxindex(self) -> int:
        """How many values there are; PySpark has it."""
        return len(self.data)

    def __iter__(self) -> Iterator[T]:
        return iter(self.data)

    def __len__(self) -> int:
        return len(self.data)

    def __reduce__(self) -> tuple[type[ResultIterable[T]], tuple[list[T]]]:
        return ResultIterable, (list(self.data),)

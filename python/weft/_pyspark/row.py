"""Rows: tuples whose values have names."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NoReturn

__all__ = ["Row", "make_row"]


class Row(tuple[Any, ...]):
    """A record with named values: ``row.name``, ``row["name"]``, ``row[0]``.

    Examples
    --------
    >>> row = Row(name="Alice", age=11)
    >>> row
    Row(name='Alice', age=11)
    >>> row["name"], row.age, row[1], "name" in row, "wrong" in row
    ('Alice', 11, 11, True, False)
    >>> Person = Row("name", "age")
    >>> Person("Bob", 5)
    Row(name='Bob', age=5)
    >>> Person("Bob", 5).asDict()
    {'name': 'Bob', 'age': 5}
    """

    def __new__(cls, *values: Any, **named: Any) -> Row:
        """Make a row of named values, or of values whose names are given by calling it."""
        if values and named:
            raise ValueError("Can not use both args and kwargs to create Row")
        if not named:
            return tuple.__new__(cls, values)
        row = tuple.__new__(cls, list(named.values()))
        row.__fields__ = list(named)
        return row

    __fields__: list[str]

    def __call__(self, *values: Any) -> Row:
        """Make a row whose values have this row's values as names."""
        if len(values) > len(self):
            raise ValueError(f"Can not create Row with fields {self}, expected {len(self):d} values but got {values}")
        return make_row(list(self), values)

    def asDict(self, recursive: bool = False) -> dict[str, Any]:
        """Give the row as a dict; ``recursive``: rows in it, too.

        Raises
        ------
        TypeError
            If the values have no names.
        """
        if "__fields__" not in self.__dict__:
            raise TypeError("Cannot convert a Row class into dict")
        values = map(_plain, self) if recursive else iter(self)
        return dict(zip(self.__fields__, values))

    def __contains__(self, item: Any) -> bool:
        return item in self.__fields__ if "__fields__" in self.__dict__ else super().__contains__(item)

    def __getitem__(self, item: Any) -> Any:
        if not isinstance(item, str):
            return super().__getitem__(item)
        try:
            return super().__getitem__(self.__fields__.index(item))
        except (AttributeError, ValueError, IndexError):
            raise ValueError(item) from None

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        try:
            return super().__getitem__(self.__fields__.index(name))
        except (ValueError, IndexError):
            raise AttributeError(name) from None

    def __setattr__(self, name: str, value: Any) -> None:
        if name != "__fields__":
            raise RuntimeError("Row is read-only")
        self.__dict__[name] = value

    def __reduce__(self) -> tuple[Callable[..., Any], tuple[Any, ...]]:
        if "__fields__" in self.__dict__:
            return make_row, (self.__fields__, tuple(self))
        return Row, tuple(self)

    def __repr__(self) -> str:
        if "__fields__" in self.__dict__:
            return "Row({})".format(", ".join(f"{name}={value!r}" for name, value in zip(self.__fields__, self)))
        return "<Row({})>".format(", ".join(f"{value!r}" for value in self))

    def __delattr__(self, name: str) -> NoReturn:
        raise RuntimeError("Row is read-only")


def make_row(names: list[str], values: Any) -> Row:
    """Make a row of named values."""
    row = Row(*values)
    row.__fields__ = names
    return row


def _plain(value: Any) -> Any:
    if isinstance(value, Row):
        return value.asDict(True)
    if isinstance(value, list):
        return [_plain(one) for one in value]
    if isinstance(value, dict):
        return {key: _plain(one) for key, one in value.items()}
    return value

"""Pairs for Hadoop's output formats, in a form that Java reads at once: marshal of version 2."""

from __future__ import annotations

import array
import marshal
from collections.abc import Callable, Iterator
from typing import Any

from weft._batches import MARSHAL_COLUMNS, frame
from weft._ops.batching import in_lists

__all__ = ["dump_pairs"]

_VERSION = 2  # without references, which a reader would have to remember objects for
_MOST_RECORDS = 8192
_TARGET_BYTES = 1 << 20
_PLAIN = frozenset({str, int, float, bool, bytes, type(None)})
_ARRAYS = frozenset("hilqfd")


def dump_pairs(records: Iterator[Any]) -> Iterator[tuple[int, tuple[bytes, ...]]]:
    """Batches of pairs; yields how many, and the header and the parts of the payload.

    Raises
    ------
    TypeError
        If a record is no tuple of two, or holds an object that no Writable is made of.
    """
    for some in in_lists(records, _MOST_RECORDS, _TARGET_BYTES):
        if set(map(type, some)) != {tuple} or set(map(len, some)) != {2}:
            _check_pairs(some)
        keys, values = zip(*some)
        yield len(some), frame(MARSHAL_COLUMNS, len(some), _column(list(keys)), _column(list(values)))


def _check_pairs(records: list[Any]) -> None:
    for record in records:
        if not isinstance(record, tuple) or len(record) != 2:
            shown = repr(record)
            shown = shown if len(shown) <= 100 else shown[:100] + "…"
            raise TypeError(f"a record is a {type(record).__name__} and not a tuple of a key and a value: {shown}")


def _column(values: list[Any]) -> bytes:
    if not set(map(type, values)) <= _PLAIN:
        values = [plain(value) for value in values]
    return marshal.dumps(values, _VERSION)


def plain(value: Any) -> Any:
    """What stands for a value in marshal; marshal itself would write arrays of numbers as bytes."""
    if type(value) in _PLAIN:
        return value
    for kind, convert in _KINDS:
        if isinstance(value, kind):
            return convert(value)
    kind_name = f"{type(value).__module__}.{type(value).__qualname__}".replace("builtins.", "")
    raise TypeError(
        f"a record holds a {kind_name}, which no Writable is made of; "
        "write text, numbers, bytes, tuples and dicts of them"
    )


def _dict(value: dict[Any, Any]) -> dict[Any, Any]:
    return {plain(key): plain(item) for key, item in value.items()}


def _array(value: array.array[Any]) -> Any:
    if value.typecode not in _ARRAYS:
        raise TypeError(f"a record holds an array.array of type {value.typecode!r}, which Java does not have")
    return (..., "array", value.typecode, value.tobytes())


_KINDS: tuple[tuple[Any, Callable[[Any], Any]], ...] = (
    (tuple, lambda value: tuple(map(plain, value))),
    (dict, _dict),
    ((bytes, bytearray, memoryview), bytes),
    (str, lambda value: "".join([value])),
    (bool, bool),
    (int, int),
    (float, float),
    (list, lambda value: list(map(plain, value))),
    ((set, frozenset), lambda value: set(map(plain, value))),
    (array.array, _array),
)

"""Pickle files: sequence files whose values are arrays of byte arrays as Java serializes them, each a pickled list.

PySpark writes them so, ten pickles to a value, because they go through its ``saveAsObjectFile``. The few forms that
such an array takes in Java's stream protocol are written and read here, so that no JVM looks into them.
"""

from __future__ import annotations

import itertools
import pickle
import struct
from collections.abc import Callable, Iterable, Iterator
from typing import Any

__all__ = ["ObjectFileError", "load_pickles", "pickles_in_tens"]

_GROUP = 10
_AUTO_BYTES = 1 << 16
_ARRAY, _CLASS, _REFERENCE = 0x75, 0x72, 0x71
_START = b"\xac\xed\x00\x05"
_SERIALIZABLE = b"\x02\x00\x00\x78\x70"  # flags, no fields, end of annotations, no parent class
_OUTER = b"\x75\x72\x00\x03[[B\x4b\xfd\x19\x15\x67\x67\xdb\x37" + _SERIALIZABLE
_INNER = b"\x75\x72\x00\x02[B\xac\xf3\x17\xf8\x06\x08\x54\xe0" + _SERIALIZABLE
_INNER_AGAIN = b"\x75\x71\x00\x7e\x00\x02"  # the class that was described as the third thing of the stream
_LENGTH = struct.Struct(">i")
_SHORT = struct.Struct(">H")

_Partition = Callable[[int, Iterator[Any]], Iterable[Any]]


class ObjectFileError(ValueError):
    """A value of a file is no array of pickles."""


def pickles_in_tens(batch_size: int) -> _Partition:
    """Make the step from records to the pairs of a pickle file; ``batch_size`` 0: about 64 KiB a pickle."""

    def run(_index: int, records: Iterator[Any]) -> Iterator[tuple[None, bytes]]:
        pickles = _pickles(records, batch_size)
        for group in iter(lambda: list(itertools.islice(pickles, _GROUP)), []):
            yield None, _array(group)

    return run


def _pickles(records: Iterator[Any], batch_size: int) -> Iterator[bytes]:
    size = batch_size or 1
    while some := list(itertools.islice(records, size)):
        pickled = _dumps(some)
        yield pickled
        if batch_size == 0:
            if len(pickled) < _AUTO_BYTES:
                size *= 2
            elif len(pickled) > _AUTO_BYTES * 10:
                size = max(1, size // 2)


def _dumps(records: list[Any]) -> bytes:
    """Pickle; what only cloudpickle can (classes and functions of the script) costs a second try."""
    try:
        pickled = pickle.dumps(records, 5)
    except Exception:
        pickled = b""
    if not pickled or b"__main__" in pickled:
        import cloudpickle  # type: ignore[import-untyped, unused-ignore]

        pickled = cloudpickle.dumps(records, 5)
    return pickled


def _array(pickles: list[bytes]) -> bytes:
    parts = [_START, _OUTER, _LENGTH.pack(len(pickles))]
    for number, pickled in enumerate(pickles):
        parts += [_INNER_AGAIN if number else _INNER, _LENGTH.pack(len(pickled)), pickled]
    return b"".join(parts)


def load_pickles(_index: int, values: Iterator[bytes]) -> Iterator[Any]:
    """Give the records of a pickle file's values, as a step of a pipeline."""
    loads = pickle.loads
    return itertools.chain.from_iterable(
        _records(loads(pickled)) for value in values for pickled in _Reader(value).pickles()
    )


def _records(loaded: Any) -> list[Any]:
    if not isinstance(loaded, list):
        raise ObjectFileError(f"a pickle of the file holds a {type(loaded).__name__} and not a list of records")
    return loaded


class _Reader:
    """Reads one value of a pickle file."""

    def __init__(self, value: bytes) -> None:
        self._view = memoryview(value)
        self._at = 0

    def pickles(self) -> list[memoryview]:
        try:
            if self._take(4) != _START:
                raise ObjectFileError("a value of the file is no serialized Java object; saveAsPickleFile writes those")
            self._array_of("[[B", "[Ljava.lang.Object;")
            return [self._bytes() for _ in range(self._length())]
        except (struct.error, IndexError):
            raise ObjectFileError("a value of the file ends within a pickle") from None

    def _take(self, count: int) -> memoryview:
        part = self._view[self._at : self._at + count]
        if len(part) < count:
            raise IndexError
        self._at += count
        return part

    def _length(self) -> int:
        return int(_LENGTH.unpack(self._take(4))[0])

    def _bytes(self) -> memoryview:
        view, at = self._view, self._at
        if view[at : at + 6] == _INNER_AGAIN:
            self._at = at + 6
        else:
            self._array_of("[B")
        return self._take(self._length())

    def _array_of(self, *names: str) -> None:
        """The start of an array up to its length."""
        if self._take(1)[0] != _ARRAY:
            raise ObjectFileError(f"a value of the file holds no {' or '.join(names)}, as saveAsPickleFile writes it")
        kind = self._take(1)[0]
        if kind == _REFERENCE:
            self._take(4)
        elif kind == _CLASS:
            name = bytes(self._take(_SHORT.unpack(self._take(2))[0])).decode("ascii", "replace")
            if name not in names:
                raise ObjectFileError(f"a value of the file is a Java {name}; saveAsPickleFile writes a {names[0]}")
            self._take(8)
            if self._take(len(_SERIALIZABLE)) != _SERIALIZABLE:
                raise ObjectFileError(f"the class {name} in a value of the file has fields")
        else:
            raise ObjectFileError(f"a value of the file holds an object of kind {kind:#x}")

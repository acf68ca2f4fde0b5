"""A map from keys to values that lies in three buffers, so that processes can share it; see ``broadcastMap``.

``data`` holds the entries in the order in which they were given, each ``u32 length of the key, u32 length of the
value, key, value`` (little-endian): the key in the encoding of :func:`encoded_key`, the value pickled. ``slots`` is a
hash table with open addressing: a u64 per slot, 0 if it is free, else 1 and the entry's offset in ``data``; an entry's
first slot follows from the CRC-32 of its key, which is the same in every process.
"""

from __future__ import annotations

import pickle
import struct
from array import array
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Generic, TypeVar, Union, overload
from zlib import crc32

__all__ = ["MappedMap"]

K = TypeVar("K")
V = TypeVar("V")
D = TypeVar("D")
Buffer = Union[bytearray, memoryview]

_LENGTHS = struct.Struct("<II")
_DOUBLE = struct.Struct("<d")
_MIXED = 0x9E3779B1  # CRC-32 of like keys differ in few bits; the product spreads them


class MappedMap(Mapping[K, V], Generic[K, V]):
    """An immutable map with dict's methods for reading; every lookup unpickles its value anew.

    Keys are text, bytes, numbers, None, and tuples of those; equal numbers are one key, as in a dict.
    """

    __slots__ = ("_count", "_data", "_mask", "_slots", "_words")

    def __init__(self, slots: Buffer, data: Buffer, count: int) -> None:
        self._slots = slots
        self._data = memoryview(data)
        self._words = memoryview(slots).cast("Q")
        self._mask = len(self._words) - 1
        self._count = count

    @classmethod
    def of(cls, entries: Mapping[K, V]) -> MappedMap[K, V]:
        """Make one of a dict.

        Raises
        ------
        TypeError
            If a key is of another type.
        """
        size = 8
        while size * 2 < len(entries) * 3:
            size *= 2
        slots, data, mask = array("Q", bytes(8 * size)), bytearray(), size - 1
        for key, value in entries.items():
            encoded, pickled = encoded_key(key), _pickled(value)
            slot = crc32(encoded) * _MIXED >> 7 & mask
            while slots[slot]:
                slot = slot + 1 & mask
            slots[slot] = len(data) + 1
            data += _LENGTHS.pack(len(encoded), len(pickled))
            data += encoded
            data += pickled
        return cls(memoryview(slots).cast("B"), data, len(entries))

    def __reduce_ex__(self, protocol: Any) -> tuple[Callable[..., Any], tuple[Any, ...]]:
        if protocol >= 5:
            return MappedMap, (pickle.PickleBuffer(self._slots), pickle.PickleBuffer(self._data), self._count)
        return MappedMap, (bytearray(self._slots), bytearray(self._data), self._count)

    def _find(self, key: object) -> int:
        """Where the entry of a key begins; -1 if there is none."""
        encoded = encoded_key(key)
        words, data, mask = self._words, self._data, self._mask
        slot = crc32(encoded) * _MIXED >> 7 & mask
        while True:
            at = words[slot] - 1
            if at < 0:
                return -1
            if data[at + 8 : at + 8 + _LENGTHS.unpack_from(data, at)[0]] == encoded:
                return at
            slot = slot + 1 & mask

    def __getitem__(self, key: K) -> V:
        at = self._find(key)
        if at < 0:
            raise KeyError(key)
        return self._value(at)

    def _value(self, at: int) -> V:
        key, value = _LENGTHS.unpack_from(self._data, at)
        start = at + 8 + key
        found: V = pickle.loads(self._data[start : start + value])
        return found

    @overload
    def get(self, key: K, /) -> V | None: ...

    @overload
    def get(self, key: K, /, default: D) -> V | D: ...

    def get(self, key: K, /, default: Any = None) -> Any:
        """Give a key's value, or ``default`` if it has none."""
        at = self._find(key)
        return default if at < 0 else self._value(at)

    def __contains__(self, key: object) -> bool:
        return self._find(key) >= 0

    def __len__(self) -> int:
        return self._count

    def __iter__(self) -> Iterator[K]:
        data, at = self._data, 0
        while at < len(data):
            key, value = _LENGTHS.unpack_from(data, at)
            yield decoded_key(bytes(data[at + 8 : at + 8 + key]))
            at += 8 + key + value

    def __repr__(self) -> str:
        return f"<MappedMap of {self._count:,} entries>"


def _pickled(value: Any) -> bytes:
    try:
        return pickle.dumps(value, 5)
    except Exception:  # a class or function of the script's own, which only travels by value
        import cloudpickle  # type: ignore[import-untyped, unused-ignore]

        return bytes(cloudpickle.dumps(value, 5))


def encoded_key(key: Any) -> bytes:
    """Give bytes that are equal for equal keys, in every process.

    Raises
    ------
    TypeError
        If the key, or one in a tuple, is of a type for which that is not so.
    """
    kind = type(key)
    if kind is str:
        return b"s" + key.encode("utf-8", "surrogatepass")  # type: ignore[no-any-return]
    if kind is int:
        return b"i%d" % key
    if kind is bytes:
        return b"b" + key  # type: ignore[no-any-return]
    if key is None:
        return b"n"
    if isinstance(key, float):
        return b"i%d" % int(key) if key.is_integer() else b"f" + _DOUBLE.pack(key)
    if isinstance(key, tuple):
        parts = [encoded_key(one) for one in key]
        return b"t" + b"".join(b"%d:%b" % (len(part), part) for part in parts)
    if isinstance(key, str):
        return b"s" + str(key).encode("utf-8", "surrogatepass")
    if isinstance(key, bytes):
        return b"b" + bytes(key)
    if hasattr(key, "__index__"):
        return b"i%d" % key.__index__()
    raise TypeError(
        f"a key of broadcastMap is of {kind.__name__}; keys are text, bytes, numbers, None, and tuples of those"
    )


def decoded_key(encoded: bytes) -> Any:
    """Give a key back; a truth value as the number that it equals."""
    kind, body = encoded[:1], encoded[1:]
    if kind == b"s":
        return body.decode("utf-8", "surrogatepass")
    if kind == b"i":
        return int(body)
    if kind == b"f":
        return _DOUBLE.unpack(body)[0]
    if kind == b"b":
        return body
    if kind == b"n":
        return None
    parts = []
    while body:
        length, _, rest = body.partition(b":")
        parts.append(decoded_key(rest[: int(length)]))
        body = rest[int(length) :]
    return tuple(parts)

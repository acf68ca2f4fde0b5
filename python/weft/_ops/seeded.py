"""Keys fall where workers put them, in a process whose hash seed is another.

Workers run with PYTHONHASHSEED=0; inline tasks run in the driver, whose seed is random as a rule. The hashes that a
seed changes are those of text and bytes, and of dates that are kept as bytes: here they are computed anew, by the
algorithm that CPython itself uses with seed 0. It is slow, which tests do not mind.

Source: J.-P. Aumasson, D. J. Bernstein, SipHash: a fast short-input PRF (2012); CPython's Python/pyhash.c, in which the
key of seed 0 is two zeros and texts are hashed in their narrowest of 1, 2 or 4 bytes a character.
"""

from __future__ import annotations

import datetime
import functools
import struct
import sys
from typing import Any

from weft._ops import keys

__all__ = ["install", "is_seeded", "siphash", "text_hash", "uninstall"]

_MASK = 0xFFFFFFFFFFFFFFFF
_ROUNDS = {"siphash13": (1, 3), "siphash24": (2, 4)}


def is_seeded() -> bool:
    """Whether this process hashes text otherwise than workers do."""
    return hash("weft") != text_hash("weft")


def install() -> None:
    """Have partitions computed as workers compute them, from now on in this process."""
    if sys.hash_info.algorithm in _ROUNDS and is_seeded():
        keys.use_hashers(
            {
                str.__hash__: text_hash,
                bytes.__hash__: bytes_hash,
                datetime.date.__hash__: _date_hash,
                datetime.datetime.__hash__: _time_hash,
                datetime.time.__hash__: _time_hash,
            }
        )


def uninstall() -> None:
    """Undo :func:`install`."""
    keys.use_hashers({})


@functools.lru_cache(maxsize=65536)
def text_hash(text: str) -> int:
    """``hash(text)`` in a worker."""
    highest = max(map(ord, text), default=0)
    encoding = "latin-1" if highest < 0x100 else "utf-16" if highest < 0x10000 else "utf-32"
    order = "" if encoding == "latin-1" else "-le" if sys.byteorder == "little" else "-be"
    return bytes_hash(str(text).encode(encoding + order, "surrogatepass"))


@functools.lru_cache(maxsize=65536)
def bytes_hash(data: bytes) -> int:
    """``hash(data)`` in a worker."""
    if not data:
        return 0
    value = siphash(data, *_ROUNDS[sys.hash_info.algorithm])
    signed = value - (1 << 64) if value >> 63 else value
    return -2 if signed == -1 else signed


def _date_hash(key: datetime.date) -> int:
    return bytes_hash(key.__reduce__()[1][0])


def _time_hash(key: Any) -> int:
    if key.utcoffset() is not None:
        return hash(key)  # of a time span, which no seed changes
    return bytes_hash(key.replace(fold=0).__reduce_ex__(3)[1][0])


def siphash(data: bytes, compressions: int, finalizations: int) -> int:
    """SipHash of bytes with a key of zeros, unsigned.

    Examples
    --------
    >>> hex(siphash(b"", 2, 4))
    '0x1e924b9d737700d7'
    """
    state = [0x736F6D6570736575, 0x646F72616E646F6D, 0x6C7967656E657261, 0x7465646279746573]
    whole = len(data) & ~7
    last = data[whole:] + bytes(7 - len(data) % 8) + bytes((len(data) & 0xFF,))
    for (word,) in struct.iter_unpack("<Q", data[:whole] + last):
        state[3] ^= word
        for _ in range(compressions):
            _round(state)
        state[0] ^= word
    state[2] ^= 0xFF
    for _ in range(finalizations):
        _round(state)
    return state[0] ^ state[1] ^ state[2] ^ state[3]


def _round(state: list[int]) -> None:
    a, b, c, d = state
    a = (a + b) & _MASK
    b = (b << 13 | b >> 51) & _MASK ^ a
    a = (a << 32 | a >> 32) & _MASK
    c = (c + d) & _MASK
    d = (d << 16 | d >> 48) & _MASK ^ c
    a = (a + d) & _MASK
    d = (d << 21 | d >> 43) & _MASK ^ a
    c = (c + b) & _MASK
    b = (b << 17 | b >> 47) & _MASK ^ c
    c = (c << 32 | c >> 32) & _MASK
    state[:] = a, b, c, d

"""Bytes objects that lie in a private map of a file, so that many processes hold one copy of what is in them.

A bytes object of CPython is a header with its contents right behind it. The header is written into the page before the
contents, which the map keeps for this process alone; the pages of the contents stay those of the file. Where the
interpreter's objects look otherwise (PyPy, CPython without a GIL), the bytes are copied.
"""

from __future__ import annotations

import functools
import mmap
import struct
import sys
from typing import Any

__all__ = ["at"]

_HEADER = struct.Struct("@nPnn")  # reference count, type, length, hash
_COUNT = struct.Struct("@n")
_NEVER_ZERO = 1 << 29  # a count that no use brings to zero, yet below what CPython 3.12 takes for immortal

_placed: list[tuple[mmap.mmap, Any, int]] = []  # maps with objects in them, and where: unmapped they would be fatal


def at(mapped: mmap.mmap, offset: int, length: int) -> bytes:
    """Give the bytes of a map: as an object in it, where that can be, else as a copy.

    Parameters
    ----------
    mapped : mmap
        Private and writable; before ``offset`` must lie a page that nothing else uses, behind the bytes a zero.
    offset, length : int
        Which bytes.
    """
    if not _works():
        return mapped[offset : offset + length]
    return _place(mapped, offset, length)


def _place(mapped: mmap.mmap, offset: int, length: int) -> bytes:
    import ctypes

    _release_unused()
    start = offset - _HEADER.size
    _HEADER.pack_into(mapped, start, _NEVER_ZERO, id(bytes), length, -1)
    anchor = ctypes.c_char.from_buffer(mapped, start)  # the map cannot be closed while this lives
    _placed.append((mapped, anchor, start))
    made: bytes = ctypes.cast(ctypes.addressof(anchor), ctypes.py_object).value
    return made


def _release_unused() -> None:
    """Let go of maps whose objects nobody holds any more."""
    _placed[:] = [one for one in _placed if _COUNT.unpack_from(one[0], one[2])[0] > _NEVER_ZERO]


@functools.lru_cache(maxsize=1)
def _works() -> bool:
    """Whether this interpreter's bytes objects look as expected; tried on a small one."""
    if sys.implementation.name != "cpython" or bytes.__basicsize__ != _HEADER.size + 1:
        return False
    import ctypes

    sample = bytes(bytearray(b"0123456789") * 7)
    count, kind, length, hashed = _HEADER.unpack(ctypes.string_at(id(sample), _HEADER.size))
    if not (0 < count < 100 and kind == id(bytes) and length == len(sample) and hashed == -1):
        return False
    tried = mmap.mmap(-1, 2 * mmap.PAGESIZE)
    tried[mmap.PAGESIZE : mmap.PAGESIZE + len(sample)] = sample
    made = _place(tried, mmap.PAGESIZE, len(sample))
    return made == sample and hash(made) == hash(sample) and made[3:9] == sample[3:9]

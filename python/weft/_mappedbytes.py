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
from collections.abc import Callable
from typing import Any

from weft._ops.reading import pread_whole

__all__ = ["at", "copies"]

_HEADER = struct.Struct("@nPnn")  # reference count, type, length, hash
_COUNT = struct.Struct("@n")
_NEVER_ZERO = 1 << 29  # a count that no use brings to zero, yet below what CPython 3.12 takes for immortal

# maps with objects in them, and where: unmapped they would be fatal. So each has a reference that nobody owns, too,
# which outlives this list when the interpreter ends: it clears modules before the last of what holds such an object
_placed: list[tuple[mmap.mmap, Any, int]] = []


def at(mapped: mmap.mmap, descriptor: int | None, offset: int, length: int) -> bytes:
    """Give the bytes of a map: as an object in it, where that can be, else as a copy.

    A copy is read from the file: pages of a map count as this process's memory, beside those of the copy.

    Parameters
    ----------
    mapped : mmap
        Private and writable; before ``offset`` must lie a page that nothing else uses, behind the bytes a zero.
    descriptor : int, optional
        The file, where `copies` says that it is needed.
    offset, length : int
        Which bytes.
    """
    if descriptor is not None:
        return _read(descriptor, offset, length)
    return _place(mapped, offset, length)


def copies() -> bool:
    """Whether this interpreter's objects cannot lie in a map."""
    return not _works()


def _read(descriptor: int, offset: int, length: int) -> bytes:
    data = pread_whole(descriptor, length, offset)
    if len(data) < length:
        raise ValueError(f"the file of a broadcast ends early, at {offset + len(data)}")
    return data


def _place(mapped: mmap.mmap, offset: int, length: int) -> bytes:
    import ctypes

    _release_unused()
    start = offset - _HEADER.size
    _HEADER.pack_into(mapped, start, _NEVER_ZERO, id(bytes), length, -1)
    anchor = ctypes.c_char.from_buffer(mapped, start)  # the map cannot be closed while this lives
    _reference("Py_IncRef")(mapped)
    _placed.append((mapped, anchor, start))
    made: bytes = ctypes.cast(ctypes.addressof(anchor), ctypes.py_object).value
    return made


def _release_unused() -> None:
    """Let go of maps whose objects nobody holds any more."""
    used: list[tuple[mmap.mmap, Any, int]] = []
    unused: list[tuple[mmap.mmap, Any, int]] = []
    for one in _placed:
        (used if _COUNT.unpack_from(one[0], one[2])[0] > _NEVER_ZERO else unused).append(one)
    _placed[:] = used
    for mapped, _, _ in unused:
        _reference("Py_DecRef")(mapped)


@functools.lru_cache(maxsize=2)
def _reference(name: str) -> Callable[[mmap.mmap], None]:
    """Py_IncRef or Py_DecRef."""
    import ctypes

    return ctypes.PYFUNCTYPE(None, ctypes.py_object)((name, ctypes.pythonapi))


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

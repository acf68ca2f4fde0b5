"""The file of a broadcast: written once by the driver, mapped by every process that reads it.

Layout, all numbers little-endian::

    b"WEFTBC01" | pickle (protocol 5) | buffers … | directory (JSON) | u64 length of the directory | b"WEFTBC01"

The directory is ``{"pickle": [offset, length], "buffers": [[offset, length], …], "bytes": [[offset, length], …]}``.
Buffers are what the pickle left out of band: NumPy arrays, Arrow buffers; each begins at a multiple of 64, larger ones
at a page. ``bytes`` are large bytes objects, which :mod:`weft._mappedbytes` makes into objects where they lie: each
begins at a page, with at least a page before it and a zero byte behind.

The map is private and copied on write: what one process changes in an array no other process sees, and pages that
nobody changes exist once on a node.
"""

from __future__ import annotations

import gc
import json
import mmap
import os
import pickle
import struct
import sys
import weakref
from typing import Any, BinaryIO, NamedTuple

from weft import _mappedbytes

__all__ = ["Mapped", "Sizes", "write"]

_MAGIC = b"WEFTBC01"
_LENGTH = struct.Struct("<Q")
_PAGE = mmap.PAGESIZE
_ALIGNED = 64
_LARGE_BYTES = 256 << 10  # bytes objects from this length on are shared
_MOST_LOOKED_AT = 10_000
_NORESERVE = getattr(mmap, "MAP_NORESERVE", 0x4000 if sys.platform == "linux" else 0)


class Sizes(NamedTuple):
    """Bytes of a file: all, and those that every process unpickles into objects of its own."""

    total: int
    pickled: int


def write(value: Any, path: str) -> Sizes:
    """Write a new file of mode 0600 that holds ``value``; on failure there is none."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        with open(descriptor, "wb", buffering=1 << 20) as file:
            return _write(value, file)
    except BaseException:
        os.unlink(path)
        raise


def _write(value: Any, file: BinaryIO) -> Sizes:
    buffers: list[pickle.PickleBuffer] = []
    texts: list[bytes] = []
    file.write(_MAGIC)
    _pickle(value, file, buffers, texts)
    pickled = file.tell() - len(_MAGIC)
    directory: dict[str, Any] = {"pickle": [len(_MAGIC), pickled], "buffers": [], "bytes": []}
    for buffer in buffers:
        with buffer.raw() as items, _in_bytes(items) as raw:
            _pad(file, _PAGE if len(raw) >= _PAGE else _ALIGNED)
            directory["buffers"].append([file.tell(), len(raw)])
            file.write(raw)
        buffer.release()
    for text in texts:
        _pad(file, _PAGE)
        file.write(bytes(_PAGE))
        directory["bytes"].append([file.tell(), len(text)])
        file.write(text)
        file.write(b"\0")
    encoded = json.dumps(directory).encode()
    file.write(encoded + _LENGTH.pack(len(encoded)) + _MAGIC)
    return Sizes(file.tell(), pickled)


def _in_bytes(items: memoryview) -> memoryview:
    """The same memory counted in bytes, which on PyPy a buffer's raw() is not yet."""
    return items.cast("B") if items.nbytes else memoryview(b"")


def _pad(file: BinaryIO, multiple: int) -> None:
    file.write(bytes(-file.tell() % multiple))


def _pickle(value: Any, file: BinaryIO, buffers: list[pickle.PickleBuffer], texts: list[bytes]) -> None:
    import cloudpickle  # type: ignore[import-untyped, unused-ignore]

    if not _has_large_bytes(value):
        cloudpickle.Pickler(file, 5, buffer_callback=buffers.append).dump(value)
        return
    known: dict[int, int] = {}

    class Sharing(cloudpickle.Pickler):  # type: ignore[misc, unused-ignore]
        """Leaves large bytes objects out, each once."""

        def persistent_id(self, item: Any) -> int | None:
            if type(item) is not bytes or len(item) < _LARGE_BYTES:
                return None
            if id(item) not in known:
                known[id(item)] = len(texts)
                texts.append(item)
            return known[id(item)]

    Sharing(file, 5, buffer_callback=buffers.append).dump(value)


def _has_large_bytes(value: Any) -> bool:
    """Whether containers hold large bytes, as far as a short look tells: asking for each object makes pickling slow."""
    waiting, looked_at = [value], 0
    while waiting and looked_at < _MOST_LOOKED_AT:
        item = waiting.pop()
        looked_at += 1
        if type(item) is bytes and len(item) >= _LARGE_BYTES:
            return True
        if isinstance(item, dict):
            waiting.extend(list(item.values())[:_MOST_LOOKED_AT] if len(item) <= _MOST_LOOKED_AT else ())
        elif isinstance(item, (list, tuple)):
            waiting.extend(item[:_MOST_LOOKED_AT])
    return False


class Mapped:
    """A file in this process's address space; it may be removed meanwhile.

    Raises
    ------
    OSError
        If it cannot be opened.
    ValueError
        If it is no broadcast, or not whole.
    """

    def __init__(self, path: str) -> None:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        try:
            size = os.fstat(descriptor).st_size
            if size < 2 * len(_MAGIC) + _LENGTH.size:
                raise ValueError(f"{path} has {size} bytes and is no broadcast")
            self._map = mmap.mmap(
                descriptor, size, flags=mmap.MAP_PRIVATE | _NORESERVE, prot=mmap.PROT_READ | mmap.PROT_WRITE
            )
            self._read_directory(path, size)
            self._descriptor: int | None = None
            if self._directory["bytes"] and _mappedbytes.copies():
                self._descriptor = os.dup(descriptor)
                weakref.finalize(self, os.close, self._descriptor)
        finally:
            os.close(descriptor)

    def _read_directory(self, path: str, size: int) -> None:
        end = size - len(_MAGIC) - _LENGTH.size
        if self._map[: len(_MAGIC)] != _MAGIC or self._map[-len(_MAGIC) :] != _MAGIC:
            raise ValueError(f"{path} is no broadcast, or not whole")
        (length,) = _LENGTH.unpack_from(self._map, end)
        self._directory: dict[str, Any] = json.loads(self._map[end - length : end])

    def load(self) -> Any:
        """Make the value; its arrays and large bytes lie in the map."""
        offset, length = self._directory["pickle"]
        view = memoryview(self._map)
        buffers = [view[start : start + size] for start, size in self._directory["buffers"]]
        collects = gc.isenabled()
        gc.disable()
        try:
            if not self._directory["bytes"]:
                return pickle.loads(view[offset : offset + length], buffers=buffers)
            self._map.seek(offset)
            return _Sharing(self._map, self._descriptor, self._directory["bytes"], buffers).load()
        finally:
            if collects:
                gc.enable()


class _Sharing(pickle.Unpickler):
    """Finds large bytes objects where they lie."""

    def __init__(
        self, mapped: mmap.mmap, descriptor: int | None, places: list[list[int]], buffers: list[memoryview]
    ) -> None:
        super().__init__(mapped, buffers=buffers)  # type: ignore[arg-type, unused-ignore]
        self._mapped = mapped
        self._descriptor = descriptor
        self._places = places
        self._made: dict[int, bytes] = {}

    def persistent_load(self, number: Any) -> bytes:
        if number not in self._made:
            self._made[number] = _mappedbytes.at(self._mapped, self._descriptor, *self._places[number])
        return self._made[number]

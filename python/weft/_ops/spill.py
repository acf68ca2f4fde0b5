"""Spill files: where an operator puts what does not fit its memory.

A file holds segments, one after the other; a segment holds row groups; a row group holds one batch (kind 1 of
MAPOUTPUT.md) per column, so the whole file is a batch stream. Files have no name where the filesystem can do that,
and lose it at once elsewhere, so that nothing stays behind however the process ends. Segments are read by position:
any number of readers may be at work while the next segment is written.
"""

from __future__ import annotations

import contextlib
import errno
import os
import tempfile
import zlib
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple, Protocol

from weft._ops.columns import FRAME_HEADER, KIND_RECORDS, dump_column, frame, load_column
from weft._ops.reading import pread_whole
from weft._ops.scope import end_if_forked
from weft._ops.sealing import SEALED, opened

__all__ = ["DiskFullError", "Segment", "SegmentWriter", "SpillFiles", "SpillScope", "write_some"]

_OUT_OF_SPACE = {errno.ENOSPC, errno.EDQUOT}
_NO_SENDFILE = {errno.EINVAL, errno.ENOSYS, errno.ENOTSOCK, errno.EOPNOTSUPP}
_ENOUGH_FREE_BYTES = 256 << 20
_MOST_VECTORS = 512


class SpillScope(Protocol):
    """The task on whose behalf is spilled: where to, and the counts it reports."""

    spilled_bytes: int
    spills: int

    @property
    def spill_dirs(self) -> Sequence[str]:
        """Existing folders, one per disk."""

    def on_close(self, action: Callable[[], None]) -> None:
        """Have `action` called when the task ends, however it ends."""


class DiskFullError(OSError):
    """A spill folder has no room; names the folder and what was to be written."""


class Segment(NamedTuple):
    """A written segment: number of its file, position and length in bytes, and the rows in it."""

    file: int
    offset: int
    length: int
    rows: int


class _File:
    """One unnamed file; `end` is where the next bytes go."""

    def __init__(self, folder: str) -> None:
        self.folder = folder
        self.end = 0
        self.busy = False
        self.descriptor = _open_unnamed(folder)


class SpillFiles:
    """The spill files of one operator of one task, used round robin over the disks.

    Closed when the task ends, or earlier by `close`. Not for use by several threads.
    """

    def __init__(self, scope: SpillScope) -> None:
        if not scope.spill_dirs:
            raise ValueError("a task that may spill needs at least one spill folder; it was given none")
        self._scope = scope
        self._files: list[_File] = []
        self._turn = scope.spills
        self._closed = False
        scope.on_close(self.close)

    def count_spill(self) -> None:
        """Count one more time that memory was given up for disk; the next segment goes to the next disk."""
        self._scope.spills += 1
        self._turn += 1

    def writer(self) -> SegmentWriter:
        """Begin a segment on the disk whose turn it is."""
        end_if_forked()
        if self._closed:
            raise RuntimeError("the spill files of this task are closed")
        folder = self._folder()
        for number, file in enumerate(self._files):
            if file.folder == folder and not file.busy:
                return SegmentWriter(self._scope, file, number)
        file = _File(folder)
        self._files.append(file)
        return SegmentWriter(self._scope, file, len(self._files) - 1)

    def read(self, segment: Segment, columns: int) -> Iterator[list[Any]]:
        """The row groups of a segment: per group the list of its `columns` columns.

        Raises
        ------
        OSError
            When the bytes on disk are not those that were written.
        RuntimeError
            When the task has ended.
        """
        position, end = segment.offset, segment.offset + segment.length
        while position < end:
            group = []
            for _ in range(columns):
                column, position = self._read_column(segment.file, position)
                group.append(column)
            yield group

    def read_bytes(self, segment: Segment) -> Iterator[bytes]:
        """A segment's bytes, in parts of at most 1 MiB."""
        position, end = segment.offset, segment.offset + segment.length
        while position < end:
            data = _pread(self._file(segment.file), min(end - position, 1 << 20), position)
            position += len(data)
            yield data

    def copy(self, segment: Segment, target: int) -> None:
        """Append a segment's bytes to the file open as `target`, in the kernel where that is possible."""
        file = self._file(segment.file)
        position, end = segment.offset, segment.offset + segment.length
        while position < end:
            try:
                moved = os.sendfile(target, file.descriptor, position, min(end - position, 1 << 30))
            except OSError as error:
                if error.errno not in _NO_SENDFILE:
                    raise
                moved = os.write(target, _pread(file, min(end - position, 1 << 20), position))
            if moved == 0:
                raise OSError(errno.EIO, f"a spill file in {file.folder} ends early, at {position}")
            position += moved

    def close(self) -> None:
        """Close all files, which removes them. May be called again."""
        self._closed = True
        files, self._files = self._files, []
        for file in files:
            with contextlib.suppress(OSError):
                os.close(file.descriptor)

    def _folder(self) -> str:
        """The folder whose turn it is, unless its disk is nearly full and another's is not."""
        folders = self._scope.spill_dirs
        turns = [folders[(self._turn + step) % len(folders)] for step in range(len(folders))]
        return next((folder for folder in turns if _free_bytes(folder) >= _ENOUGH_FREE_BYTES), turns[0])

    def _file(self, number: int) -> _File:
        if self._closed:
            raise RuntimeError("these values lie in spill files of a task that has ended; copy them within it")
        return self._files[number]

    def _read_column(self, number: int, position: int) -> tuple[Any, int]:
        file = self._file(number)
        kind, flags, _, _, crc, length = FRAME_HEADER.unpack(_pread(file, FRAME_HEADER.size, position))
        payload = _pread(file, length, position + FRAME_HEADER.size)
        if kind != KIND_RECORDS or zlib.crc32(payload) != crc:
            text = f"a spill file in {file.folder} does not hold what was written, at {position}"
            raise OSError(errno.EIO, text)
        plain = opened(kind, payload) if flags & SEALED else payload
        return load_column(plain), position + FRAME_HEADER.size + length


class SegmentWriter:
    """Writes one segment; `finish` ends it. One writer at a time per file."""

    def __init__(self, scope: SpillScope, file: _File, number: int) -> None:
        self._scope = scope
        self._file = file
        self._number = number
        self._start = file.end
        self._rows = 0
        file.busy = True

    def write(self, columns: Sequence[Any], rows: int) -> int:
        """Write one row group and return its length in bytes.

        Parameters
        ----------
        columns : sequence of lists or arrays
            Each becomes a batch.
        rows : int
            How many rows the group counts for.
        """
        parts: list[bytes] = []
        for column in columns:
            parts += frame(KIND_RECORDS, len(column), dump_column(column))
        self._rows += rows
        return self.write_bytes(*parts)

    def write_bytes(self, *parts: bytes) -> int:
        """Write bytes that are batches already; returns how many."""
        written = 0
        for start in range(0, len(parts), _MOST_VECTORS):
            vectors: list[bytes | memoryview] = list(parts[start : start + _MOST_VECTORS])
            left = sum(map(len, vectors))
            written += left
            while left:
                try:
                    count = write_some(self._file.descriptor, vectors, self._file.end)
                except OSError as error:
                    raise self._explain(error, left) from error
                self._file.end += count
                self._scope.spilled_bytes += count
                left -= count
                while vectors and count >= len(vectors[0]):
                    count -= len(vectors.pop(0))
                if vectors and count:
                    vectors[0] = memoryview(vectors[0])[count:]
        return written

    def finish(self) -> Segment:
        """End the segment."""
        self._file.busy = False
        return Segment(self._number, self._start, self._file.end - self._start, self._rows)

    def _explain(self, error: OSError, size: int) -> OSError:
        if error.errno not in _OUT_OF_SPACE:
            return error
        return DiskFullError(
            error.errno,
            f"no room left in {self._file.folder} to write {size:,} bytes of data that do not fit in memory "
            f"({self._scope.spilled_bytes:,} bytes spilled by this task so far); free space there, "
            "or give tasks more memory or more partitions",
        )


def write_some(descriptor: int, vectors: list[bytes | memoryview], position: int | None = None) -> int:
    """Write some of the bytes there are, in one call where the interpreter can (PyPy cannot); how many."""
    if position is None:
        return os.writev(descriptor, vectors) if hasattr(os, "writev") else os.write(descriptor, vectors[0])
    if hasattr(os, "pwritev"):
        return os.pwritev(descriptor, vectors, position)
    return os.pwrite(descriptor, vectors[0], position)


def _open_unnamed(folder: str) -> int:
    unnamed = getattr(os, "O_TMPFILE", None)
    if unnamed is not None:
        with contextlib.suppress(OSError):
            return os.open(folder, unnamed | os.O_RDWR | os.O_CLOEXEC, 0o600)
    descriptor, path = tempfile.mkstemp(prefix="spill-", dir=folder)
    os.unlink(path)
    return descriptor


def _free_bytes(folder: str) -> int:
    try:
        status = os.statvfs(folder)
    except OSError:
        return 0
    return status.f_bavail * status.f_frsize


def _pread(file: _File, size: int, position: int) -> bytes:
    data = pread_whole(file.descriptor, size, position)
    if len(data) < size:
        raise OSError(errno.EIO, f"a spill file in {file.folder} ends early, at {position + len(data)}")
    return data

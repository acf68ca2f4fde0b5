"""Files in any format: their bytes asked of the runner, range by range."""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import Any, Union

from weft._ops.scope import TaskScope
from weft._worker.streams import InputStream, Streams

__all__ = ["FileSplit", "RandomFile", "RawInput"]

Buffer = Union[bytes, memoryview]
_AHEAD = 64 << 10  # how much more than it needs a reader asks for at once


class RawInput:
    """One raw input of a task; one range of it is read at a time.

    ``place`` and ``before`` tell an error report which file is read, and from which byte on what is worked on comes.
    """

    def __init__(self, streams: Streams, number: int) -> None:
        self._streams = streams
        self._number = number
        self._unread: Iterator[Buffer] = iter(())
        self.bytes = 0
        self.before = 0
        self.place: dict[str, Any] = {}

    def locate(self) -> tuple[str, int] | None:
        """Give the file that is read, and the byte from which on what is worked on comes; None before the first."""
        return (self.place["path"], int(self.place.get("start", 0)) + max(0, self.before)) if self.place else None

    def read(self, file: int, start: int, stop: int) -> Iterator[Buffer]:
        """Ask for a range of a file; its bytes come in pieces of at most 1 MiB, and end early where the file does."""
        return self._open({"file": file, "from": start, "to": stop})

    def size(self, file: int) -> int:
        """The length of a file."""
        return int.from_bytes(b"".join(self._open({"file": file, "size": True})), "big")

    def _open(self, request: dict[str, Any]) -> Iterator[Buffer]:
        for _ in self._unread:  # the runner opens an input again only after its end
            pass
        self._unread = self._counted(self._streams.open(self._number, request))
        return self._unread

    def _counted(self, stream: InputStream) -> Iterator[Buffer]:
        for chunk in stream.chunks():
            self.bytes += len(chunk)
            yield chunk


class FileSplit:
    """The part of a file that a task is to read; what begins in it is the task's, wherever it ends.

    Attributes
    ----------
    path : str
        With its filesystem.
    start, stop : int
        The part's bytes, ``stop`` exclusive.
    """

    def __init__(self, source: RawInput, scope: TaskScope, file: int, path: str, start: int, stop: int) -> None:
        self._source = source
        self._scope = scope
        self._file = file
        self.path = path
        self.start = start
        self.stop = stop

    def read(self, start: int, stop: int) -> Iterator[Buffer]:
        """Any range of the file, in pieces; it ends early where the file does."""
        return self._source.read(self._file, start, stop)

    def size(self) -> int:
        """The length of the whole file."""
        return self._source.size(self._file)

    def at(self, position: int) -> None:
        """Note for error reports that what is worked on from now on begins at this byte."""
        place = self._source.place
        if place.get("path") != self.path:
            place.update(path=self.path, start=0)
        self._source.before = position

    def count(self, rows: int) -> None:
        """Note that so many records were read."""
        self._scope.rows_in += rows


class RandomFile(io.RawIOBase):
    """The whole file of a split, for libraries that seek in it; each read is one request to the runner."""

    def __init__(self, split: FileSplit) -> None:
        super().__init__()
        self._split = split
        self._size = split.size()
        self._position = 0
        self._held = memoryview(b"")  # what was read last, from _held_at on
        self._held_at = 0

    def readable(self) -> bool:
        """It is."""
        return True

    def seekable(self) -> bool:
        """It is."""
        return True

    def tell(self) -> int:
        """Where the next read begins."""
        return self._position

    def seek(self, offset: int, whence: int = 0) -> int:
        """Go to another place."""
        base = {0: 0, 1: self._position, 2: self._size}[whence]
        self._position = max(0, base + offset)
        return self._position

    def read(self, size: int = -1) -> bytes:
        """The next bytes; fewer only at the file's end."""
        start = self._position
        stop = self._size if size < 0 else min(start + size, self._size)
        if stop <= start:
            return b""
        held_stop = self._held_at + len(self._held)
        if not (self._held_at <= start and stop <= held_stop):
            self._fetch(start, stop)
        self._position = stop
        return bytes(self._held[start - self._held_at : stop - self._held_at])

    def readall(self) -> bytes:
        """All that is left."""
        return self.read()

    def readinto(self, target: Any) -> int:
        """Fill a buffer with the next bytes."""
        view = memoryview(target).cast("B")
        data = self.read(len(view))
        view[: len(data)] = data
        return len(data)

    def _fetch(self, start: int, stop: int) -> None:
        """Small reads take what follows with them; large ones are not kept twice."""
        if stop - start < _AHEAD:
            stop = min(self._size, start + _AHEAD)
        pieces = list(self._split.read(start, stop))
        self._held = memoryview(pieces[0] if len(pieces) == 1 else b"".join(pieces))
        self._held_at = start
        if len(self._held) < stop - start:
            raise OSError(f"{self._split.path} has become shorter while it was read: it ends before byte {stop:,}")

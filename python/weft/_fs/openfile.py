"""Open files of :mod:`weft.fs`."""

from __future__ import annotations

import io
import threading
from types import TracebackType
from typing import TYPE_CHECKING, Any

from fsspec.caching import BaseCache
from fsspec.spec import AbstractBufferedFile

from weft._fs.door import Buffer, Reader, Writer

if TYPE_CHECKING:
    from weft.fs import WeftFileSystem

__all__ = ["AHEAD", "Ahead", "ReadFile", "WriteFile"]

AHEAD = "ahead"
_LEAST = 64 << 10  # what a read takes from the file at least
_CHUNK = 1 << 20
_MOST = 256 << 20  # of one request


class Ahead:
    """Reads ranges of a file: small ones from a block that is held, and in a run the next block is on its way already.

    It holds one block, of at most ``block`` bytes; ranges that are longer pass by it. A block grows from 64 KiB as
    long as the reads follow each other, so that reads here and there bring little more than what is wanted. Threads
    may share it.
    """

    def __init__(self, reader: Reader, size: int, block: int) -> None:
        self._reader = reader
        self._size = size
        self._block = max(block, _LEAST)
        self._lock = threading.Lock()
        self._held = b""
        self._held_at = 0
        self._window = _LEAST
        self._next = 0  # where the range ended that was read last
        self._coming: tuple[int, int] | None = None  # asked for and not taken yet

    def fetch(self, start: int, stop: int) -> bytes:
        """Give a range, as far as the file has it."""
        start, stop = max(0, start), min(stop, self._size)
        if start >= stop:
            return b""
        with self._lock:
            inside = start - self._held_at
            if 0 <= inside and stop <= self._held_at + len(self._held):
                return self._held[inside : inside + stop - start]
            head = self._held[inside:] if 0 <= inside < len(self._held) else b""
            rest = self._beyond(start + len(head), stop)
            return head + rest if head else rest

    def _beyond(self, start: int, stop: int) -> bytes:
        """Read what is not held, and hold what comes with it."""
        onward = start == self._next
        self._window = min(self._block, 2 * self._window) if onward else _LEAST
        found = self._obtain(start, min(self._size, max(stop, start + self._window)), stop)
        self._next = start + len(found)
        if len(found) < stop - start:
            path = self._reader.entry["uri"]
            raise OSError(f"{path} has become shorter while it was read: it ends at {self._next:,}")
        self._held, self._held_at = (found, start) if len(found) <= self._block else (b"", 0)
        if onward and self._next < self._size:
            self._ask(self._next, min(self._size, self._next + self._window))
        return found[: stop - start]

    def _obtain(self, start: int, wanted: int, needed: int) -> bytes:
        """Read up to ``wanted``, or, if that is on its way, a little less that suffices."""
        if self._coming is not None and self._coming[0] == start:
            found = self._take()
            if start + len(found) >= needed:
                return found
            return b"".join([found, *self._parts(start + len(found), wanted)])
        if self._coming is not None:
            self._take()
        parts = self._parts(start, wanted)
        return parts[0] if len(parts) == 1 else b"".join(parts)

    def _parts(self, start: int, stop: int) -> list[bytes]:
        parts = []
        for first in range(start, stop, _MOST):
            self._ask(first, min(stop, first + _MOST))
            parts.append(self._take())
        return parts

    def _ask(self, start: int, stop: int) -> None:
        self._reader.ask(start, stop)
        self._coming = (start, stop)

    def _take(self) -> bytes:
        self._coming = None
        return self._reader.take()


class _AheadCache(BaseCache):  # type: ignore[misc]
    """What stands in a file for fsspec's caches, whose kinds can be chosen instead."""

    name = AHEAD

    def __init__(self, ahead: Ahead, blocksize: int, size: int) -> None:
        super().__init__(blocksize, ahead.fetch, size)
        self._ahead = ahead

    def _fetch(self, start: int | None, stop: int | None) -> bytes:
        return self._ahead.fetch(start or 0, self.size if stop is None else stop)


class ReadFile(AbstractBufferedFile):  # type: ignore[misc]
    """A file that is open for reading.

    Parameters
    ----------
    cache_type : str
        ``"ahead"``, or one of fsspec's caches.
    """

    def __init__(
        self,
        fs: WeftFileSystem,
        path: str,
        reader: Reader,
        block_size: int,
        cache_type: str,
        cache_options: dict[str, Any] | None,
    ) -> None:
        self._reader = reader
        size = int(reader.entry["size"])
        self._ahead = Ahead(reader, size, block_size)
        own = cache_type == AHEAD
        super().__init__(
            fs,
            path,
            "rb",
            block_size,
            cache_type="none" if own else cache_type,
            cache_options=cache_options,
            size=size,
        )
        if own:
            self.cache = _AheadCache(self._ahead, block_size, size)

    def _fetch_range(self, start: int, end: int) -> bytes:
        return self._ahead.fetch(start, end)

    def close(self) -> None:
        """Close the file."""
        if not self.closed:
            try:
                super().close()
            finally:
                self._reader.close()


class WriteFile(io.BufferedIOBase):
    """A file that is being written, sent on a mebibyte at a time.

    It is there, and grows, from its opening on, as HDFS does it; closing it completes it. When a ``with`` block over it
    ends by an exception the file is removed.

    Parameters
    ----------
    target : str, optional
        The file's name is this one only from :meth:`commit` on, for fsspec's transactions.
    """

    def __init__(self, fs: WeftFileSystem, path: str, writer: Writer, mode: str, target: str | None = None) -> None:
        super().__init__()
        self.fs = fs
        self.path = path
        self.mode = mode
        self._target = target
        self._writer = writer
        self._waiting = bytearray()
        self._position = writer.at
        self._lock = threading.RLock()  # the base's close() flushes

    @property
    def name(self) -> str:
        """The path."""
        return self.path

    def writable(self) -> bool:
        """It is."""
        return True

    def tell(self) -> int:
        """How long the file is."""
        return self._position

    def write(self, data: Any) -> int:
        """Add bytes; what has gone wrong with earlier ones may be told here."""
        view = memoryview(data).cast("B")
        with self._lock:
            if self.closed:
                raise ValueError("I/O operation on closed file.")
            if len(self._waiting) + len(view) < _CHUNK:
                self._waiting += view
            else:
                self._send()
                if len(view) < _CHUNK:
                    self._waiting += view
                else:
                    self._pass_on(view)
            self._position += len(view)
        return len(view)

    def flush(self, force: bool = False) -> None:
        """Send what is held back here; HDFS shows it to readers when the block is full, or the file is closed."""
        with self._lock:
            if not self.closed:
                self._send()

    def _send(self) -> None:
        if self._waiting:
            self._pass_on(self._waiting)
            self._waiting = bytearray()

    def _pass_on(self, data: Buffer) -> None:
        try:
            self._writer.write(data)
        except BaseException:
            self._give_up()
            raise

    def _give_up(self) -> None:
        """The file has failed: no close is to complete it."""
        self._waiting = bytearray()
        super().close()
        try:
            self._writer.abort()
        except OSError:
            pass  # what it failed with is told

    def close(self) -> None:
        """Complete the file."""
        with self._lock:
            if self.closed:
                return
            self._send()
            self._waiting = bytearray()
            super().close()
            self._writer.finish()

    def abort(self) -> None:
        """Remove the file, instead of completing it."""
        with self._lock:
            if not self.closed:
                self._waiting = bytearray()
                super().close()
                self._writer.abort()

    def commit(self) -> None:
        """Give the file its name, at the end of a transaction."""
        if self._target is not None:
            self.fs.mv(self.path, self._target)

    def discard(self) -> None:
        """Remove the file, at the end of a transaction that has failed."""
        if not self.closed:
            self.abort()
        elif self._target is not None:
            self.fs.rm_file(self.path)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None:
            self.close()
        else:
            self.abort()

"""What becomes of the records of a job: collected, or kept as bytes until they are wanted."""

from __future__ import annotations

import contextlib
import os
import tempfile
import threading
from collections.abc import Callable, Iterator
from typing import Any, BinaryIO

from weft._serializers import read_batches
from weft.errors import InternalError, ResourcesError

__all__ = ["Collected", "Spool", "Stop"]

_MEMORY_BYTES = 8 << 20


class Collected:
    """The records of a job, in the order of its partitions."""

    raw: Callable[[memoryview], None] | None = None
    """Takes the bytes of results as they come, instead of :meth:`add`; None: they are decoded."""

    def __init__(self) -> None:
        self.records: list[Any] = []
        self._partition = -1
        self._start = 0  # where the records of that partition begin

    def add(self, partition: int, records: list[Any]) -> None:
        """Take records of a partition."""
        if partition != self._partition:
            self._partition = partition
            self._start = len(self.records)
        self.records += records

    def again(self, partition: int | None) -> None:
        """The partition comes once more from its beginning; None: all partitions do, from the first one on."""
        if partition is None:
            self.records.clear()
            self._partition = -1
        elif partition == self._partition:
            del self.records[self._start :]


class Spool:
    """The result of one partition: written whole, then read once, in memory as far as it is small.

    The rest lies in a file without a name, so that nothing stays of it whatever happens.

    Parameters
    ----------
    folder : str or None
        On which disk; the system's temporary folder if None.
    """

    def __init__(self, folder: str | None) -> None:
        self._folder = folder
        self._small = bytearray()
        self._file: BinaryIO | None = None
        self._read = 0

    def __enter__(self) -> Spool:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def raw(self, data: memoryview) -> None:
        """Take some bytes of the result."""
        if self._file is None and len(self._small) + len(data) <= _MEMORY_BYTES:
            self._small += data
            return
        folder = self._folder or tempfile.gettempdir()
        try:
            if self._file is None:
                os.makedirs(folder, 0o700, exist_ok=True)
                self._file = tempfile.TemporaryFile(dir=folder, buffering=0)
            while data:
                data = data[self._file.write(data) :]
        except OSError as error:
            raise ResourcesError(
                f"A partition's result cannot be kept in {folder}: {error.strerror or error}. "
                "weft.local.dir names other disks."
            ) from None

    def add(self, _partition: int, _records: list[Any]) -> None:
        """Records come as bytes."""
        raise AssertionError("decoded records for a spool")

    def again(self, _partition: int | None) -> None:
        """The result was lost on its way and comes once more from its beginning."""
        self._small = bytearray()  # a view of the old one may live on, on PyPy: that one cannot be cleared
        if self._file is not None:
            self._file.close()
            self._file = None

    def batches(self) -> Iterator[list[Any]]:
        """Decode the records, one batch in memory at a time."""
        if self._file is not None:
            self._file.seek(0)
        return read_batches(self._fill)

    def close(self) -> None:
        """Forget the records."""
        self.again(0)

    def _fill(self, buffer: memoryview) -> bool:
        done = min(len(buffer), len(self._small) - self._read)
        buffer[:done] = memoryview(self._small)[self._read : self._read + done]
        self._read += done
        while done < len(buffer) and self._file is not None:
            count = os.readv(self._file.fileno(), [buffer[done:]])
            if count == 0:
                break
            done += count
        if 0 < done < len(buffer):
            raise InternalError("A result ended within a batch.")
        return done == len(buffer)


class Stop:
    """Cancels one thread's jobs from another thread, those that have not begun as well."""

    def __init__(self) -> None:
        self._lock = threading.RLock()  # the garbage collector may call stop() at any moment
        self._stopped = False
        self._running: Any = None

    @contextlib.contextmanager
    def stopping(self, data: Any) -> Iterator[None]:
        """Let :meth:`stop` end the job that runs over this connection."""
        with self._lock:
            self._running = data
            if self._stopped:
                data.cancel()
        try:
            yield
        finally:
            with self._lock:
                self._running = None

    def stop(self) -> None:
        """End what runs, and what begins later."""
        with self._lock:
            self._stopped = True
            if self._running is not None:
                self._running.cancel()

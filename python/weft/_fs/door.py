"""Through whom this process reaches files: the JVM beside it, or, inline, nobody.

The driver's context and the worker's main loop say so; whoever opens a file asks.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Optional, Protocol, Union

from weft._fs.announced import announce
from weft.errors import ContextError

__all__ = ["Buffer", "Entry", "Range", "Reader", "Storage", "Writer", "close", "open_local", "open_remote", "storage"]

Buffer = Union[bytes, bytearray, memoryview]

Entry = dict[str, Any]
"""What is known of a file or folder: an ENTRY of container-runner/.../files/FILES.md."""

Range = tuple[str, Optional[int], Optional[int]]
"""A path, and the first byte and the one after the last: None is the file's end, what is negative counts from there."""


class Reader(Protocol):
    """A file that is open for reading. One thread at a time uses it."""

    entry: Entry

    def ask(self, start: int, stop: int) -> None:
        """Ask for a range, which :meth:`take` gives; no other may be asked for before that."""

    def take(self) -> bytes:
        """The range that was asked for; shorter only if the file ends."""

    def close(self) -> None:
        """Close the file."""


class Writer(Protocol):
    """A file that is being written. One thread at a time uses it."""

    at: int
    """The file's length when it was opened."""

    def write(self, data: Buffer) -> None:
        """Add bytes."""

    def finish(self) -> None:
        """Complete the file."""

    def abort(self) -> None:
        """Remove the file; one that was appended to keeps what has arrived."""


class Storage(Protocol):
    """File systems. Thread-safe; what fails raises Python's own exceptions."""

    def info(self, path: str) -> Entry:
        """What is known of a file or folder."""

    def list(self, path: str) -> tuple[list[Entry], bool]:
        """What is in a folder; of a file the file itself, and True."""

    def command(self, op: str, **fields: Any) -> dict[str, Any]:
        """Do one of the requests mkdir, delete, rename, copy, touch, sum."""

    def ranges(self, ranges: Sequence[Range]) -> Iterator[bytes | Exception]:
        """The bytes of each range, or why there are none."""

    def open_reader(self, path: str) -> Reader:
        """Open a file for reading."""

    def open_writer(self, path: str, mode: str, block: int, replication: int) -> Writer:
        """Open a file for writing; the modes are write, exclusive and append."""

    def close(self) -> None:
        """Close all connections."""


_address: tuple[str, str] | None = None
_inline = False
_open: Storage | None = None
_why_not = "weft.fs reads and writes through a context, and there is none. Make one first: WeftContext()."


def open_remote(path: str, token: str) -> None:
    """Files are reached through the JVM that listens on this socket."""
    global _address, _inline, _open
    _address, _inline, _open = (path, token), False, None
    announce()


def open_local() -> None:
    """Files are those of this machine."""
    global _address, _inline, _open
    _address, _inline, _open = None, True, None
    announce()


def close(site: str) -> None:
    """The context has been stopped there."""
    global _address, _inline, _open, _why_not
    was_open, _open = _open, None
    _address, _inline = None, False
    _why_not = f"weft.fs reads and writes through a context; it was stopped at {site}. Make a new one: WeftContext()."
    if was_open is not None:
        was_open.close()


def storage() -> Storage:
    """Give what this process reaches files by.

    Raises
    ------
    ContextError
        If it has no context, or its context was stopped (E19).
    """
    global _open
    found = _open
    if found is None:
        if _address is not None:
            from weft._fs.remote import RemoteStorage

            found = RemoteStorage(*_address)
        elif _inline:
            from weft._fs.local import LocalStorage

            found = LocalStorage()
        else:
            raise ContextError(_why_not, "E19")
        _open = found
    return found

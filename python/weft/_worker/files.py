"""Whole files, as the runner sends them: path, then parts, then an empty part, or the mark of a damaged file."""

from __future__ import annotations

import io
import struct
from collections.abc import Callable, Iterator

from weft._worker.streams import InputStream

__all__ = ["WholeFiles"]

_LENGTH = struct.Struct(">I")
_DOES_NOT_COUNT = 0xFFFFFFFF


class WholeFiles:
    """Path and content of each file, a list of one a file; the content is in memory once.

    Parameters
    ----------
    stream : InputStream
    count : callable
        Is told how many records have come.
    """

    def __init__(self, stream: InputStream, count: Callable[[int], None]) -> None:
        self._stream = stream
        self._count = count
        self._path = b""

    def __iter__(self) -> Iterator[list[tuple[bytes, bytes]]]:
        while header := self._stream.read(_LENGTH.size):
            self._path = bytes(self._stream.read(_LENGTH.unpack(header)[0]))
            content = self._content()
            if content is None:
                continue
            self._count(1)
            yield [(self._path, content)]

    def locate(self) -> tuple[str, int] | None:
        """Give the file that was read last, from its beginning; None before the first."""
        return (self._path.decode("utf-8", "replace"), 0) if self._path else None

    def _content(self) -> bytes | None:
        """None if the file turned out to be damaged, and is left out."""
        content = io.BytesIO()
        while size := _LENGTH.unpack(self._stream.read(_LENGTH.size))[0]:
            if size == _DOES_NOT_COUNT:
                return None
            content.write(self._stream.read(size))
        return content.getvalue()

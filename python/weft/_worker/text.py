"""Text inputs: blocks of whole lines to lines, and where in which file the line read last lies."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterator
from operator import length_hint
from typing import Any, NamedTuple

from weft._worker.streams import InputStream

__all__ = ["Mark", "TextLines"]

_WIDE = "wide"


class Mark(NamedTuple):
    """From byte ``at`` on, a block is of the file ``path`` from its byte ``start`` on; ``ends`` as in PROTOCOL.md."""

    at: int
    path: str
    start: int
    ends: str


class TextLines:
    """The lines of one text input, an iterator per block, without their line ends.

    A block that does not end with a line end is continued by the next: a line longer than a block. Bytes that are not
    UTF-8 become U+FFFD, as in Hadoop's own Text. Only the line feed separates; `str.splitlines` would also split at
    characters that are part of a line.

    Nothing is kept per line: how far a block has been read is asked of its iterator when :meth:`locate` is called.

    Parameters
    ----------
    stream : InputStream
        The input.
    decode : bool
        Whether lines are text, else bytes.
    count : callable
        Told how many lines each block has.
    """

    def __init__(self, stream: InputStream, decode: bool, count: Callable[[int], None]) -> None:
        self._stream = stream
        self._decode = decode
        self._count = count
        self._block = b""
        self._marks: list[Mark] = []
        self._lines: Iterator[Any] = iter(())
        self._length = 0
        self._found = (0, 0)  # a line of this block that was located, and where it begins

    def __iter__(self) -> Iterator[Iterator[Any]]:
        pending: list[bytes] = []
        for chunk in self._stream.chunks():
            block = chunk if isinstance(chunk, bytes) else bytes(chunk)
            self._marked(sum(map(len, pending)))
            if not block.endswith(b"\n"):
                end = block.rfind(b"\n") + 1
                pending.append(block)
                if not end:
                    continue
                whole = b"".join(pending)
                cut = len(whole) - len(block) + end
                pending = [whole[cut:]]
                rest = Mark(0, *self._place(whole, cut))
                yield self._split(whole[:cut])
                self._marks = [rest]
                continue
            if pending:
                pending.append(block)
                block, pending = b"".join(pending), []
            yield self._split(block)
        if pending and pending != [b""]:
            yield self._split(b"".join(pending) + b"\n")

    def locate(self) -> tuple[str, int] | None:
        """Give the file of the line read last and the byte of the file at which it begins; None before the first."""
        if not self._marks:
            return None
        line = max(0, self._length - length_hint(self._lines) - 1)
        known, at = self._found if self._found[0] <= line else (0, 0)
        for _ in range(known, line):
            at = self._block.find(b"\n", at) + 1
        self._found = (line, at)
        path, start, _ = self._place(self._block, at)
        return path, start

    def _split(self, block: bytes) -> Iterator[Any]:
        text = block.decode("utf-8", "replace") if self._decode else None
        lines: Any = block.split(b"\n") if text is None else text.split("\n")
        lines.pop()
        self._count(len(lines))
        self._block, self._length, self._found = block, len(lines), (0, 0)
        self._lines = iter(lines)
        return self._lines

    def _marked(self, kept: int) -> None:
        """Take the marks of the chunk that has come, which follows ``kept`` bytes of a line begun before."""
        files = self._stream.take_files()
        if kept:
            before = self._marks
        elif not files and self._marks:  # it goes on where the block before ended
            before = [Mark(0, *self._place(self._block, len(self._block)))]
        else:
            before = []
        self._marks = before + [Mark(kept + at, path, start, ends) for at, path, start, ends in files]

    def _place(self, block: bytes, at: int) -> tuple[str, int, str]:
        """File and byte of the file for byte ``at`` of a block, and the line ends from there on."""
        index = bisect_right([mark.at for mark in self._marks], at) - 1
        if index < 0:
            return "", 0, ""
        mark = self._marks[index]
        start = mark.start + at - mark.at
        if not mark.ends:
            return mark.path, start, ""
        lines = block.count(b"\n", mark.at, at)
        if mark.ends == _WIDE:
            return mark.path, start + lines, _WIDE
        bits = int.from_bytes(bytes.fromhex(mark.ends), "little")
        wide = bin(bits & ((1 << lines) - 1)).count("1")
        rest = bits >> lines
        return mark.path, start + wide, rest.to_bytes((rest.bit_length() + 7) // 8, "little").hex()

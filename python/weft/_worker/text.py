"""Blocks of whole lines to lists of lines."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Union

__all__ = ["lines"]

Buffer = Union[bytes, memoryview]


def lines(chunks: Iterator[Buffer], decode: bool) -> Iterator[list[str] | list[bytes]]:
    """The lines of a text input, a list per block, without their line ends.

    A block that does not end with a line end is continued by the next: a line longer than a block, or the last one.
    Bytes that are not UTF-8 become U+FFFD, as in Hadoop's own Text. Only the line feed separates; `str.splitlines`
    would also split at characters that are part of a line.
    """
    pending: list[bytes] = []
    for chunk in chunks:
        block = bytes(chunk) if pending or not isinstance(chunk, bytes) else chunk
        if not block.endswith(b"\n"):
            end = block.rfind(b"\n") + 1
            if not end:
                pending.append(block)
                continue
            head, tail = block[:end], block[end:]
            pending.append(head)
            block, pending = b"".join(pending), [tail]
        elif pending:
            pending.append(block)
            block, pending = b"".join(pending), []
        yield _split(block, decode)
    if pending:
        yield _split(b"".join(pending) + b"\n", decode)


def _split(block: bytes, decode: bool) -> list[str] | list[bytes]:
    if decode:
        text = block.decode("utf-8", "replace").split("\n")
        text.pop()
        return text
    raw = block.split(b"\n")
    raw.pop()
    return raw

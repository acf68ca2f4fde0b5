"""Reading a part of a file whole, however large it is."""

from __future__ import annotations

import os

__all__ = ["pread_whole"]


def pread_whole(descriptor: int, size: int, position: int) -> bytes:
    """So many bytes from a position; fewer only if the file ends before. A single call gives 2 GiB at most."""
    data = os.pread(descriptor, size, position)
    if len(data) == size:
        return data
    parts = [data]
    got = len(data)
    while parts[-1] and got < size:
        parts.append(os.pread(descriptor, size - got, position + got))
        got += len(parts[-1])
    return b"".join(parts)

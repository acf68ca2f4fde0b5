"""A large pickle that is loaded while it arrives, so that its bytes are in memory once and not twice."""

from __future__ import annotations

import pickle
import zlib
from collections.abc import Callable
from typing import Any

__all__ = ["FLOW_BYTES", "Flow"]

FLOW_BYTES = 32 << 20
"""Smaller payloads are read whole, which is faster: a load reads in many small steps."""

_SKIPPED_BYTES = 1 << 20


class Flow:
    """The payload of one batch, as the file that pickles are loaded from; its checksum is known at its end.

    Parameters
    ----------
    fill : callable
        Fills a buffer with the bytes that come next, or raises.
    length, crc : int
        How many bytes there are, and their CRC-32.
    damaged : callable
        Makes of a sentence the exception to raise.
    """

    def __init__(
        self, fill: Callable[[memoryview], None], length: int, crc: int, damaged: Callable[[str], Exception]
    ) -> None:
        self._fill = fill
        self._length = length
        self._left = length
        self._expected = crc
        self._crc = 0
        self._damaged = damaged
        self._broken = False

    def __len__(self) -> int:
        return self._length

    def load(self) -> Any:
        """Load the next pickle."""
        try:
            return pickle.load(self)
        except Exception:
            if not self._broken:
                self.finish()  # what cannot be loaded may be damaged, which is then the reason
            raise

    def finish(self) -> None:
        """Go to the end, and raise if the bytes were damaged."""
        while self._left:
            self.readinto(memoryview(bytearray(min(self._left, _SKIPPED_BYTES))))
        if self._crc != self._expected:
            raise self._damaged(f"a batch of {self._length:,} bytes does not have its checksum")

    def readinto(self, target: Any) -> int:
        """Fill a buffer, as far as there are bytes."""
        view = memoryview(target).cast("B")[: self._left]
        try:
            self._fill(view)
        except BaseException:
            self._broken = True
            raise
        self._crc = zlib.crc32(view, self._crc)
        self._left -= len(view)
        return len(view)

    def read(self, size: int = -1) -> bytes:
        """The next bytes; fewer only at the end."""
        buffer = bytearray(self._left if size < 0 else min(size, self._left))
        self.readinto(buffer)
        return bytes(buffer)

    def readline(self) -> bytes:
        """The next bytes up to a line feed."""
        line = bytearray()
        while self._left and not line.endswith(b"\n"):
            line += self.read(1)
        return bytes(line)

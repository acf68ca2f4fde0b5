"""What a task sends to the driver, decoded as it comes."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

from weft._serializers import read_batches

if TYPE_CHECKING:
    from weft._inline.jobs import Told

__all__ = ["Result"]

_BATCH = struct.Struct(">BBHIIQ")


class Result:
    """Decodes the result of one task batch by batch as its bytes come."""

    def __init__(self, partition: int, told: Told) -> None:
        self._partition = partition
        self._told = told
        self._bytes = bytearray()

    def feed(self, data: memoryview) -> None:
        if self._told.raw is not None:
            self._told.raw(data)
            return
        self._bytes += data
        while len(self._bytes) >= _BATCH.size:
            end = _BATCH.size + _BATCH.unpack_from(self._bytes)[5]
            if len(self._bytes) < end:
                return
            batch = memoryview(bytes(self._bytes[:end]))
            del self._bytes[:end]
            for records in read_batches(_Reader(batch)):
                self._told.batch(self._partition, records)


class _Reader:
    """Fills buffers from bytes."""

    def __init__(self, data: memoryview) -> None:
        self._data = data

    def __call__(self, buffer: memoryview) -> bool:
        if not self._data:
            return False
        buffer[:] = self._data[: len(buffer)]
        self._data = self._data[len(buffer) :]
        return True

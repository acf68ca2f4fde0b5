"""Streams of records: what all serializers are made of."""

from __future__ import annotations

import io
import itertools
import struct
from collections.abc import Iterable, Iterator
from typing import IO, Any, ClassVar

__all__ = [
    "AutoBatchedSerializer",
    "BatchedSerializer",
    "FramedSerializer",
    "Serializer",
    "SpecialLengths",
    "read_int",
    "write_int",
    "write_with_length",
]

_INT = struct.Struct(">i")
_MOST_BYTES = (1 << 31) - 1
_MOST_BATCH_FACTOR = 10


class SpecialLengths:
    """Lengths that stand for something else in streams of frames."""

    END_OF_DATA_SECTION: ClassVar[int] = -1
    END_OF_STREAM: ClassVar[int] = -4
    NULL: ClassVar[int] = -5


def write_int(value: int, stream: IO[bytes]) -> None:
    """Write a number of 4 bytes."""
    stream.write(_INT.pack(value))


def read_int(stream: IO[bytes]) -> int:
    """Read a number of 4 bytes.

    Raises
    ------
    EOFError
        If there is none.
    """
    data = stream.read(_INT.size)
    if len(data) < _INT.size:
        raise EOFError
    return int(_INT.unpack(data)[0])


def write_with_length(obj: bytes, stream: IO[bytes]) -> None:
    """Write bytes after their length."""
    write_int(len(obj), stream)
    stream.write(obj)


class Serializer:
    """The base of all serializers: what writes records to a stream of bytes and reads them from it.

    Two serializers are equal if they are of one class and have equal attributes. One is pickled to reach the workers,
    and must be so small that it can stand in front of every few thousand records.
    """

    def dump_stream(self, iterator: Iterable[Any], stream: IO[bytes]) -> None:
        """Write all records to the stream."""
        raise NotImplementedError

    def load_stream(self, stream: IO[bytes]) -> Iterator[Any]:
        """Read all records from the stream."""
        raise NotImplementedError

    def dumps(self, obj: Any) -> bytes:
        """Give the bytes of one record."""
        stream = io.BytesIO()
        self.dump_stream([obj], stream)
        return stream.getvalue()

    def _load_batches(self, stream: IO[bytes]) -> Iterator[Any]:
        """The records as they were put together, batch for batch."""
        return ([record] for record in self.load_stream(stream))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, type(self)) and self.__dict__ == other.__dict__

    def __ne__(self, other: object) -> bool:
        return not self == other

    def __hash__(self) -> int:
        return hash(str(self))

    def __repr__(self) -> str:
        return f"{type(self).__name__}()"


class FramedSerializer(Serializer):
    """The base of serializers of single objects: each is written after its length, a number of 4 bytes."""

    def dump_stream(self, iterator: Iterable[Any], stream: IO[bytes]) -> None:
        """Write all objects.

        Raises
        ------
        ValueError
            If one has 2 GiB or more.
        """
        for obj in iterator:
            data = self.dumps(obj)
            if len(data) > _MOST_BYTES:
                raise ValueError(f"{self!r} made {len(data):,} bytes of one object; a frame holds {_MOST_BYTES:,}.")
            write_with_length(data, stream)

    def load_stream(self, stream: IO[bytes]) -> Iterator[Any]:
        """Read all objects, up to the stream's end or the length that stands for it."""
        while True:
            head = stream.read(_INT.size)
            if not head:
                return
            if len(head) < _INT.size:
                raise EOFError
            (length,) = _INT.unpack(head)
            if length == SpecialLengths.END_OF_DATA_SECTION:
                return
            if length == SpecialLengths.NULL:
                yield None
                continue
            data = stream.read(length)
            if len(data) < length:
                raise EOFError
            yield self.loads(data)

    def dumps(self, obj: Any) -> bytes:
        """Give the bytes of an object."""
        raise NotImplementedError

    def loads(self, obj: bytes) -> Any:
        """Give the object of such bytes."""
        raise NotImplementedError


class BatchedSerializer(Serializer):
    """Puts records together in lists, and leaves those to another serializer.

    Parameters
    ----------
    serializer : Serializer
        What writes the lists.
    batchSize : int
        How many records to a list; -1 for all.
    """

    UNLIMITED_BATCH_SIZE: ClassVar[int] = -1
    UNKNOWN_BATCH_SIZE: ClassVar[int] = 0

    def __init__(self, serializer: Serializer, batchSize: int = UNLIMITED_BATCH_SIZE) -> None:
        self.serializer = serializer
        self.batchSize = batchSize

    def _batched(self, iterator: Iterable[Any]) -> Iterator[list[Any]]:
        if self.batchSize <= 0:
            yield list(iterator)
            return
        records = iter(iterator)
        yield from iter(lambda: list(itertools.islice(records, self.batchSize)), [])

    def dump_stream(self, iterator: Iterable[Any], stream: IO[bytes]) -> None:
        """Write all records."""
        self.serializer.dump_stream(self._batched(iterator), stream)

    def load_stream(self, stream: IO[bytes]) -> Iterator[Any]:
        """Read all records."""
        return itertools.chain.from_iterable(self._load_batches(stream))

    def _load_batches(self, stream: IO[bytes]) -> Iterator[Any]:
        return self.serializer.load_stream(stream)

    def __repr__(self) -> str:
        return f"BatchedSerializer({self.serializer}, {self.batchSize})"


class AutoBatchedSerializer(BatchedSerializer):
    """Puts so many records together that a list has about ``bestSize`` bytes when it is written.

    Parameters
    ----------
    serializer : FramedSerializer
        What writes the lists.
    bestSize : int
        In bytes.
    """

    def __init__(self, serializer: Serializer, bestSize: int = 1 << 16) -> None:
        super().__init__(serializer, self.UNKNOWN_BATCH_SIZE)
        self.bestSize = bestSize

    def dump_stream(self, iterator: Iterable[Any], stream: IO[bytes]) -> None:
        """Write all records."""
        records, size = iter(iterator), 1
        some = list(itertools.islice(records, size))
        while some:
            data = self.serializer.dumps(some)
            write_with_length(data, stream)
            if len(data) < self.bestSize:
                size *= 2
            elif len(data) > self.bestSize * _MOST_BATCH_FACTOR and size > 1:
                size //= 2
            some = list(itertools.islice(records, size))

    def __repr__(self) -> str:
        return f"AutoBatchedSerializer({self.serializer})"

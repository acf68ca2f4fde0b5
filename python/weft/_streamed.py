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
    """Write a number of 4 bytes.

    Parameters
    ----------
    value : int
        Of 32 bits, with a sign.
    stream : file
        Open for writing bytes.

    Examples
    --------
    >>> import io
    >>> stream = io.BytesIO()
    >>> write_int(258, stream)
    >>> stream.getvalue()
    b'\\x00\\x00\\x01\\x02'
    """
    stream.write(_INT.pack(value))


def read_int(stream: IO[bytes]) -> int:
    """Read a number of 4 bytes.

    Parameters
    ----------
    stream : file
        Open for reading bytes.

    Returns
    -------
    int
        Of 32 bits, with a sign.

    Raises
    ------
    EOFError
        If there is none.

    Examples
    --------
    >>> import io
    >>> read_int(io.BytesIO(b"\\x00\\x00\\x01\\x02"))
    258
    """
    data = stream.read(_INT.size)
    if len(data) < _INT.size:
        raise EOFError
    return int(_INT.unpack(data)[0])


def write_with_length(obj: bytes, stream: IO[bytes]) -> None:
    """Write bytes after their length.

    Parameters
    ----------
    obj : bytes
        Less than 2 GiB.
    stream : file
        Open for writing bytes.

    Examples
    --------
    >>> import io
    >>> stream = io.BytesIO()
    >>> write_with_length(b"ab", stream)
    >>> stream.getvalue()
    b'\\x00\\x00\\x00\\x02ab'
    """
    write_int(len(obj), stream)
    stream.write(obj)


class Serializer:
    """The base of all serializers: what writes records to a stream of bytes and reads them from it.

    Two serializers are equal if they are of one class and have equal attributes. One is pickled to reach the workers,
    and must be so small that it can stand in front of every few thousand records.

    Examples
    --------
    >>> import io
    >>> from weft.serializers import Serializer
    >>> class Lines(Serializer):
    ...     def dump_stream(self, iterator, stream):
    ...         stream.writelines(f"{one}\\n".encode() for one in iterator)
    ...     def load_stream(self, stream):
    ...         return (line.decode().rstrip() for line in stream)
    >>> Lines().dumps("a")
    b'a\\n'
    >>> sc.parallelize(["a", "b"]).withSerializer(Lines()).collect()
    ['a', 'b']
    """

    def dump_stream(self, iterator: Iterable[Any], stream: IO[bytes]) -> None:
        """Write all records to the stream.

        Parameters
        ----------
        iterator : iterable
            The records.
        stream : file
            Open for writing bytes.

        Raises
        ------
        NotImplementedError
            Here; a serializer that writes has it.
        """
        raise NotImplementedError

    def load_stream(self, stream: IO[bytes]) -> Iterator[Any]:
        """Read all records from the stream.

        Parameters
        ----------
        stream : file
            Open for reading bytes.

        Returns
        -------
        iterator
            Over the records; the stream is read while it is used.

        Raises
        ------
        NotImplementedError
            Here; a serializer that reads has it.
        """
        raise NotImplementedError

    def dumps(self, obj: Any) -> bytes:
        """Give the bytes of one record.

        Parameters
        ----------
        obj : object
            A record.

        Returns
        -------
        bytes
            What :meth:`dump_stream` writes of it alone.
        """
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
    """The base of serializers of single objects: each is written after its length, a number of 4 bytes.

    Examples
    --------
    >>> import io
    >>> from weft.serializers import FramedSerializer
    >>> class Numbers(FramedSerializer):
    ...     def dumps(self, obj):
    ...         return str(obj).encode()
    ...     def loads(self, obj):
    ...         return int(obj)
    >>> stream = io.BytesIO()
    >>> Numbers().dump_stream([7, 10], stream)
    >>> list(Numbers().load_stream(io.BytesIO(stream.getvalue())))
    [7, 10]
    """

    def dump_stream(self, iterator: Iterable[Any], stream: IO[bytes]) -> None:
        """Write all objects.

        Parameters
        ----------
        iterator : iterable
            The objects.
        stream : file
            Open for writing bytes.

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
        """Read all objects, up to the stream's end or the length that stands for it.

        Parameters
        ----------
        stream : file
            Open for reading bytes.

        Returns
        -------
        iterator
            Over the objects; the stream is read while it is used.

        Raises
        ------
        EOFError
            If the stream ends in a frame.
        """
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
        """Give the bytes of an object.

        Parameters
        ----------
        obj : object
            One that the serializer takes.

        Returns
        -------
        bytes
            Less than 2 GiB.

        Raises
        ------
        NotImplementedError
            Here; a serializer that writes has it.
        """
        raise NotImplementedError

    def loads(self, obj: bytes) -> Any:
        """Give the object of such bytes.

        Parameters
        ----------
        obj : bytes
            As of :meth:`dumps`.

        Returns
        -------
        object
            One equal to that which was given.

        Raises
        ------
        NotImplementedError
            Here; a serializer that reads has it.
        """
        raise NotImplementedError


class BatchedSerializer(Serializer):
    """Puts records together in lists, and leaves those to another serializer.

    Parameters
    ----------
    serializer : Serializer
        What writes the lists.
    batchSize : int
        How many records to a list; -1 for all.

    Examples
    --------
    >>> import io
    >>> from weft.serializers import BatchedSerializer, MarshalSerializer
    >>> serializer, stream = BatchedSerializer(MarshalSerializer(), 2), io.BytesIO()
    >>> serializer.dump_stream(range(5), stream)
    >>> list(serializer.load_stream(io.BytesIO(stream.getvalue())))
    [0, 1, 2, 3, 4]
    >>> list(MarshalSerializer().load_stream(io.BytesIO(stream.getvalue())))
    [[0, 1], [2, 3], [4]]
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
        """Write all records.

        Parameters
        ----------
        iterator : iterable
            The records.
        stream : file
            Open for writing bytes.
        """
        self.serializer.dump_stream(self._batched(iterator), stream)

    def load_stream(self, stream: IO[bytes]) -> Iterator[Any]:
        """Read all records.

        Parameters
        ----------
        stream : file
            Open for reading bytes.

        Returns
        -------
        iterator
            Over the records, no longer in lists.
        """
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

    Examples
    --------
    >>> import io
    >>> from weft.serializers import AutoBatchedSerializer, MarshalSerializer
    >>> stream = io.BytesIO()
    >>> AutoBatchedSerializer(MarshalSerializer()).dump_stream(range(5), stream)
    >>> list(MarshalSerializer().load_stream(io.BytesIO(stream.getvalue())))
    [[0], [1, 2], [3, 4]]
    """

    def __init__(self, serializer: Serializer, bestSize: int = 1 << 16) -> None:
        super().__init__(serializer, self.UNKNOWN_BATCH_SIZE)
        self.bestSize = bestSize

    def dump_stream(self, iterator: Iterable[Any], stream: IO[bytes]) -> None:
        """Write all records.

        Parameters
        ----------
        iterator : iterable
            The records.
        stream : file
            Open for writing bytes.
        """
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

"""How records become bytes.

Records that leave a task (results, shuffles, persisted partitions) are pickled, a few thousand at a time. A serializer
of another kind can be given for all RDDs (``WeftContext(serializer=...)``) or for one (:meth:`RDD.withSerializer`): for
what is collected of that RDD, for the shuffle that reads it, and for what is kept when it is persisted. What is written
names its serializer, so that RDDs of different serializers can be united without encoding a record again. Sorts
(``sortBy``) write runs of Weft's own, and operators that run out of memory spill pickles.

One of your own derives from :class:`FramedSerializer` and encodes one record, or from :class:`Serializer` and encodes a
stream of them:

>>> import json
>>> from weft.serializers import FramedSerializer
>>> class JsonSerializer(FramedSerializer):
...     def dumps(self, obj):
...         return json.dumps(obj).encode()
...     def loads(self, obj):
...         return json.loads(obj)
>>> sc.parallelize([{"a": 1}, [2]]).withSerializer(JsonSerializer()).collect()
[{'a': 1}, [2]]
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator
from typing import IO, Any

from weft._avroserializer import AvroSerializer
from weft._framed import (
    ArrowRecordBatchSerializer,
    AutoSerializer,
    CloudPickleSerializer,
    CompressedSerializer,
    CPickleSerializer,
    MarshalSerializer,
    NoOpSerializer,
    PickleSerializer,
)
from weft._streamed import (
    AutoBatchedSerializer,
    BatchedSerializer,
    FramedSerializer,
    Serializer,
    SpecialLengths,
    read_int,
    write_int,
    write_with_length,
)

__all__ = [
    "ArrowRecordBatchSerializer",
    "AutoBatchedSerializer",
    "AutoSerializer",
    "AvroSerializer",
    "BatchedSerializer",
    "CPickleSerializer",
    "CartesianDeserializer",
    "CloudPickleSerializer",
    "CompressedSerializer",
    "FlattenedValuesSerializer",
    "FramedSerializer",
    "MarshalSerializer",
    "NoOpSerializer",
    "PairDeserializer",
    "PickleSerializer",
    "Serializer",
    "SpecialLengths",
    "UTF8Deserializer",
    "read_int",
    "write_int",
    "write_with_length",
]


class FlattenedValuesSerializer(BatchedSerializer):
    """Writes pairs of a key and a list with the list cut in pieces: the key stands before each.

    Parameters
    ----------
    serializer : Serializer
        What writes the pairs.
    batchSize : int
        How many values to a piece.

    Examples
    --------
    >>> import io
    >>> from weft.serializers import FlattenedValuesSerializer, PickleSerializer
    >>> serializer, stream = FlattenedValuesSerializer(PickleSerializer(), 2), io.BytesIO()
    >>> serializer.dump_stream([("a", [1, 2, 3])], stream)
    >>> list(serializer.load_stream(io.BytesIO(stream.getvalue())))
    [('a', [1, 2]), ('a', [3])]
    """

    def __init__(self, serializer: Serializer, batchSize: int = 10) -> None:
        super().__init__(serializer, batchSize)

    def _batched(self, iterator: Iterable[Any]) -> Iterator[Any]:
        for key, values in iterator:
            for start in range(0, len(values), self.batchSize):
                yield key, values[start : start + self.batchSize]

    def load_stream(self, stream: IO[bytes]) -> Iterator[Any]:
        """Read the pairs of keys and pieces.

        Parameters
        ----------
        stream : file
            Open for reading bytes.

        Returns
        -------
        iterator
            Over pairs of a key and a list; equal keys stand side by side.
        """
        return self.serializer.load_stream(stream)

    def __repr__(self) -> str:
        return f"FlattenedValuesSerializer({self.serializer}, {self.batchSize})"


class CartesianDeserializer(Serializer):
    """Reads batches of two serializers in turn, and gives all pairs of the records of two.

    Parameters
    ----------
    key_ser, val_ser : Serializer
        Of the first and second records.

    Examples
    --------
    >>> import io
    >>> from weft.serializers import BatchedSerializer, CartesianDeserializer, MarshalSerializer
    >>> lists, stream = BatchedSerializer(MarshalSerializer()), io.BytesIO()
    >>> lists.dump_stream([1, 2], stream)
    >>> lists.dump_stream(["a", "b"], stream)
    >>> list(CartesianDeserializer(lists, lists).load_stream(io.BytesIO(stream.getvalue())))
    [(1, 'a'), (1, 'b'), (2, 'a'), (2, 'b')]
    """

    def __init__(self, key_ser: Serializer, val_ser: Serializer) -> None:
        self.key_ser = key_ser
        self.val_ser = val_ser

    def load_stream(self, stream: IO[bytes]) -> Iterator[Any]:
        """Read all pairs.

        Parameters
        ----------
        stream : file
            Open for reading bytes.

        Returns
        -------
        iterator
            Over pairs, batch for batch.

        Raises
        ------
        NotImplementedError
            If one of the serializers only writes.
        """
        return itertools.chain.from_iterable(self._load_batches(stream))

    def _load_batches(self, stream: IO[bytes]) -> Iterator[Any]:
        both = zip(self.key_ser._load_batches(stream), self.val_ser._load_batches(stream))
        return (list(itertools.product(keys, values)) for keys, values in both)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.key_ser}, {self.val_ser})"


class PairDeserializer(CartesianDeserializer):
    """Reads batches of two serializers in turn, and gives the pairs of their records, side by side.

    Parameters
    ----------
    key_ser, val_ser : Serializer
        Of the first and second records.

    Examples
    --------
    >>> import io
    >>> from weft.serializers import BatchedSerializer, MarshalSerializer, PairDeserializer
    >>> lists, stream = BatchedSerializer(MarshalSerializer()), io.BytesIO()
    >>> lists.dump_stream([1, 2], stream)
    >>> lists.dump_stream(["a", "b"], stream)
    >>> list(PairDeserializer(lists, lists).load_stream(io.BytesIO(stream.getvalue())))
    [(1, 'a'), (2, 'b')]
    """

    def _load_batches(self, stream: IO[bytes]) -> Iterator[Any]:
        for keys, values in zip(self.key_ser._load_batches(stream), self.val_ser._load_batches(stream)):
            left, right = list(keys), list(values)
            if len(left) != len(right):
                raise ValueError(f"a batch of {len(left)} first records stands before one of {len(right)} second ones")
            yield list(zip(left, right))


class UTF8Deserializer(Serializer):
    """Reads texts, each after its length in bytes.

    Parameters
    ----------
    use_unicode : bool
        False gives bytes.

    Examples
    --------
    >>> import io
    >>> from weft.serializers import UTF8Deserializer, write_with_length
    >>> stream = io.BytesIO()
    >>> for text in ("one", "two"):
    ...     write_with_length(text.encode(), stream)
    >>> list(UTF8Deserializer().load_stream(io.BytesIO(stream.getvalue())))
    ['one', 'two']
    >>> UTF8Deserializer(use_unicode=False).loads(io.BytesIO(stream.getvalue()))
    b'one'
    """

    def __init__(self, use_unicode: bool = True) -> None:
        self.use_unicode = use_unicode

    def loads(self, stream: IO[bytes]) -> Any:
        """Read one text.

        Parameters
        ----------
        stream : file
            Open for reading bytes.

        Returns
        -------
        str or bytes
            None where the length says that there is none.

        Raises
        ------
        EOFError
            At the end.
        """
        length = read_int(stream)
        if length == SpecialLengths.END_OF_DATA_SECTION:
            raise EOFError
        if length == SpecialLengths.NULL:
            return None
        data = stream.read(length)
        return data.decode("utf-8") if self.use_unicode else data

    def load_stream(self, stream: IO[bytes]) -> Iterator[Any]:
        """Read all texts.

        Parameters
        ----------
        stream : file
            Open for reading bytes.

        Returns
        -------
        iterator
            Over the texts; the stream is read while it is used.
        """
        while True:
            try:
                yield self.loads(stream)
            except EOFError:
                return

    def __repr__(self) -> str:
        return f"UTF8Deserializer({self.use_unicode})"

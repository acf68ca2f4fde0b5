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

import io
import itertools
import marshal
import pickle
import zlib
from collections.abc import Iterable, Iterator
from typing import IO, Any, Optional

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
    """

    def __init__(self, serializer: Serializer, batchSize: int = 10) -> None:
        super().__init__(serializer, batchSize)

    def _batched(self, iterator: Iterable[Any]) -> Iterator[Any]:
        for key, values in iterator:
            for start in range(0, len(values), self.batchSize):
                yield key, values[start : start + self.batchSize]

    def load_stream(self, stream: IO[bytes]) -> Iterator[Any]:
        """Read the pairs of keys and pieces."""
        return self.serializer.load_stream(stream)

    def __repr__(self) -> str:
        return f"FlattenedValuesSerializer({self.serializer}, {self.batchSize})"


class CartesianDeserializer(Serializer):
    """Reads batches of two serializers in turn, and gives all pairs of the records of two.

    Parameters
    ----------
    key_ser, val_ser : Serializer
        Of the first and second records.
    """

    def __init__(self, key_ser: Serializer, val_ser: Serializer) -> None:
        self.key_ser = key_ser
        self.val_ser = val_ser

    def load_stream(self, stream: IO[bytes]) -> Iterator[Any]:
        """Read all pairs."""
        return itertools.chain.from_iterable(self._load_batches(stream))

    def _load_batches(self, stream: IO[bytes]) -> Iterator[Any]:
        both = zip(self.key_ser._load_batches(stream), self.val_ser._load_batches(stream))
        return (list(itertools.product(keys, values)) for keys, values in both)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.key_ser}, {self.val_ser})"


class PairDeserializer(CartesianDeserializer):
    """Reads batches of two serializers in turn, and gives the pairs of their records, side by side."""

    def _load_batches(self, stream: IO[bytes]) -> Iterator[Any]:
        for keys, values in zip(self.key_ser._load_batches(stream), self.val_ser._load_batches(stream)):
            left, right = list(keys), list(values)
            if len(left) != len(right):
                raise ValueError(f"a batch of {len(left)} first records stands before one of {len(right)} second ones")
            yield list(zip(left, right))


class NoOpSerializer(FramedSerializer):
    """Takes bytes as they are."""

    def dumps(self, obj: Any) -> bytes:
        """Give the bytes back."""
        return obj  # type: ignore[no-any-return]

    def loads(self, obj: bytes) -> Any:
        """Give the bytes back."""
        return obj


class PickleSerializer(FramedSerializer):
    """Pickles by the standard library: functions and classes by their names."""

    def dumps(self, obj: Any) -> bytes:
        """Pickle."""
        return pickle.dumps(obj, pickle.HIGHEST_PROTOCOL)

    def loads(self, obj: bytes, encoding: str = "bytes") -> Any:
        """Unpickle; ``encoding`` is that of texts of Python 2."""
        return pickle.loads(obj, encoding=encoding)


class CloudPickleSerializer(FramedSerializer):
    """Pickles by cloudpickle: functions and classes of the script by value.

    Parameters
    ----------
    allowed_names : collection of tuple, optional
        Module and name of all that may be loaded; else anything.
    """

    allowed_names: Optional[Any] = None

    def __init__(self, allowed_names: Optional[Any] = None) -> None:
        if allowed_names is not None:
            self.allowed_names = allowed_names

    def dumps(self, obj: Any) -> bytes:
        """Pickle.

        Raises
        ------
        pickle.PicklingError
            If that cannot be done.
        """
        import cloudpickle  # type: ignore[import-untyped, unused-ignore]

        try:
            return bytes(cloudpickle.dumps(obj, pickle.HIGHEST_PROTOCOL))
        except pickle.PickleError:
            raise
        except Exception as error:
            raise pickle.PicklingError(f"Could not serialize object: {type(error).__name__}: {error}") from error

    def loads(self, obj: bytes, encoding: str = "bytes") -> Any:
        """Unpickle; ``encoding`` is that of texts of Python 2."""
        if self.allowed_names is None:
            return pickle.loads(obj, encoding=encoding)
        return _Restricted(io.BytesIO(obj), self.allowed_names, encoding).load()


CPickleSerializer = CloudPickleSerializer


class _Restricted(pickle.Unpickler):
    def __init__(self, file: IO[bytes], allowed: Any, encoding: str) -> None:
        super().__init__(file, encoding=encoding)
        self._allowed = allowed

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) not in self._allowed:
            raise pickle.UnpicklingError(f"{module}.{name} is none of the names that may be loaded")
        return super().find_class(module, name)


class MarshalSerializer(FramedSerializer):
    """Takes what ``marshal`` takes: numbers, texts, bytes, None, and lists, tuples, sets and dicts of them."""

    def dumps(self, obj: Any) -> bytes:
        """Give the bytes."""
        return marshal.dumps(obj)

    def loads(self, obj: bytes) -> Any:
        """Give the object."""
        return marshal.loads(obj)


class AutoSerializer(FramedSerializer):
    """Marshals what can be marshalled, and pickles from the first object on that cannot."""

    def __init__(self) -> None:
        self._type: Optional[bytes] = None

    def dumps(self, obj: Any) -> bytes:
        """Give the bytes; the first says how they were made."""
        if self._type is None:
            try:
                return b"M" + marshal.dumps(obj)
            except ValueError:
                self._type = b"P"
        return b"P" + pickle.dumps(obj, -1)

    def loads(self, obj: bytes) -> Any:
        """Give the object.

        Raises
        ------
        ValueError
            If the first byte is unknown.
        """
        kind = obj[:1]
        if kind == b"M":
            return marshal.loads(obj[1:])
        if kind == b"P":
            return pickle.loads(obj[1:])
        raise ValueError(f"{kind!r} is the kind of no serializer; M and P are.")


class CompressedSerializer(FramedSerializer):
    """Compresses what another serializer gives.

    Parameters
    ----------
    serializer : FramedSerializer
        The other.
    """

    def __init__(self, serializer: FramedSerializer) -> None:
        self.serializer = serializer

    def dumps(self, obj: Any) -> bytes:
        """Give the bytes, by zlib at its fastest."""
        return zlib.compress(self.serializer.dumps(obj), 1)

    def loads(self, obj: bytes) -> Any:
        """Give the object."""
        return self.serializer.loads(zlib.decompress(obj))

    def __repr__(self) -> str:
        return f"CompressedSerializer({self.serializer})"


class UTF8Deserializer(Serializer):
    """Reads texts, each after its length in bytes.

    Parameters
    ----------
    use_unicode : bool
        False gives bytes.
    """

    def __init__(self, use_unicode: bool = True) -> None:
        self.use_unicode = use_unicode

    def loads(self, stream: IO[bytes]) -> Any:
        """Read one text.

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
        """Read all texts."""
        while True:
            try:
                yield self.loads(stream)
            except EOFError:
                return

    def __repr__(self) -> str:
        return f"UTF8Deserializer({self.use_unicode})"


class ArrowRecordBatchSerializer(FramedSerializer):
    """Takes record batches and tables of pyarrow, as streams of Arrow's; PySpark's RDDs do not have this.

    A table comes back as a table, a record batch as a record batch. Their columns are not copied when they are read.
    """

    def dumps(self, obj: Any) -> bytes:
        """Give the bytes.

        Raises
        ------
        TypeError
            If it is neither a record batch nor a table.
        """
        import pyarrow  # type: ignore[import-not-found, import-untyped, unused-ignore]

        if not isinstance(obj, (pyarrow.RecordBatch, pyarrow.Table)):
            raise TypeError(f"{self!r} takes pyarrow's RecordBatch and Table, not {type(obj).__name__}")
        sink = io.BytesIO()
        sink.write(b"T" if isinstance(obj, pyarrow.Table) else b"B")
        with pyarrow.ipc.new_stream(sink, obj.schema) as writer:
            writer.write(obj)
        return sink.getvalue()

    def loads(self, obj: bytes) -> Any:
        """Give the record batch or table."""
        import pyarrow

        reader = pyarrow.ipc.open_stream(pyarrow.py_buffer(memoryview(obj)[1:]))
        return reader.read_all() if obj[:1] == b"T" else reader.read_next_batch()

"""Serializers of single objects, each written as a frame."""

from __future__ import annotations

import io
import marshal
import pickle
import zlib
from typing import IO, Any, Optional

from weft._streamed import FramedSerializer

__all__ = [
    "ArrowRecordBatchSerializer",
    "AutoSerializer",
    "CPickleSerializer",
    "CloudPickleSerializer",
    "CompressedSerializer",
    "MarshalSerializer",
    "NoOpSerializer",
    "PickleSerializer",
]


class NoOpSerializer(FramedSerializer):
    """Takes bytes as they are.

    Examples
    --------
    >>> from weft.serializers import NoOpSerializer
    >>> NoOpSerializer().loads(NoOpSerializer().dumps(b"ab"))
    b'ab'
    """

    def dumps(self, obj: Any) -> bytes:
        """Give the bytes back.

        Parameters
        ----------
        obj : bytes
            Any.

        Returns
        -------
        bytes
            The same object.
        """
        return obj  # type: ignore[no-any-return]

    def loads(self, obj: bytes) -> Any:
        """Give the bytes back.

        Parameters
        ----------
        obj : bytes
            Any.

        Returns
        -------
        bytes
            The same object.
        """
        return obj


class PickleSerializer(FramedSerializer):
    """Pickles by the standard library: functions and classes by their names.

    Examples
    --------
    >>> from weft.serializers import PickleSerializer
    >>> PickleSerializer().loads(PickleSerializer().dumps({"a": 1}))
    {'a': 1}
    """

    def dumps(self, obj: Any) -> bytes:
        """Pickle.

        Parameters
        ----------
        obj : object
            One that ``pickle`` takes; its errors come as they are.

        Returns
        -------
        bytes
            By the highest protocol.
        """
        return pickle.dumps(obj, pickle.HIGHEST_PROTOCOL)

    def loads(self, obj: bytes, encoding: str = "bytes") -> Any:
        """Unpickle.

        Parameters
        ----------
        obj : bytes
            A pickle, which must be trusted.
        encoding : str
            That of texts of Python 2.

        Returns
        -------
        object
            What was pickled.
        """
        return pickle.loads(obj, encoding=encoding)


class CloudPickleSerializer(FramedSerializer):
    """Pickles by cloudpickle: functions and classes of the script by value.

    Parameters
    ----------
    allowed_names : collection of tuple, optional
        Module and name of all that may be loaded; else anything.

    Examples
    --------
    >>> from weft.serializers import CloudPickleSerializer
    >>> twice = CloudPickleSerializer().loads(CloudPickleSerializer().dumps(lambda x: 2 * x))
    >>> twice(4)
    8
    """

    allowed_names: Optional[Any] = None

    def __init__(self, allowed_names: Optional[Any] = None) -> None:
        if allowed_names is not None:
            self.allowed_names = allowed_names

    def dumps(self, obj: Any) -> bytes:
        """Pickle.

        Parameters
        ----------
        obj : object
            Functions and classes of the script among them.

        Returns
        -------
        bytes
            By the highest protocol.

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
        """Unpickle.

        Parameters
        ----------
        obj : bytes
            A pickle; without ``allowed_names`` it must be trusted.
        encoding : str
            That of texts of Python 2.

        Returns
        -------
        object
            What was pickled.

        Raises
        ------
        pickle.UnpicklingError
            If it needs a name that is none of ``allowed_names``.
        """
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
    """Takes what ``marshal`` takes: numbers, texts, bytes, None, and lists, tuples, sets and dicts of them.

    Examples
    --------
    >>> from weft.serializers import MarshalSerializer
    >>> MarshalSerializer().loads(MarshalSerializer().dumps(("a", 1)))
    ('a', 1)
    """

    def dumps(self, obj: Any) -> bytes:
        """Give the bytes.

        Parameters
        ----------
        obj : object
            One that ``marshal`` takes; else a ValueError comes from there.

        Returns
        -------
        bytes
            As this version of Python writes them.
        """
        return marshal.dumps(obj)

    def loads(self, obj: bytes) -> Any:
        """Give the object.

        Parameters
        ----------
        obj : bytes
            Of the same version of Python, and trusted.

        Returns
        -------
        object
            What was written.
        """
        return marshal.loads(obj)


class AutoSerializer(FramedSerializer):
    """Marshals what can be marshalled, and pickles from the first object on that cannot.

    Examples
    --------
    >>> from weft.serializers import AutoSerializer
    >>> serializer = AutoSerializer()
    >>> serializer.dumps(1)[:1], serializer.dumps(range(3))[:1], serializer.dumps(1)[:1]
    (b'M', b'P', b'P')
    >>> serializer.loads(serializer.dumps(range(3)))
    range(0, 3)
    """

    def __init__(self) -> None:
        self._type: Optional[bytes] = None

    def dumps(self, obj: Any) -> bytes:
        """Give the bytes; the first says how they were made.

        Parameters
        ----------
        obj : object
            One that ``marshal`` or ``pickle`` takes.

        Returns
        -------
        bytes
            ``M`` or ``P``, and what ``marshal`` or ``pickle`` makes of it.
        """
        if self._type is None:
            try:
                return b"M" + marshal.dumps(obj)
            except ValueError:
                self._type = b"P"
        return b"P" + pickle.dumps(obj, -1)

    def loads(self, obj: bytes) -> Any:
        """Give the object.

        Parameters
        ----------
        obj : bytes
            As of :meth:`dumps`, and trusted.

        Returns
        -------
        object
            What was written.

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

    Examples
    --------
    >>> from weft.serializers import CompressedSerializer, PickleSerializer
    >>> serializer = CompressedSerializer(PickleSerializer())
    >>> len(serializer.dumps(["a"] * 10000)) < 1000, serializer.loads(serializer.dumps(["a"]))
    (True, ['a'])
    """

    def __init__(self, serializer: FramedSerializer) -> None:
        self.serializer = serializer

    def dumps(self, obj: Any) -> bytes:
        """Give the bytes, by zlib at its fastest.

        Parameters
        ----------
        obj : object
            One that the other serializer takes.

        Returns
        -------
        bytes
            Compressed.
        """
        return zlib.compress(self.serializer.dumps(obj), 1)

    def loads(self, obj: bytes) -> Any:
        """Give the object.

        Parameters
        ----------
        obj : bytes
            As of :meth:`dumps`.

        Returns
        -------
        object
            What the other serializer makes of them.
        """
        return self.serializer.loads(zlib.decompress(obj))

    def __repr__(self) -> str:
        return f"CompressedSerializer({self.serializer})"


class ArrowRecordBatchSerializer(FramedSerializer):
    """Takes record batches and tables of pyarrow, as streams of Arrow's; PySpark's RDDs do not have this.

    A table comes back as a table, a record batch as a record batch. Their columns are not copied when they are read.

    Examples
    --------
    >>> import pyarrow
    >>> from weft.serializers import ArrowRecordBatchSerializer
    >>> serializer = ArrowRecordBatchSerializer()
    >>> serializer.loads(serializer.dumps(pyarrow.table({"n": [1, 2]}))).to_pydict()
    {'n': [1, 2]}
    """

    def dumps(self, obj: Any) -> bytes:
        """Give the bytes.

        Parameters
        ----------
        obj : pyarrow.RecordBatch or pyarrow.Table
            Of any schema.

        Returns
        -------
        bytes
            ``B`` or ``T``, and a stream of Arrow's.

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
        """Give the record batch or table.

        Parameters
        ----------
        obj : bytes
            As of :meth:`dumps`.

        Returns
        -------
        pyarrow.RecordBatch or pyarrow.Table
            Its columns lie in ``obj``.
        """
        import pyarrow

        reader = pyarrow.ipc.open_stream(pyarrow.py_buffer(memoryview(obj)[1:]))
        return reader.read_all() if obj[:1] == b"T" else reader.read_next_batch()

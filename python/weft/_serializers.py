"""Batch streams as the driver writes and reads them: MAPOUTPUT.md, section "Batch stream"."""

from __future__ import annotations

import marshal
import pickle
import struct
import zlib
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any

from weft._coded import decode, encode
from weft._flow import FLOW_BYTES, Flow
from weft._ops.sealing import SEALED, SealError, opened, sealed
from weft.errors import InternalError

__all__ = ["encode_batches", "read_batches"]

_HEADER = struct.Struct(">BBHIIQ")
_PICKLE, _PICKLE_COLUMNS, _PICKLE_ONE, _MARSHAL, _MARSHAL_COLUMNS, _CODED = 1, 2, 3, 4, 5, 6
_TARGET_BYTES = 256 << 10
_SPLIT_BYTES = 4 << 20
_MAX_RECORDS = 8192


def encode_batches(records: Sequence[Any], serializer: Any = None) -> Iterator[bytes]:
    """Encode records as batches of about 256 KiB, at most 8,192 records each.

    Parameters
    ----------
    records : sequence
        What to encode.
    serializer : Serializer, optional
        What to encode it by, instead of pickle.

    Yields
    ------
    bytes
        In turn the header of a batch and its payload, which may be large and is not copied; in parts if it is sealed.

    Raises
    ------
    Exception
        What pickling a record raises.
    """
    start, size = 0, 64
    while start < len(records):
        encoded = list(_encode(records[start : start + size], serializer))
        yield from encoded
        start += size
        length = sum(map(len, encoded))
        if length < _TARGET_BYTES // 2:
            size = min(size * 2, _MAX_RECORDS)
        elif length > _TARGET_BYTES * 2:
            size = max(size // 2, 1)


def _encode(records: Sequence[Any], serializer: Any) -> Iterator[bytes]:
    """One batch, or its halves where it came out far too large."""
    payload = _dumps(list(records)) if serializer is None else b"".join(encode(serializer, records))
    if len(payload) > _SPLIT_BYTES and len(records) > 1:
        half = len(records) // 2
        yield from _encode(records[:half], serializer)
        yield from _encode(records[half:], serializer)
        return
    kind = _PICKLE if serializer is None else _CODED
    yield from sealed((_HEADER.pack(kind, 0, 0, len(records), zlib.crc32(payload), len(payload)), payload))


def _dumps(records: list[Any]) -> bytes:
    """Pickle; what only cloudpickle can (classes and functions of the script) costs a second try."""
    try:
        payload = pickle.dumps(records, 5)
    except Exception:
        payload = b""
    if not payload or b"__main__" in payload:
        import cloudpickle  # type: ignore[import-untyped, unused-ignore]

        payload = cloudpickle.dumps(records, 5)
    return payload


def read_batches(read_into: Callable[[memoryview], bool]) -> Iterator[list[Any]]:
    """Decode a batch stream, one batch in memory at a time.

    Parameters
    ----------
    read_into : callable
        Fills the buffer that it is given and returns True; returns False when the stream ended before it.

    Yields
    ------
    list
        The records of a batch.

    Raises
    ------
    InternalError
        If the stream is not one, ends within a batch, or a check sum is wrong.
    """
    header = bytearray(_HEADER.size)
    while read_into(memoryview(header)):
        kind, flags, _, count, expected, length = _HEADER.unpack(header)
        if not flags & SEALED and length >= FLOW_BYTES and kind in (_PICKLE, _PICKLE_COLUMNS, _PICKLE_ONE):
            records = _decode_flow(kind, Flow(partial(_fill, read_into), length, expected, InternalError))
        else:
            payload = bytearray(length)
            if length:
                _fill(read_into, memoryview(payload))
            if zlib.crc32(payload) != expected:
                raise InternalError(f"A result's batch of {length} bytes arrived damaged: its check sum is wrong.")
            records = _decode(kind, _opened(kind, payload) if flags & SEALED else payload)
        if len(records) != count:
            raise InternalError(f"A result's batch holds {len(records)} records, its header says {count}.")
        yield records


def _opened(kind: int, payload: bytearray) -> bytes:
    try:
        return opened(kind, payload)
    except SealError as error:
        raise InternalError(f"A result cannot be read: {error}.") from None


def _fill(read_into: Callable[[memoryview], bool], buffer: memoryview) -> None:
    if not read_into(buffer):
        raise InternalError("A result ended within a batch.")


def _decode_flow(kind: int, flow: Flow) -> list[Any]:
    if kind == _PICKLE_COLUMNS:
        records: list[Any] = list(zip(flow.load(), flow.load()))
    else:
        records = flow.load() if kind == _PICKLE else [flow.load()]
    flow.finish()
    return records


def _decode(kind: int, payload: bytes | bytearray) -> list[Any]:
    if kind == _PICKLE:
        records: list[Any] = pickle.loads(payload)
        return records
    if kind == _PICKLE_ONE:
        return [pickle.loads(payload)]
    if kind == _MARSHAL:
        records = marshal.loads(payload)
        return records
    if kind == _CODED:
        return decode(payload)
    if kind in (_PICKLE_COLUMNS, _MARSHAL_COLUMNS):
        keys, values = _columns(kind, payload)
        return list(zip(keys, values))
    raise InternalError(f"A result holds a batch of unknown kind {kind}.")


def _columns(kind: int, payload: bytes | bytearray) -> tuple[list[Any], list[Any]]:
    import io

    file = io.BytesIO(payload)
    if kind == _PICKLE_COLUMNS:
        unpickler = pickle.Unpickler(file)
        return unpickler.load(), pickle.Unpickler(file).load()
    return marshal.load(file), marshal.load(file)

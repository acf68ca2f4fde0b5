"""Batch streams: how records travel between processes and lie in files.

The format is container-runner/src/main/java/io/weft/runner/shuffle/MAPOUTPUT.md. A reader takes bytes as they come and
never holds more than one batch; a writer hands over each batch as its header and payload, so nothing is joined.
"""

from __future__ import annotations

import itertools
import marshal
import pickle
import struct
import zlib
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple, Union

from weft._coded import decode, encode
from weft._flow import FLOW_BYTES, Flow
from weft._ops.batching import fitting_rows, in_lists
from weft._ops.columns import dump_parts, load_column
from weft._ops.sealing import SEALED, SealError, opened

__all__ = [
    "CODED",
    "HEADER",
    "Batch",
    "BatchError",
    "COLUMNS",
    "HUGE",
    "MARSHAL",
    "MARSHAL_COLUMNS",
    "RECORDS",
    "RUN_HEADER",
    "dump_columns",
    "dump_records",
    "frame",
    "read_batches",
    "records_of",
]

HEADER = struct.Struct(">BBHIIQ")
RECORDS, COLUMNS, HUGE, MARSHAL, MARSHAL_COLUMNS, CODED, RUN_HEADER = 1, 2, 3, 4, 5, 6, 16
_PICKLED = frozenset({RECORDS, COLUMNS, HUGE})
_KINDS = frozenset({RECORDS, COLUMNS, HUGE, MARSHAL, MARSHAL_COLUMNS, CODED, RUN_HEADER})

_TARGET_BYTES = 512 << 10  # in memory, which pickles to about half
_MOST_RECORDS = 8192

Buffer = Union[bytes, bytearray, memoryview]


class BatchError(OSError):
    """A batch stream is damaged: wrong checksum, unknown kind, or it ends inside a batch."""


class Batch(NamedTuple):
    """One batch, its payload not yet unpickled."""

    kind: int
    count: int  # type: ignore[assignment]  # hides tuple.count, which nobody asks of a batch
    payload: Buffer | Flow

    def whole(self) -> bytes:
        """The payload as it is."""
        return self.payload.read() if isinstance(self.payload, Flow) else bytes(self.payload)

    def columns(self) -> tuple[list[Any], list[Any]]:
        """Keys and values; the records must be pairs."""
        if isinstance(self.payload, Flow):
            if self.kind == COLUMNS:
                keys, values = self.payload.load(), self.payload.load()
                self.payload.finish()
                return keys, values
        elif self.kind == COLUMNS:
            stream = _Stream(self.payload)
            return pickle.load(stream), pickle.load(stream)
        elif self.kind == MARSHAL_COLUMNS:
            stream = _Stream(self.payload)
            return marshal.load(stream), marshal.load(stream)
        records = list(self.records())
        return [key for key, _ in records], [value for _, value in records]

    def records(self) -> Any:
        """The records: a list, or an iterator over pairs."""
        if self.kind in (COLUMNS, MARSHAL_COLUMNS):
            return zip(*self.columns())
        if isinstance(self.payload, Flow):
            found = self.payload.load()
            self.payload.finish()
            return [found] if self.kind == HUGE else found
        if self.kind == RECORDS:
            return load_column(self.payload)
        if self.kind == HUGE:
            return [load_column(self.payload)]
        if self.kind == MARSHAL:
            return marshal.loads(self.payload)
        if self.kind == CODED:
            return decode(self.payload)
        return []


class _Stream:
    """A minimal file over a buffer, for two pickles one after the other, without a copy."""

    def __init__(self, payload: Buffer) -> None:
        self._view = memoryview(payload)
        self._at = 0

    def read(self, size: int = -1) -> bytes:
        end = len(self._view) if size < 0 else self._at + size
        part = bytes(self._view[self._at : end])
        self._at += len(part)
        return part

    def readinto(self, target: memoryview) -> int:
        part = self._view[self._at : self._at + len(target)]
        target[: len(part)] = part
        self._at += len(part)
        return len(part)

    def readline(self) -> bytes:
        rest = bytes(self._view[self._at :])
        end = rest.find(b"\n") + 1
        return self.read(end if end else len(rest))


def frame(kind: int, count: int, *payloads: bytes) -> tuple[bytes, ...]:
    """Header and payload of one batch; the payload may come in parts."""
    crc, length = 0, 0
    for payload in payloads:
        crc = zlib.crc32(payload, crc)
        length += len(payload)
    return HEADER.pack(kind, 0, 0, min(count, 0xFFFFFFFF), crc, length), *payloads


def dump_columns(keys: list[Any], values: list[Any]) -> Iterator[tuple[bytes, ...]]:
    """Batches of pairs given as two columns; yields the header and the parts of the payload."""
    at = 0
    while at < len(keys):
        rows = fitting_rows((keys, values), at, _MOST_RECORDS, _TARGET_BYTES)
        whole = rows == len(keys)
        part = keys if whole else keys[at : at + rows]
        yield frame(COLUMNS, rows, *dump_parts(part), *dump_parts(values if whole else values[at : at + rows]))
        at += rows


def dump_records(records: Iterator[Any], serializer: Any = None) -> Iterator[tuple[int, tuple[bytes, ...]]]:
    """Batches of any records, pickled if no serializer is given.

    Yields how many, and the header and the parts of the payload.
    """
    for part in in_lists(records, _MOST_RECORDS, _TARGET_BYTES):
        if serializer is not None:
            yield len(part), frame(CODED, len(part), *encode(serializer, part))
            continue
        yield len(part), frame(RECORDS, len(part), *dump_parts(part))


def read_batches(
    read_exact: Callable[[int], Buffer], flow: Callable[[int, int], Flow] | None = None
) -> Iterator[Batch]:
    """The batches of a stream.

    Parameters
    ----------
    read_exact : callable
        Given a number of bytes, returns so many, or nothing at the end; raises `BatchError` when it ends in between.
    flow : callable, optional
        Given length and checksum, returns the payload that comes next as a :class:`Flow`; for large ones, of which
        each must be loaded before the next batch is asked for.
    """
    while True:
        header = read_exact(HEADER.size)
        if not header:
            return
        kind, flags, _, count, crc, length = HEADER.unpack(header)
        if kind not in _KINDS:
            raise BatchError(f"a batch of unknown kind {kind}")
        if flow is not None and length >= FLOW_BYTES and kind in _PICKLED and not flags & SEALED:
            large = flow(length, crc)
            yield Batch(kind, count, large)
            large.finish()
            continue
        payload = read_exact(length) if length else b""
        if len(payload) != length:
            raise BatchError("the stream ends inside a batch")
        if zlib.crc32(payload) != crc:
            raise BatchError(f"a batch of {length:,} bytes does not have its checksum")
        if flags & SEALED:
            try:
                payload = opened(kind, payload)
            except SealError as wrong:
                raise BatchError(str(wrong)) from wrong
        yield Batch(kind, count, payload)


def records_of(batches: Iterator[Batch]) -> Iterator[Any]:
    """All records of all batches."""
    return itertools.chain.from_iterable(batch.records() for batch in batches)

"""Hadoop's sequence files of byte arrays, as pickle files are: read and written without Hadoop's classes.

The layout is that of version 6, uncompressed: a header with the names of the classes and a marker of 16 random bytes;
records, each with its length, its key's length, key and value; about every 100 KiB the marker behind a length of -1,
so that a reader may begin anywhere.
"""

from __future__ import annotations

import os
import pickle
import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import IO, Any

from weft._batches import HEADER, RECORDS, frame, read_batches
from weft._inline.inputs import InputDamage

__all__ = ["SEQUENCE_INPUT", "SequencePart", "SequenceWriter", "sequence_frames", "sequence_parts", "writes_bytes"]

SEQUENCE_INPUT = "org.apache.hadoop.mapred.SequenceFileInputFormat"
_OUTPUT = "org.apache.hadoop.mapred.SequenceFileOutputFormat"
_NULL, _BYTES = "org.apache.hadoop.io.NullWritable", "org.apache.hadoop.io.BytesWritable"
_START = b"SEQ\x06"
_INT = struct.Struct(">i")
_THREE_INTS = struct.Struct(">iii")
_SYNC_BYTES = 16
_SYNC_INTERVAL = 5 * 1024 * (4 + _SYNC_BYTES)
_BLOCK_BYTES = 32 << 20  # what Hadoop cuts local files at
_SLOP = 1.1
_CHUNK = 1 << 20


@dataclass(frozen=True)
class SequencePart:
    """The records of one file that begin behind the first marker from ``start`` on, up to one from ``stop`` on."""

    path: str
    start: int
    stop: int

    @property
    def kind(self) -> str:
        """What the worker is told that the input is."""
        return "batches"


def writes_bytes(given: dict[str, Any]) -> bool:
    """Whether a format of a plan writes what :class:`SequenceWriter` does."""
    plain = given["keyConverter"] is None and given["valueConverter"] is None and not given["settings"]
    return plain and (given["name"], given["keyClass"], given["valueClass"]) == (_OUTPUT, _NULL, _BYTES)


def sequence_parts(files: list[str], wanted: int) -> list[SequencePart]:
    """Cut files as FileInputFormat does."""
    sizes = [os.path.getsize(path) for path in files]
    each = max(_SYNC_INTERVAL, min(sum(sizes) // max(1, wanted), _BLOCK_BYTES))
    parts = []
    for path, size in zip(files, sizes):
        start = 0
        while (size - start) / each > _SLOP:
            parts.append(SequencePart(path, start, start + each))
            start += each
        if start < size or not size:
            parts.append(SequencePart(path, start, size))
    return parts


def sequence_frames(part: SequencePart) -> Iterator[bytes]:
    """The values of a part, as a runner would send them.

    Raises
    ------
    InputDamage
        If the file is damaged, or none of uncompressed byte arrays.
    """
    values: list[bytes] = []
    size = 0
    with open(part.path, "rb") as file:
        try:
            for value in _values(file, part):
                values.append(value)
                size += len(value)
                if size >= _CHUNK:
                    yield b"".join(frame(RECORDS, len(values), pickle.dumps(values, 5)))
                    values, size = [], 0
        except struct.error:
            raise InputDamage(f"file:{part.path} is damaged: it ends within a record.") from None
    if values:
        yield b"".join(frame(RECORDS, len(values), pickle.dumps(values, 5)))


def _values(file: IO[bytes], part: SequencePart) -> Iterator[bytes]:
    marker = _read_header(file, part.path)
    if part.start > file.tell():
        _go_to_marker(file, marker, part.start)
    if file.tell() >= part.stop:
        return
    while True:
        position = file.tell()
        head = file.read(_INT.size)
        if not head:
            return
        (length,) = _INT.unpack(head)
        if length == -1:
            if file.read(_SYNC_BYTES) != marker:
                raise InputDamage(f"file:{part.path} is damaged: no marker where one should be, at byte {position:,}.")
            if position >= part.stop:
                return
            head = file.read(_INT.size)
            if not head:
                return
            (length,) = _INT.unpack(head)
        (key,) = _INT.unpack(file.read(_INT.size))
        record = file.read(max(0, length))
        (size,) = _INT.unpack_from(record, max(0, key))
        if not 0 <= key <= length == len(record) or size != length - key - _INT.size:
            raise InputDamage(f"file:{part.path} is damaged: a record at byte {position:,} has no length of its own.")
        yield record[key + _INT.size :]


def _read_header(file: IO[bytes], path: str) -> bytes:
    if file.read(len(_START)) != _START:
        raise InputDamage(f"file:{path} is no sequence file of version 6 (it begins otherwise).")
    _text(file)
    value = _text(file)
    compressed, in_blocks = struct.unpack("??", file.read(2))
    if value != _BYTES or compressed or in_blocks:
        what = "compressed" if value == _BYTES else f"of {value}"
        raise InputDamage(
            f"file:{path} is a sequence file {what}; without a JVM those of uncompressed BytesWritables are read, "
            "as saveAsPickleFile writes them. Use the master local[2]."
        )
    (entries,) = _INT.unpack(file.read(_INT.size))
    for _ in range(2 * entries):
        _text(file)
    marker = file.read(_SYNC_BYTES)
    if len(marker) < _SYNC_BYTES:
        raise struct.error
    return marker


def _text(file: IO[bytes]) -> str:
    """A string behind its length as a WritableUtils.writeVInt."""
    (first,) = struct.unpack("b", file.read(1))
    if first >= -112:
        return file.read(first).decode()
    return file.read(int.from_bytes(file.read(-112 - first), "big")).decode()


def _go_to_marker(file: IO[bytes], marker: bytes, start: int) -> None:
    """Go to the length of -1 before the first marker that begins at ``start`` or later; to the end if there is none."""
    at = start + _INT.size
    held = b""
    file.seek(at)
    while chunk := file.read(_CHUNK):
        held += chunk
        found = held.find(marker)
        if found >= 0:
            file.seek(at + found - _INT.size)
            return
        at += max(0, len(held) - _SYNC_BYTES + 1)
        held = held[-_SYNC_BYTES + 1 :]


class SequenceWriter:
    """Writes the pairs that a task sends for an OutputFormat into one file.

    Parameters
    ----------
    write : callable
        Takes the file's bytes.
    """

    def __init__(self, write: Callable[[memoryview], None]) -> None:
        self._write = write
        self._marker = os.urandom(_SYNC_BYTES)
        self._pending = bytearray()
        names = b"".join(bytes([len(name)]) + name.encode() for name in (_NULL, _BYTES))
        header = _START + names + b"\0\0" + _INT.pack(0) + self._marker
        self._position = self._marked_at = len(header)
        write(memoryview(header))

    def feed(self, data: memoryview) -> None:
        """Take the next bytes of a batch stream."""
        self._pending += data
        while len(self._pending) >= HEADER.size:
            end = HEADER.size + HEADER.unpack_from(self._pending)[5]
            if len(self._pending) < end:
                return
            batch = bytes(self._pending[:end])
            del self._pending[:end]
            self._add(batch)

    def _add(self, batch: bytes) -> None:
        stream = _Bytes(batch)
        parts = []
        for one in read_batches(stream.read):
            for value in one.columns()[1]:
                if self._position >= self._marked_at + _SYNC_INTERVAL:
                    parts.append(_INT.pack(-1) + self._marker)
                    self._marked_at = self._position
                    self._position += _INT.size + _SYNC_BYTES
                parts += [_THREE_INTS.pack(_INT.size + len(value), 0, len(value)), value]
                self._position += _THREE_INTS.size + len(value)
        self._write(memoryview(b"".join(parts)))


class _Bytes:
    """Bytes, as many at a time as are asked for."""

    def __init__(self, data: bytes) -> None:
        self._left = memoryview(data)

    def read(self, size: int) -> bytes:
        taken, self._left = self._left[:size], self._left[size:]
        return bytes(taken)

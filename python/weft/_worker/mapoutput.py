"""Writing a map output: one data file, one index, in a folder that the runner renames when it has checked it."""

from __future__ import annotations

import os
import shutil
import struct
import zlib
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from weft._batches import Batch, dump_columns, dump_records, read_batches
from weft._ops.scope import TaskScope, end_if_forked
from weft._ops.sealing import sealed
from weft._ops.spill import Segment, SpillFiles, write_some

__all__ = ["MapOutputWriter", "PartitionBuffers"]

_LONGS = struct.Struct(">QQQ")
_LONG = struct.Struct(">Q")
_MOST_VECTORS = 512


class MapOutputWriter:
    """Writes partitions in order into `.tmp-<pid>-<id>/` below one of the task's output folders.

    The folder is removed when the task ends without `finish`.
    """

    def __init__(self, scope: TaskScope, folders: Sequence[str], map_id: str, attempt_turn: int) -> None:
        end_if_forked()
        parent = folders[attempt_turn % len(folders)]
        self.path = os.path.join(parent, f".tmp-{os.getpid()}-{map_id}")
        os.makedirs(self.path, 0o750)
        os.chmod(self.path, 0o750)
        data = os.path.join(self.path, "file.out")
        self.descriptor = os.open(data, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o640)
        os.fchmod(self.descriptor, 0o640)
        self._index: list[tuple[int, int, int]] = []
        self._end = 0
        self._finished = False
        scope.on_close(self._abandon)

    def partition(self, parts: Iterable[bytes], rows: int) -> None:
        """Write the next partition whole from batches that are bytes already."""
        end_if_forked()
        length = 0
        vectors: list[bytes | memoryview] = []
        for part in parts:
            vectors.append(part)
            length += len(part)
            if len(vectors) == _MOST_VECTORS:
                self._write(vectors)
                vectors = []
        self._write(vectors)
        self.wrote(length, rows)

    def append(self, parts: Iterable[bytes]) -> None:
        """Write a piece of the next partition; :meth:`wrote` ends it."""
        self._write(list(parts))

    def wrote(self, length: int, rows: int) -> None:
        """Note that the next partition, of this many bytes and rows, is in the file."""
        self._index.append((self._end, rows, length))
        self._end += length

    def finish(self) -> dict[str, Any]:
        """Write the index; the entry for DONE."""
        os.close(self.descriptor)
        self.descriptor = -1
        body = b"".join(_LONGS.pack(*entry) for entry in self._index)
        index = os.path.join(self.path, "file.out.index")
        descriptor = os.open(index, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o640)
        try:
            os.fchmod(descriptor, 0o640)
            os.write(descriptor, body + _LONG.pack(zlib.crc32(body)))
        finally:
            os.close(descriptor)
        self._finished = True
        return {"path": self.path, "partitions": len(self._index), "bytes": self._end}

    def _write(self, vectors: list[bytes | memoryview]) -> None:
        while vectors:
            written = write_some(self.descriptor, vectors)
            while vectors and written >= len(vectors[0]):
                written -= len(vectors.pop(0))
            if written:
                vectors[0] = memoryview(vectors[0])[written:]

    def _abandon(self) -> None:
        if self.descriptor >= 0:
            os.close(self.descriptor)
            self.descriptor = -1
        if not self._finished:
            shutil.rmtree(self.path, ignore_errors=True)


def keep(
    batches: Iterable[tuple[int, tuple[bytes, ...]]], scope: TaskScope, rdd: int, partition: int
) -> Iterator[Batch]:
    """Write a persisted partition to one of the task's output folders, and read it back.

    The runner publishes the folder when the task has succeeded; else it is removed with the task.
    """
    name = f"kept-{rdd}-{partition}-{len(scope.kept)}"
    writer = MapOutputWriter(scope, scope.output_dirs, name, partition)
    rows = length = 0
    for count, plain in batches:
        parts = sealed(plain)
        writer.append(parts)
        rows += count
        length += sum(map(len, parts))
    writer.wrote(length, rows)
    written = writer.finish()
    scope.kept.append({"rdd": rdd, "partition": partition, **written})
    scope.on_close(lambda: None if scope.succeeded else shutil.rmtree(writer.path, ignore_errors=True))
    with open(os.path.join(writer.path, "file.out"), "rb") as file:
        yield from read_batches(file.read)


class PartitionBuffers:
    """Batches per partition, in memory until the task's gauge is full, then in spill files."""

    def __init__(self, scope: TaskScope, partitions: int) -> None:
        self._scope = scope
        self._partitions = partitions
        self._parts: list[list[bytes]] = [[] for _ in range(partitions)]
        self._rows = [0] * partitions
        self._bytes = 0
        self._files: SpillFiles | None = None
        self._segments: list[list[Segment]] = [[] for _ in range(partitions)]

    def add_columns(self, number: int, keys: list[Any], values: list[Any]) -> None:
        """Append pairs to a partition."""
        if keys:
            coder = self._scope.serializer
            if coder is None:
                for parts in dump_columns(keys, values):
                    self._append(number, *sealed(parts))
            else:
                for _, parts in dump_records(zip(keys, values), coder):
                    self._append(number, *sealed(parts))
            self._rows[number] += len(keys)

    def add_records(self, number: int, records: list[Any]) -> None:
        """Append records to a partition."""
        if records:
            for _, parts in dump_records(iter(records), self._scope.serializer):
                self._append(number, *sealed(parts))
            self._rows[number] += len(records)

    def spill_if_full(self) -> None:
        """Move what is buffered to disk when it takes much of the budget."""
        if self._bytes and (self._bytes > self._scope.budget // 2 or self._scope.gauge.full()):
            self.spill()

    def spill(self) -> None:
        """Move what is buffered to disk."""
        if self._files is None:
            self._files = SpillFiles(self._scope)
        self._files.count_spill()
        for number, parts in enumerate(self._parts):
            if parts:
                writer = self._files.writer()
                writer.write_bytes(*parts)
                self._segments[number].append(writer.finish())
                parts.clear()
        self._bytes = 0
        self._scope.gauge.release()

    def finish(self, writer: MapOutputWriter) -> dict[str, Any]:
        """Write all partitions, spilled parts first, as they were added."""
        end_if_forked()
        for number, parts in enumerate(self._parts):
            if self._files is None:
                writer.partition(parts, self._rows[number])
            else:
                length = 0
                for segment in self._segments[number]:
                    self._files.copy(segment, writer.descriptor)
                    length += segment.length
                for part in parts:
                    view = memoryview(part)
                    while view:
                        view = view[os.write(writer.descriptor, view) :]
                    length += len(part)
                writer.wrote(length, self._rows[number])
            parts.clear()
        if self._files is not None:
            self._files.close()
        self._scope.rows_out += sum(self._rows)
        done = writer.finish()
        self._scope.bytes_out += done["bytes"]
        return done

    def _append(self, number: int, *parts: bytes) -> None:
        self._parts[number] += parts
        self._bytes += sum(map(len, parts))
        if self._bytes > self._scope.budget // 8 and self._scope.gauge.full():
            self.spill()

"""Where a task's records go."""

from __future__ import annotations

import itertools
from collections import deque
from collections.abc import Iterator
from typing import Any

from weft._batches import dump_records
from weft._ops.batching import in_lists
from weft._ops.columns import estimate_bytes
from weft._ops.external import ExternalCombiner
from weft._ops.marshalled import dump_pairs
from weft._ops.partition import deal, first_round_position
from weft._ops.runs import write_runs
from weft._ops.scope import TaskScope
from weft._ops.sealing import sealed
from weft._ops.tables import make_table
from weft._worker.blobs import Blobs
from weft._worker.frames import Connection, FrameType
from weft._worker.keyed import MAX_FOLDERS, write_by_key
from weft._worker.mapoutput import MapOutputWriter, PartitionBuffers
from weft._worker.program import pair_columns

__all__ = ["Sinks"]

Sink = dict[str, Any]
_ROWS = 8192
_TEXT_BYTES = 1 << 20
_LEAST_TEXT_BYTES = 16 << 10


class Sinks:
    """Runs one task's records into its sink."""

    def __init__(self, connection: Connection, blobs: Blobs, scope: TaskScope, task: dict[str, Any]) -> None:
        self._connection = connection
        self._blobs = blobs
        self._scope = scope
        self._task = task

    def run(self, sink: Sink, records: Iterator[Any]) -> dict[str, Any] | None:
        """Consume all records; returns the map output that was written, if one was."""
        kind = sink["kind"]
        if kind == "result":
            self._result(records)
        elif kind == "none":
            deque(records, maxlen=0)
        elif kind == "text":
            self._text(sink, records)
        elif kind == "bytes":
            self._bytes(records)
        elif kind == "pairs":
            self._pairs(records)
        elif kind == "shuffle":
            return self._shuffle(sink, records)
        else:
            raise ValueError(f"unknown sink {kind!r}")
        return None

    def _result(self, records: Iterator[Any]) -> None:
        for count, parts in dump_records(records, self._scope.serializer):
            self._scope.rows_out += count
            self._scope.bytes_out += sum(map(len, parts[1:]))
            small: list[bytes] = []
            for part in sealed(parts):
                if len(part) < 16384:
                    small.append(part)
                    continue
                self._connection.send(FrameType.RESULT, 0, b"".join(small))
                small = []
                self._connection.send_bulk(FrameType.RESULT, part)
            if small:
                self._connection.send(FrameType.RESULT, 0, b"".join(small))

    def _text(self, sink: Sink, records: Iterator[Any]) -> None:
        target = sink.get("target", 0)
        chunk_bytes = min(_TEXT_BYTES, max(_LEAST_TEXT_BYTES, target // 16)) if target else _TEXT_BYTES
        if sink.get("byKey"):
            size = min(chunk_bytes, max(_LEAST_TEXT_BYTES, self._scope.budget // (4 * MAX_FOLDERS)), 256 << 10)
            write_by_key(records, self._scope, _encode_lines, self._send_part, size)
        elif target:
            for some in in_lists(records, 1024, chunk_bytes):
                self._scope.rows_out += len(some)
                self._send_part("", _encode_lines(some), False)
        else:
            self._lines(records)

    def _send_part(self, folder: str, lines: bytes, last: bool) -> None:
        """Send whole records of a folder of the output."""
        if lines:
            self._connection.send_json(FrameType.PART, 0, {"folder": folder, "last": False})
            self._connection.send_bulk(FrameType.OUTPUT, lines)
            self._scope.bytes_out += len(lines)
        if last:
            self._connection.send_json(FrameType.PART, 0, {"folder": folder, "last": True})

    def _lines(self, records: Iterator[Any]) -> None:
        waiting: list[bytes] = []
        size = 0
        for some in in_lists(records, 1024, _TEXT_BYTES):
            self._scope.rows_out += len(some)
            encoded = _encode_lines(some)
            waiting.append(encoded)
            size += len(encoded)
            if size >= _TEXT_BYTES:
                self._connection.send_bulk(FrameType.OUTPUT, b"".join(waiting))
                self._scope.bytes_out += size
                waiting, size = [], 0
        if waiting:
            self._connection.send_bulk(FrameType.OUTPUT, b"".join(waiting))
            self._scope.bytes_out += size

    def _bytes(self, parts: Iterator[tuple[int, bytes]]) -> None:
        """The parts of one file, each with how many records it holds."""
        for rows, part in parts:
            self._scope.rows_out += rows
            self._scope.bytes_out += len(part)
            self._connection.send_bulk(FrameType.OUTPUT, part)

    def _pairs(self, records: Iterator[Any]) -> None:
        for count, parts in dump_pairs(records):
            self._scope.rows_out += count
            self._scope.bytes_out += sum(map(len, parts[1:]))
            self._connection.send_bulk(FrameType.OUTPUT, b"".join(parts))

    def _shuffle(self, sink: Sink, records: Iterator[Any]) -> dict[str, Any]:
        writer = MapOutputWriter(
            self._scope, self._task["output"], self._task["mapId"], self._task["partition"] + self._task["attempt"]
        )
        kind = sink["writer"]
        if kind == "hash":
            buffers = PartitionBuffers(self._scope, sink["partitions"])
            if sink.get("combine"):
                self._combine(sink, records, buffers)
            else:
                self._deal(sink, records, buffers)
            return buffers.finish(writer)
        if kind == "round":
            buffers = PartitionBuffers(self._scope, sink["partitions"])
            self._round(sink, records, buffers)
            return buffers.finish(writer)
        if kind == "single":
            buffers = PartitionBuffers(self._scope, 1)
            for some in in_lists(records, _ROWS):
                buffers.add_records(0, some)
                buffers.spill_if_full()
            return buffers.finish(writer)
        if kind == "range":
            return self._range(sink, records, writer)
        raise ValueError(f"unknown shuffle writer {kind!r}")

    def _function(self, digest: str | None) -> Any:
        return self._blobs.load(digest) if digest else None

    def _combine(self, sink: Sink, records: Iterator[Any], buffers: PartitionBuffers) -> None:
        functions = sink["combine"]
        table = make_table(self._function(functions["create"]), self._function(functions["value"]))
        partitioner = self._function(sink.get("fn"))

        def flush(columns: tuple[list[Any], list[Any]]) -> None:
            self._flush(columns, partitioner, sink["partitions"], buffers)
            buffers.spill()

        combiner = ExternalCombiner(self._scope, self._scope.gauge, table, flush)
        combiner.absorb(records)
        for columns in combiner.results():
            self._flush(columns, partitioner, sink["partitions"], buffers)
            buffers.spill_if_full()

    def _deal(self, sink: Sink, records: Iterator[Any], buffers: PartitionBuffers) -> None:
        partitioner = self._function(sink.get("fn"))
        columns = pair_columns(records)
        held: tuple[list[Any], list[Any]] = ([], [])
        for keys, values in columns:
            held[0].extend(keys)
            held[1].extend(values)
            if len(held[0]) >= _ROWS * max(1, min(16, sink["partitions"])) or self._scope.gauge.full():
                self._flush(held, partitioner, sink["partitions"], buffers)
                held = ([], [])
                buffers.spill_if_full()
        self._flush(held, partitioner, sink["partitions"], buffers)

    @staticmethod
    def _flush(
        columns: tuple[list[Any], list[Any]], partitioner: Any, partitions: int, buffers: PartitionBuffers
    ) -> None:
        keys, values = columns
        for number, (part_keys, part_values) in enumerate(deal(keys, values, partitions, partitioner)):
            buffers.add_columns(number, part_keys, part_values)

    def _round(self, sink: Sink, records: Iterator[Any], buffers: PartitionBuffers) -> None:
        partitions, batch = sink["partitions"], sink.get("batch", 10)
        position = first_round_position(sink["index"], partitions)
        held: list[list[Any]] = [[] for _ in range(partitions)]
        rows = size = 0
        for some in iter(lambda: list(itertools.islice(records, batch)), []):
            position = (position + 1) % partitions
            held[position].extend(some)
            rows += len(some)
            size += len(some) * estimate_bytes(some[0])
            if rows >= _ROWS * 8 or size > self._scope.budget // 8:
                rows = size = self._flush_rounds(held, buffers)
                buffers.spill_if_full()
        self._flush_rounds(held, buffers)

    @staticmethod
    def _flush_rounds(held: list[list[Any]], buffers: PartitionBuffers) -> int:
        for number, rows in enumerate(held):
            buffers.add_records(number, rows)
            rows.clear()
        return 0

    def _range(self, sink: Sink, records: Iterator[Any], writer: MapOutputWriter) -> dict[str, Any]:
        batches = in_lists(records, _ROWS)
        self._scope.rows_out += write_runs(
            batches,
            self._function(sink.get("key")),
            ascending=sink["ascending"],
            scope=self._scope,
            gauge=self._scope.gauge,
            output=writer,
        )
        done = writer.finish()
        self._scope.bytes_out += done["bytes"]
        return done


def _encode_lines(records: list[Any]) -> bytes:
    """One line per record: text as UTF-8, bytes as they are, everything else by str()."""
    if set(map(type, records)) == {str}:
        return ("\n".join(records) + "\n").encode("utf-8")
    parts = []
    for record in records:
        parts.append(record if isinstance(record, bytes) else str(record).encode("utf-8"))
    parts.append(b"")
    return b"\n".join(parts)

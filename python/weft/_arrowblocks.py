"""Arrow tables of the driver on their way to the workers, batch by batch, without a copy of their columns."""

from __future__ import annotations

import itertools
import struct
import uuid
import zlib
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from weft._lineage import DataBlock
from weft._ops.sealing import sealed
from weft._tables.arrow import pack

__all__ = ["frame_slices", "reader_slices", "send_batches", "table_slices"]

_HEADER = struct.Struct(">BBHIIQ")
_ONE_RECORD = 3  # a batch of one pickled record: MAPOUTPUT.md
_BYTES8 = struct.Struct("<Q")
_ROWS = 1 << 16
_BATCH_BYTES = 8 << 20
_SLICE_BYTES = 64 << 20


def table_slices(table: Any, slices: int) -> list[Iterable[Any]]:
    """Cut a table into as many slices of about as many rows, each small batches."""
    rows = table.num_rows
    width = max(1, table.nbytes // max(1, rows))
    most = max(1, min(_ROWS, _BATCH_BYTES // width))
    bounds = [rows * i // slices for i in range(slices + 1)]
    return [
        _lazily(lambda start=start, stop=stop: table.slice(start, stop - start).to_batches(max_chunksize=most))
        for start, stop in zip(bounds, bounds[1:])
    ]


def frame_slices(arrow: Any, frame: Any, slices: int) -> list[Iterable[Any]]:
    """Cut a pandas data frame, part by part made into batches."""
    rows = len(frame)
    schema = arrow.Schema.from_pandas(frame, preserve_index=False)
    width = max(1, int(frame.memory_usage(index=False).sum()) // max(1, rows))
    most = max(1, min(_ROWS, _BATCH_BYTES // width))
    bounds = [rows * i // slices for i in range(slices + 1)]

    def batches(start: int, stop: int) -> Iterator[Any]:
        for at in range(start, stop, most):
            part = frame.iloc[at : min(at + most, stop)]
            yield arrow.RecordBatch.from_pandas(part, schema=schema, preserve_index=False)

    return [batches(start, stop) for start, stop in zip(bounds, bounds[1:])]


def _lazily(make: Callable[..., Iterable[Any]]) -> Iterator[Any]:
    yield from make()


def reader_slices(batches: Iterator[Any]) -> Iterator[Iterable[Any]]:
    """Cut what a reader gives, of which nobody knows how much it is, into slices of about 64 MiB."""
    for first in batches:
        yield _until_full(first, batches)


def _until_full(first: Any, batches: Iterator[Any]) -> Iterator[Any]:
    size = 0
    for batch in itertools.chain((first,), batches):
        size += batch.nbytes
        yield batch
        if size >= _SLICE_BYTES:
            return


def send_batches(slices: Iterable[Iterable[Any]], send: Callable[[DataBlock, Iterator[Any]], None]) -> DataBlock:
    """Send batches as the block of an RDD, a slice a partition, while they are packed; gives the block.

    ``send`` gets the block, whose offsets are known once it has taken all of its chunks.
    """
    block = DataBlock(f"data-{uuid.uuid4().hex}", [], [0])
    block.chunks = None
    send(block, _chunks(slices, block.offsets))
    return block


def _chunks(slices: Iterable[Iterable[Any]], offsets: list[int]) -> Iterator[Any]:
    for batches in slices:
        length = 0
        for batch in batches:
            for chunk in _framed(pack(batch)):
                length += len(chunk)
                yield chunk
        offsets.append(offsets[-1] + length)


def _framed(parts: list[Any]) -> list[Any]:
    """A batch of one record, whose pickle is that of bytes that nobody has to join."""
    views = [memoryview(part).cast("B") for part in parts]
    head = b"\x80\x05\x8e" + _BYTES8.pack(sum(map(len, views)))  # PROTO 5, BINBYTES8
    payload: list[Any] = [head, *views, b"."]
    crc = 0
    for part in payload:
        crc = zlib.crc32(part, crc)
    length = sum(map(len, payload))
    return list(sealed([_HEADER.pack(_ONE_RECORD, 0, 0, 1, crc, length), *payload]))

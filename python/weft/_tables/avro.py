"""Avro container files: splits read from one sync marker on, and files written part by part.

The bytes come from the runner as they lie in the file; fastavro, which is compiled, finds and decodes the blocks.
"""

from __future__ import annotations

import io
import itertools
import zlib
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any, Union

from weft._ops.batching import in_lists
from weft._tables.needs import need, need_avro_codec

if TYPE_CHECKING:
    from weft._worker.rawfiles import FileSplit

__all__ = ["avro_reader", "avro_writer", "plain_record"]

Buffer = Union[bytes, memoryview]
_MAGIC = b"Obj\x01"
_SYNC = 16
_HEADER_BYTES = 64 << 10  # asked for at once; a longer header comes in more pieces
_BEYOND = 256 << 10  # what is asked for at once behind a split's end, where its last block ends
_PART_BYTES = 1 << 20
_ROWS = 1024


def avro_reader(reader_schema: Any) -> Callable[[int, Iterator[FileSplit]], Iterator[Any]]:
    """Make the step that gives the records of splits; ``reader_schema`` None: as they were written."""

    def read(_index: int, splits: Iterator[FileSplit]) -> Iterator[Any]:
        blocks = itertools.chain.from_iterable(_blocks(split, reader_schema) for split in splits)
        return itertools.chain.from_iterable(blocks)

    return read


def avro_writer(
    schema: Any, codec: str, sync_interval: int, what: str
) -> Callable[[int, Iterator[Any]], Iterator[tuple[int, bytes]]]:
    """Make the step that gives a file's parts, each with how many records it holds; ``what``: the call, for errors."""

    def write(_index: int, records: Iterator[Any]) -> Iterator[tuple[int, bytes]]:
        need("fastavro", what)
        need_avro_codec(codec)
        return _written(records, schema, codec, sync_interval, what)

    return write


def _blocks(split: FileSplit, reader_schema: Any) -> Iterator[Iterable[Any]]:
    """The blocks whose sync marker, the one before them, begins in the split: each is in one split."""
    fastavro = need("fastavro", "Reading Avro files")
    stream = _AvroStream(split)
    if not stream.starts_with(_MAGIC):
        raise _damaged(split, "it does not begin as an Avro file does (Obj and a byte 1)", None)
    try:
        reader = fastavro.block_reader(stream, reader_schema=reader_schema)
    except (EOFError, ValueError, IndexError, UnicodeDecodeError) as error:
        raise _damaged(split, "its header cannot be read", error) from error
    need_avro_codec(reader.codec)
    header = stream.tell()
    sync = stream.just_read(_SYNC)
    following = header if split.start <= header - _SYNC else stream.find(sync, split.start, split.stop)
    if following is not None:
        stream.go_to(following)
    while following is not None and following - _SYNC < split.stop:
        split.at(following)
        try:
            block = next(reader, None)
        except (EOFError, ValueError, OSError, IndexError, zlib.error) as error:
            raise _damaged(split, f"its block at byte {following:,} cannot be read", error) from error
        if block is None:
            return
        following = block.offset + block.size
        split.count(block.num_records)
        yield block


def _damaged(split: FileSplit, why: str, error: Exception | None) -> Exception:
    from weft.errors import InputDamagedError

    said = f" ({type(error).__name__}: {error})" if error is not None and str(error) else ""
    return InputDamagedError(f"{split.path} is damaged, or no Avro file: {why}{said}.", "E21", 1)


class _AvroStream:
    """The bytes of a file as fastavro reads them: from the file's beginning, and from another place after `go_to`."""

    def __init__(self, split: FileSplit) -> None:
        self._split = split
        self._pieces = split.read(0, _HEADER_BYTES)  # of what is asked for
        self._next = _HEADER_BYTES  # up to where that goes
        self._ended = False
        self._held = b""  # bytes of the file, from _base on
        self._base = 0
        self._at = 0  # of _held: what was read

    def tell(self) -> int:
        return self._base + self._at

    def read(self, size: int = -1) -> bytes:
        end = self._at + size
        while end > len(self._held) and self._receive():
            end = self._at + size
        found = self._held[self._at : end]
        self._at += len(found)
        return found

    def just_read(self, size: int) -> bytes:
        """The last bytes that were read, by one read."""
        return self._held[self._at - size : self._at]

    def starts_with(self, magic: bytes) -> bool:
        while len(self._held) < len(magic) and self._receive():
            pass
        return self._held.startswith(magic)

    def go_to(self, position: int) -> None:
        """Read on from another place of the file."""
        if self._base <= position <= self._base + len(self._held):
            self._at = position - self._base
            return
        self._base = self._next = position
        self._held = b""
        self._at = 0
        self._ended = False
        self._pieces = iter(())

    def find(self, sync: bytes, start: int, stop: int) -> int | None:
        """Where the block after the first marker that begins in a range begins; None if none does."""
        self.go_to(start)
        while True:
            found = self._held.find(sync, self._at)
            if found >= 0:
                after = self._base + found + len(sync)
                return after if after - len(sync) < stop else None
            self._at = max(self._at, len(self._held) - len(sync) + 1)
            if self._base + self._at >= stop:
                return None
            if not self._receive():
                return None

    def _receive(self) -> bool:
        """Take one more piece; False at the file's end."""
        while not self._ended:
            piece = next(self._pieces, None)
            if piece is not None:
                rest = self._held[self._at :]
                self._base += self._at
                self._at = 0
                self._held = rest + bytes(piece) if rest else bytes(piece)
                return True
            have = self._base + len(self._held)
            if have < self._next:
                self._ended = True  # the request got less than it asked for
                return False
            stop = max(self._split.stop + _SYNC + _BEYOND, have + _BEYOND)
            self._pieces = self._split.read(have, stop)
            self._next = stop
        return False


def _written(
    records: Iterator[Any], schema: Any, codec: str, sync_interval: int, what: str
) -> Iterator[tuple[int, bytes]]:
    from fastavro.write import Writer

    out = io.BytesIO()
    writer = Writer(out, schema, codec, sync_interval)
    convert = plain_record if isinstance(schema, dict) and schema.get("type") == "record" else None
    rows = 0
    for some in in_lists(records, _ROWS):
        rows += len(some)
        for record in some:
            try:
                writer.write(record if convert is None or type(record) is dict else convert(record))
            except (ValueError, TypeError, KeyError, AttributeError, OverflowError) as error:
                shown = repr(record)
                shown = shown if len(shown) <= 200 else shown[:199] + "…"
                raise ValueError(f"{what}: the record {shown} does not fit the schema: {error}") from error
        if out.tell() >= _PART_BYTES:
            yield rows, _taken(out)
            rows = 0
    writer.flush()
    yield rows, _taken(out)


def _taken(out: io.BytesIO) -> bytes:
    data = out.getvalue()
    out.seek(0)
    out.truncate()
    return data


def plain_record(record: Any) -> Any:
    """A record as fastavro takes it: PySpark's rows, named tuples and data classes as dicts."""
    for name in ("asDict", "_asdict"):
        method = getattr(record, name, None)
        if callable(method):
            return method()
    if hasattr(record, "__dataclass_fields__"):
        return {name: getattr(record, name) for name in record.__dataclass_fields__}
    return record

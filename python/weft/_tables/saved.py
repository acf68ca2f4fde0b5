"""Checkpointed partitions: files that hold batches as they go between processes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from weft._batches import BatchError, dump_records, read_batches, records_of
from weft.errors import InputDamagedError

if TYPE_CHECKING:
    from weft._worker.rawfiles import FileSplit

__all__ = ["read_part", "write_part"]


def write_part(_index: int, records: Iterator[Any]) -> Iterator[tuple[int, bytes]]:
    """The parts of a partition's file, each with how many records it holds."""
    for count, parts in dump_records(records):
        yield count, b"".join(parts)


def read_part(_index: int, splits: Iterator[FileSplit]) -> Iterator[Any]:
    """The records of a partition's file."""
    for split in splits:
        pieces = _Pieces(split)
        try:
            for record in records_of(read_batches(pieces.read)):
                split.count(1)
                yield record
        except BatchError as error:
            raise InputDamagedError(f"The checkpoint {split.path} is damaged: {error}", "E21", 3) from error


class _Pieces:
    """The bytes of a file, as many at a time as are asked for."""

    def __init__(self, split: FileSplit) -> None:
        self._pieces = split.read(0, split.stop)
        self._left = memoryview(b"")

    def read(self, size: int) -> bytes:
        found = bytearray()
        while len(found) < size:
            if not self._left:
                piece = next(self._pieces, None)
                if piece is None:
                    break
                self._left = memoryview(bytes(piece))
                continue
            taken = self._left[: size - len(found)]
            found += taken
            self._left = self._left[len(taken) :]
        return bytes(found)

"""What of Hadoop's formats needs no Hadoop: whole files, records of one length, and pickle files."""

from __future__ import annotations

import bz2
import gzip
import os
import pickle
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Union

from weft._batches import RECORDS, frame
from weft._inline.inputs import InputDamage, is_content, list_files
from weft._inline.planning import PlanNode, no_jvm
from weft._inline.sequence import SEQUENCE_INPUT, SequencePart, sequence_frames, sequence_parts

__all__ = ["FilesPart", "FixedPart", "FormatPart", "SequencePart", "format_frames", "format_parts"]

_WHOLE_FILES, _FIXED_RECORDS = "io.weft.runner.input.WholeFiles", "io.weft.runner.input.FixedRecords"
_OPEN_COST_BYTES = 4 << 20
_MOST_BYTES = 128 << 20
_BLOCK_BYTES = 32 << 20  # what Hadoop cuts local files at
_SLOP = 1.1
_CHUNK = 1 << 20
_LENGTH = struct.Struct(">I")
_DOES_NOT_COUNT = b"\xff\xff\xff\xff"
_OPENERS: dict[str, Any] = {".gz": gzip.open, ".bz2": bz2.open}


@dataclass(frozen=True)
class FilesPart:
    """Whole files; ``unpack``: those whose names say that they are compressed."""

    paths: tuple[str, ...]
    unpack: bool

    @property
    def kind(self) -> str:
        """What the worker is told that the input is."""
        return "files"


@dataclass(frozen=True)
class FixedPart:
    """Records of ``length`` bytes of one file."""

    path: str
    start: int
    stop: int
    length: int

    @property
    def kind(self) -> str:
        """What the worker is told that the input is."""
        return "batches"


FormatPart = Union[FilesPart, FixedPart, SequencePart]


def format_parts(node: PlanNode) -> list[FormatPart]:
    """Cut the input of a FormatSource.

    Raises
    ------
    NotSupportedError
        If only Hadoop's classes can read it.
    InputMissingError
        If a path does not exist.
    """
    site = f"{node.name} at {node.site}"
    given, settings = node.body["format"], node.body["format"]["settings"]
    if given["name"] == _WHOLE_FILES:
        return _whole(list_files(node.body["paths"], site), settings, unpack=node.body["view"] == "TEXTS")
    if given["name"] == _FIXED_RECORDS:
        files = list_files(node.body["paths"], site)
        return [part for path in files for part in _fixed(path, int(settings["weft.records.length"]))]
    if given["name"] == SEQUENCE_INPUT and node.body["view"] == "VALUES" and not given["valueConverter"]:
        return list(sequence_parts(list_files(node.body["paths"], site), node.body["minPartitions"]))
    raise no_jvm(site)


def _whole(files: list[str], settings: dict[str, str], *, unpack: bool) -> list[FormatPart]:
    """As CombineFileInputFormat does on one host: a part is closed when it has reached its size."""
    sizes = [os.path.getsize(path) for path in files]
    wanted = max(1, int(settings["weft.files.partitions"]))
    if settings["weft.files.binary"] == "true":
        most = min(_MOST_BYTES, max(_OPEN_COST_BYTES, sum(size + _OPEN_COST_BYTES for size in sizes) // wanted))
    else:
        most = -(-sum(sizes) // wanted)
    parts: list[list[str]] = [[]]
    held = 0
    for path, size in zip(files, sizes):
        parts[-1].append(path)
        held += size
        if 0 < most <= held:
            parts.append([])
            held = 0
    return [FilesPart(tuple(part), unpack) for part in parts if part]


def _fixed(path: str, length: int) -> list[FormatPart]:
    size = left = os.path.getsize(path)
    each = max(1, _BLOCK_BYTES // length) * length
    parts: list[FormatPart] = []
    while left / each > _SLOP:
        parts.append(FixedPart(path, size - left, size - left + each, length))
        left -= each
    if left:
        parts.append(FixedPart(path, size - left, size, length))
    return parts


def format_frames(part: FormatPart, left_out: dict[str, str] | None = None) -> Iterator[bytes]:
    """The bytes that a runner would send; with ``left_out`` no files whose packing is damaged, which are noted there.

    Raises
    ------
    InputDamage
        If a file cannot be read or unpacked to its end.
    """
    if isinstance(part, FixedPart):
        yield from _records(part)
        return
    if isinstance(part, SequencePart):
        yield from sequence_frames(part)
        return
    for path in part.paths:
        name = f"file:{path}".encode()
        yield _LENGTH.pack(len(name)) + name
        opener = _OPENERS.get(os.path.splitext(path)[1], open) if part.unpack else open
        try:
            with opener(path, "rb") as file:
                while data := file.read(_CHUNK - _LENGTH.size):
                    yield _LENGTH.pack(len(data)) + data
        except (OSError, EOFError, zlib.error) as error:
            damage = InputDamage(f"file:{path} cannot be read to its end: {error}")
            damage.__cause__ = error
            if left_out is None or not is_content(damage):
                raise damage from error
            left_out.setdefault(f"file:{path}", str(damage))
            yield _DOES_NOT_COUNT
            continue
        yield _LENGTH.pack(0)


def _records(part: FixedPart) -> Iterator[bytes]:
    length = part.length
    if part.path.endswith(tuple(_OPENERS)):
        raise InputDamage(f"file:{part.path}: records of one length are not read from compressed files; unpack it.")
    with open(part.path, "rb") as file:
        file.seek(part.start)
        left = part.stop - part.start
        while left > 0:
            data = file.read(min(left, max(1, _CHUNK // length) * length))
            if len(data) % length:
                raise InputDamage(
                    f"file:{part.path}: the last record has {len(data) % length} of {length} bytes (recordLength)."
                )
            left -= len(data)
            records = [data[at : at + length] for at in range(0, len(data), length)]
            yield b"".join(frame(RECORDS, len(records), pickle.dumps(records, 5)))

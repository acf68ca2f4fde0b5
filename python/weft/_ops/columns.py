"""Columns: lists of records or of their halves, to bytes and back."""

from __future__ import annotations

import io
import pickle
import struct
import sys
import zlib
from collections.abc import Callable, Sequence
from typing import Any

from weft._ops.sealing import sealed

__all__ = [
    "FRAME_HEADER",
    "KIND_PAIRS",
    "KIND_RECORDS",
    "KIND_RUN",
    "dump_column",
    "dump_parts",
    "estimate_bytes",
    "frame",
    "load_column",
]

# kind, flags, zero, count, CRC-32 of the payload, its length: the batch of shuffle/MAPOUTPUT.md
FRAME_HEADER = struct.Struct(">BBHIIQ")
KIND_RECORDS, KIND_PAIRS, KIND_RUN = 1, 2, 16

_ATOMS = frozenset({str, int, float, bool, bytes, type(None)})
_LONG_TEXT = 1024
_NODES = 24
_FEW_ROWS = 16


def dump_column(column: Any) -> bytes:
    """Pickle a list or array; without a memo where no sharing can matter, which is twice as fast.

    Instances of classes that travel by value (those of the user's script) are pickled as cloudpickle does it.
    """
    if type(column) is list and _needs_no_memo(column):
        buffer = io.BytesIO()
        pickler = pickle.Pickler(buffer, 5)
        pickler.fast = True
        pickler.dump(column)
        return buffer.getvalue()
    try:
        return pickle.dumps(column, 5)
    except (pickle.PicklingError, AttributeError, TypeError):
        import cloudpickle  # type: ignore[import-untyped, unused-ignore]

        return bytes(cloudpickle.dumps(column, 5))


def dump_parts(column: Any) -> tuple[bytes, ...]:
    """The same in parts: where there are few rows, large bytes in them are parts of their own, without a copy."""
    if type(column) is not list or len(column) > _FEW_ROWS:
        return (dump_column(column),)
    parts = _Parts()
    pickler = pickle.Pickler(parts, 5)
    pickler.fast = _needs_no_memo(column)
    try:
        pickler.dump(column)
    except (pickle.PicklingError, AttributeError, TypeError):
        import cloudpickle

        parts = _Parts()
        cloudpickle.Pickler(parts, 5).dump(column)
    return tuple(parts.written)


class _Parts:
    """A file that keeps what is written; what could change meanwhile is copied."""

    def __init__(self) -> None:
        self.written: list[bytes] = []

    def write(self, part: Any) -> None:
        self.written.append(part if type(part) is bytes else bytes(part))


load_column = pickle.loads


def frame(kind: int, count: int, *payloads: bytes) -> tuple[bytes, ...]:
    """A batch: its header and its payload, which may come in parts."""
    crc, length = 0, 0
    for payload in payloads:
        crc = zlib.crc32(payload, crc)
        length += len(payload)
    return tuple(sealed((FRAME_HEADER.pack(kind, 0, 0, min(count, 0xFFFFFFFF), crc, length), *payloads)))


def estimate_bytes(value: Any) -> int:
    """About how much memory a value takes: exact for texts and numbers, from a sample for containers.

    Looks at a few dozen objects at most, however large the value.
    """
    return _shallow(value) if type(value) in _ATOMS else _estimate(value, _NODES)[0]


def _by_length(value: Any, default: int = 64) -> int:
    """For an interpreter that does not tell an object's size: about what it takes."""
    if isinstance(value, (str, bytes, bytearray)):
        return default + len(value)
    return default + 8 * len(value) if isinstance(value, (list, tuple, dict, set, frozenset)) else default


_shallow: Callable[..., int] = _by_length if sys.implementation.name == "pypy" else sys.getsizeof


def _needs_no_memo(column: list[Any]) -> bool:
    kinds = set(map(type, column))
    return kinds <= _ATOMS and _shares_little(column, kinds)


def _shares_little(column: list[Any], kinds: set[type]) -> bool:
    """Whether writing repeated objects out each time cannot blow the column up: its texts are short or distinct."""
    if not kinds & {str, bytes}:
        return True
    texts = column if len(kinds) == 1 else [text for text in column if type(text) in (str, bytes)]
    return max(map(len, texts), default=0) <= _LONG_TEXT or len(set(map(id, texts))) == len(texts)


def _estimate(value: Any, nodes: int) -> tuple[int, int]:
    """Size and the nodes that are left to look at."""
    size = _shallow(value, 64)
    nodes -= 1
    parts: Sequence[Any]
    if isinstance(value, (str, bytes, bytearray, int, float)) or value is None:
        return size, nodes
    if isinstance(value, (list, tuple)):
        parts = value
    elif isinstance(value, (set, frozenset, dict)):
        parts = _some_of(value)
    else:
        parts = [attributes] if (attributes := getattr(value, "__dict__", None)) else []
    total = len(value) if isinstance(value, (list, tuple, set, frozenset, dict)) else len(parts)
    looked, inner = 0, 0
    stride = max(1, len(parts) // 4)
    for part in parts[::stride]:
        if nodes <= 0:
            break
        part_size, nodes = _estimate(part, nodes)
        inner += part_size
        looked += 1
    return size + (inner * total // looked if looked else 0), nodes


def _some_of(value: Any) -> list[Any]:
    some: list[Any] = []
    items = value.items() if isinstance(value, dict) else value
    for item in items:
        some.append(item)
        if len(some) == 4:
            break
    return some

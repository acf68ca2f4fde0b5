"""Batches in a serializer of the user's: the payload of kind 6, shuffle/MAPOUTPUT.md."""

from __future__ import annotations

import functools
import io
import pickle
import struct
from collections.abc import Iterable
from typing import Any

__all__ = ["decode", "encode"]

_LENGTH = struct.Struct(">I")


def encode(serializer: Any, records: Iterable[Any]) -> tuple[bytes, bytes]:
    """The two parts of the payload: the serializer with its length, and what it makes of the records."""
    stream = io.BytesIO()
    serializer.dump_stream(records, stream)
    return _head(serializer), stream.getvalue()


def decode(payload: Any) -> list[Any]:
    """The records of a payload."""
    view = memoryview(payload)
    (length,) = _LENGTH.unpack(view[: _LENGTH.size])
    end = _LENGTH.size + length
    serializer = _load(bytes(view[_LENGTH.size : end]))
    return list(serializer.load_stream(io.BytesIO(view[end:])))


_heads: dict[int, tuple[Any, bytes]] = {}
_MOST_HEADS = 64


def _head(serializer: Any) -> bytes:
    """The serializer as it stands in front of records; pickled once for each object."""
    known = _heads.get(id(serializer))
    if known is None or known[0] is not serializer:
        import cloudpickle  # type: ignore[import-untyped, unused-ignore]

        data = cloudpickle.dumps(serializer, 5)
        if len(_heads) >= _MOST_HEADS:
            _heads.clear()
        known = _heads[id(serializer)] = serializer, _LENGTH.pack(len(data)) + data
    return known[1]


@functools.lru_cache(maxsize=64)
def _load(data: bytes) -> Any:
    return pickle.loads(data)

"""Batches on local disks under lock: AES-256-GCM, by a key that the application has for itself.

What is sealed is the payload of a batch, so that whatever carries batches (runners, block servers, YARN's shuffle
service) carries them as they are. The layout is in MAPOUTPUT.md.
"""

from __future__ import annotations

import os
import struct
import zlib
from collections.abc import Sequence
from typing import Any

__all__ = ["SEALED", "SealError", "opened", "seal_by", "sealed"]

SEALED = 1
"""The flag of a sealed batch."""

_HEADER = struct.Struct(">BBHIIQ")
_PLACE = struct.Struct(">BQB")  # what a piece is bound to: kind of its batch, number in it, whether it is the last
_PIECE_BYTES = 64 << 20
_NONCE_BYTES, _TAG_BYTES = 12, 16
_box: Any = None


class SealError(OSError):
    """A sealed batch cannot be opened: it is damaged, or was sealed by another application."""


def seal_by(box: Any) -> None:
    """Seal from now on by this AESGCM of the library cryptography; None: no more."""
    global _box
    _box = box


def sealed(parts: Sequence[bytes]) -> Sequence[bytes]:
    """Header and payload of one batch, sealed if there is a key."""
    if _box is None:
        return parts
    kind, _, _, count, _, _ = _HEADER.unpack(parts[0])
    plain = memoryview(parts[1] if len(parts) == 2 else b"".join(parts[1:]))
    pieces: list[bytes] = []
    crc = length = 0
    for number, start in enumerate(range(0, len(plain) or 1, _PIECE_BYTES)):
        last = start + _PIECE_BYTES >= len(plain)
        nonce = os.urandom(_NONCE_BYTES)
        place = _PLACE.pack(kind, number, last)
        pieces += nonce, _box.encrypt(nonce, plain[start : start + _PIECE_BYTES], place)
    for piece in pieces:
        crc = zlib.crc32(piece, crc)
        length += len(piece)
    return (_HEADER.pack(kind, SEALED, 0, count, crc, length), *pieces)


def opened(kind: int, payload: bytes | bytearray | memoryview) -> bytes:
    """The payload of a sealed batch.

    Raises
    ------
    SealError
        If it is not what was sealed, or there is no key.
    """
    if _box is None:
        raise SealError("a sealed batch, and no key to open it")
    from cryptography.exceptions import InvalidTag

    view = memoryview(payload)
    stride = _PIECE_BYTES + _NONCE_BYTES + _TAG_BYTES
    pieces = []
    for number, start in enumerate(range(0, len(view), stride)):
        piece = view[start : start + stride]
        place = _PLACE.pack(kind, number, start + stride >= len(view))
        try:
            pieces.append(_box.decrypt(bytes(piece[:_NONCE_BYTES]), piece[_NONCE_BYTES:], place))
        except (InvalidTag, ValueError) as wrong:
            raise SealError("a sealed batch is not what was sealed") from wrong
    return pieces[0] if len(pieces) == 1 else b"".join(pieces)

"""What may come to lie on local disks, under lock: AES-256-GCM, by a key that the application has for itself.

What is sealed is the payload of a batch, so that whatever carries batches (runners, block servers, YARN's shuffle
service, the gateway) carries them as they are; or something whole that nobody looks into on its way, such as a
function. The layout is in MAPOUTPUT.md.
"""

from __future__ import annotations

import hmac
import os
import struct
import zlib
from collections.abc import Callable, Iterator, Sequence
from typing import Any

__all__ = ["SEALED", "SealError", "opened", "opened_whole", "seal_by", "sealed", "sealed_whole", "sealer"]

SEALED = 1
"""The flag of a sealed batch."""

_HEADER = struct.Struct(">BBHIIQ")
_PLACE = struct.Struct(">BQB")  # what a piece is bound to: kind of its batch, number in it, whether it is the last
_PIECE_BYTES = 64 << 20
_NONCE_BYTES, _TAG_BYTES = 12, 16
_WHOLE = 0  # stands where a batch has its kind
_PREFIX = b"WEFTSEAL"  # no pickle begins so
_box: Any = None
_salt = os.urandom(32)


class SealError(OSError):
    """A sealed batch cannot be opened: it is damaged, or was sealed by another application."""


def seal_by(box: Any) -> None:
    """Seal from now on by this AESGCM of the library cryptography; None: no more."""
    global _box
    _box = box


def sealer() -> Any:
    """What seals now; None: nothing does."""
    return _box


def sealed(parts: Sequence[bytes]) -> Sequence[bytes]:
    """Header and payload of one batch, sealed if there is a key."""
    if _box is None:
        return parts
    kind, _, _, count, _, _ = _HEADER.unpack(parts[0])
    plain = memoryview(parts[1] if len(parts) == 2 else b"".join(parts[1:]))
    pieces = list(_pieces(kind, plain, lambda _: os.urandom(_NONCE_BYTES)))
    crc = length = 0
    for piece in pieces:
        crc = zlib.crc32(piece, crc)
        length += len(piece)
    return (_HEADER.pack(kind, SEALED, 0, count, crc, length), *pieces)


def sealed_whole(data: bytes) -> bytes:
    """Something that goes its way in one piece, sealed if there is a key; in one process the same each time."""
    if _box is None:
        return data
    # of data and of what nobody else knows, so no nonce serves twice, and equal functions have equal names
    digest = hmac.digest(_salt, data, "sha256")

    def nonce(number: int) -> bytes:
        return hmac.digest(digest, b"%d" % number, "sha256")[:_NONCE_BYTES]

    return b"".join((_PREFIX, *_pieces(_WHOLE, memoryview(data), nonce)))


def opened_whole(data: bytes) -> bytes:
    """What :func:`sealed_whole` was given.

    Raises
    ------
    SealError
        If it is not what was sealed, or there is no key.
    """
    return opened(_WHOLE, memoryview(data)[len(_PREFIX) :]) if data[: len(_PREFIX)] == _PREFIX else data


def _pieces(kind: int, plain: memoryview, nonce_of: Callable[[int], bytes]) -> Iterator[bytes]:
    for number, start in enumerate(range(0, len(plain) or 1, _PIECE_BYTES)):
        nonce = nonce_of(number)
        place = _PLACE.pack(kind, number, start + _PIECE_BYTES >= len(plain))
        yield nonce
        yield _box.encrypt(nonce, plain[start : start + _PIECE_BYTES], place)


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
    if not pieces:
        raise SealError("a sealed batch is not what was sealed")
    return pieces[0] if len(pieces) == 1 else b"".join(pieces)

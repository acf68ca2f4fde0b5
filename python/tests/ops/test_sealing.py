"""What is sealed as a whole comes back, says nothing on its way, and is refused when it was touched."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from weft._ops import sealing


@pytest.fixture(autouse=True)
def key() -> Iterator[None]:
    aead = pytest.importorskip("cryptography.hazmat.primitives.ciphers.aead")
    sealing.seal_by(aead.AESGCM(os.urandom(32)))
    yield
    sealing.seal_by(None)


@pytest.mark.parametrize(
    ("text", "times"), [(b"", 0), (b"x", 1), (b"in the clear", 10_000), (b"\0" * 13, 5_200_000)], ids=str
)
def test_what_is_sealed_comes_back(text: bytes, times: int) -> None:
    data = text * times
    found = sealing.sealed_whole(data)
    assert sealing.opened_whole(found) == data
    assert len(data) < 12 or data[:12] not in found


def test_equal_bytes_stay_equal_and_others_share_no_nonce() -> None:
    one, same, other = (sealing.sealed_whole(data) for data in (b"function", b"function", b"functions"))
    assert one == same
    assert one[8:20] != other[8:20]


@pytest.mark.parametrize("at", [8, 20, -1])
def test_a_changed_byte_is_found(at: int) -> None:
    found = bytearray(sealing.sealed_whole(b"function"))
    found[at] ^= 1
    with pytest.raises(sealing.SealError, match="not what was sealed"):
        sealing.opened_whole(bytes(found))


def test_a_piece_less_is_found() -> None:
    found = sealing.sealed_whole(bytes((64 << 20) + 5))
    for length in (8, 8 + (64 << 20) + 28):
        with pytest.raises(sealing.SealError, match="not what was sealed"):
            sealing.opened_whole(found[:length])


def test_what_was_not_sealed_stays_as_it_is() -> None:
    sealing.seal_by(None)
    assert sealing.sealed_whole(b"\x80\x05.") == sealing.opened_whole(b"\x80\x05.") == b"\x80\x05."


def test_without_the_key_nothing_opens() -> None:
    found = sealing.sealed_whole(b"function")
    sealing.seal_by(None)
    with pytest.raises(sealing.SealError, match="no key"):
        sealing.opened_whole(found)

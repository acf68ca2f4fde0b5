"""The data socket's frames, in orders that a gateway may send them."""

from __future__ import annotations

import json
import os
import pickle
import socket
import struct
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from weft._collected import Collected
from weft._datasocket import DataSocket, Failure
from weft._serializers import encode_batches
from weft.errors import InternalError

HEADER = struct.Struct(">IBBH")
Script = Callable[[socket.socket], None]


def _frame(kind: int, body: Any) -> bytes:
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    return HEADER.pack(len(data), kind, 0, 0) + data


def _answering(folder: Path, answer: bytes) -> DataSocket:
    """A connection to a server that sends ``answer`` whatever it is asked, and then closes."""
    path = os.path.relpath(folder / "s")
    server = socket.socket(socket.AF_UNIX)
    server.bind(path)
    server.listen()

    def serve() -> None:
        connection, _ = server.accept()
        with connection, server:
            connection.sendall(answer)
            connection.shutdown(socket.SHUT_WR)
            try:
                while connection.recv(65536):
                    pass
            except ConnectionResetError:  # the client has closed with our bytes unread
                pass

    threading.Thread(target=serve, daemon=True).start()
    return DataSocket(path, "0" * 64)


def _run(data: DataSocket) -> tuple[list[Any], list[Any], Any]:
    records: list[Any] = []
    progress: list[Any] = []

    def again(index: int) -> None:
        records[:] = [record for record in records if record[0] != index]

    answer = data.run(b"plan", lambda index, some: records.extend((index, x) for x in some), progress.append, again)
    return records, progress, answer


@pytest.mark.parametrize("sent", [0, 5, 16, 20, "a batch", "all"])
def test_a_result_that_is_cut_off_anywhere_comes_again(tmp_path: Path, sent: int | str) -> None:
    batches = list(encode_batches(list(range(200))))
    stream = b"".join(batches)
    size = sent if isinstance(sent, int) else len(batches[0]) + len(batches[1]) if sent == "a batch" else len(stream)
    frames = [_frame(68, {"index": 4, "records": 0}), _frame(68, {"index": 3, "records": 200})]
    frames += [_frame(66, stream[:size]), _frame(69, {"job": 1, "stages": []})]
    frames += [_frame(68, {"index": 3, "records": 200, "again": True}), _frame(66, stream)]
    frames += [_frame(68, {"index": 9, "records": 1, "again": False}), _frame(66, b"".join(encode_batches("x")))]
    frames.append(_frame(70, {"job": 1, "stats": {}}))
    records, _, _ = _run(_answering(tmp_path, b"".join(frames)))
    assert records == [(3, number) for number in range(200)] + [(9, "x")]


@pytest.mark.parametrize("cut", [True, False])
def test_results_that_come_anew_replace_all_that_came(tmp_path: Path, cut: bool) -> None:
    old, new = (b"".join(encode_batches([text])) for text in ("old", "new"))
    frames = []
    for index in (3, 4):
        frames += [_frame(68, {"index": index, "records": 1, "anew": False}), _frame(66, old)]
    frames += [_frame(68, {"index": 5, "records": 1}), _frame(66, old[:-2] if cut else old)]
    for index in (3, 4, 5):
        frames += [_frame(68, {"index": index, "records": 1, "anew": index == 3}), _frame(66, new)]
    frames.append(_frame(70, {"job": 1, "stats": {}}))
    result = Collected()
    _answering(tmp_path, b"".join(frames)).run(b"plan", result.add, lambda _: None, result.again)
    assert result.records == ["new"] * 3


def test_a_batch_may_be_cut_anywhere_and_progress_may_come_between(tmp_path: Path) -> None:
    stream = b"".join(encode_batches(["a" * 50, 2]))
    frames = [_frame(68, {"index": 3, "records": 2})]
    for byte in range(0, len(stream), 7):
        frames += [_frame(66, stream[byte : byte + 7]), _frame(69, {"job": 1, "stages": []})]
    frames += [_frame(68, {"index": 5, "records": 0}), _frame(70, {"job": 1, "stats": {"tasks": 2}})]
    records, progress, answer = _run(_answering(tmp_path, b"".join(frames)))
    assert records == [(3, "a" * 50), (3, 2)]
    assert len(progress) == -(-len(stream) // 7)
    assert answer["stats"] == {"tasks": 2}


def test_a_failure_within_a_result_is_the_failure(tmp_path: Path) -> None:
    stream = b"".join(encode_batches([1, 2, 3]))
    text = json.dumps({"code": "E01", "message": "m"}).encode()
    failed = struct.pack(">I", len(text)) + text + pickle.dumps(KeyError("k"))
    answer = _frame(68, {"index": 0, "records": 3}) + _frame(66, stream[:-4]) + _frame(71, failed)
    data = _answering(tmp_path, answer)
    with pytest.raises(Failure) as caught:
        _run(data)
    assert caught.value.detail["code"] == "E01"
    assert isinstance(pickle.loads(caught.value.pickled), KeyError)
    assert not data.closed


def test_a_result_that_ends_within_a_batch_is_told(tmp_path: Path) -> None:
    stream = b"".join(encode_batches([1, 2, 3]))
    answer = _frame(68, {"index": 0, "records": 3}) + _frame(66, stream[:-4]) + _frame(70, {})
    data = _answering(tmp_path, answer)
    with pytest.raises(InternalError, match="ended within a batch"):
        _run(data)
    assert data.closed


def test_a_damaged_batch_is_told(tmp_path: Path) -> None:
    stream = bytearray(b"".join(encode_batches([1, 2, 3])))
    stream[-1] ^= 1
    answer = _frame(68, {"index": 0, "records": 3}) + _frame(66, bytes(stream)) + _frame(70, {})
    with pytest.raises(InternalError, match="check sum"):
        _run(_answering(tmp_path, answer))


def test_a_gateway_that_goes_away_ends_the_request(tmp_path: Path) -> None:
    data = _answering(tmp_path, _frame(68, {"index": 0, "records": 3}))
    with pytest.raises(EOFError):
        _run(data)
    assert data.closed


def test_a_frame_beyond_the_limit_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InternalError, match="4194304 are the most"):
        _run(_answering(tmp_path, HEADER.pack(5 << 20, 68, 0, 0)))


def test_an_interrupt_closes_the_connection(tmp_path: Path) -> None:
    stream = b"".join(encode_batches([1]))
    data = _answering(tmp_path, _frame(68, {"index": 0, "records": 1}) + _frame(66, stream))

    def interrupted(_index: int, _records: list[Any]) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        data.run(b"plan", interrupted, lambda _: None, lambda _: None)
    assert data.closed


def test_batches_hold_at_most_8192_records_and_large_ones_few() -> None:
    counts = [struct.unpack_from(">I", batch, 4)[0] for batch in list(encode_batches(list(range(100_000))))[::2]]
    assert sum(counts) == 100_000
    assert max(counts) == 8192
    large = [struct.unpack_from(">I", batch, 4)[0] for batch in list(encode_batches(_large(40)))[::2]]
    assert sum(large) == 40
    assert max(large) <= 8


def _large(count: int) -> list[str]:
    return [chr(65 + number) * 1_000_000 for number in range(count)]

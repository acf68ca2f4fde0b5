"""Frames between runner and worker: container-runner/src/main/java/io/weft/runner/worker/PROTOCOL.md."""

from __future__ import annotations

import json
import socket
import struct
from enum import IntEnum
from typing import Any, NamedTuple

from weft._frames import send_frame
from weft._ops.scope import end_if_forked

__all__ = ["Connection", "Frame", "FrameError", "FrameType", "MAX_BODY", "RunnerGone", "pack_json_and_bytes"]

HEADER = struct.Struct(">IBBH")
MAX_BODY = 4 << 20
BULK = 1 << 20
_U32 = struct.Struct(">I")


class FrameType(IntEnum):
    """Every type of frame, by its number on the wire."""

    TASK = 1
    DATA = 2
    END = 3
    LOCAL = 4
    FAIL = 5
    BLOB = 6
    SHUTDOWN = 7
    BROADCAST = 8
    FILES = 9
    PASSED = 10
    HELLO = 16
    OPEN = 17
    CREDIT = 18
    CLOSE = 19
    NEED = 20
    RESULT = 21
    OUTPUT = 22
    DONE = 23
    ERROR = 24
    STEP = 25
    LOOKUP = 26
    PART = 27
    REJECTS = 28
    BARRIER = 29


_FROM_RUNNER = frozenset(range(1, 11))


class FrameError(Exception):
    """The runner sent what the protocol does not allow."""


class RunnerGone(Exception):  # it is no error of the worker's
    """The runner closed the connection."""


class Frame(NamedTuple):
    """One received frame."""

    type: int
    stream: int
    body: bytes

    def json(self) -> dict[str, Any]:
        """The body as a JSON object."""
        found = json.loads(self.body)
        if not isinstance(found, dict):
            raise FrameError(f"frame {self.type} holds no JSON object")
        return found

    def json_and_bytes(self) -> tuple[dict[str, Any], memoryview]:
        """The body as `u32 length | JSON | bytes`."""
        (length,) = _U32.unpack_from(self.body)
        return json.loads(self.body[4 : 4 + length]), memoryview(self.body)[4 + length :]


def pack_json_and_bytes(value: dict[str, Any], rest: bytes) -> bytes:
    """The body `u32 length | JSON | bytes`."""
    text = json.dumps(value).encode()
    return _U32.pack(len(text)) + text + rest


class Connection:
    """The worker's end of one connection. One thread uses it."""

    def __init__(self, connected: socket.socket) -> None:
        self._socket = connected
        self.received_bytes = 0

    def fileno(self) -> int:
        """The socket's file descriptor."""
        return self._socket.fileno()

    def send(self, kind: int, stream: int, body: bytes | bytearray | memoryview) -> None:
        """Send one frame whole."""
        end_if_forked()
        header = HEADER.pack(len(body), kind, stream, 0)
        try:
            if len(body) < 16384:
                self._socket.sendall(header + body)
                return
            send_frame(self._socket, header, body)
        except (BrokenPipeError, ConnectionResetError) as error:
            raise RunnerGone from error

    def send_json(self, kind: int, stream: int, value: dict[str, Any]) -> None:
        """Send one frame with a JSON body."""
        self.send(kind, stream, json.dumps(value).encode())

    def send_bulk(self, kind: int, data: bytes | memoryview) -> None:
        """Send any number of bytes, in bodies of at most 1 MiB."""
        view = memoryview(data)
        for start in range(0, len(view), BULK):
            self.send(kind, 0, view[start : start + BULK])

    def receive(self) -> Frame:
        """The next frame; RunnerGone at the connection's end."""
        end_if_forked()
        length, kind, stream, zero = HEADER.unpack(self._read(HEADER.size))
        if length > MAX_BODY or zero or kind not in _FROM_RUNNER:
            raise FrameError(f"type {kind}, length {length:,}, reserved {zero}")
        return Frame(kind, stream, self._read(length) if length else b"")

    def _read(self, size: int) -> bytes:
        try:
            data = self._socket.recv(size, socket.MSG_WAITALL)
            while 0 < len(data) < size:
                more = self._socket.recv(size - len(data), socket.MSG_WAITALL)
                if not more:
                    raise RunnerGone
                data += more
        except ConnectionResetError as error:
            raise RunnerGone from error
        if not data:
            raise RunnerGone
        self.received_bytes += size
        return data

"""Inputs of a task: pulled from the runner by credits, or read from local files where the runner says so."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Iterator
from typing import Any, Union

from weft._batches import Batch, BatchError, read_batches
from weft._flow import Flow
from weft._worker.frames import Connection, Frame, FrameError, FrameType

__all__ = ["InputFailed", "InputStream", "Streams"]

CREDITS = 4
_CHUNK = 1 << 20
_OF_INPUTS = (FrameType.DATA, FrameType.END, FrameType.LOCAL, FrameType.FAIL, FrameType.FILES)

Buffer = Union[bytes, memoryview]


class InputFailed(Exception):  # names what happened
    """The runner could not deliver an input, or what it delivered is damaged; `cause` is its own account."""

    def __init__(self, cause: dict[str, Any]) -> None:
        super().__init__(str(cause.get("message", "an input failed")))
        self.cause = cause


class Streams:
    """All inputs of the running task: sorts arriving frames by input."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self._waiting: dict[int, deque[Frame]] = {}
        self._closed: set[int] = set()

    def start_task(self) -> None:
        """Forget the inputs of the task before."""
        self._waiting.clear()
        self._closed.clear()

    def open(self, number: int, request: dict[str, Any]) -> InputStream:
        """Ask for input `number`; shuffle inputs name their parts in `request`."""
        if number in self._waiting and number not in self._closed:
            raise FrameError(f"input {number} is open already")
        self._waiting[number] = deque()
        self._closed.discard(number)
        self.connection.send_json(FrameType.OPEN, number, {"credits": CREDITS, **request})
        return InputStream(self, number)

    def close_all(self) -> None:
        """Close what is still open and drop what is on its way, so that the next task starts clean."""
        for number in list(self._waiting):
            self.close(number)

    def close(self, number: int) -> None:
        """No more of this input is wanted."""
        if number in self._waiting and number not in self._closed:
            self._closed.add(number)
            self._waiting[number].clear()
            self.connection.send_json(FrameType.CLOSE, number, {})

    def next(self, number: int) -> Frame:
        """The next frame of this input; frames of others wait (no more of them than their credits)."""
        waiting = self._waiting[number]
        while not waiting:
            arrived = self.connection.receive()
            if not self._keep(arrived):
                raise FrameError(f"frame {arrived.type} while a task reads input {number}")
        return waiting.popleft()

    def receive(self, kind: int) -> Frame:
        """The next frame of this type; what arrives for open inputs meanwhile waits for them."""
        while True:
            arrived = self.connection.receive()
            if arrived.type == kind:
                return arrived
            if not self._keep(arrived):
                raise FrameError(f"frame {arrived.type} instead of {kind}")

    def _keep(self, arrived: Frame) -> bool:
        """Whether the frame is of an input; it is kept if that is open."""
        if arrived.type not in _OF_INPUTS:
            # the answer to a call of barrier() that an exception of the user's has ended
            return arrived.type == FrameType.PASSED
        if arrived.stream in self._waiting and arrived.stream not in self._closed:
            self._waiting[arrived.stream].append(arrived)
        return True

    def consumed(self, number: int) -> None:
        """Give one credit back."""
        self.connection.send(FrameType.CREDIT, number, b"\x00\x00\x00\x01")

    def ended(self, number: int) -> None:
        """The input has ended by itself."""
        self._closed.add(number)


class InputStream:
    """One input, as chunks of bytes in order."""

    def __init__(self, streams: Streams, number: int) -> None:
        self._streams = streams
        self._number = number
        self._chunks = self.chunks()
        self._chunk = memoryview(b"")
        self.bytes = 0
        self.missing = False  # a persisted partition that is not there; known at the end
        self._files: list[Any] = []

    def chunks(self) -> Iterator[Buffer]:
        """The input's bytes, at most 1 MiB at a time."""
        streams, number = self._streams, self._number
        while True:
            frame = streams.next(number)
            if frame.type == FrameType.DATA:
                self.bytes += len(frame.body)
                yield frame.body
                streams.consumed(number)
            elif frame.type == FrameType.FILES:
                self._files = frame.json()["files"]
            elif frame.type == FrameType.LOCAL:
                yield from self._local(frame.json())
                streams.consumed(number)
            elif frame.type == FrameType.END:
                self.missing = bool(frame.json().get("missing"))
                streams.ended(number)
                return
            else:
                streams.ended(number)
                raise InputFailed(frame.json())

    def take_files(self) -> list[Any]:
        """Which files the chunk that has come is from, as FILES says it; empty if it goes on with the one before."""
        files, self._files = self._files, []
        return files

    def batches(self) -> Iterator[Batch]:
        """The input as a batch stream; damage is an `InputFailed` with cause `corrupt`."""
        try:
            yield from read_batches(self._read_exact, lambda size, crc: Flow(self._fill, size, crc, self._corrupt))
        except BatchError as error:
            raise self._corrupt(str(error)) from error

    def read(self, size: int) -> Buffer:
        """So many bytes, or none at the end."""
        return self._read_exact(size)

    def close(self) -> None:
        """No more is wanted."""
        self._streams.close(self._number)

    def _local(self, part: dict[str, Any]) -> Iterator[Buffer]:
        path, offset, left = part["path"], part["offset"], part["length"]
        try:
            descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        except OSError as error:
            raise self._lost(part, str(error)) from error
        try:
            while left:
                data = os.pread(descriptor, min(left, _CHUNK), offset)
                if not data:
                    raise self._lost(part, f"{path} ends at {offset}, {left} bytes early")
                offset += len(data)
                left -= len(data)
                self.bytes += len(data)
                yield data
        finally:
            os.close(descriptor)

    def _lost(self, part: dict[str, Any], reason: str) -> InputFailed:
        return InputFailed({"kind": "lost", "message": reason, "stream": self._number, "map": part.get("map", -1)})

    def _corrupt(self, message: str) -> InputFailed:
        offset = max(0, self.bytes - len(self._chunk) - 1)
        return InputFailed({"kind": "corrupt", "message": message, "stream": self._number, "offset": offset})

    def _read_exact(self, size: int) -> Buffer:
        chunk = self._chunk
        if len(chunk) >= size:
            self._chunk = chunk[size:]
            return chunk[:size]
        parts, have = ([chunk] if chunk else []), len(chunk)
        if have + _CHUNK < size:
            return self._read_large(size)
        while have < size:
            following = next(self._chunks, None)
            if following is None:
                if have:
                    raise BatchError("the stream ends inside a batch")
                return b""
            parts.append(memoryview(following))
            have += len(following)
        surplus = have - size
        last = parts[-1]
        self._chunk = last[len(last) - surplus :]
        parts[-1] = last[: len(last) - surplus]
        return parts[0] if len(parts) == 1 else b"".join(parts)

    def _read_large(self, size: int) -> Buffer:
        """Many chunks into one buffer that is allocated once."""
        target = memoryview(bytearray(size))
        self._fill(target)
        return target

    def _fill(self, target: memoryview) -> None:
        at = 0
        while at < len(target):
            if not self._chunk:
                following = next(self._chunks, None)
                if following is None:
                    raise self._corrupt("the stream ends inside a batch")
                self._chunk = memoryview(following)
            taken = min(len(self._chunk), len(target) - at)
            target[at : at + taken] = self._chunk[:taken]
            self._chunk = self._chunk[taken:]
            at += taken

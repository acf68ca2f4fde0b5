"""The runner's side of the worker protocol, answered in the same process: frames are returned, not sent."""

from __future__ import annotations

import json
import struct
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from weft._inline.formats import FilesPart, FixedPart, SequencePart, format_frames
from weft._inline.inputs import InputDamage, Split, raw_range, raw_size, read_split
from weft._inline.interrupts import Cancelled
from weft._inline.shuffles import Shuffles
from weft._inline.trees import BlockPart, Input, KeptInput
from weft._worker.frames import Connection, Frame, FrameError, FrameType, pack_json_and_bytes

__all__ = ["InlineConnection", "OnPart", "Sink"]

_CHUNK = 1 << 20
_CREDITS = struct.Struct(">I")
Sink = Callable[[memoryview], None]
OnPart = Callable[..., None]


class InlineConnection(Connection):
    """Serves the inputs, functions and sinks of one task after another.

    Parameters
    ----------
    blocks : mapping of str to bytes
        What the driver has uploaded.
    shuffles : Shuffles
        What earlier stages have written.
    is_cancelled : callable
        Asked at every frame.
    """

    def __init__(self, blocks: Mapping[str, bytes], shuffles: Shuffles, is_cancelled: Callable[[], bool]) -> None:
        self.received_bytes = 0
        self.on_reject: Callable[[int, memoryview], None] | None = None
        self.left_out: dict[str, str] | None = None  # where damaged files are noted, if they may be left out
        self._blocks = blocks
        self._shuffles = shuffles
        self._is_cancelled = is_cancelled
        self.begin([], lambda _: None)

    def begin(self, inputs: list[Input], sink: Sink, on_part: OnPart | None = None) -> None:
        """Prepare for a task that reads ``inputs``; its results or lines go to ``sink``, PART frames to ``on_part``."""
        self._on_part = on_part
        self._inputs = inputs
        self._sink = sink
        self._open: dict[int, Iterator[Frame]] = {}
        self._credits: dict[int, int] = {}
        self._ready: deque[Frame] = deque()

    def fileno(self) -> int:
        """There is no socket."""
        return -1

    def send(self, kind: int, stream: int, body: bytes | bytearray | memoryview) -> None:
        """Take a frame of the worker's."""
        self._check()
        if kind == FrameType.CREDIT:
            if stream in self._credits:
                self._credits[stream] += _CREDITS.unpack(body)[0]
        elif kind == FrameType.REJECTS:
            head, lines = Frame(kind, 0, bytes(body)).json_and_bytes()
            assert self.on_reject is not None
            self.on_reject(head["id"], lines)
        elif kind in (FrameType.RESULT, FrameType.OUTPUT):
            self._sink(memoryview(body))

    def send_json(self, kind: int, stream: int, value: dict[str, Any]) -> None:
        """Take a frame of the worker's whose body is JSON."""
        self._check()
        if kind == FrameType.OPEN:
            self._open[stream] = self._frames(stream, value)
            self._credits[stream] = value["credits"]
        elif kind == FrameType.PART:
            assert self._on_part is not None
            self._on_part(value["folder"], last=value["last"])
        elif kind == FrameType.CLOSE:
            self._open.pop(stream, None)
            self._credits.pop(stream, None)
        elif kind == FrameType.NEED:
            head = {"hash": value["hash"], "last": True}
            self._ready.append(Frame(FrameType.BLOB, 0, pack_json_and_bytes(head, self._blocks[value["hash"]])))

    def send_bulk(self, kind: int, data: bytes | memoryview) -> None:
        """Take any number of bytes at once."""
        self.send(kind, 0, data)

    def receive(self) -> Frame:
        """The frame that a runner would send next."""
        self._check()
        if self._ready:
            return self._ready.popleft()
        for stream, frames in self._open.items():
            if self._credits[stream] > 0:
                frame = next(frames)
                if frame.type in (FrameType.END, FrameType.FAIL):
                    del self._open[stream], self._credits[stream]
                elif frame.type != FrameType.FILES:
                    self._credits[stream] -= 1
                return frame
        raise FrameError("the task waits for input, and none is open")

    def _check(self) -> None:
        if self._is_cancelled():
            raise Cancelled

    def _frames(self, stream: int, request: dict[str, Any]) -> Iterator[Frame]:
        source = self._inputs[stream]
        try:
            if isinstance(source, Split) and source.ranges[0].raw:
                yield from self._raw_frames(stream, source, request)
            elif isinstance(source, Split):
                for block in read_split(source, self.left_out):
                    files = {"files": [[0, block.path, block.start, block.ends]]}
                    yield Frame(FrameType.FILES, stream, json.dumps(files).encode())
                    yield Frame(FrameType.DATA, stream, block.data)
            elif isinstance(source, (FilesPart, FixedPart, SequencePart)):
                for data in format_frames(source, self.left_out):
                    yield Frame(FrameType.DATA, stream, data)
            elif isinstance(source, BlockPart):
                data = self._blocks[source.block]
                for start in range(source.start, source.stop, _CHUNK):
                    yield Frame(FrameType.DATA, stream, data[start : min(start + _CHUNK, source.stop)])
            elif isinstance(source, KeptInput):
                found = self._shuffles.kept(source.rdd, source.partition)
                if found is None:
                    yield Frame(FrameType.END, stream, b'{"missing": true}')
                    return
                if found["length"]:
                    yield Frame(FrameType.LOCAL, stream, json.dumps(found).encode())
            else:
                for part in self._shuffles.parts(source.shuffle, request):
                    yield Frame(FrameType.LOCAL, stream, json.dumps(part).encode())
        except InputDamage as damage:
            cause = {"kind": "input", "code": "E21", "message": str(damage)}
            yield Frame(FrameType.FAIL, stream, json.dumps(cause).encode())
        yield Frame(FrameType.END, stream, b"{}")

    @staticmethod
    def _raw_frames(stream: int, source: Split, request: dict[str, Any]) -> Iterator[Frame]:
        path = source.ranges[request["file"]].path
        if request.get("size"):
            yield Frame(FrameType.DATA, stream, raw_size(path).to_bytes(8, "big"))
            return
        found = raw_range(path, request["from"], request["to"])
        if found is not None:
            yield Frame(FrameType.LOCAL, stream, json.dumps(found).encode())

"""Calls of a task of a barrier stage: to the runner, and what it answers."""

from __future__ import annotations

import struct
import threading

from weft._worker.frames import FrameType, pack_json_and_bytes
from weft._worker.streams import Streams
from weft.errors import BarrierError, WrongPlaceError

__all__ = ["BarrierCalls"]

_U32 = struct.Struct(">I")


class BarrierCalls:
    """What :class:`weft.taskcontext.BarrierTaskContext` calls in a worker."""

    def __init__(self, streams: Streams) -> None:
        self._streams = streams
        self._count = 0

    def start_task(self) -> None:
        """Forget the task before."""
        self._count = 0

    def __call__(self, gathers: bool, message: str) -> list[str]:
        """Wait until all tasks have made this call; what they have said, if they were asked.

        Raises
        ------
        BarrierError
            If they will not.
        """
        if threading.current_thread() is not threading.main_thread():
            raise WrongPlaceError("barrier() and allGather() work in the thread that runs the task.")
        call = self._count
        self._count += 1
        head = {"call": call, "gathers": gathers}
        self._streams.connection.send(FrameType.BARRIER, 0, pack_json_and_bytes(head, message.encode()))
        said: list[str] = []
        while True:
            answer, rest = self._streams.receive(FrameType.PASSED).json_and_bytes()
            if answer["call"] != call:
                continue
            if "refused" in answer:
                raise BarrierError(answer["refused"], "E27")
            said += _texts(rest)
            if answer["last"]:
                return said


def _texts(encoded: memoryview) -> list[str]:
    texts, at = [], 0
    while at < len(encoded):
        (length,) = _U32.unpack_from(encoded, at)
        at += _U32.size
        texts.append(str(encoded[at : at + length], "utf-8"))
        at += length
    return texts

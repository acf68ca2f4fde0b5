"""Functions by content hash: asked for once, unpickled once."""

from __future__ import annotations

import hashlib
import pickle
import threading
from collections import OrderedDict
from typing import Any

from weft._ops.sealing import opened_whole
from weft._worker.frames import FrameError, FrameType
from weft._worker.streams import Streams
from weft.errors import BroadcastGoneError, WrongPlaceError

__all__ = ["Blobs"]

_MOST_BYTES = 64 << 20
_MOST_IDLE = 256
"""A loaded function takes several times the bytes of its pickle, so they are counted, too."""


class Blobs:
    """The worker's cache of loaded blobs, least recently used first out; holds those of the task, and some more."""

    def __init__(self, streams: Streams) -> None:
        self._streams = streams
        self._loaded: OrderedDict[str, tuple[Any, int]] = OrderedDict()
        self._bytes = 0
        self._asked = 0  # how often this task asked; it uses no more blobs

    def start_task(self) -> None:
        """From here on others are asked for."""
        self._asked = 0

    def load(self, digest: str) -> Any:
        """The object that this blob holds; the same object each time."""
        self._asked += 1
        found = self._loaded.get(digest)
        if found is not None:
            self._loaded.move_to_end(digest)
            return found[0]
        data = self._fetch(digest)
        value = pickle.loads(opened_whole(data))
        self._loaded[digest] = value, len(data)
        self._bytes += len(data)
        while len(self._loaded) > self._asked + _MOST_IDLE or (self._bytes > _MOST_BYTES and len(self._loaded) > 1):
            _, (_, size) = self._loaded.popitem(last=False)
            self._bytes -= size
        return value

    def clear(self) -> None:
        """Forget all functions, so that each is loaded anew."""
        self._loaded.clear()
        self._bytes = 0

    def find_broadcast(self, number: int) -> str:
        """Ask where the file of a broadcast is on this node.

        Raises
        ------
        BroadcastGoneError
            If it was destroyed.
        """
        if threading.current_thread() is not threading.main_thread():
            raise WrongPlaceError(
                f"Broadcast {number} came into a thread of a task before the task itself had it; use it once before."
            )
        self._streams.connection.send_json(FrameType.LOOKUP, 0, {"broadcast": number})
        found = self._streams.receive(FrameType.BROADCAST).json()
        if "path" not in found:
            raise BroadcastGoneError(str(found["gone"]))
        return str(found["path"])

    def _fetch(self, digest: str) -> bytes:
        self._streams.connection.send_json(FrameType.NEED, 0, {"hash": digest})
        parts: list[bytes] = []
        while True:
            head, data = self._streams.receive(FrameType.BLOB).json_and_bytes()
            parts.append(bytes(data))
            if head.get("last"):
                break
        blob = parts[0] if len(parts) == 1 else b"".join(parts)
        if hashlib.sha256(blob).hexdigest() != digest:
            raise FrameError(f"blob {digest} has other bytes than its name says")
        return blob

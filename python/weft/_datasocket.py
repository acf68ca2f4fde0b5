"""The driver's end of the data socket: DATASOCKET.md."""

from __future__ import annotations

import contextlib
import json
import socket
import struct
from collections.abc import Callable, Iterable
from typing import Any

from weft._frames import send_frame
from weft._serializers import read_batches
from weft.errors import InternalError

__all__ = ["DataSocket", "Failure"]

_HEADER = struct.Struct(">IBBH")
_LENGTH = struct.Struct(">I")
_AUTH, _REQUEST, _BYTES, _FINISH, _PARTITION, _PROGRESS, _OK, _FAILED, _UPDATES = range(64, 73)
_MAX_BODY = 4 << 20
_BULK = 1 << 20


class Failure(Exception):
    """A request failed: the JSON object of the FAILED frame, and the pickled exception (empty if there is none)."""

    def __init__(self, detail: dict[str, Any], pickled: bytes) -> None:
        super().__init__(detail.get("message"))
        self.detail = detail
        self.pickled = pickled


class DataSocket:
    """One connection to the gateway; serves one request after another, for one thread at a time.

    After anything but a :class:`Failure` has been raised the connection is closed and cannot be used again.
    """

    def __init__(self, path: str, token: str) -> None:
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._on_progress: Callable[[dict[str, Any]], None] = _ignore
        self._on_updates: Callable[[bytes], None] = _ignore
        self._kind = 0
        self._left = 0
        self.closed = False
        try:
            self._socket.connect(path)
            self._send_json(_AUTH, {"token": token})
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Close the connection; a running job is thereby cancelled."""
        self.closed = True
        self._socket.close()

    def cancel(self) -> None:
        """End the request that another thread waits for: it finds the connection closed."""
        self.closed = True
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)

    def missing(self, identities: Iterable[str]) -> list[str]:
        """Ask which of these blocks the gateway does not have."""
        answer = self._call({"op": "has", "ids": list(identities)})
        return [str(identity) for identity in answer["missing"]]

    def put(self, identity: str, chunks: Iterable[bytes]) -> None:
        """Upload a block."""
        self._call({"op": "put", "id": identity}, chunks)

    def drop(self, shuffles: Iterable[int], blocks: Iterable[str], persisted: Iterable[int]) -> None:
        """Tell what is gone.

        RDDs with a shuffle, blocks that will be put again before a plan names them, RDDs that are no more persisted.
        """
        gone = {"shuffles": list(shuffles), "blocks": list(blocks), "persisted": list(persisted)}
        self._call({"op": "drop", **gone})

    def link(self, identity: str, path: str) -> None:
        """Let a file of this machine be a block."""
        self._call({"op": "link", "id": identity, "path": path})

    def forget(self, broadcasts: Iterable[int], *, destroyed: bool) -> None:
        """Have the nodes remove broadcasts; those that are destroyed nobody can fetch again."""
        self._call({"op": "forget", "broadcasts": list(broadcasts), "destroyed": destroyed})

    def partitions(self, plan: bytes) -> int:
        """Ask how many partitions the plan's result node has."""
        return int(self._call({"op": "partitions"}, (plan,))["partitions"])

    def run(
        self,
        plan: bytes,
        on_batch: Callable[[int, list[Any]], None],
        on_progress: Callable[[dict[str, Any]], None],
        on_again: Callable[[int | None], None],
        on_updates: Callable[[bytes], None] | None = None,
        on_bytes: Callable[[memoryview], None] | None = None,
    ) -> dict[str, Any]:
        """Run a job.

        Parameters
        ----------
        plan : bytes
            The plan in Avro binary.
        on_batch : callable
            Gets the number of a partition and some of its records; partitions come in the plan's order.
        on_progress : callable
            Gets the object of each PROGRESS frame.
        on_again : callable
            Gets the number of a partition whose result was lost on its way: what ``on_batch`` got of it is void, and
            it comes again from its beginning. None: this holds for all that came, since a barrier stage has run again.
        on_updates : callable, optional
            Gets what each task has added to accumulators.
        on_bytes : callable, optional
            Gets the bytes of the results as they come, a batch stream for each partition; ``on_batch`` gets nothing.

        Returns
        -------
        dict
            The object of the OK frame: ``job`` and ``stats``.

        Raises
        ------
        Failure
            If the job failed.
        """
        self._on_progress = on_progress
        self._on_updates = on_updates or _ignore
        try:
            self._request({"op": "run"}, (plan,))
            self._next()
            cut: InternalError | None = None
            while self._kind == _PARTITION:
                head = self._json()
                if head.get("anew"):
                    on_again(None)
                elif head.get("again"):
                    on_again(int(head["index"]))
                elif cut is not None:
                    raise cut
                self._next()
                if on_bytes is not None:
                    self._read_bytes(on_bytes)
                else:
                    cut = self._read_partition(int(head["index"]), on_batch)
            return self._finished()
        except Failure:
            raise
        except BaseException:
            self.close()
            raise
        finally:
            self._on_progress = _ignore
            self._on_updates = _ignore

    def _call(self, request: dict[str, Any], payload: Iterable[bytes] = ()) -> dict[str, Any]:
        try:
            self._request(request, payload)
            self._next()
            return self._finished()
        except Failure:
            raise
        except BaseException:
            self.close()
            raise

    def _request(self, request: dict[str, Any], payload: Iterable[bytes]) -> None:
        self._send_json(_REQUEST, request)
        for chunk in payload:
            view = memoryview(chunk)
            for start in range(0, len(view), _BULK):
                part = view[start : start + _BULK]
                send_frame(self._socket, _HEADER.pack(len(part), _BYTES, 0, 0), part)
        self._send_json(_FINISH, {})

    def _send_json(self, kind: int, body: dict[str, Any]) -> None:
        data = json.dumps(body).encode()
        self._socket.sendall(_HEADER.pack(len(data), kind, 0, 0) + data)

    def _finished(self) -> dict[str, Any]:
        """Take the last frame of an answer."""
        if self._kind == _OK:
            return self._json()
        if self._kind == _FAILED:
            body = self._body()
            (length,) = _LENGTH.unpack_from(body)
            raise Failure(json.loads(body[4 : 4 + length]), bytes(body[4 + length :]))
        raise InternalError(f"The gateway sent a frame of type {self._kind} where an answer ends.")

    def _next(self) -> None:
        """Read frame headers up to one that is neither PROGRESS nor UPDATES; its body stays to be read."""
        while True:
            header = bytearray(_HEADER.size)
            self._fill(memoryview(header))
            self._left, self._kind, _, _ = _HEADER.unpack(header)
            if self._left > _MAX_BODY:
                raise InternalError(f"The gateway sent a frame of {self._left} bytes; {_MAX_BODY} are the most.")
            if self._kind == _PROGRESS:
                self._on_progress(self._json())
            elif self._kind == _UPDATES:
                self._on_updates(bytes(self._body()))
            else:
                return

    def _body(self) -> bytearray:
        body = bytearray(self._left)
        self._fill(memoryview(body))
        self._left = 0
        return body

    def _json(self) -> dict[str, Any]:
        value: dict[str, Any] = json.loads(self._body())
        return value

    def _read_partition(self, index: int, on_batch: Callable[[int, list[Any]], None]) -> InternalError | None:
        """Hand over the batches of one partition; gives an error if it is cut off, which the next frame may explain."""
        try:
            for records in read_batches(self._read_result):
                on_batch(index, records)
        except InternalError as error:
            if self._kind not in (_PARTITION, _FAILED):
                raise
            return error
        return None

    def _read_bytes(self, on_bytes: Callable[[memoryview], None]) -> None:
        """Hand over what came of one partition; a partition that is cut off comes again, or the job has failed."""
        buffer = memoryview(bytearray(_BULK))
        while self._kind == _BYTES:
            if self._left == 0:
                self._next()
                continue
            part = buffer[: min(self._left, len(buffer))]
            self._fill(part)
            self._left -= len(part)
            on_bytes(part)

    def _read_result(self, buffer: memoryview) -> bool:
        """Fill ``buffer`` from the BYTES frames of one partition; False if they have ended."""
        done = 0
        while done < len(buffer):
            while self._kind == _BYTES and self._left == 0:
                self._next()
            if self._kind != _BYTES:
                if done:
                    raise InternalError("A result ended within a batch.")
                return False
            size = min(self._left, len(buffer) - done)
            self._fill(buffer[done : done + size])
            self._left -= size
            done += size
        return True

    def _fill(self, buffer: memoryview) -> None:
        while buffer:
            count = self._socket.recv_into(buffer)
            if count == 0:
                raise EOFError("the gateway closed the data socket")
            buffer = buffer[count:]


def _ignore(_: Any) -> None:
    """What nobody looks at."""

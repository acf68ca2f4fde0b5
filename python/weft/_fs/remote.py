"""Files through the JVM beside this process: container-runner/src/main/java/io/weft/runner/files/FILES.md."""

from __future__ import annotations

import errno
import json
import os
import select
import socket
import struct
import threading
import weakref
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from weft._frames import send_frame
from weft._fs.door import Buffer, Entry, Range

__all__ = ["RemoteStorage"]

_HEADER = struct.Struct(">IBBH")
_AUTH, _REQUEST, _DATA, _FINISH, _ABORT, _ITEMS, _OK, _FAILED = range(64, 72)
_BULK = 1 << 20
_MAX_IDLE = 8
_MAX_PATH = 100  # of a socket's name; the kernel takes 107
_RANGES_AT_ONCE = 4096
_ERRORS = {
    "missing": errno.ENOENT,
    "exists": errno.EEXIST,
    "denied": errno.EACCES,
    "folder": errno.EISDIR,
    "notFolder": errno.ENOTDIR,
    "notEmpty": errno.ENOTEMPTY,
    "quota": errno.EDQUOT,
    "full": errno.ENOSPC,
    "unsupported": errno.ENOTSUP,
    "readOnly": errno.EROFS,
    "unreachable": errno.EHOSTUNREACH,
    "many": errno.EMFILE,
    "io": errno.EIO,
}
_GONE = "Weft's Java process beside this one has closed the connection, or ended; the context must be made anew"


def _failure(said: dict[str, Any]) -> Exception:
    """Make the exception of what the JVM says of a failure; OSError makes itself the class that the number has."""
    kind, message, path = str(said["kind"]), str(said["message"]), str(said["path"])
    if kind == "argument":
        return ValueError(f"{path!r}: {message}")
    return OSError(_ERRORS.get(kind, errno.EIO), message, path)


class _Connection:
    """One connection; one thread at a time uses it, in the process that has made it.

    ``in_step``: no answer is on its way, so that another request may be sent.
    """

    def __init__(self, path: str, token: str) -> None:
        self.process = os.getpid()
        self.in_step = True
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            _connect(self._socket, path)
            self._send_json(_AUTH, {"token": token})
        except OSError as error:
            self._socket.close()
            raise OSError(error.errno or errno.EIO, f"{_GONE} ({error.strerror or error})", "weft.fs") from None

    def close(self) -> None:
        self.in_step = False
        self._socket.close()

    def request(self, op: str, **fields: Any) -> None:
        self.in_step = False
        self._send_json(_REQUEST, {"op": op, **fields})

    def call(self, op: str, **fields: Any) -> dict[str, Any]:
        self.request(op, **fields)
        return self.answer()

    def answer(self) -> dict[str, Any]:
        """Take the last frame of an answer."""
        return self.end(*self.header())

    def end(self, kind: int, length: int) -> dict[str, Any]:
        """Read the body of the last frame of an answer."""
        if kind not in (_OK, _FAILED):
            raise self._broken(f"sent a frame of type {kind} where an answer ends")
        body: dict[str, Any] = json.loads(self.receive(length))
        self.in_step = True
        if kind == _FAILED:
            raise _failure(body)
        return body

    def items(self) -> Iterator[dict[str, Any]]:
        """The bodies of ITEMS frames up to the end of the answer, which comes last."""
        kind, length = self.header()
        while kind == _ITEMS:
            yield json.loads(self.receive(length))
            kind, length = self.header()
        yield self.end(kind, length)

    def data(self) -> bytes:
        """Take the answer to ``read``."""
        kind, length = self.header()
        if kind != _DATA:
            self.end(kind, length)
            raise self._broken("sent no bytes")
        found = self.receive(length)
        self.answer()
        return found

    def header(self) -> tuple[int, int]:
        length, kind, _, _ = _HEADER.unpack(self.receive(_HEADER.size))
        return kind, length

    def receive(self, size: int) -> bytes:
        """Receive so many bytes into one object, without another copy of them."""
        if size == 0:
            return b""
        try:
            found = self._socket.recv(size, socket.MSG_WAITALL)
            if 0 < len(found) < size:  # a signal came
                parts = [found]
                missing = size - len(found)
                while missing:
                    part = self._socket.recv(missing, socket.MSG_WAITALL)
                    if not part:
                        raise self._broken("")
                    parts.append(part)
                    missing -= len(part)
                return b"".join(parts)
        except OSError as error:
            raise self._broken(str(error.strerror or error)) from None
        if not found:
            raise self._broken("")
        return found

    def send_data(self, data: memoryview) -> None:
        """Send the bytes of a file, in frames of a mebibyte."""
        for start in range(0, len(data), _BULK):
            part = data[start : start + _BULK]
            header = _HEADER.pack(len(part), _DATA, 0, 0)
            try:
                send_frame(self._socket, header, part)
            except OSError as error:
                raise self._broken(str(error.strerror or error)) from None

    def send_end(self, complete: bool) -> None:
        self._send_json(_FINISH if complete else _ABORT, {})

    def has_spoken(self) -> bool:
        """Whether something has come that was not waited for."""
        poll = select.poll()
        poll.register(self._socket, select.POLLIN)
        return bool(poll.poll(0))

    def _send_json(self, kind: int, body: dict[str, Any]) -> None:
        data = json.dumps(body).encode()
        try:
            self._socket.sendall(_HEADER.pack(len(data), kind, 0, 0) + data)
        except OSError as error:
            raise self._broken(str(error.strerror or error)) from None

    def _broken(self, why: str) -> OSError:
        self.close()
        return OSError(errno.EIO, f"{_GONE} ({why})" if why else _GONE, "weft.fs")


def _connect(made: socket.socket, path: str) -> None:
    """Connect to a socket whose path may be longer than the kernel takes: through its folder's descriptor then."""
    if len(os.fsencode(path)) <= _MAX_PATH:
        made.connect(path)
        return
    folder = os.open(os.path.dirname(path), os.O_RDONLY | os.O_DIRECTORY)
    try:
        made.connect(f"/proc/self/fd/{folder}/{os.path.basename(path)}")
    finally:
        os.close(folder)


class RemoteStorage:
    """All file systems that Hadoop knows. A request takes a connection of its own from those that are idle.

    A process that is forked from this one makes its own connections.
    """

    def __init__(self, path: str, token: str) -> None:
        self._path = path
        self._token = token
        self._lock = threading.Lock()
        self._idle: list[_Connection] = []
        self._closed = False
        anew = weakref.WeakMethod(self._start_anew)  # or no storage would ever be freed
        os.register_at_fork(after_in_child=lambda: _call(anew))

    def _start_anew(self) -> None:
        self._lock = threading.Lock()
        self._idle = []  # whose sockets close here alone

    def close(self) -> None:
        """Close the idle connections; open files find theirs closed by the JVM."""
        with self._lock:
            self._closed = True
            idle, self._idle = self._idle, []
        for connection in idle:
            connection.close()

    def take(self) -> _Connection:
        """Lend a connection; :meth:`give` takes it back."""
        with self._lock:
            if self._idle:
                return self._idle.pop()
        return _Connection(self._path, self._token)

    def give(self, connection: _Connection) -> None:
        """Keep a connection for the next one, if it can be used again."""
        if connection.process == os.getpid():
            with self._lock:
                if connection.in_step and not self._closed and len(self._idle) < _MAX_IDLE:
                    self._idle.append(connection)
                    return
        connection.close()

    @contextmanager
    def _lend(self) -> Iterator[_Connection]:
        connection = self.take()
        try:
            yield connection
        finally:
            self.give(connection)

    def info(self, path: str) -> Entry:
        """What is known of a file or folder."""
        return self.command("info", path=path)

    def list(self, path: str) -> tuple[list[Entry], bool]:
        """What is in a folder; of a file the file itself, and True."""
        entries: list[Entry] = []
        with self._lend() as connection:
            connection.request("list", path=path)
            for some in connection.items():
                if "entries" not in some:
                    return entries, bool(some["file"])
                entries += some["entries"]
        raise AssertionError("an answer without an end")

    def command(self, op: str, **fields: Any) -> dict[str, Any]:
        """Do a request that moves no bytes."""
        with self._lend() as connection:
            return connection.call(op, **fields)

    def ranges(self, ranges: Sequence[Range]) -> Iterator[bytes | Exception]:
        """The bytes of each range, or why there are none; one question for thousands of them."""
        for first in range(0, len(ranges), _RANGES_AT_ONCE):
            some = ranges[first : first + _RANGES_AT_ONCE]
            with self._lend() as connection:
                connection.request("ranges", ranges=some)
                for _ in some:
                    yield self._next_range(connection)
                connection.answer()

    @staticmethod
    def _next_range(connection: _Connection) -> bytes | Exception:
        parts = []
        kind, length = connection.header()
        while kind == _DATA:
            parts.append(connection.receive(length))
            kind, length = connection.header()
        if kind != _ITEMS:
            connection.end(kind, length)
        said = json.loads(connection.receive(length))
        if "kind" in said:
            return _failure(said)
        return parts[0] if len(parts) == 1 else b"".join(parts)

    def open_reader(self, path: str) -> RemoteReader:
        """Open a file for reading."""
        return RemoteReader(self, path)

    def open_writer(self, path: str, mode: str, block: int, replication: int) -> RemoteWriter:
        """Open a file for writing."""
        return RemoteWriter(self, path, mode, block, replication)


def _call(method: weakref.WeakMethod[Callable[[], None]]) -> None:
    alive = method()
    if alive is not None:
        alive()


class RemoteReader:
    """A file on a connection of its own; a forked process opens it again."""

    def __init__(self, storage: RemoteStorage, path: str) -> None:
        self._storage = storage
        self._path = path
        self._connection, self.entry = self._open()
        self._asked = (0, 0)

    def _open(self) -> tuple[_Connection, Entry]:
        connection = self._storage.take()
        try:
            return connection, connection.call("open", path=self._path)
        except BaseException:
            self._storage.give(connection)
            raise

    def ask(self, start: int, stop: int) -> None:
        """Ask for a range."""
        if self._connection.process != os.getpid():
            self._connection, _ = self._open()
        self._asked = (start, stop)
        self._connection.request("read", **{"from": start, "to": stop})

    def take(self) -> bytes:
        """The range that was asked for; where that was before a fork, the answer is the parent's."""
        if self._connection.process != os.getpid():
            self.ask(*self._asked)
        return self._connection.data()

    def close(self) -> None:
        """Close the file; the connection serves the next one."""
        if self._connection.process == os.getpid() and self._connection.in_step:
            try:
                self._connection.call("close")
            except OSError:
                self._connection.close()  # nothing of it is lost
        self._storage.give(self._connection)


class RemoteWriter:
    """A file on a connection of its own."""

    def __init__(self, storage: RemoteStorage, path: str, mode: str, block: int, replication: int) -> None:
        self._storage = storage
        self._path = path
        self._connection = storage.take()
        try:
            asked = {"path": path, "mode": mode, "block": block, "replication": replication}
            self.at = int(self._connection.call("create", **asked)["at"])
            self._connection.in_step = False
        except BaseException:
            storage.give(self._connection)
            raise

    def write(self, data: Buffer) -> None:
        """Send bytes; what has gone wrong with those before is raised here."""
        self._check_process()
        view = memoryview(data).cast("B")
        for start in range(0, len(view), _BULK):
            if self._connection.has_spoken():
                self._connection.answer()
            self._connection.send_data(view[start : start + _BULK])

    def finish(self) -> None:
        """Complete the file."""
        self._check_process()
        try:
            self._connection.send_end(True)
            self._connection.answer()
        finally:
            self._end()

    def abort(self) -> None:
        """Remove the file: the JVM does it before it answers."""
        if self._connection.process != os.getpid():
            return
        try:
            if not self._connection.in_step:
                self._connection.send_end(False)
                self._connection.answer()
        finally:
            self._end()

    def _end(self) -> None:
        """A connection on which FAILED has crossed what was sent is out of step: it ends with the file."""
        self._connection.close()

    def _check_process(self) -> None:
        if self._connection.process != os.getpid():
            message = "It is being written by the process from which this one was forked; open it here"
            raise OSError(errno.EBADF, message, self._path)

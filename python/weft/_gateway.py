"""The gateway JVM: started or found, asked by Py4J, fed over the data socket."""

from __future__ import annotations

import importlib.util
import json
import os
import platform
import secrets
import select
import subprocess
import sys
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import IO, Any

from weft._datasocket import DataSocket
from weft._fs import door
from weft._install import python_path
from weft._interpreter import worker_python
from weft._progress import Console
from weft.errors import InternalError, error_for

__all__ = ["Answer", "Gateway", "GatewayProcess", "start_line"]

GATEWAY_VARIABLE = "WEFT_GATEWAY"
_START_SECONDS = 120.0
_STOP_SECONDS = 10.0
# a JVM that writes its class data archive as it ends needs longer, on a loaded machine much longer
_DUMP_SECONDS = 90.0


@dataclass(frozen=True)
class Answer:
    """What a gateway says of itself when it is ready; the fields are those of DATASOCKET.md."""

    port: int
    socket: str
    token: str
    application: str
    info: dict[str, Any]
    seal: str = ""


def start_line(token: str, master: str, name: str, settings: dict[str, str], hadoop: dict[str, str]) -> dict[str, Any]:
    """Make the JSON object that starts a gateway."""
    script = os.path.abspath(sys.argv[0]) if sys.argv and sys.argv[0] not in ("", "-c", "-m") else ""
    return {
        "token": token,
        "master": master,
        "name": name,
        "home": os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))),
        "python": worker_python(),
        "pythonPath": _python_path(script),
        "pythonVersion": platform.python_version(),
        "implementation": sys.implementation.name,
        "hashAlgorithm": sys.hash_info.algorithm,
        "settings": settings,
        "hadoop": hadoop,
        "script": os.path.basename(script),
        "cwd": os.getcwd(),
    }


def _python_path(script: str) -> list[str]:
    """Where workers find this package, the modules beside the script, and what PYTHONPATH names."""
    folders = _package_path()
    if script.endswith(".py"):
        folders.append(os.path.dirname(script))
    elif not script:
        folders.append(os.getcwd())
    folders += [os.path.abspath(folder) for folder in os.environ.get("PYTHONPATH", "").split(os.pathsep) if folder]
    return list(dict.fromkeys(folders))


def _package_path() -> list[str]:
    """Where this package is, and cloudpickle where it is not the interpreter's own: both sides must use the same."""
    package, private = python_path()
    found = importlib.util.find_spec("cloudpickle")
    own = found is None or found.origin is None or found.origin.startswith(private + os.sep)
    return [package, private] if own else [package]


class GatewayProcess:
    """A gateway JVM that this process has started; it ends when its standard input ends.

    Parameters
    ----------
    command : list of str
        The JVM and its arguments.
    line : dict
        The object of :func:`start_line`.
    console : Console
        On a terminal the JVM's messages go through it, so that they do not tear the progress line.
    """

    def __init__(self, command: list[str], line: dict[str, Any], console: Console) -> None:
        self._token = str(line["token"])
        self._process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE if console.terminal else None,
        )
        self._input: IO[bytes] = _given(self._process.stdin)
        self._output: IO[bytes] = _given(self._process.stdout)
        if self._process.stderr is not None:
            errors = self._process.stderr
            threading.Thread(target=_forward, args=(errors, console), name="weft-stderr", daemon=True).start()
        try:
            self._input.write(json.dumps(line).encode() + b"\n")
            self._input.flush()
        except BrokenPipeError:  # it has ended already; answer() finds out why
            pass

    def answer(self) -> Answer:
        """Wait until the gateway is ready.

        Raises
        ------
        WeftError
            With which the gateway refused to start.
        InternalError
            If it ended, or was silent for two minutes.
        """
        text = _read_line(self._output, _START_SECONDS)
        if not text:
            code = self._end()
            raise InternalError(
                f"The Java process of Weft ended with exit code {code} before it was ready; its messages stand above."
            )
        try:
            answer = json.loads(text)
        except ValueError:
            self._end()
            raise InternalError(f"The Java process of Weft said {text[:200]!r} instead of an answer.") from None
        if "error" in answer:
            self._end()
            error = answer["error"]
            raise error_for(
                str(error.get("code") or ""), str(error["message"]).strip("\n"), int(error.get("exit") or 1)
            )
        return _answer(answer, self._token)

    def stop(self) -> None:
        """End the gateway: its standard input ends, then, if it does not, it is killed."""
        self._end()

    def _end(self) -> int:
        try:
            self._input.close()
        except OSError:
            pass
        try:
            return self._process.wait(_DUMP_SECONDS if os.environ.get("WEFT_DUMP_CLASSES") else _STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            return self._process.wait()
        finally:
            self._output.close()


def _given(pipe: IO[bytes] | None) -> IO[bytes]:
    if pipe is None:
        raise InternalError("A pipe of the Java process is missing.")
    return pipe


def _forward(errors: IO[bytes], console: Console) -> None:
    with errors:
        for line in errors:
            console.write_line(line.decode(errors="replace").rstrip("\n"))


def _read_line(pipe: IO[bytes], seconds: float) -> bytes:
    """Read one line; empty at the end of the pipe or of the time."""
    deadline = time.monotonic() + seconds
    line = bytearray()
    descriptor = pipe.fileno()
    while not line.endswith(b"\n"):
        left = deadline - time.monotonic()
        if left <= 0 or not select.select([descriptor], [], [], left)[0]:
            return b""
        part = os.read(descriptor, 65536)
        if not part:
            return b""
        line += part
    return bytes(line)


def _answer(answer: dict[str, Any], token: str) -> Answer:
    return Answer(
        int(answer["port"]),
        str(answer["socket"]),
        token,
        str(answer["application"]),
        dict(answer["info"]),
        str(answer.get("seal", "")),
    )


class Gateway:
    """A running gateway.

    Thread-safe: each request takes a connection of its own from those that are idle.
    """

    def __init__(self, answer: Answer, process: GatewayProcess | None) -> None:
        self.answer = answer
        self._process = process
        self._idle: list[DataSocket] = []
        self._uploaded: set[str] = set()
        self._lock = threading.Lock()
        self._java: Any = None
        self._stopped = False

    @classmethod
    def connect(cls, path: str) -> Gateway:
        """Use the gateway that the file ``path`` describes (WEFT_GATEWAY)."""
        with open(path, encoding="utf-8") as file:
            answer = json.load(file)
        return cls(_answer(answer, str(answer["token"])), None)

    @classmethod
    def start(cls, command: list[str], line: dict[str, Any], console: Console) -> Gateway:
        """Start a JVM; what the driver needs is imported while it boots."""
        process = GatewayProcess(command, line, console)
        import cloudpickle  # noqa: F401
        import fastavro  # noqa: F401

        return cls(process.answer(), process)

    def open_files(self) -> None:
        """Let :mod:`weft.fs` reach files through this gateway, until the context closes that door."""
        folder = os.path.dirname(self.answer.socket)
        door.open_remote(os.path.join(folder, "files.sock"), self.answer.token)

    @contextmanager
    def connection(self) -> Iterator[DataSocket]:
        """Lend a connection; it is kept for the next one unless it was closed meanwhile."""
        with self._lock:
            idle = self._idle.pop() if self._idle else None
        data = idle or DataSocket(self.answer.socket, self.answer.token)
        try:
            yield data
        finally:
            with self._lock:
                if not data.closed and not self._stopped:
                    self._idle.append(data)
                else:
                    data.close()

    def upload(self, data: DataSocket, blocks: dict[str, Iterable[bytes]]) -> None:
        """Send those blocks that the gateway does not have yet."""
        new = [identity for identity in blocks if identity not in self._uploaded]
        if not new:
            return
        for identity in data.missing(new):
            data.put(identity, blocks[identity])
        self._uploaded.update(new)

    def forget(self, identity: str) -> bool:
        """Send the block again when it is needed next; whether it was sent before."""
        known = identity in self._uploaded
        self._uploaded.discard(identity)
        return known

    def java(self) -> Any:
        """Give the entry point ``io.weft.master.gateway.Gateway``; Py4J is imported by the first call."""
        with self._lock:
            if self._java is None:
                from py4j.java_gateway import GatewayParameters, JavaGateway

                # no call hands out objects but exceptions; their finalizers would call a gateway that has ended, in the
                # midst of whatever the garbage collector interrupts
                parameters = GatewayParameters(
                    port=self.answer.port, auth_token=self.answer.token, enable_memory_management=False
                )
                self._java = JavaGateway(gateway_parameters=parameters)
            return self._java.entry_point

    def stop(self) -> None:
        """End the gateway; harmless when repeated."""
        with self._lock:
            if self._stopped:
                return
            self._stopped = True
            idle, self._idle = self._idle, []
        for data in idle:
            data.close()
        if self._process is None:
            self._stop_foreign()
        elif self._java is not None:
            self._java.close()
        if self._process is not None:
            self._process.stop()

    def _stop_foreign(self) -> None:
        try:
            self.java().stop()
        except Exception as error:  # it ends while it answers
            if type(error).__name__ not in ("Py4JNetworkError", "Py4JError", "ConnectionRefusedError"):
                raise
        self._java.close()


def new_token() -> str:
    """Make a secret of 64 hexadecimal digits."""
    return secrets.token_hex(32)

"""The worker's main loop: one task after another, until the runner says so or is gone."""

from __future__ import annotations

import contextlib
import faulthandler
import gc
import logging
import os
import shutil
import signal
import socket
import sys
import time
from typing import Any

from weft import accumulators, broadcast
from weft._fs import door
from weft._ops import native, sealing
from weft._ops.memory import private_bytes
from weft._ops.scope import TaskScope, enter, watch_forks
from weft._tables.needs import aesgcm
from weft._unpack import PACKED, unpack
from weft._worker.barriers import BarrierCalls
from weft._worker.blobs import Blobs
from weft._worker.environment import use_variables
from weft._worker.failures import describe
from weft._worker.frames import Connection, Frame, FrameError, FrameType, RunnerGone, pack_json_and_bytes
from weft._worker.process import set_title
from weft._worker.program import Program
from weft._worker.sinks import Sinks
from weft._worker.streams import Streams
from weft.taskcontext import BarrierTaskContext, TaskContext

__all__ = ["no_end_of_data", "serve"]

_THREADS = "OMP_NUM_THREADS"
_PROTOCOL_EXIT = 70
_CALLS_ON = frozenset({"user", "key", "input", "import", "disk", "budget"})


def serve(address: str, slot: int) -> int:
    """Serve tasks from the runner at this socket; the process's exit code."""
    application = os.environ.get("WEFT_APPLICATION", "")
    os.environ["WEFT_WORKER"] = str(os.getpid())
    set_title(f"weft-worker slot {slot} {application}".rstrip())
    for role, descriptor in (("stdout", 1), ("stderr", 2)):
        _take_over(_connect(address, role, slot), descriptor)
    connection = Connection(_connect(address, "control", slot))
    door.open_remote(os.path.abspath(os.path.join(os.path.dirname(address), "f.sock")), "")
    watch_forks()
    faulthandler.enable(sys.__stderr__ or 2)
    compiled = native.module()
    if compiled is not None:
        compiled.watch_faults()
    gc.collect()
    if sys.implementation.name == "cpython":
        gc.freeze()
        gc.set_threshold(100_000, 50, 50)
    worker = _Worker(connection)
    try:
        worker.loop()
    except RunnerGone:
        return 0
    except FrameError as error:
        print(f"weft: the runner broke the protocol: {error}", file=sys.stderr, flush=True)
        return _PROTOCOL_EXIT
    return 0


def _connect(address: str, role: str, slot: int) -> socket.socket:
    connected = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    connected.connect(address)
    info = sys.hash_info
    Connection(connected).send_json(
        FrameType.HELLO,
        0,
        {
            "protocol": 1,
            "role": role,
            "slot": slot,
            "pid": os.getpid(),
            "python": ".".join(map(str, sys.version_info[:3])),
            "implementation": sys.implementation.name,
            "hash": {"algorithm": info.algorithm, "bits": info.width, "seed": os.environ.get("PYTHONHASHSEED", "")},
            "compiled": native.module() is not None,
        },
    )
    return connected


def _take_over(connected: socket.socket, descriptor: int) -> None:
    """Let what is written to `descriptor`, by Python or native code, go to this connection."""
    os.dup2(connected.fileno(), descriptor, inheritable=True)
    connected.close()
    stream = open(descriptor, "w", buffering=1, encoding="utf-8", errors="backslashreplace", closefd=False)
    if descriptor == 1:
        sys.stdout = sys.__stdout__ = stream  # type: ignore[misc]
    else:
        sys.stderr = sys.__stderr__ = stream  # type: ignore[misc]


class _Worker:
    """The state between tasks: connection, loaded functions, what is on sys.path."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._streams = Streams(connection)
        self._blobs = Blobs(self._streams)
        broadcast.set_finder(self._blobs.find_broadcast)
        self._barriers = BarrierCalls(self._streams)
        BarrierTaskContext._calls = self._barriers
        self._baseline = private_bytes()
        self._on_path: set[str] = set()
        self._one_thread = os.environ.get(_THREADS) == "1"  # what the runner sets where nobody else has
        self._cpu = 0.0

    def loop(self) -> None:
        """Serve until SHUTDOWN."""
        while True:
            frame = self._connection.receive()
            if frame.type == FrameType.TASK:
                self._task(frame)
            elif frame.type == FrameType.SHUTDOWN:
                return
            # Anything else belonged to a task that ended before it arrived.

    def _task(self, frame: Frame) -> None:
        task = frame.json()
        self._streams.start_task()
        self._blobs.start_task()
        self._barriers.start_task()
        accumulators.start_task()
        TaskContext._enter(task)
        use_variables(task.get("properties", {}))
        if broadcast.any_stale():
            self._blobs.clear()
        scope = TaskScope(int(task["memory"]), task["spill"], self._baseline)
        scope.output_dirs = task["output"]
        enter(scope)
        program: Program | None = None
        self._cpu = time.process_time()
        try:
            sealing.seal_by(aesgcm(task["seal"]) if "seal" in task else None)
            self._prepare(task)
            program = Program(self._streams, self._blobs, scope)
            done, updates = self._run(program, scope, task)
            scope.succeeded = True
        except RunnerGone:
            scope.close()
            raise
        except BaseException as raised:  # whatever the user's code raises is the task's failure
            error = no_end_of_data(raised)
            _swallow_interrupts()
            report, pickled = describe(error, program)
            error.__traceback__ = None
            self._end(scope)
            self._connection.send(FrameType.ERROR, 0, pack_json_and_bytes(_fit(report), pickled))
            if report["kind"] not in _CALLS_ON:
                _leave()
            return
        self._end(scope)
        self._connection.send(FrameType.DONE, 0, pack_json_and_bytes(done, updates))

    def _prepare(self, task: dict[str, Any]) -> None:
        for name in task.get("pyFiles", []):
            if name.endswith(PACKED):
                unpack(task["files"], name)
                continue
            path = os.path.join(task["files"], name)
            if path not in self._on_path:
                self._on_path.add(path)
                sys.path.insert(1, path if not path.endswith(".py") else os.path.dirname(path))
        os.environ.update(task.get("env", {}))
        os.environ["WEFT_FILES"] = task.get("files", "")
        if self._one_thread and _THREADS not in task.get("env", {}):
            os.environ[_THREADS] = task.get("properties", {}).get("weft.task.cpus", "1")

    def _run(self, program: Program, scope: TaskScope, task: dict[str, Any]) -> tuple[dict[str, Any], bytes]:
        sinks = Sinks(self._connection, self._blobs, scope, task)
        output = program.run(task["tree"], lambda records: sinks.run(task["sink"], records))
        try:
            updates = accumulators.take_updates()
        except BaseException:
            if output is not None:
                shutil.rmtree(output["path"], ignore_errors=True)
            raise
        done = {
            "rowsIn": scope.rows_in,
            "bytesIn": sum(stream.bytes for stream in program.inputs),
            "rowsOut": scope.rows_out,
            "bytesOut": scope.bytes_out,
            "spilledBytes": scope.spilled_bytes,
            "spills": scope.spills,
            "peakRss": _peak_rss(),
            "cpuMillis": int((time.process_time() - self._cpu) * 1000),
            "compiled": native.module() is not None,
            "mapOutput": output,
            "kept": scope.kept,
            "rejects": program.rejects(),
        }
        return done, updates

    def _end(self, scope: TaskScope) -> None:
        """Close inputs and files, and let the runner have what was printed before it hears of the end."""
        scope.close()
        enter(None)
        TaskContext._enter(None)
        self._streams.close_all()
        for stream in (sys.stdout, sys.stderr):
            with contextlib.suppress(Exception):
                stream.flush()
        for handler in logging.root.handlers:
            with contextlib.suppress(Exception):
                handler.flush()


def no_end_of_data(error: BaseException) -> BaseException:
    """What a StopIteration of the user's is reported as, wherever it came through; other exceptions as they are."""
    if not isinstance(error, StopIteration):
        return error
    return RuntimeError("a function given to Weft raised StopIteration").with_traceback(error.__traceback__)


def _fit(report: dict[str, Any]) -> dict[str, Any]:
    """The report with its texts cut so that it fits a frame."""
    for key, most in (("message", 1 << 18), ("allFrames", 1 << 16)):
        if len(report[key]) > most:
            report[key] = report[key][:most] + "…"
    return report


def _swallow_interrupts() -> None:
    """A signal that the user's code asked for must not hit the report of its failure."""
    with contextlib.suppress(ValueError, OSError):
        signal.setitimer(signal.ITIMER_REAL, 0)


def _peak_rss() -> int:
    with contextlib.suppress(OSError), open("/proc/self/status", "rb") as status:
        for line in status:
            if line.startswith(b"VmHWM:"):
                return int(line.split()[1]) * 1024
    return 0


def _leave() -> None:
    """End without running what the user's code registered for the exit."""
    os._exit(1)

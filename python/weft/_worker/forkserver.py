"""Imports the worker once and forks one for every slot that the runner asks for.

Commands and answers are JSON lines on standard input and output; container-runner/.../worker/PROTOCOL.md. The end of
standard input is the end of the server and of all its workers.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import json
import os
import select
import signal
import sys
from collections.abc import Callable
from typing import Any

from weft._worker.process import SPILL_SIGNAL, die_with_parent, kill_marked, set_title
from weft._worker.sentinel import MARK, Sentinel

__all__ = ["main"]


class ForkServer:
    """Forks, reaps, and answers. Single-threaded."""

    def __init__(self, serve: Callable[[str, int], int], address: str, sentinel: Sentinel) -> None:
        self._serve = serve
        self._address = address
        self._sentinel = sentinel
        self._children: dict[int, int] = {}
        self._wake_read, self._wake_write = os.pipe()
        os.set_blocking(self._wake_write, False)
        os.set_blocking(self._wake_read, False)

    def run(self) -> None:
        """Serve until standard input ends."""
        signal.set_wakeup_fd(self._wake_write, warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda _number, _frame: None)
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        if SPILL_SIGNAL is not None:
            # Here already, so that a worker that has just been forked does not die of it.
            signal.signal(SPILL_SIGNAL, _spill_requested)
            signal.siginterrupt(SPILL_SIGNAL, False)
        self._say({"ready": True, "pid": os.getpid(), "python": _version(), "implementation": sys.implementation.name})
        pending = b""
        while True:
            ready, _, _ = select.select([0, self._wake_read], [], [])
            if self._wake_read in ready:
                with contextlib.suppress(BlockingIOError):
                    os.read(self._wake_read, 4096)
                self._reap()
            if 0 in ready:
                data = os.read(0, 65536)
                if not data:
                    break
                *whole, pending = (pending + data).split(b"\n")
                for line in whole:
                    self._command(json.loads(line))
        for child in self._children:
            with contextlib.suppress(ProcessLookupError):
                os.kill(child, signal.SIGKILL)
        kill_marked(MARK, os.environ.get(MARK, ""))

    def _command(self, command: dict[str, Any]) -> None:
        if "fork" in command:
            self._fork(int(command["fork"]))
        elif "kill" in command and int(command["kill"]) in self._children:
            with contextlib.suppress(ProcessLookupError):
                os.kill(int(command["kill"]), signal.SIGKILL)
        elif "spill" in command and int(command["spill"]) in self._children and SPILL_SIGNAL is not None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(int(command["spill"]), SPILL_SIGNAL)

    def _fork(self, slot: int) -> None:
        parent = os.getpid()
        child = os.fork()
        if child == 0:
            self._become_worker(parent, slot)
        self._children[child] = slot
        self._say({"forked": child, "slot": slot})

    def _become_worker(self, parent: int, slot: int) -> None:
        status = 1
        try:
            die_with_parent(parent)
            signal.set_wakeup_fd(-1)
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            signal.signal(signal.SIGINT, signal.SIG_IGN)
            os.close(self._wake_read)
            os.close(self._wake_write)
            self._sentinel.leave()
            null = os.open(os.devnull, os.O_RDONLY)
            os.dup2(null, 0)
            os.close(null)
            status = self._serve(self._address, slot)
        except BaseException:  # the child must end here, whatever happened
            sys.excepthook(*sys.exc_info())
        finally:
            with contextlib.suppress(Exception):
                sys.stdout.flush()
                sys.stderr.flush()
            os._exit(status)

    def _reap(self) -> None:
        while True:
            try:
                child, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if child == 0:
                return
            slot = self._children.pop(child, None)
            if child == self._sentinel.pid:
                self._sentinel.leave()
                self._sentinel = Sentinel()
            if slot is not None:
                self._say({"died": child, "slot": slot, "status": os.waitstatus_to_exitcode(status)})

    @staticmethod
    def _say(answer: dict[str, Any]) -> None:
        os.write(1, json.dumps(answer).encode() + b"\n")


def _spill_requested(_number: int, _frame: object) -> None:
    from weft._ops.memory import request_spill  # loaded with the worker, behind the sentinel

    request_spill()


def _version() -> str:
    return ".".join(map(str, sys.version_info[:3]))


def main() -> None:
    """Entry point: `python -m weft._worker.forkserver SOCKET`."""
    address = sys.argv[1]
    set_title(f"weft-forkserver {os.environ.get('WEFT_APPLICATION', '')}".rstrip())
    sentinel = Sentinel()
    # After it, which would keep all that memory; what tasks import when they need it is imported once, here.
    import cloudpickle  # type: ignore[import-untyped, unused-ignore]  # noqa: F401

    from weft._pyspark import PYSPARK_VARIABLE, activate
    from weft._worker.main import serve

    if os.environ.get(PYSPARK_VARIABLE):
        activate()
    for name in filter(None, os.environ.get("WEFT_PREIMPORT", "").split(",")):
        importlib.import_module(name)
    gc.collect()
    if sys.implementation.name == "cpython":
        gc.freeze()
    ForkServer(serve, address, sentinel).run()


if __name__ == "__main__":
    main()

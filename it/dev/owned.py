"""Every process that bin/dev starts has an owner that ends it, whichever one is killed, and however.

Three processes: the command, as the person started it; below it a keeper, in a session of its own; below that the
worker, which goes on with the command's work. The keeper sees within a second that the command has ended. Both adopt
what is orphaned below them, so that tests' daemons in sessions of their own stay theirs: the keeper ends all of it when
the worker or the command is gone, the command when the keeper is. What is sent to the command's group, a SIGKILL or
the terminal's SIGINT, meets the command alone.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys
import time
from collections.abc import Callable, Iterable
from pathlib import Path

_PR_SET_CHILD_SUBREAPER = 36
# pytest's fixtures stop their clusters and remove their folders
CLEANING_SECONDS = 60.0
# what ends by itself, as a JVM does whose driver has ended
ENDING_SECONDS = 10.0
_LOOK_SECONDS = 0.05
_LOOK_AGAIN_SECONDS = 1.0
_AWAITED = {signal.SIGCHLD, signal.SIGTERM, signal.SIGHUP, signal.SIGINT}


def begin() -> None:
    """Returns in the worker; the caller's process stays behind as the command and exits with the worker's code."""
    if not sys.platform.startswith("linux"):
        return
    sys.stdout.flush()
    sys.stderr.flush()
    _adopt()
    unblocked = signal.pthread_sigmask(signal.SIG_BLOCK, _AWAITED)
    command = os.getpid()
    name, told = os.pipe()
    keeper = os.fork()
    if keeper:
        os.close(told)
        with open(name, "rb") as pipe:
            worker = int(pipe.read() or 0)
        os._exit(_be_command(keeper, worker))
    os.setsid()
    _adopt()
    worker = os.fork()
    if worker:
        os.write(told, b"%d" % worker)
        os.close(told)
        os._exit(_be_keeper(worker, command))
    os.close(name)
    os.close(told)
    # a shell has what it runs in the background ignore SIGINT; so would pytest, which is ended by it
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.pthread_sigmask(signal.SIG_SETMASK, unblocked)


def _be_command(keeper: int, worker: int) -> int:
    asked = 0
    while (code := _reap(keeper)) is None:
        got = _await_signal()
        if got not in (0, signal.SIGCHLD):
            asked = asked or got
            _signal([keeper], signal.SIGTERM)
    if code < 0:
        _say("the keeper was killed; ending what it kept")
        _stop(worker)
    return 128 + asked if asked else code if code >= 0 else 128 - code


def _be_keeper(worker: int, command: int) -> int:
    while (code := _reap(worker)) is None:
        got = _await_signal()
        if os.getppid() != command or got not in (0, signal.SIGCHLD):
            _stop(worker)
            return 128 + signal.SIGTERM
    _wait(lambda: _below(os.getpid()), ENDING_SECONDS)
    for pid in _below(os.getpid()):
        _say(f"ending what was left running: {pid} {_command_line(pid)}")
    end_below()
    return code if code >= 0 else 128 - code


def _await_signal() -> int:
    """The number of a signal that has come; 0 when none has for a second."""
    if sys.implementation.name != "pypy":
        got = signal.sigtimedwait(_AWAITED, _LOOK_AGAIN_SECONDS)
        return 0 if got is None else got.si_signo
    # PyPy has no sigtimedwait
    end = time.monotonic() + _LOOK_AGAIN_SECONDS
    while time.monotonic() < end:
        if signal.sigpending() & _AWAITED:
            return int(signal.sigwait(_AWAITED))
        time.sleep(_LOOK_SECONDS)
    return 0


def _stop(worker: int) -> None:
    """Ends the worker, has its steps such as pytest clean up, and then ends all that is below this process."""
    begun = _children(worker)
    _signal([worker], signal.SIGKILL)
    _signal(begun, signal.SIGINT)
    _wait(lambda: begun & _below(os.getpid()), CLEANING_SECONDS)
    end_below()


def end_below() -> None:
    """TERM to all that is below this process, and KILL to what is not gone in time."""
    _signal(_below(os.getpid()), signal.SIGTERM)
    _wait(lambda: _below(os.getpid()), ENDING_SECONDS)
    while left := _below(os.getpid()):
        _signal(left, signal.SIGKILL)
        _wait(lambda: _below(os.getpid()), _LOOK_SECONDS)


def _wait(remaining: Callable[[], Iterable[int]], seconds: float) -> None:
    end = time.monotonic() + seconds
    while remaining() and time.monotonic() < end:
        time.sleep(_LOOK_SECONDS)
        _reap(0)


def _reap(wanted: int) -> int | None:
    """Fetches every exit status that there is; the exit code of the wanted process, negative for a signal."""
    code = None
    try:
        while (found := os.waitpid(-1, os.WNOHANG))[0]:
            if found[0] == wanted:
                code = os.waitstatus_to_exitcode(found[1])
    except ChildProcessError:
        pass
    return code


def _below(top: int) -> set[int]:
    """All that run and descend from a process."""
    parents = _parents()
    found: set[int] = set()
    new = {top}
    while new:
        new = {pid for pid, parent in parents.items() if parent in new} - found
        found |= new
    return found


def _children(parent: int) -> set[int]:
    return {pid for pid, above in _parents().items() if above == parent}


def _parents() -> dict[int, int]:
    """Of every process that is more than an exit status."""
    found = {}
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            try:
                state, parent = (folder / "stat").read_text().rpartition(")")[2].split()[:2]
            except OSError:  # it has just ended
                continue
            if state not in "ZX":
                found[int(folder.name)] = int(parent)
    return found


def _signal(pids: Iterable[int], number: int) -> None:
    for pid in pids:
        try:
            os.kill(pid, number)
        except ProcessLookupError:
            continue


def _command_line(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")[:160]
    except OSError:
        return "(has just ended)"


def _adopt() -> None:
    """Makes this process the parent of whatever is orphaned below it."""
    ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def _say(text: str) -> None:
    print(f"dev: {text}", file=sys.stderr, flush=True)

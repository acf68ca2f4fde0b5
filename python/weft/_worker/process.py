"""What a process here does for those who watch it: titles, and death together with its owner."""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal

__all__ = ["SPILL_SIGNAL", "die_with_parent", "kill_marked", "set_title"]

# asks a worker to spill; None where there are no real-time signals
SPILL_SIGNAL: int | None = signal.SIGRTMIN + 7 if hasattr(signal, "SIGRTMIN") else None

_PR_SET_PDEATHSIG = 1
_PR_SET_NAME = 15
_ARG_START, _ARG_END = 47, 48


def die_with_parent(parent: int) -> None:
    """Have the kernel send SIGKILL when the thread that forked this process ends; ends at once if it has already."""
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != parent:
        os._exit(0)


def kill_marked(variable: str, mark: str) -> int:
    """Send SIGKILL to all other processes that have inherited this variable, whoever their parent is; how many."""
    wanted = f"{variable}={mark}".encode()
    killed = 0
    for name in os.listdir("/proc") if mark and os.path.isdir("/proc") else ():
        if not name.isdigit() or int(name) == os.getpid():
            continue
        with contextlib.suppress(OSError), open(f"/proc/{name}/environ", "rb") as environ:
            if wanted in environ.read().split(b"\0"):
                os.kill(int(name), signal.SIGKILL)
                killed += 1
    return killed


def set_title(title: str) -> None:
    """Show `title` in ps, as far as it fits where the command line stands (its memory is the process's own)."""
    with contextlib.suppress(OSError, AttributeError, ValueError, IndexError):
        ctypes.CDLL(None).prctl(_PR_SET_NAME, title.encode()[:15], 0, 0, 0)
        with open("/proc/self/stat", "rb") as stat:
            fields = stat.read().rpartition(b")")[2].split()
        start, end = int(fields[_ARG_START - 2]), int(fields[_ARG_END - 2])
        room = end - start
        if 0 < room <= 65536:
            text = title.encode()[: room - 1]
            ctypes.memmove(start, text + b"\0" * (room - len(text)), room)

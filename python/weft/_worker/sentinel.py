"""The process that outlives the fork server, and ends what is left when that was killed.

A fork server that is asked to end kills its workers and what they started. One that is killed cannot, and its runner,
which would do it then, may have been killed with it: workers die by themselves, but not what users' code has started.
The sentinel waits for the end of a pipe whose other end the fork server alone holds open, until it is gone.
"""

from __future__ import annotations

import os
import signal
import time

from weft._worker.process import kill_marked, set_title

__all__ = ["MARK", "Sentinel"]

# Environment variable with a fork server's own mark, which all processes below it inherit.
MARK = "WEFT_SERVER"

_PASSES = 100
_PAUSE_SECONDS = 0.02


class Sentinel:
    """A child of this process that watches it. Start it early: it keeps what has been loaded by then.

    Attributes
    ----------
    pid : int
        0 where this process has no mark to look for.
    """

    def __init__(self) -> None:
        mark = os.environ.get(MARK, "")
        self.pid = 0
        self._pipe = -1
        if not mark:
            return
        watched, self._pipe = os.pipe()
        self.pid = os.fork()
        if self.pid == 0:
            _watch(watched, self._pipe, mark)
        os.close(watched)

    def leave(self) -> None:
        """Let go of the pipe, in a child that is not to be taken for the watched process."""
        if self._pipe >= 0:
            os.close(self._pipe)
            self._pipe = -1


def _watch(pipe: int, other: int, mark: str) -> None:
    try:
        os.close(other)
        # What is sent to the whole process group must not end the one process that looks for those outside of it.
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, signal.SIG_IGN)
        null = os.open(os.devnull, os.O_RDWR)
        for descriptor in (0, 1, 2):
            os.dup2(null, descriptor)
        os.close(null)
        set_title(f"weft-sentinel {os.environ.get('WEFT_APPLICATION', '')}".rstrip())
        os.read(pipe, 1)
        # Again and again, because what is found may start another process before it is killed.
        for _ in range(_PASSES):
            if not kill_marked(MARK, mark):
                break
            time.sleep(_PAUSE_SECONDS)
    finally:
        os._exit(0)

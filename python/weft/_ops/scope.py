"""What an operator may know of the task it works for."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Callable, Sequence
from typing import Any

from weft._ops.memory import Gauge, MemoryWatch

__all__ = ["TaskScope", "current", "end_if_forked", "enter", "entered", "watch_forks"]

_entered: list[TaskScope] = []
_forked: list[int] = []


def watch_forks() -> None:
    """Have :func:`end_if_forked` end the processes that functions fork from now on."""
    os.register_at_fork(after_in_child=lambda: _forked.append(os.getpid()))


def end_if_forked() -> None:
    """End this process if it is no worker but a copy of one, whose function returned instead of ending it.

    It would go on with the task as the worker does: on the same connection, into the same files.
    """
    if _forked:
        sys.stderr.write("weft: a process that a function forked came back, and was ended. End it by os._exit.\n")
        sys.stderr.flush()
        os._exit(1)


class TaskScope:
    """Folders, memory and counters of one task; a `SpillScope`.

    Parameters
    ----------
    budget : int
        Bytes of data the task may hold before it spills.
    spill_dirs : sequence of str
        Existing folders, one per disk.
    baseline : int
        What the process held before it served its first task.
    """

    def __init__(self, budget: int, spill_dirs: Sequence[str], baseline: int | None = None) -> None:
        self.budget = budget
        self._spill_dirs = list(spill_dirs)
        self.gauge: Gauge = MemoryWatch(budget, baseline)
        self.spilled_bytes = 0
        self.spills = 0
        self.rows_in = 0
        self.rows_out = 0
        self.bytes_out = 0
        self.output_dirs: Sequence[str] = ()
        self.kept: list[dict[str, Any]] = []  # persisted partitions that the task has made
        self.succeeded = False
        self.serializer: Any = None  # what writes the records that leave the task, None: pickle
        self._endings: list[Callable[[], None]] = []

    @property
    def spill_dirs(self) -> Sequence[str]:
        """Existing folders, one per disk."""
        return self._spill_dirs

    def on_close(self, action: Callable[[], None]) -> None:
        """Have `action` called when the task ends, however it ends."""
        self._endings.append(action)

    def close(self) -> None:
        """Run what was asked for, last first; failures of one do not keep the others from running."""
        while self._endings:
            with contextlib.suppress(Exception):
                self._endings.pop()()

    def count_in(self, rows: int) -> None:
        """Count rows as read."""
        self.rows_in += rows


def enter(scope: TaskScope | None) -> None:
    """Make a task's scope the one that :func:`current` gives; None after the task."""
    _entered[:] = [] if scope is None else [scope]


def entered() -> TaskScope | None:
    """Give the scope of the task that this process runs; None if it runs none."""
    return _entered[0] if _entered else None


def current() -> TaskScope:
    """Give the scope of the task that this process runs.

    Raises
    ------
    RuntimeError
        If it runs none.
    """
    if not _entered:
        raise RuntimeError("this works in a task only, and no task runs in this process")
    return _entered[0]

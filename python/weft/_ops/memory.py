"""How much memory a task's data takes, and when it must go to disk.

The measure is what the process holds privately (anonymous pages), less what it held before it served its first task:
shared libraries and page cache do not count, what the fork server shared with its workers does not either. It is read
from /proc/self/statm once per batch, which costs two microseconds.

Freed memory does not always go back to the system. That needs no correction: memory that is free inside the process
is used again before the process grows, so growth is what counts. Only where much stays after a spill (data that the
user's code keeps, torn arenas) the mark moves up, so that the task does not spill with every batch.
"""

from __future__ import annotations

import ctypes
import functools
import gc
import os
import resource
import sys
from typing import Protocol

__all__ = ["AlwaysFull", "Gauge", "MemoryWatch", "NeverFull", "private_bytes"]

_PAGE_BYTES = resource.getpagesize()
_BLOCK_BYTES = 96  # of an average object, for systems without /proc

# glibc: mallopt parameters. Fixed thresholds keep freed buffers of some megabytes from staying in the heap.
_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD = -1, -3
_TRIM_BYTES, _MMAP_BYTES = 2 << 20, 4 << 20


class Gauge(Protocol):
    """What an operator asks whether it must spill."""

    def full(self, extra: int = 0) -> bool:
        """Whether the task's data, and `extra` bytes that it is about to take, pass the budget."""

    def release(self) -> None:
        """Give freed memory back to the system; call it after data was dropped."""


def private_bytes() -> int:
    """The bytes that this process holds for itself now (anonymous resident pages)."""
    descriptor = _statm(os.getpid())
    if descriptor is None:
        blocks = getattr(sys, "getallocatedblocks", None)
        return 0 if blocks is None else int(blocks()) * _BLOCK_BYTES
    fields = os.pread(descriptor, 128, 0).split()
    return (int(fields[1]) - int(fields[2])) * _PAGE_BYTES


class MemoryWatch:
    """Compares what the process holds with a budget; one per task.

    Parameters
    ----------
    budget : int
        Bytes of data the task may hold.
    baseline : int, optional
        `private_bytes()` of this process before it served; now, when absent.
    """

    def __init__(self, budget: int, baseline: int | None = None) -> None:
        _tune_allocator()
        self._budget = budget
        self._baseline = private_bytes() if baseline is None else baseline
        self._mark = self._baseline + budget
        if private_bytes() > self._mark:
            self.release()

    @property
    def used(self) -> int:
        """Bytes over the baseline, never negative."""
        return max(0, private_bytes() - self._baseline)

    def full(self, extra: int = 0) -> bool:
        """Whether what is held, and `extra` bytes to come, pass the budget."""
        return private_bytes() + extra > self._mark

    def release(self) -> None:
        """Collect garbage, trim the heap, and move the mark if more than the budget stays taken."""
        gc.collect()
        _trim_heap()
        floor = private_bytes() + self._budget // 8
        self._mark = max(self._baseline + self._budget, floor)


class NeverFull:
    """A gauge without a limit."""

    def full(self, extra: int = 0) -> bool:
        """Never."""
        del extra
        return False

    def release(self) -> None:
        """Do nothing."""


class AlwaysFull:
    """A gauge that is full at every n-th question: makes spills happen where and when a test wants them."""

    def __init__(self, every: int = 1) -> None:
        self._every = every
        self._asked = 0

    def full(self, extra: int = 0) -> bool:
        """Whether this question is an n-th one."""
        del extra
        self._asked += 1
        return self._asked % self._every == 0

    def release(self) -> None:
        """Do nothing."""


@functools.lru_cache(maxsize=1)
def _statm(_pid: int) -> int | None:
    """An open descriptor of this process's statm; keyed by pid because a fork inherits its parent's."""
    try:
        return os.open("/proc/self/statm", os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return None


@functools.lru_cache(maxsize=1)
def _libc() -> ctypes.CDLL | None:
    """The C library if it is glibc, whose heap can be trimmed and tuned."""
    try:
        library = ctypes.CDLL(None)
        return library if hasattr(library, "malloc_trim") and hasattr(library, "mallopt") else None
    except OSError:
        return None


@functools.lru_cache(maxsize=1)
def _tune_allocator() -> None:
    library = _libc()
    if library is not None:
        library.mallopt(_M_MMAP_THRESHOLD, _MMAP_BYTES)
        library.mallopt(_M_TRIM_THRESHOLD, _TRIM_BYTES)


def _trim_heap() -> None:
    library = _libc()
    if library is not None:
        library.malloc_trim(0)

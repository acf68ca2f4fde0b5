"""How much memory a task's data takes, and when it must go to disk.

The measure is what the process holds privately (anonymous pages), less what it held before it served its first task:
shared libraries and page cache do not count, what the fork server shared with its workers does not either. It is read
from /proc/self/statm once per batch, which costs two microseconds.

Freed memory does not always go back to the system: one living object keeps a whole arena. What is free inside the
process is used again before the process grows, so growth alone says when memory is full the first time. After a spill
the number of allocated blocks tells how much of what stays taken is in use and how much has been filled again, so
that a task spills neither with every batch nor ever later.
"""

from __future__ import annotations

import ctypes
import functools
import gc
import os
import resource
import sys
from typing import Protocol

__all__ = ["AlwaysFull", "Gauge", "MemoryWatch", "NeverFull", "private_bytes", "request_spill"]

_PAGE_BYTES = resource.getpagesize()
_BLOCK_BYTES = 96  # of an average object, for systems without /proc

# glibc: mallopt parameters. Fixed thresholds keep freed buffers of some megabytes from staying in the heap.
_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD = -1, -3
_TRIM_BYTES, _MMAP_BYTES = 2 << 20, 4 << 20


# What a task must have taken for a request to spill to be worth its while.
_LEAST_REQUESTED_BYTES = 4 << 20

_requests: list[bool] = []


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
        return _blocks() * _BLOCK_BYTES
    fields = os.pread(descriptor, 128, 0).split()
    return (int(fields[1]) - int(fields[2])) * _PAGE_BYTES


def request_spill() -> None:
    """Have the running task spill at its next batch, whatever its budget; may be called by a signal's handler."""
    _requests[:] = [True]


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
        _requests.clear()
        self._budget = budget
        self._baseline = private_bytes() if baseline is None else baseline
        self._first_blocks = _blocks()
        self._block_bytes = float(_BLOCK_BYTES)
        # The most blocks seen since the last release, and the bytes taken then.
        self._peak_blocks = 0
        self._peak_bytes = 0
        # As of the last release: bytes that were still taken, those of them in use, and the blocks in use.
        self._floor = -budget
        self._kept = 0.0
        self._kept_blocks = self._first_blocks
        if self.used > budget:
            self.release()

    @property
    def used(self) -> int:
        """Bytes over the baseline, never negative."""
        return max(0, private_bytes() - self._baseline)

    def full(self, extra: int = 0) -> bool:
        """Whether what is held, and `extra` bytes to come, pass the budget."""
        taken = private_bytes() - self._baseline
        if _requests:
            _requests.clear()
            if self._taken_since_release(taken) + extra > _LEAST_REQUESTED_BYTES:
                return True
        if taken + extra <= self._budget // 2:
            return False
        blocks = _blocks()
        if blocks > self._peak_blocks:
            self._peak_blocks, self._peak_bytes = blocks, taken
        if taken + extra <= self._budget:
            return False
        if taken + extra > max(self._budget, self._floor + self._budget // 8):
            return True
        # Part of what is taken is free inside the process: what was freed and has not been filled again.
        filled = extra + (blocks - self._kept_blocks) * self._block_bytes
        room = self._budget - self._kept
        if taken > self._budget * 9 // 8:
            room = min(room, self._budget / 4)
        return filled > max(room, self._budget / 8)

    def _taken_since_release(self, taken: int) -> float:
        """About what was taken since then: growth, and what was free inside the process and is filled again."""
        filled = (_blocks() - self._kept_blocks) * self._block_bytes
        return max(filled, taken - max(0, self._floor))

    def release(self) -> None:
        """Collect garbage and trim the heap; note how much of what stays taken is in use."""
        gc.collect()
        _trim_heap()
        blocks, taken = _blocks(), self.used
        grown = self._peak_blocks - self._first_blocks
        if grown > 0:
            self._block_bytes = max(16.0, self._peak_bytes / grown)
            self._kept = taken * min(1.0, max(0, blocks - self._first_blocks) / grown)
        else:
            self._kept = min(float(taken), self._kept + (blocks - self._kept_blocks) * self._block_bytes)
        self._kept = max(0.0, self._kept)
        self._floor = taken
        _requests.clear()
        self._kept_blocks = blocks
        self._peak_blocks = 0


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


def _blocks() -> int:
    """The objects and buffers allocated by Python; 0 where it does not count them (PyPy)."""
    count = getattr(sys, "getallocatedblocks", None)
    return 0 if count is None else int(count())


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

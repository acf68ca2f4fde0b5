"""Ends the task that is at work when its job is cancelled: raises :class:`Cancelled` in the thread that runs it.

Nothing is asked for each record. In the main thread the exception comes from the handler of a signal, which ends
system calls that wait (a sleep, a read from a socket), too. In other threads, and where the program itself handles
that signal, CPython raises it before the thread's next call or turn of a loop in Python. Where neither is to be had,
and where the user's function swallows the exception, the task ends with its next frame.
"""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Callable
from typing import Any, TypeVar

__all__ = ["Cancelled", "Interrupts"]

# ignored by who does not handle it, so that one that comes late harms nobody
_SIGNAL: signal.Signals | None = getattr(signal, "SIGURG", None)
_PAUSE_SECONDS = 0.02
T = TypeVar("T")


class Cancelled(BaseException):
    """The job of the running task was cancelled; no function of the user's may catch it by ``except Exception``."""


class Interrupts:
    """The threads of a context in which a task is at work.

    Parameters
    ----------
    is_cancelled : callable
        Whether the running job is to end; may be asked by any thread.
    """

    def __init__(self, is_cancelled: Callable[[], bool]) -> None:
        self._is_cancelled = is_cancelled
        # reentrant: the garbage collector, which may cancel, comes at any moment
        self._lock = threading.RLock()
        self._at_work: set[int] = set()  # threads that run a task, and nothing else at this moment
        self._sent: set[int] = set()  # those of them that were interrupted: once each
        self._handler = self._handle
        self._is_owed = False  # the main thread was sent a signal, and the handler has not raised yet

    def run(self, work: Callable[[], T]) -> T:
        """Do the work of a task in this thread; it may be interrupted.

        Raises
        ------
        Cancelled
            If it was, whatever came of the work.
        """
        try:
            try:
                self.enter()
                return work()
            finally:
                self.leave()
        except Cancelled:
            self.leave()  # the interrupt may have come within the first one; there is no second interrupt
            raise
        except BaseException as raised:
            self.leave()
            if self._is_cancelled() and not isinstance(raised, KeyboardInterrupt):
                raise Cancelled from raised  # what the user's function made of it
            raise

    def enter(self) -> None:
        """From here on this thread may be interrupted."""
        with self._lock:
            if self._is_cancelled():
                raise Cancelled
            if threading.current_thread() is threading.main_thread():
                self._listen()
            self._at_work.add(threading.get_ident())

    def leave(self) -> None:
        """From here on it may not; an interrupt that has not come by now does not come."""
        thread = threading.get_ident()
        with self._lock:
            self._at_work.discard(thread)
            if thread in self._sent:
                _let_come()
                self._sent.discard(thread)
            if threading.current_thread() is threading.main_thread():
                self._is_owed = False
                if self._listens():
                    assert _SIGNAL is not None
                    signal.signal(_SIGNAL, signal.SIG_DFL)

    def interrupt(self) -> None:
        """End the work of all threads, if the job is to end; this thread hears of it at its next frame."""
        with self._lock:
            if not self._is_cancelled():
                return
            for thread in self._at_work - {threading.get_ident()}:
                self.end(thread)

    def end(self, thread: int) -> None:
        """End what this thread is at work on, if it is."""
        with self._lock:
            if thread not in self._at_work or thread in self._sent:
                return
            self._sent.add(thread)
            if thread == threading.main_thread().ident and self._listens():
                self._is_owed = True
                threading.Thread(target=self._knock, args=(thread,), daemon=True, name="weft-cancel").start()
            else:
                _raise_in(thread)

    def _knock(self, thread: int) -> None:
        """Send the signal until it is heard: one that comes just before a system call begins does not end that."""
        while True:
            with self._lock:
                if not self._is_owed or not self._listens():
                    return
                assert _SIGNAL is not None
                signal.pthread_kill(thread, _SIGNAL)
            time.sleep(_PAUSE_SECONDS)

    def _handle(self, _number: int, _frame: Any) -> None:
        if self._is_owed:
            self._is_owed = False
            raise Cancelled

    def _listen(self) -> None:
        if _SIGNAL is not None and signal.getsignal(_SIGNAL) == signal.SIG_DFL:
            signal.signal(_SIGNAL, self._handler)

    def _listens(self) -> bool:
        return _SIGNAL is not None and signal.getsignal(_SIGNAL) is self._handler


def _raise_in(thread: int) -> None:
    """Raise :class:`Cancelled` in a thread. Only CPython can do that."""
    import ctypes

    api = getattr(ctypes, "pythonapi", None)
    if api is not None:
        api.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread), ctypes.py_object(Cancelled))


def _let_come() -> None:
    """Meet an exception that was raised in this thread and has not come yet.

    To take it back instead leaves CPython before 3.13 looking for it for ever, at each turn of each loop; a function
    that is profiled then never begins.
    """
    try:
        for _ in range(100):
            pass
    except Cancelled:
        pass

"""Tasks of a barrier stage in one process: each in a thread of its own, one at work at a time, in turns.

A task works until it ends or waits in ``barrier()`` or ``allGather``; then it is the next one's turn. So a run is the
same each time, and what a process holds once (the running task's context, scope and accumulators) is put aside and back
when the turn passes on. Tasks that wait for each other by other means than these calls wait for ever.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Sequence
from typing import Any, Optional

from weft import accumulators
from weft._inline.interrupts import Cancelled, Interrupts
from weft._ops import scope
from weft.errors import BarrierError, WrongPlaceError
from weft.taskcontext import BarrierTaskContext, TaskContext

__all__ = ["Gang"]

_MOST_CHARACTERS = 1 << 20
_ORDER = "All tasks of a barrier stage must make the same calls in the same order."
_NAMES = {True: "allGather()", False: "barrier()"}


class _Member:
    """A task: its thread, what it waits for, and what of the process is its own."""

    def __init__(self, number: int, work: Callable[[], Any]) -> None:
        self.number = number
        self.work = work
        self.turn = threading.Semaphore(0)
        self.thread: Optional[threading.Thread] = None
        self.call: Optional[tuple[bool, str]] = None
        self.answer: list[str] | BaseException = []
        self.result: Any = None
        self.error: Optional[BaseException] = None
        self.ended = False
        self._aside: Any = None

    def put_aside(self) -> None:
        """Take what is the task's own out of the process."""
        self._aside = TaskContext._taskContext, scope.entered(), accumulators.put_aside()
        TaskContext._taskContext = None
        scope.enter(None)

    def put_back(self) -> None:
        """Have it in the process again."""
        if self._aside is not None:
            TaskContext._taskContext, entered, added = self._aside
            scope.enter(entered)
            accumulators.put_back(added)


class Gang:
    """Runs the tasks of one barrier stage.

    Parameters
    ----------
    place : str
        The stage in the words of errors, such as ``mapPartitions at etl.py:58``.
    work : sequence of callable
        Runs a task, and gives what it has made; by task.
    threads : set of int
        Where the threads that run tasks note themselves.
    interrupts : Interrupts
        How what is at work ends when its job is cancelled.
    """

    def __init__(
        self, place: str, work: Sequence[Callable[[], Any]], threads: set[int], interrupts: Interrupts
    ) -> None:
        self._place = place
        self._members = [_Member(number, one) for number, one in enumerate(work)]
        self._over = threading.Semaphore(0)  # the turn of who runs the gang
        self._running: Optional[_Member] = None
        self._calls = 0
        self.cancelled = False
        self._threads = threads
        self._interrupts = interrupts

    def run(self) -> list[Any]:
        """Run all tasks; what each has made.

        Raises
        ------
        BaseException
            What the first task raised that failed.
        """
        before = BarrierTaskContext._calls
        BarrierTaskContext._calls = self._call
        try:
            self._run()
        finally:
            self._end()
            BarrierTaskContext._calls = before
        return [member.result for member in self._members]

    def _run(self) -> None:
        ready = deque(self._members)
        while ready:
            member = ready.popleft()
            self._give_turn(member)
            if member.error is not None:
                raise member.error
            problem = self._problem(member)
            waiting = [one for one in self._members if one.call is not None]
            if problem:
                for one in waiting:
                    one.answer, one.call = (
                        BarrierError(f"In the barrier stage of {self._place}, {problem}", "E27"),
                        None,
                    )
                ready.extend(one for one in waiting if one not in ready)
                self._calls += 1
            elif waiting and len(waiting) == len(self._members):
                said = [one.call[1] for one in waiting if one.call is not None and one.call[0]]
                for one in waiting:
                    one.answer, one.call = list(said), None
                ready.extend(waiting)
                self._calls += 1

    def _problem(self, last: _Member) -> str:
        """Why those that wait do so in vain, now that this task has come or ended; empty if they do not."""
        waiting = [one for one in self._members if one.call is not None]
        ended = next((one for one in self._members if one.ended), None)
        if not waiting:
            return ""
        first = waiting[0]
        assert first.call is not None
        number = self._calls + 1
        if ended is not None:
            return (
                f"task {ended.number} has ended after {self._calls} calls, while task {first.number} waits in "
                f"{_NAMES[first.call[0]]}, its call number {number}. {_ORDER}"
            )
        other = next((one for one in waiting if one.call is not None and one.call[0] != first.call[0]), None)
        if other is not None:
            return (
                f"task {first.number} has called {_NAMES[first.call[0]]} and task {other.number} "
                f"{_NAMES[not first.call[0]]}, each as its call number {number}. {_ORDER}"
            )
        if sum(len(one.call[1]) for one in waiting if one.call is not None) > _MOST_CHARACTERS:
            return (
                f"the messages of allGather, call number {number}, have more than {_MOST_CHARACTERS} characters "
                "together. Write what is large to a file, and gather its path."
            )
        return ""

    def _give_turn(self, member: _Member) -> None:
        self._running = member
        if member.thread is None:
            member.thread = threading.Thread(target=self._work, args=(member,), daemon=True, name="weft-barrier-task")
            member.thread.start()
        else:
            member.turn.release()
        try:
            self._over.acquire()
        except KeyboardInterrupt:
            self.cancelled = True  # the task hears it at its next frame, or at once
            assert member.thread is not None and member.thread.ident is not None
            self._interrupts.end(member.thread.ident)
            self._over.acquire()
            raise

    def _work(self, member: _Member) -> None:
        self._threads.add(threading.get_ident())
        try:
            member.result = member.work()
        except BaseException as error:  # raised again by who runs the gang
            member.error = error
        finally:
            self._threads.discard(threading.get_ident())
            member.ended = True
            TaskContext._taskContext = None
            scope.enter(None)
            self._over.release()

    def _call(self, gathers: bool, message: str) -> list[str]:
        member = self._running
        if member is None or member.thread is not threading.current_thread():
            raise WrongPlaceError("barrier() and allGather() work in the thread that runs the task.")
        member.call = gathers, message
        self._interrupts.leave()  # it is not at work while it waits
        member.put_aside()
        self._over.release()
        member.turn.acquire()
        member.put_back()
        self._interrupts.enter()
        if isinstance(member.answer, BaseException):
            raise member.answer
        return member.answer

    def _end(self) -> None:
        """End what still waits after one has failed."""
        self.cancelled = True
        if self._running is not None and not self._running.ended and self._running.call is None:
            return  # interrupted twice while it runs: it ends by itself, or with the process
        for member in self._members:
            if member.thread is not None and not member.ended and member is not self._running:
                member.answer, member.call = Cancelled(), None
                self._give_turn(member)
        for member in self._members:
            if member.thread is not None and member.ended:
                member.thread.join()

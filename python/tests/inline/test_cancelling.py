"""A cancelled job ends though the task that is at work gives nothing; what the driver does then is left alone."""

from __future__ import annotations

import os
import platform
import random
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from weft import BarrierTaskContext, WeftContext
from weft.errors import JobCancelledError

CPYTHON = platform.python_implementation() == "CPython"
NAME = __name__
at_work: list[bool] = []  # no lock, which an interrupted task might leave locked


@pytest.fixture(scope="module")
def sc() -> Iterator[WeftContext]:
    with WeftContext("inline") as made:
        yield made


def sleeps(_: Any) -> None:
    time.sleep(600)


def reads(_: Any) -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        ours.recv(1)


def loops(_: Any) -> None:
    while True:
        pass


def naps(_: Any) -> None:
    while True:
        time.sleep(0.01)


def swallows(_: Any) -> None:
    try:
        loops(_)
    except BaseException as error:
        raise ValueError("the function's own") from error


def says(function: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """Have a function say that it is at work, in the list of this module, which a pickled function would copy."""

    def run(record: Any) -> Any:
        sys.modules[NAME].at_work[:] = [True]  # type: ignore[attr-defined]
        return function(record)

    return run


def cancelled_when_at_work(sc: WeftContext, job: Callable[[], Any]) -> None:
    """Run a job, and cancel it from another thread once a task is at work."""
    at_work.clear()

    def cancel() -> None:
        deadline = time.monotonic() + 30
        while not at_work:
            assert time.monotonic() < deadline
            time.sleep(0.001)
        sc.cancelAllJobs()

    other = threading.Thread(target=cancel)
    other.start()
    try:
        with pytest.raises(JobCancelledError):
            job()
    finally:
        other.join()
    assert sc.parallelize(range(5), 2).map(lambda x: x + 1).sum() == 15


def in_another_thread(job: Callable[[], Any]) -> Callable[[], None]:
    def run() -> None:
        raised: list[BaseException] = []

        def attempt() -> None:
            try:
                job()
            except BaseException as error:  # raised again below
                raised.append(error)

        thread = threading.Thread(target=attempt)
        thread.start()
        thread.join(60)
        assert not thread.is_alive()
        if raised:
            raise raised[0]

    return run


@pytest.mark.parametrize("stuck", [sleeps, reads, loops, naps, swallows])
def test_what_waits_in_the_main_thread_ends(sc: WeftContext, stuck: Callable[[Any], Any]) -> None:
    cancelled_when_at_work(sc, sc.parallelize([1], 1).map(says(stuck)).count)


@pytest.mark.skipif(not CPYTHON, reason="only CPython can raise an exception in another thread")
@pytest.mark.parametrize("stuck", [loops, naps, swallows])
def test_what_runs_python_in_another_thread_ends(sc: WeftContext, stuck: Callable[[Any], Any]) -> None:
    cancelled_when_at_work(sc, in_another_thread(sc.parallelize([1], 1).map(says(stuck)).count))


@pytest.mark.skipif(not CPYTHON, reason="only CPython can raise an exception in another thread")
def test_a_program_that_handles_the_signal_itself_keeps_it(sc: WeftContext) -> None:
    heard: list[int] = []

    def mine(number: int, _: Any) -> None:
        heard.append(number)

    before = signal.signal(signal.SIGURG, mine)
    try:
        cancelled_when_at_work(sc, sc.parallelize([1], 1).map(says(naps)).count)
        assert signal.getsignal(signal.SIGURG) is mine
    finally:
        signal.signal(signal.SIGURG, before)
    assert heard == []


@pytest.mark.parametrize("operator", ["filter", "flatMap", "mapPartitions", "reduceByKey", "sortBy"])
def test_a_stage_that_gives_nothing_ends_between_two_records(sc: WeftContext, operator: str) -> None:
    def without_end(_: Any) -> Iterator[int]:
        number = 0
        while True:
            number += 1
            yield number

    numbers = sc.parallelize([0], 1).flatMap(without_end)
    none = {
        "filter": lambda: numbers.filter(says(lambda _: False)),
        "flatMap": lambda: numbers.flatMap(says(lambda _: ())),
        "mapPartitions": lambda: numbers.mapPartitions(lambda records: filter(says(lambda _: False), records)),
        "reduceByKey": lambda: numbers.map(says(lambda x: (0, x))).reduceByKey(max),
        "sortBy": lambda: numbers.map(says(lambda _: 0)).distinct().sortBy(lambda x: x),
    }[operator]()
    cancelled_when_at_work(sc, none.count)


@pytest.mark.skipif(not CPYTHON, reason="only CPython can raise an exception in another thread")
def test_a_barrier_stage_ends_with_the_task_that_is_at_work(sc: WeftContext) -> None:
    busy = says(loops)

    def work(index: int, records: Any) -> Iterator[Any]:
        task = BarrierTaskContext.get()
        task.barrier()
        if index == 1:
            busy(None)
        task.barrier()
        return iter(records)

    cancelled_when_at_work(sc, sc.range(3, numSlices=3).barrier().mapPartitionsWithIndex(work).count)


def test_an_interrupt_never_comes_when_the_task_is_over(sc: WeftContext) -> None:
    numbers = random.Random(4)
    over = threading.Event()

    def cancel() -> None:
        while not over.wait(numbers.random() / 500):
            sc.cancelAllJobs()

    other = threading.Thread(target=cancel)
    other.start()
    ended = 0
    try:
        for _ in range(300):
            try:
                assert sc.parallelize(range(20), 3).map(lambda x: (x % 3, x)).reduceByKey(max).count() == 3
            except JobCancelledError:
                ended += 1
            sum(range(1000))  # the driver's own, which nothing may end
    finally:
        over.set()
        other.join()
    assert ended > 0
    assert signal.getsignal(signal.SIGURG) == signal.SIG_DFL


def test_a_function_can_be_profiled_after_a_job_was_cancelled(tmp_path: Path) -> None:
    program = """
import sys, threading
from weft._inline.interrupts import Cancelled, Interrupts

cancelled = threading.Event()
interrupts = Interrupts(cancelled.is_set)

def task():
    cancelled.set()
    interrupts.end(threading.get_ident())

def run():
    try:
        interrupts.run(task)
    except Cancelled:
        print("cancelled")

thread = threading.Thread(target=run)
thread.start()
thread.join()
sys.setprofile(lambda *_: None)
(lambda: print("profiled"))()
"""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run(
        [sys.executable, "-c", program], env=environment, cwd=tmp_path, capture_output=True, text=True, timeout=60
    )
    assert (done.stdout, done.stderr) == ("cancelled\nprofiled\n", "")

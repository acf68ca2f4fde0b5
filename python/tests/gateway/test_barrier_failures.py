"""Barrier stages that fail, wait in vain, or lose a worker: all tasks of the stage end, and run again together."""

from __future__ import annotations

import os
import sys
import textwrap
import time
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import cloudpickle
import pytest

from tests.gateway import scripts
from weft import BarrierTaskContext, WeftConf, WeftContext
from weft.errors import BarrierError

pytestmark = pytest.mark.local


@pytest.fixture(scope="module")
def local() -> Iterator[WeftContext]:
    cloudpickle.register_pickle_by_value(sys.modules[__name__])
    conf = WeftConf().setMaster("local[2,4]").set("weft.barrier.timeout", "120s")
    with WeftContext(conf=conf) as made:
        yield made
    cloudpickle.unregister_pickle_by_value(sys.modules[__name__])


def test_too_few_slots_fail_the_job_before_anything_runs(local: WeftContext, tmp_path: Path) -> None:
    marker = str(tmp_path / "ran")
    read = local.range(3, numSlices=3).map(lambda x: (open(marker, "w").close(), x)[1]).repartition(3)
    with pytest.raises(BarrierError) as failure:
        read.barrier().mapPartitions(lambda records: records).collect()
    assert str(failure.value).startswith("mapPartitions at test_barrier_failures.py:")
    assert "its 3 tasks run all at once, and the application has 2 slots" in str(failure.value)
    assert "repartition(2) before barrier(), or more slots: local[3]" in str(failure.value)
    assert not os.path.exists(marker)


def test_a_call_that_takes_too_long_names_who_did_not_come(tmp_path: Path) -> None:
    code = """
    from weft.errors import BarrierError

    def late(index, _records):
        if index == 1:
            time.sleep(600)
        BarrierTaskContext.get().barrier()
        yield index

    with WeftContext(conf=conf.setMaster("local[2,4]").set("weft.barrier.timeout", "1s")) as sc:
        try:
            sc.range(2, numSlices=2).barrier().mapPartitionsWithIndex(late).collect()
        except BarrierError as error:
            print(error)
    """
    said = scripts.run(tmp_path, textwrap.dedent(PRELUDE) + textwrap.dedent(code))
    assert "1 of 2 tasks have made call number 1, barrier(), and waited 1.0 s " in said
    assert " for task 1 on localhost" in said


def test_all_run_again_when_one_fails_and_what_they_added_counts_once(local: WeftContext, tmp_path: Path) -> None:
    folder = str(tmp_path)
    added = local.accumulator(0)

    def flaky(index: int, _: Iterable[int]) -> Iterator[Any]:
        task = BarrierTaskContext.get()
        attempt = task.attemptNumber()
        open(f"{folder}/{attempt}-{index}", "w").close()
        added.add(1)
        if index == 1 and attempt < 2:
            task.barrier()
            raise OSError("once more")
        task.barrier()
        yield index, attempt, task.allGather(str(attempt))

    found = local.range(2, numSlices=2).barrier().mapPartitionsWithIndex(flaky).collect()
    assert found == [(0, 2, ["2", "2"]), (1, 2, ["2", "2"])]
    assert sorted(os.listdir(folder)) == ["0-0", "0-1", "1-0", "1-1", "2-0", "2-1"]
    assert added.value == 2


def test_a_killed_worker_has_all_run_again(local: WeftContext, tmp_path: Path) -> None:
    def die(index: int, _: Iterable[int]) -> Iterator[Any]:
        task = BarrierTaskContext.get()
        task.barrier()
        if index == 0 and task.attemptNumber() == 0:
            os.kill(os.getpid(), 9)
        yield index, task.attemptNumber(), task.allGather(str(index))

    found = local.range(2, numSlices=2).barrier().mapPartitionsWithIndex(die).collect()
    assert found == [(0, 1, ["0", "1"]), (1, 1, ["0", "1"])]


def test_a_call_after_one_that_a_signal_of_the_users_has_ended_is_refused(local: WeftContext, tmp_path: Path) -> None:
    folder = str(tmp_path)

    def impatient(index: int, _: Iterable[int]) -> Iterator[Any]:
        import signal

        task = BarrierTaskContext.get()
        refused = f"{folder}/{task.attemptNumber()}"
        if index == 0:

            def ring(_: int, frame: Any) -> None:
                while frame is not None and frame.f_code.co_name != "receive":
                    frame = frame.f_back
                if frame is not None:  # the call has been sent, and its answer is waited for
                    raise InterruptedError

            signal.signal(signal.SIGALRM, ring)
            signal.setitimer(signal.ITIMER_REAL, 0.05, 0.05)
            try:
                task.barrier()
            except InterruptedError:
                signal.setitimer(signal.ITIMER_REAL, 0)
                try:
                    task.allGather()
                except BarrierError:
                    open(refused, "w").close()
                    raise
        while not os.path.exists(refused):
            time.sleep(0.01)  # ended with the other task
        yield index

    with pytest.raises(BarrierError, match="task 0 has made 2 calls where the others make their call number 1"):
        local.range(2, numSlices=2).barrier().mapPartitionsWithIndex(impatient).collect()


def test_jobs_beside_it_end_and_so_does_it(local: WeftContext) -> None:
    def single(number: int) -> int:
        return local.range(20, numSlices=10).map(lambda x: x + number).sum()

    def gang(number: int) -> int:
        waits = local.range(20, numSlices=2).barrier()
        return sum(waits.mapPartitions(lambda rows: [len(BarrierTaskContext.get().allGather()), sum(rows)]).collect())

    with ThreadPoolExecutor(8) as pool:
        singles = [pool.submit(single, number) for number in range(8)]
        gangs = [pool.submit(gang, number) for number in range(8)]
        assert [one.result(timeout=60) for one in singles] == [190 + 20 * number for number in range(8)]
        assert [one.result(timeout=60) for one in gangs] == [194] * 8


PRELUDE = """
    import os, signal, sys, time
    from weft import BarrierTaskContext, WeftConf, WeftContext

    folder = os.getcwd()
    conf = WeftConf().setMaster("local-cluster[2,2,1024]").setAppName("barrier").set("weft.log.dir", f"{folder}/log")
    """


@pytest.mark.cluster
def test_in_other_processes_barriers_hold_and_a_killed_worker_or_runner_has_all_run_again(tmp_path: Path) -> None:
    code = """
    def work(index, _records):
        task = BarrierTaskContext.get()
        attempt = task.attemptNumber()
        pids = task.allGather(str(os.getpid()))
        if index == 3 and attempt == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        if index == 3 and attempt == 1:
            os.kill(runner_above(int(pids[0])), signal.SIGKILL)
        if index == 0 and attempt == 1:
            time.sleep(600)  # until it is killed with its runner: nobody may pass the barrier before
        task.barrier()
        open(f"{folder}/{attempt}-{index}", "w").close()
        task.barrier()
        seen = sorted(name for name in os.listdir(folder) if name.startswith(f"{attempt}-"))
        yield attempt, seen == [f"{attempt}-{i}" for i in range(4)], len({a.address for a in task.getTaskInfos()})

    with WeftContext(conf=conf) as sc:
        print(sc.range(4, numSlices=4).barrier().mapPartitionsWithIndex(work).collect())
        pairs = sc.range(8, numSlices=4).map(lambda x: (x % 4, x)).reduceByKey(max, 4)
        print(sorted(pairs.barrier().mapPartitions(lambda rows: [len(BarrierTaskContext.get().allGather())]).collect()))
        log = open(f"log/{sc.applicationId}.events.log").read()
    assert sorted(name for name in os.listdir(folder) if "-" in name) == ["2-0", "2-1", "2-2", "2-3"]
    """
    out = scripts.run(tmp_path, scripts.RUNNER_ABOVE + textwrap.dedent(PRELUDE) + textwrap.dedent(code)).splitlines()
    assert out == [str([(2, True, 2)] * 4), "[4, 4, 4, 4]"]

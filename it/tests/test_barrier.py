"""Barrier stages on real YARN: tasks in several containers wait for each other, and fail and run again together."""

from __future__ import annotations

import textwrap
from pathlib import Path

import pytest

from tests.gateway.scripts import RUNNER_ABOVE
from yarnjobs import Jobs, poll

pytestmark = pytest.mark.yarn

PROGRAM = """
    import os, signal
    from weft import BarrierTaskContext, WeftContext
    from weft.errors import BarrierError

    def work(index, _records):
        task = BarrierTaskContext.get()
        attempt = task.attemptNumber()
        pids = task.allGather(str(os.getpid()))
        if index == 1 and attempt == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        if index == 2 and attempt == 1:
            os.kill(runner_above(os.getpid()), signal.SIGKILL)
        task.barrier()
        yield attempt, len(set(pids)), len({info.address for info in task.getTaskInfos()})

    with WeftContext() as sc:
        print(sc.range(4, numSlices=4).barrier().mapPartitionsWithIndex(work).collect())
        try:
            sc.range(5, numSlices=5).barrier().mapPartitions(lambda rows: rows).collect()
        except BarrierError as error:
            print(str(error).splitlines()[0].partition(": ")[2])
    """


def test_tasks_of_two_containers_wait_for_each_other_whatever_is_killed(jobs: Jobs, tmp_path: Path) -> None:
    script = tmp_path / "barrier.py"
    script.write_text(RUNNER_ABOVE + textwrap.dedent(PROGRAM))
    ended = jobs.run("--num-executors", "2", "--executor-cores", "2", "--executor-memory", "1g", str(script))
    assert ended.code == 0, ended.errors
    assert jobs.output(ended.application).splitlines() == [
        str([(2, 4, 2)] * 4),
        "its 5 tasks run all at once, and the application has 4 slots.",
    ]
    poll(lambda: "gone" if not jobs.left_over(ended.application) else None, f"clean end of {ended.application}", 60)

"""Tasks that have several processors take the slots of several."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import cloudpickle
import pytest

from weft import TaskContext, WeftConf, WeftContext
from weft.errors import BarrierError, NotSupportedError, SettingError, WeftError
from weft.resources import ExecutorResourceRequests, ResourceProfile, ResourceProfileBuilder, TaskResourceRequests

pytestmark = pytest.mark.local


@pytest.fixture(autouse=True)
def by_value() -> Iterator[None]:
    cloudpickle.register_pickle_by_value(sys.modules[__name__])
    yield
    cloudpickle.unregister_pickle_by_value(sys.modules[__name__])


def told(_: int) -> tuple[int, str, str | None]:
    task = TaskContext.get()
    assert task is not None
    return task.cpus(), str(task.cpuAmount()), os.environ.get("OMP_NUM_THREADS")


def same(records: Iterator[int]) -> Iterator[int]:
    return records


CLUSTER = pytest.param("local-cluster[1,5,512]", 5, marks=pytest.mark.cluster)


@pytest.mark.parametrize(("master", "processors"), [("local[4]", 4), CLUSTER])
def test_as_many_tasks_run_at_a_time_as_go_into_the_processors(master: str, processors: int) -> None:
    with WeftContext(conf=WeftConf().setMaster(master).set("weft.task.cpus", "2")) as sc:
        assert sc.range(1, numSlices=1).map(told).collect() == [(2, "2", "2")]
        assert sc.defaultParallelism == processors
        assert sc.range(2, numSlices=2).barrier().mapPartitions(same).count() == 2
        with pytest.raises(BarrierError, match="the application has 2 slots"):
            sc.range(3, numSlices=3).barrier().mapPartitions(same).count()


@pytest.mark.cluster
def test_as_many_processes_come_as_the_processors_of_the_tasks_need() -> None:
    conf = WeftConf().setMaster("local-cluster[3,2,512]").set("weft.task.cpus", "2")
    conf.set("weft.dynamicAllocation.enabled", "true").set("weft.dynamicAllocation.schedulerBacklogTimeout", "50ms")
    conf.set("weft.barrier.slotsTimeout", "60s")
    with WeftContext(conf=conf) as sc:
        assert sc.range(3, numSlices=3).barrier().mapPartitions(same).count() == 3


def test_threads_that_the_user_has_set_stay() -> None:
    conf = WeftConf().setMaster("local[2]").set("weft.task.cpus", "2").set("weft.env.OMP_NUM_THREADS", "3")
    with WeftContext(conf=conf) as sc:
        assert sc.range(1, numSlices=1).map(told).collect() == [(2, "2", "3")]


def test_inline_tasks_are_told_as_well() -> None:
    with WeftContext(conf=WeftConf().setMaster("inline").set("weft.task.cpus", "3")) as sc:
        assert sc.range(1).map(told).collect()[0][:2] == (3, "3")
    with WeftContext("inline") as sc:
        assert sc.range(1).map(told).collect()[0][:2] == (1, "1")


def test_a_task_that_no_machine_has_room_for_is_refused_at_the_start() -> None:
    with pytest.raises(SettingError, match=r"weft.task.cpus is 3, and local\[2\] has 2 processors: no task could run"):
        WeftContext(conf=WeftConf().setMaster("local[2]").set("weft.task.cpus", "3"))


def processors(amount: int) -> ResourceProfile:
    return ResourceProfileBuilder().require(TaskResourceRequests().cpus(amount)).build


@pytest.mark.cluster
def test_a_stage_has_processors_of_its_own() -> None:
    with WeftContext("local-cluster[1,4,512]") as sc:
        wide = sc.range(4, numSlices=4).map(told).withResources(processors(2))
        assert wide.has_resource_profile
        assert wide.collect() == [(2, "2", "2")] * 4
        assert sc.range(4, numSlices=4).map(told).collect() == [(1, "1", "1")] * 4
        assert sc.range(2, numSlices=2).withResources(processors(2)).barrier().mapPartitions(same).count() == 2
        summed = sc.range(4, numSlices=4).map(lambda n: (n % 2, told(n)[0]))
        by_key = summed.reduceByKey(lambda a, b: a + b, 1).withResources(processors(4))
        assert sorted(by_key.map(lambda pair: (*pair, told(0)[0])).collect()) == [(0, 2, 4), (1, 2, 4)]
        with pytest.raises(BarrierError, match="3 tasks run all at once, in 2 slots each, and the application has 4"):
            sc.range(3, numSlices=3).withResources(processors(2)).barrier().mapPartitions(same).count()


@pytest.mark.cluster
def test_a_stage_that_begins_with_a_persisted_rdd_has_what_that_asks_for(tmp_path: Path) -> None:
    with WeftContext("local-cluster[1,4,512]") as sc:
        sc.setCheckpointDir(str(tmp_path))
        kept = sc.range(2, numSlices=2).map(told).withResources(processors(2)).persist()
        source = sc.range(2, numSlices=2).withResources(processors(2)).persist()
        saved = sc.range(2, numSlices=2).map(told).withResources(processors(2))
        saved.checkpoint()
        for _ in range(2):
            for rdd in (kept, source, saved):
                assert rdd.map(lambda _: told(0)[0]).collect() == [2, 2]
        assert saved.isCheckpointed()


@pytest.mark.cluster
def test_what_a_stage_cannot_have_is_refused() -> None:
    with WeftContext("local-cluster[1,2,512]") as sc:
        with pytest.raises(SettingError, match="a task of 3 processors, and each container has 2"):
            sc.range(1).withResources(processors(3))
        own = ResourceProfileBuilder().require(ExecutorResourceRequests().memory("2g")).build
        with pytest.raises(NotSupportedError, match=r"processes .* are alike, and profile \d+ asks for memory"):
            sc.range(1).withResources(own)
        two = sc.range(1).withResources(processors(1)).map(told).withResources(processors(2))
        with pytest.raises(WeftError, match=r"of 1 processor and for tasks of 2 processors \(withResources\)"):
            two.collect()
    with WeftContext("local[2]") as sc, pytest.raises(NotSupportedError, match="no containers to choose from"):
        sc.range(1).withResources(processors(1))


@pytest.mark.cluster
def test_of_different_numbers_the_most_counts_if_the_program_says_so() -> None:
    conf = WeftConf().setMaster("local-cluster[1,2,512]").set("weft.resources.mergeConflicts", "true")
    with WeftContext(conf=conf) as sc:
        two = sc.range(1, numSlices=1).withResources(processors(1)).map(told).withResources(processors(2))
        assert two.collect()[0][0] == 2

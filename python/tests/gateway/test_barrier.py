"""Tasks of a barrier stage run all at once, wait for each other, and fail and run again together."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import cloudpickle
import pytest

from weft import BarrierTaskContext, TaskContext, WeftConf, WeftContext
from weft.errors import BarrierError

pytestmark = pytest.mark.local


@pytest.fixture(scope="module", params=["inline[3]", "local[3,4]"])
def sc(request: pytest.FixtureRequest) -> Iterator[WeftContext]:
    cloudpickle.register_pickle_by_value(sys.modules[__name__])
    conf = WeftConf().setMaster(request.param).set("weft.barrier.timeout", "120s")
    with WeftContext(conf=conf) as made:
        yield made
    cloudpickle.unregister_pickle_by_value(sys.modules[__name__])


def rounds(folder: str, index: int, count: int) -> list[list[str]]:
    """What a task sees of all tasks' files behind each of some barriers."""
    task = BarrierTaskContext.get()
    seen = []
    for number in range(count):
        open(os.path.join(folder, f"{number}-{index}"), "w").close()
        task.barrier()
        seen.append(sorted(name for name in os.listdir(folder) if name.startswith(f"{number}-")))
        task.barrier()
    return seen


def test_nobody_passes_a_barrier_before_all_have_come(sc: WeftContext, tmp_path: Path) -> None:
    folder = str(tmp_path)
    found = sc.range(3, numSlices=3).barrier().mapPartitionsWithIndex(lambda i, _: [rounds(folder, i, 4)]).collect()
    assert found == [[[f"{number}-{index}" for index in range(3)] for number in range(4)]] * 3


def test_messages_come_in_the_order_of_the_partitions(sc: WeftContext) -> None:
    def gather(index: int, _: Iterable[int]) -> Iterator[Any]:
        task = BarrierTaskContext.get()
        first = task.allGather(f"ä{index}")
        second = task.allGather()
        yield first, second, task.allGather("x" * 100_000 + str(index)) == ["x" * 100_000 + str(i) for i in range(3)]

    found = sc.range(3, numSlices=3).barrier().mapPartitionsWithIndex(gather).collect()
    assert found == [(["ä0", "ä1", "ä2"], ["", "", ""], True)] * 3


def test_a_task_knows_where_all_of_its_stage_run(sc: WeftContext) -> None:
    def tell(_: Iterable[int]) -> Iterator[Any]:
        task = BarrierTaskContext.get()
        assert task is TaskContext.get()
        yield [info.address for info in task.getTaskInfos()], task.partitionId()

    found = sc.range(3, numSlices=3).barrier().mapPartitions(tell).collect()
    assert [partition for _, partition in found] == [0, 1, 2]
    assert all(addresses == found[0][0] and len(addresses) == 3 for addresses, _ in found)
    assert all(address.rpartition(":")[2].isdigit() for address in found[0][0])


def test_stages_before_and_behind_are_as_others(sc: WeftContext) -> None:
    def sizes(records: Iterable[Any]) -> Iterator[Any]:
        own = list(records)
        total = sum(map(int, BarrierTaskContext.get().allGather(str(len(own)))))
        return ((key, (value, total)) for key, value in own)

    pairs = sc.parallelize(range(12), 4).map(lambda x: (x % 6, x)).reduceByKey(max, 3)
    found = pairs.barrier().mapPartitions(sizes).map(lambda kv: (kv[0] % 2, kv[1])).groupByKey(2).mapValues(sorted)
    assert sorted(found.collect()) == [(0, [(6, 6), (8, 6), (10, 6)]), (1, [(7, 6), (9, 6), (11, 6)])]


def test_what_the_others_wait_for_in_vain_is_the_users_exception(sc: WeftContext) -> None:
    def fail(index: int, _: Iterable[int]) -> Iterator[int]:
        task = BarrierTaskContext.get()
        task.barrier()
        if index == 1:
            raise ValueError("mine")
        task.barrier()
        yield index

    with pytest.raises(ValueError, match="mine"):
        sc.range(3, numSlices=3).barrier().mapPartitionsWithIndex(fail).collect()


def test_a_task_that_calls_less_often_is_named(sc: WeftContext) -> None:
    def uneven(index: int, _: Iterable[int]) -> Iterator[int]:
        task = BarrierTaskContext.get()
        task.barrier()
        if index != 1:
            task.barrier()
        yield index

    with pytest.raises(
        BarrierError, match=r"task 1 has ended after 1 calls, while task \d waits in barrier\(\)"
    ) as failure:
        sc.range(3, numSlices=3).barrier().mapPartitionsWithIndex(uneven).collect()
    assert failure.value.code == "E27"


def test_different_calls_at_a_time_are_named(sc: WeftContext) -> None:
    def mixed(index: int, _: Iterable[int]) -> Iterator[Any]:
        task = BarrierTaskContext.get()
        yield task.allGather("a") if index == 2 else task.barrier()

    with pytest.raises(BarrierError, match="All tasks of a barrier stage must make the same calls in the same order"):
        sc.range(3, numSlices=3).barrier().mapPartitionsWithIndex(mixed).collect()


def test_messages_have_limits(sc: WeftContext) -> None:
    def long(message: str) -> Any:
        return (
            sc.range(2, numSlices=2)
            .barrier()
            .mapPartitions(lambda _: [len(text) for text in BarrierTaskContext.get().allGather(message)])
        )

    assert long("x" * (128 << 10)).collect() == [128 << 10] * 4
    with pytest.raises(BarrierError, match=r"has 131,074 bytes; it may have 131,072"):
        long("ä" * ((64 << 10) + 1)).collect()

    def many(_: Iterable[int]) -> Iterator[int]:
        task = BarrierTaskContext.get()
        yield sum(len(text) for _ in range(20) for text in task.allGather("y" * (128 << 10)))

    assert sc.range(3, numSlices=3).barrier().mapPartitions(many).collect() == [20 * 3 * (128 << 10)] * 3


def test_what_cannot_run_at_once_is_refused(sc: WeftContext) -> None:
    def same(records: Iterable[Any]) -> Iterable[Any]:
        return records

    rdd = sc.parallelize(range(6), 3)
    waits = rdd.barrier().mapPartitions(same)
    for make in (
        lambda: rdd.coalesce(2).barrier().mapPartitions(same).collect(),
        lambda: waits.coalesce(1).collect(),
        lambda: waits.union(rdd).collect(),
        lambda: waits.first(),
        lambda: waits.take(2),
        lambda: list(waits.toLocalIterator()),
        lambda: waits.zip(rdd.barrier().mapPartitions(same)).collect(),
    ):
        with pytest.raises(BarrierError, match="is of a barrier stage, whose tasks all run at once") as failure:
            make()
        assert failure.value.code == "E27"
    assert waits.zip(rdd).collect() == [(x, x) for x in range(6)]
    assert rdd.repartition(2).barrier().mapPartitions(same).count() == 6
    assert waits.collect()[:2] == [0, 1]


def test_other_tasks_have_no_barrier(sc: WeftContext) -> None:
    with pytest.raises(RuntimeError, match="It is not in a barrier stage"):
        sc.range(1).map(lambda _: BarrierTaskContext.get()).collect()
    with pytest.raises(RuntimeError, match="It is not in a barrier stage"):
        BarrierTaskContext.get()


def test_a_persisted_barrier_rdd_is_computed_by_all_or_by_none(sc: WeftContext) -> None:
    ran = sc.accumulator(0)

    def count(records: Iterable[int]) -> Iterator[int]:
        BarrierTaskContext.get().barrier()
        ran.add(1)
        return iter(records)

    kept = sc.range(6, numSlices=3).barrier().mapPartitions(count).persist()
    assert kept.collect() == kept.map(lambda x: x).collect() == list(range(6))
    assert ran.value == 3
    kept.unpersist()
    assert kept.sum() == 15
    assert ran.value == 6


def test_a_save_is_whole(sc: WeftContext, tmp_path: Path) -> None:
    def wait(records: Iterable[int]) -> Iterable[int]:
        BarrierTaskContext.get().barrier()
        return records

    sc.range(6, numSlices=3).barrier().mapPartitions(wait).saveAsTextFile(f"file:{tmp_path}/out")
    assert sorted(os.listdir(tmp_path / "out"))[-3:] == ["part-00000", "part-00001", "part-00002"]
    assert sorted(map(int, sc.textFile(f"file:{tmp_path}/out").collect())) == list(range(6))


def test_the_drivers_environment_stays_as_it_was(sc: WeftContext) -> None:
    before = dict(os.environ)
    sc.range(3, numSlices=3).barrier().mapPartitions(lambda _: BarrierTaskContext.get().allGather()).collect()
    assert dict(os.environ) == before

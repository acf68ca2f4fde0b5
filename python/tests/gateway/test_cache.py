"""Persisted partitions are computed once, and again when they are lost."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.gateway import scripts
from weft import StorageLevel, WeftContext
from weft.errors import NotSupportedError


class Counted:
    """A function that leaves a file for each record that it is called with."""

    def __init__(self, folder: Path) -> None:
        self.folder = str(folder)

    def __call__(self, record: Any) -> Any:
        import tempfile

        os.close(tempfile.mkstemp(dir=self.folder)[0])
        return record

    @property
    def calls(self) -> int:
        return len(os.listdir(self.folder))


def counted(folder: Path) -> Counted:
    import sys

    import cloudpickle

    cloudpickle.register_pickle_by_value(sys.modules[__name__])
    return Counted(folder)


def kept(rdd: Any) -> int:
    return int(rdd.ctx._jobs.control("cachedPartitions", rdd.id()))


def test_later_jobs_read_what_the_first_has_computed(sc: WeftContext, tmp_path: Path) -> None:
    function = counted(tmp_path)
    rdd = sc.parallelize(range(12), 4).map(function).cache()
    assert function.calls == 0
    assert rdd.sum() == 66
    assert kept(rdd) == 4
    assert rdd.collect() == list(range(12))
    assert rdd.map(lambda x: (x % 2, x)).reduceByKey(lambda a, b: a + b).collectAsMap() == {0: 30, 1: 36}
    assert rdd.union(rdd).count() == 24
    assert function.calls == 12


def test_take_computes_and_keeps_only_the_partitions_that_it_needs(sc: WeftContext, tmp_path: Path) -> None:
    function = counted(tmp_path)
    rdd = sc.parallelize(range(12), 4).map(function).cache()
    assert rdd.first() == 0
    assert (function.calls, kept(rdd)) == (3, 1)
    assert rdd.take(4) == [0, 1, 2, 3]
    assert rdd.count() == 12
    assert function.calls == 12


def test_after_unpersist_everything_is_computed_anew(sc: WeftContext, tmp_path: Path) -> None:
    function = counted(tmp_path)
    rdd = sc.parallelize(range(4), 2).map(function).persist(StorageLevel.MEMORY_AND_DISK)
    rdd.count()
    assert rdd.is_cached
    assert rdd.unpersist() is rdd
    assert not rdd.is_cached
    assert rdd.getStorageLevel() == StorageLevel.NONE
    rdd.count()
    assert function.calls == 8


def test_what_is_kept_goes_with_the_last_reference(sc: WeftContext) -> None:
    rdd = sc.parallelize(range(4), 2).map(str).cache()
    number = rdd.id()
    rdd.count()
    derived = rdd.map(len)
    del rdd
    assert sc._jobs.control("cachedPartitions", number) == 2
    assert derived.sum() == 4
    del derived
    sc.range(1).count()  # tells the gateway
    deadline_polls = 200
    while sc._jobs.control("cachedPartitions", number) and deadline_polls:
        sc.range(1).count()
        deadline_polls -= 1
    assert sc._jobs.control("cachedPartitions", number) == 0


def test_a_level_cannot_be_changed_without_unpersist(sc: WeftContext) -> None:
    rdd = sc.range(3).cache()
    assert rdd.cache() is rdd
    with pytest.raises(NotSupportedError, match="unpersist it first"):
        rdd.persist(StorageLevel.DISK_ONLY)
    assert rdd.unpersist().persist(StorageLevel.DISK_ONLY).getStorageLevel() == StorageLevel.DISK_ONLY


def test_records_that_were_kept_are_copies(sc: WeftContext) -> None:
    def spoil(record: list[int]) -> int:
        record.append(0)
        return len(record)

    rdd = sc.parallelize([[1], [2]], 1).cache()
    assert rdd.map(spoil).collect() == [2, 2]
    assert rdd.map(spoil).collect() == [2, 2]
    assert rdd.collect() == [[1], [2]]


def test_an_empty_partition_is_kept_as_well(sc: WeftContext, tmp_path: Path) -> None:
    function = counted(tmp_path)

    def touch(_index: int, records: Iterator[Any]) -> Iterator[Any]:
        function(None)
        return iter(list(records))

    rdd = sc.parallelize([1], 3).mapPartitionsWithIndex(touch).cache()
    assert (rdd.count(), rdd.count()) == (1, 1)
    assert function.calls == 3


def test_sides_that_are_persisted_after_a_shuffle_join_without_another(sc: WeftContext) -> None:
    left = sc.parallelize([(1, "a"), (2, "b")]).partitionBy(3).cache()
    right = sc.parallelize([(1, "x"), (2, "y")]).partitionBy(3).mapValues(str.upper).cache()
    for _ in range(2):
        assert sorted(left.join(right, 3).collect()) == [(1, ("a", "X")), (2, ("b", "Y"))]


def test_a_failed_task_keeps_nothing(sc: WeftContext) -> None:
    def fails(record: int) -> int:
        return 1 // (record - 3)

    rdd = sc.parallelize(range(4), 2).map(fails).cache()
    with pytest.raises(ZeroDivisionError):
        rdd.count()
    assert kept(rdd) <= 1
    assert sc.parallelize(range(3), 2).map(fails).cache().collect() == [-1, -1, -1]


@pytest.mark.local
def test_above_the_limit_what_is_only_in_memory_is_dropped_and_computed_again(tmp_path: Path) -> None:
    code = """
        import os
        from weft import StorageLevel, WeftConf, WeftContext

        here = os.getcwd()
        def touch(record):
            open(f"{here}/run-{len(os.listdir(here))}", "w").close()
            return bytes([record]) * 40_000

        def kept(rdd):
            return sc._jobs.control("cachedPartitions", rdd.id())

        with WeftContext("local[1]", conf=WeftConf().set("weft.cache.memory", "100k")) as sc:
            first = sc.parallelize(range(2), 2).map(touch).cache()
            on_disk = sc.range(1).map(lambda _: bytes(200_000)).persist(StorageLevel.DISK_ONLY)
            assert first.map(len).sum() == 80_000
            assert on_disk.count() == 1
            assert (kept(first), kept(on_disk)) == (2, 1)
            second = sc.parallelize(range(1), 1).map(lambda x: bytes(40_000)).cache()
            assert second.count() == 1
            assert (kept(first), kept(second), kept(on_disk)) == (1, 1, 1)
            assert first.map(len).sum() == 80_000
            assert len([name for name in os.listdir(here) if name.startswith("run-")]) == 3
        """
    scripts.run(tmp_path, code)


@pytest.mark.cluster
def test_partitions_that_are_lost_with_a_runner_are_computed_again(tmp_path: Path) -> None:
    code = """
        def touch(record):
            note("runs")
            return record

        with WeftContext("local-cluster[2,1,512]", "lost") as sc:
            gateway = gateway_of(sc)
            rdd = sc.parallelize(range(8), 8).map(touch).cache()
            assert rdd.sum() == 28
            assert len(noted("runs")) == 8
            kill_runner_of(noted("runs")[0], gateway)  # the other may have come late, and keep nothing
            assert [rdd.sum() for _ in range(3)] == [28] * 3
            runs = len(noted("runs"))
            assert 8 < runs <= 16, runs
            assert rdd.collect() == list(range(8))
            assert len(noted("runs")) == runs
        """
    scripts.run(tmp_path, scripts.with_kills(code))


@pytest.mark.cluster
def test_the_second_copy_is_read_when_the_runner_of_the_first_is_killed(tmp_path: Path) -> None:
    code = """
        import os, signal, time
        from tests.gateway.scripts import children, gateway_of
        from weft import StorageLevel, WeftContext

        here = os.getcwd()

        def touch(record):
            open(f"{here}/run-{record}-{time.monotonic_ns()}", "w").close()
            return record

        def runs():
            return len([name for name in os.listdir(here) if name.startswith("run-")])

        def wait_for_copies():
            deadline = time.monotonic() + 60
            while sc._jobs.control("cachedCopies", rdd.id()) < 8:
                assert time.monotonic() < deadline
                time.sleep(0.01)

        with WeftContext("local-cluster[2,1,512]", "copies") as sc:
            gateway = gateway_of(sc._answer.socket)
            rdd = sc.parallelize(range(8), 8).map(touch).persist(StorageLevel.MEMORY_ONLY_2)
            assert rdd.sum() == 28
            wait_for_copies()
            for _ in range(2):  # the copies that take the places of the lost ones are copied in turn
                os.kill(children(gateway)[0], signal.SIGKILL)
                assert [rdd.sum() for _ in range(3)] == [28] * 3
                assert runs() == 8, runs()
                sc.parallelize(range(4), 4).count()
                wait_for_copies()
            number = rdd.id()
            rdd.unpersist()
            assert rdd.sum() == 28
            assert runs() == 16
            assert sc._jobs.control("cachedCopies", number) == 0
        """
    scripts.run(tmp_path, code)


@pytest.mark.local
def test_a_kept_file_that_is_damaged_or_gone_costs_one_more_attempt(tmp_path: Path) -> None:
    code = """
        import glob, os
        from weft import WeftContext, WeftConf

        with WeftContext("local[1,4]", "damage", conf=WeftConf().set("weft.local.dir", os.getcwd())) as sc:
            rdd = sc.parallelize(range(1000), 2).map(lambda x: x * 3).cache()
            assert rdd.sum() == 1498500
            files = sorted(glob.glob("**/*_s5*_m*_a*/file.out", recursive=True))
            assert len(files) == 2, files
            with open(files[0], "r+b") as file:
                file.seek(40)
                file.write(b"damage")
            os.unlink(files[1])
            assert rdd.sum() == 1498500
            assert rdd.sum() == 1498500
        """
    scripts.run(tmp_path, code)

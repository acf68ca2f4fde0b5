"""Where persisted partitions lie: what drives them out, and what goes with whom."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.gateway import scripts

pytestmark = pytest.mark.cluster


def test_limits_hold_for_each_runner_and_eviction_loses_nothing_when_one_is_killed(tmp_path: Path) -> None:
    code = """
        from weft import StorageLevel

        conf = WeftConf().setMaster("local-cluster[2,1,512]").setAppName("evicted").set("weft.cache.memory", "100k")
        with WeftContext(conf=conf) as sc:
            gateway = gateway_of(sc)

            def kept(rdd):
                return sc._jobs.control("cachedPartitions", rdd.id())

            def made(name, level):
                def make(number):
                    note(f"{name}-{number}")
                    return bytes([number]) * 40_000
                return sc.parallelize(range(6), 6).map(make).persist(level)

            def right(rdd):
                return rdd.map(lambda data: (data[0], len(data))).collect() == [(i, 40_000) for i in range(6)]

            on_disk = made("disk", StorageLevel.MEMORY_AND_DISK)
            first, second = made("first", StorageLevel.MEMORY_ONLY), made("second", StorageLevel.MEMORY_ONLY)
            assert right(on_disk) and kept(on_disk) == 6
            for rdd in (first, second, first, second):
                assert right(rdd)
                assert kept(first) + kept(second) <= 4, "two of 40 KB in each of two runners"
            assert kept(on_disk) == 6 and right(on_disk)
            assert all(len(noted(f"disk-{i}")) == 1 for i in range(6)), "levels with a disk stay"
            assert sum(len(noted(f"first-{i}")) for i in range(6)) > 6, "what is dropped is computed again"

            kill_runner_of(noted("disk-0")[0], gateway)
            for rdd in (on_disk, first, second, on_disk):
                assert right(rdd)
                assert kept(first) + kept(second) <= 4
            assert 1 <= sum(len(noted(f"disk-{i}")) == 2 for i in range(6)) < 6, "what was lost, and no more"
        """
    scripts.run(tmp_path, scripts.with_kills(code))


def test_unpersist_and_the_last_reference_remove_the_files_of_all_runners(tmp_path: Path) -> None:
    code = """
        import glob
        from weft import StorageLevel

        conf = WeftConf().setMaster("local-cluster[2,1,512]").setAppName("files").set("weft.local.dir", here)
        with WeftContext(conf=conf) as sc:
            gateway = gateway_of(sc)

            def files():
                return glob.glob(f"{here}/**/*_s5*_m*_a*/file.out", recursive=True)

            def persisted(level):
                def make(number):
                    note("workers")
                    return number
                rdd = sc.parallelize(range(8), 8).map(make).persist(level)
                assert rdd.sum() == 28
                return rdd

            rdd = persisted(StorageLevel.DISK_ONLY_2)
            poll(lambda: sc._jobs.control("cachedCopies", rdd.id()) == 8)
            assert len(files()) == 16
            rdd.unpersist()
            poll(lambda: not files())
            rdd = persisted(StorageLevel.MEMORY_ONLY)
            poll(lambda: len(files()) == 8)
            kill_runner_of(noted("workers")[-1], gateway)
            assert rdd.map(lambda x: x + 1).sum() == 36
            del rdd
            poll(lambda: (sc.range(1).count(), not files())[1])
        """
    scripts.run(tmp_path, scripts.with_kills(code))

"""Where persisted partitions lie: what drives them out, and what goes with whom."""

from __future__ import annotations

import textwrap
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


HOLDERS = """
    import threading

    def runner(process):
        return runner_of(process, gateway)

    def made(sc):
        "Two partitions, kept in two runners, since neither task ends before both have begun."
        def make(number):
            note(f"made-{number}")
            poll(lambda: noted("made-0") and noted("made-1"))
            return number
        rdd = sc.parallelize(range(2), 2).map(make).persist()
        assert rdd.sum() == 1
        assert runner(noted("made-0")[0]) != runner(noted("made-1")[0])
        return rdd

    def readers(rdd, partitions=(0, 1)):
        "In which runners a job reads these partitions, which are listed to it in that order."
        job = rdd.context.runJob(rdd, lambda records: [(record, os.getpid()) for record in records], list(partitions))
        return {record: runner(process) for record, process in job}

    def holders():
        return {number: runner(noted(f"made-{number}")[-1]) for number in (0, 1)}

    def occupied(rdd):
        "A job whose one task occupies the slot of the runner that keeps partition 0, until the file `go` is there."
        def work(_):
            note("at-work")
            poll(lambda: os.path.exists(f"{here}/go"))
        thread = threading.Thread(target=lambda: rdd.context.runJob(rdd, lambda _: [work(None)], [0]))
        thread.start()
        poll(lambda: noted("at-work"))
        assert runner(noted("at-work")[0]) == holders()[0]
        return thread
"""


def test_tasks_run_where_their_partition_is_kept_and_wait_for_its_runner(tmp_path: Path) -> None:
    code = """
        conf = WeftConf().setMaster("local-cluster[2,1,512]").setAppName("near").set("weft.locality.wait", "1h")
        with WeftContext(conf=conf) as sc:
            gateway = gateway_of(sc)
            rdd = made(sc)
            assert readers(rdd) == readers(rdd, (1, 0)) == holders()
            assert readers(rdd, [0])[0] == readers(rdd.map(lambda x: x), [0])[0] == holders()[0]
            assert readers(rdd, [1])[1] == holders()[1]

            thread = occupied(rdd)
            found = []
            waits = threading.Thread(target=lambda: found.append(readers(rdd)))
            waits.start()
            poll(lambda: len(sc.statusTracker().getActiveJobsIds()) == 2)
            open("go", "w").close()
            thread.join(60), waits.join(60)
            assert found == [holders()]

            kill_runner_of(noted("made-0")[0], gateway)
            assert rdd.map(lambda x: x).sum() == 1
            assert [len(noted(f"made-{i}")) for i in (0, 1)] == [2, 1], "what was lost is made again, once"
            assert readers(rdd) == readers(rdd, (1, 0)) == holders()
            assert [len(noted(f"made-{i}")) for i in (0, 1)] == [2, 1]
        """
    scripts.run(tmp_path, scripts.with_kills(textwrap.dedent(HOLDERS) + textwrap.dedent(code)))


def test_a_task_whose_holder_is_busy_reads_from_it_elsewhere_after_the_wait(tmp_path: Path) -> None:
    code = """
        conf = WeftConf().setMaster("local-cluster[2,1,512]").setAppName("far").set("weft.locality.wait", "20ms")
        with WeftContext(conf=conf) as sc:
            gateway = gateway_of(sc)
            rdd = made(sc)
            thread = occupied(rdd)
            assert readers(rdd) == {0: holders()[1], 1: holders()[1]}, "before the runner is free again"
            assert [len(noted(f"made-{i}")) for i in (0, 1)] == [1, 1], "it is read, not made again"
            open("go", "w").close()
            thread.join(60)
            assert readers(rdd) == holders(), "and it is still where it was"
        """
    scripts.run(tmp_path, scripts.with_kills(textwrap.dedent(HOLDERS) + textwrap.dedent(code)))

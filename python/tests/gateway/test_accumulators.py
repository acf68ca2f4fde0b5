"""Each partition adds to an accumulator once, whatever is tried again, lost or cancelled."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.gateway import scripts


@pytest.mark.local
def test_attempts_that_fail_add_nothing(tmp_path: Path) -> None:
    code = """
        import os, signal
        from weft import WeftContext

        with WeftContext("local[2,4]", "retries") as sc:
            seen = sc.accumulator(0)

            def fails_once(index, records):
                for record in records:
                    seen.add(1)
                    yield record
                marker = f"tried-{index}"
                if not os.path.exists(marker):
                    open(marker, "w").close()
                    if index % 2:
                        os.kill(os.getpid(), signal.SIGKILL)
                    raise ValueError(index)

            os.chdir(os.path.dirname(os.path.abspath(__file__)))
            here = os.getcwd()
            inside = lambda index, records: (os.chdir(here), fails_once(index, records))[1]
            records = sc.parallelize(range(100), 4).mapPartitionsWithIndex(inside)
            assert records.count() == 100
            assert seen.value == 100, seen
            assert records.map(lambda x: (x % 3, x)).groupByKey().count() == 3
            assert seen.value == 200, "another action computes them again"
        """
    scripts.run(tmp_path, code)


@pytest.mark.cluster
def test_maps_that_run_again_for_lost_outputs_add_nothing(tmp_path: Path) -> None:
    code = """
        with WeftContext("local-cluster[2,1,512]", "lost") as sc:
            mapped = sc.accumulator(0)

            def look(pair):
                mapped.add(1)
                note("runs")
                return pair

            dealt = sc.parallelize([(i, i) for i in range(40)], 8).map(look).partitionBy(4)
            assert dealt.count() == 40 and mapped.value == 40
            kill_runner_of(noted("runs")[0], gateway_of(sc))
            assert dealt.count() == 40
            assert len(noted("runs")) > 40, "no map ran again, so that this shows nothing"
            assert mapped.value == 40, mapped
        """
    scripts.run(tmp_path, scripts.with_kills(code))


@pytest.mark.cluster
def test_of_two_attempts_at_a_slow_task_one_counts(tmp_path: Path) -> None:
    code = """
        conf = WeftConf().setMaster("local-cluster[3,1,512]").setAppName("speculation")
        conf = conf.set("weft.speculation", "true").set("weft.speculation.quantile", "0.5")
        with WeftContext(conf=conf) as sc:
            seen, both = sc.accumulator(0), sc.accumulator(0)

            def waits_at_first(index, records):
                for record in records:
                    seen.add(1)
                    yield record
                if index == 5:
                    note("attempts")
                    # the first attempt ends when the second one has counted as much, so that both may report
                    poll(lambda: len(noted("attempts")) == 2)

            records = sc.range(60, numSlices=6).mapPartitionsWithIndex(waits_at_first)
            sums = records.map(lambda x: (x % 3, (both.add(1), 1)[1])).reduceByKey(lambda a, b: a + b)
            assert sorted(sums.collect()) == [(0, 20), (1, 20), (2, 20)]
            assert len(set(noted("attempts"))) == 2
            assert (seen.value, both.value) == (60, 60), (seen, both)
            assert sc.range(6, numSlices=6).count() == 6, "what the other attempt says comes before this"
            assert (seen.value, both.value) == (60, 60), (seen, both)
    """
    scripts.run(tmp_path, scripts.with_kills(code))


@pytest.mark.cluster
def test_attempts_that_are_killed_or_cancelled_on_any_runner_add_nothing(tmp_path: Path) -> None:
    code = """
        import threading
        from weft.errors import JobCancelledError

        with WeftContext("local-cluster[2,1,512]", "killed") as sc:
            gateway, seen = gateway_of(sc), sc.accumulator(0)

            def dies_at_its_end(index, records):
                for record in records:
                    seen.add(1)
                    yield record
                if index % 2 and once(f"killed-{index}"):
                    if index == 3:
                        kill_runner_of(os.getpid(), gateway)
                    os.kill(os.getpid(), signal.SIGKILL)
                if stuck and index == 7:
                    note("stuck")
                    time.sleep(600)

            stuck = False
            records = sc.range(80, numSlices=8).mapPartitionsWithIndex(dies_at_its_end)
            assert records.count() == 80 and seen.value == 80, seen
            assert len([name for name in os.listdir(here) if name.startswith("killed-")]) == 4
            assert records.count() == 80 and seen.value == 160, "an action on what is not persisted adds again"

            stuck = True
            job = sc.range(80, numSlices=8).mapPartitionsWithIndex(dies_at_its_end)
            threading.Thread(target=lambda: (poll(lambda: noted("stuck")), sc.cancelAllJobs())).start()
            try:
                job.count()
                raise SystemExit("it was not cancelled")
            except JobCancelledError:
                pass
            assert sc.range(4, numSlices=4).count() == 4
            assert 160 < seen.value <= 230 and seen.value % 10 == 0, "the seven others at most, each whole"
    """
    scripts.run(tmp_path, scripts.with_kills(code))


@pytest.mark.local
def test_a_cancelled_attempt_adds_nothing_and_what_was_done_before_stays(tmp_path: Path) -> None:
    code = """
        import os, threading, time
        from weft import WeftContext
        from weft.errors import JobCancelledError

        with WeftContext("local[1]", "cancelled") as sc:
            seen, here = sc.accumulator(0), os.getcwd()

            def waits_in_the_second(index, records):
                for record in records:
                    seen.add(1)
                    yield record
                if index:
                    open(f"{here}/waits", "w").close()
                    time.sleep(300)

            def cancel():
                while not os.path.exists("waits"):
                    time.sleep(0.02)
                sc.cancelAllJobs()

            threading.Thread(target=cancel).start()
            try:
                sc.parallelize(range(10), 2).mapPartitionsWithIndex(waits_in_the_second).count()
                raise SystemExit("it was not cancelled")
            except JobCancelledError:
                assert seen.value == 5, seen
        """
    scripts.run(tmp_path, code)


@pytest.mark.cluster
@pytest.mark.parametrize("master", ["inline", "local[2]", "local-cluster[2,1,512]"])
def test_a_persisted_partition_that_is_computed_again_adds_nothing(master: str, tmp_path: Path) -> None:
    code = """
        with WeftContext(MASTER, "persisted") as sc:
            inside, outside = sc.accumulator(0), sc.accumulator(0)

            def look(x):
                inside.add(1)
                outside.add(1)
                note("made")
                return x

            kept = sc.parallelize(range(40), 4).map(look).persist()
            after = kept.map(lambda x: (outside.add(1), x)[1])
            assert after.count() == 40
            assert (inside.value, outside.value) == (40, 80)
            assert after.count() == 40
            assert (inside.value, outside.value) == (40, 120)
            if MASTER.startswith("local-cluster"):
                kill_runner_of(noted("made")[0], gateway_of(sc))
                assert after.count() == 40
                assert len(noted("made")) > 40, "nothing was computed again, so that this shows nothing"
                assert (inside.value, outside.value) == (40, 160)
            kept.unpersist()
            before = inside.value, outside.value
            assert after.count() == 40
            assert (inside.value - before[0], outside.value - before[1]) == (40, 80)
        """
    scripts.run(tmp_path, scripts.with_kills(code.replace("MASTER", repr(master))))


@pytest.mark.local
def test_a_persisted_partition_that_is_computed_again_after_eviction_adds_nothing(tmp_path: Path) -> None:
    code = """
        from weft import WeftConf, WeftContext

        with WeftContext("local[1]", conf=WeftConf().set("weft.cache.memory", "150k")) as sc:
            made, copied = sc.accumulator(0), sc.accumulator(0)

            def make(number):
                made.add(1)
                return bytes([number]) * 30_000

            def copy(data):
                copied.add(1)
                return data[::-1]

            def kept(rdd):
                return sc._jobs.control("cachedPartitions", rdd.id())

            first = sc.parallelize(range(4), 4).map(make).cache()
            assert first.map(len).sum() == 120_000
            assert (made.value, kept(first)) == (4, 4)
            second = first.map(copy).cache()  # its partitions drive out those that the same job has yet to read
            assert second.map(len).sum() == 120_000
            assert kept(first) < 4
            assert (made.value, copied.value) == (4, 4)
            for _ in range(2):
                assert first.map(lambda data: data[0]).collect() == [0, 1, 2, 3]
                assert second.map(lambda data: data[0]).collect() == [0, 1, 2, 3]
            assert (made.value, copied.value) == (4, 4)
        """
    scripts.run(tmp_path, code)

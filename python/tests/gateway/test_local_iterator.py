"""toLocalIterator: a job a partition, when it is wanted; no process holds a partition; nothing stays behind."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.gateway import scripts

pytestmark = pytest.mark.cluster

MASTERS = ["inline", pytest.param("local[2]", marks=pytest.mark.local), "local-cluster[2,1,512]"]

COUNTED = """
with WeftContext(MASTER, "in turn") as sc:
    def touch(index, records):
        note(f"ran-{index}")
        return records

    def ran():
        return sorted(name for name in os.listdir(here) if name.startswith("ran-"))

    rdd = sc.parallelize(range(12), 4).mapPartitionsWithIndex(touch)
    rows = rdd.toLocalIterator()
    assert ran() == []
    assert next(rows) == 0 and ran() == ["ran-0"]
    assert [next(rows), next(rows)] == [1, 2] and ran() == ["ran-0"]
    assert next(rows) == 3 and ran() == ["ran-0", "ran-1"]
    assert rdd.sum() == 66, "other jobs may run meanwhile"
    assert list(rows) == list(range(4, 12))
    for name in ran():
        os.unlink(name)

    rows = rdd.toLocalIterator(prefetchPartitions=True)
    for part in range(4):
        assert next(rows) == 3 * part
        poll(lambda: len(ran()) >= min(part + 2, 4))
        assert ran() == [f"ran-{index}" for index in range(min(part + 2, 4))]
        assert [next(rows), next(rows)] == [3 * part + 1, 3 * part + 2]
    assert list(rows) == []
    assert all(len(noted(name)) == 1 for name in ran())

    empty = sc.parallelize([], 3)
    assert list(empty.toLocalIterator()) == list(empty.toLocalIterator(True)) == []
    for prefetch in (False, True):
        rows = sc.parallelize(range(4), 4).map(lambda x: 6 // (2 - x)).toLocalIterator(prefetch)
        assert [next(rows), next(rows)] == [3, 6]
        try:
            raise SystemExit(f"gave {next(rows)}")
        except ZeroDivisionError:
            pass
        assert list(rows) == []
"""


@pytest.mark.parametrize("master", MASTERS)
def test_a_partition_runs_when_the_iterator_comes_to_it_or_one_before(master: str, tmp_path: Path) -> None:
    scripts.run(tmp_path, scripts.PRELUDE + COUNTED.replace("MASTER", repr(master)))


@pytest.mark.parametrize("prefetch", [False, True])
def test_partitions_larger_than_any_memory_pass_through_all_processes(tmp_path: Path, prefetch: bool) -> None:
    code = f"""
        import subprocess

        def peak(process):
            with open(f"/proc/{{process}}/status") as status:
                return next(int(line.split()[1]) >> 10 for line in status if line.startswith("VmHWM"))

        def below(process):
            found = subprocess.run(["pgrep", "-P", str(process)], capture_output=True, text=True).stdout.split()
            return [one for child in map(int, found) for one in [child, *below(child)]]

        with WeftContext("local-cluster[2,1,512]", "large") as sc:
            gateway = gateway_of(sc)
            assert sc.parallelize([1, 2], 2).count() == 2
            before = peak(os.getpid())
            rdd = sc.range(1800, numSlices=3).map(lambda i: b"%08d" % i * 50_000)
            for number, record in enumerate(rdd.toLocalIterator({prefetch})):
                assert record[:8] == record[-8:] == b"%08d" % number and len(record) == 400_000
            assert number == 1799
            print(peak(os.getpid()) - before, max(map(peak, [gateway, *below(gateway)])))
        """
    driver, others = map(int, scripts.run(tmp_path, scripts.with_kills(code), _JAVA_OPTIONS="-Xmx96m").split())
    assert driver < 100, "MB; a partition has 240"
    assert others < 280


def test_runners_that_are_killed_half_way_cost_time_alone(tmp_path: Path) -> None:
    code = """
        from weft import _collected

        with WeftContext("local-cluster[2,1,512]", "killed") as sc:
            gateway = gateway_of(sc)

            def make(index, pairs):
                note(f"ran-{index}")
                for key, _ in sorted(pairs):
                    yield key, bytes(100_000)

            rdd = sc.parallelize([(i, None) for i in range(600)], 6).partitionBy(3).mapPartitionsWithIndex(make)
            right = [key for part in range(3) for key in range(600) if key % 3 == part]
            given = []
            raw = _collected.Spool.raw

            def kills(spool, data):
                "While the result of the second partition is on its way."
                if noted("ran-1") and once("killed-1"):
                    kill_runner_of(noted("ran-1")[0], gateway)
                raw(spool, data)

            _collected.Spool.raw = kills
            for key, value in rdd.toLocalIterator():
                given.append(key)
                assert len(value) == 100_000
                if len(given) == 100:  # the partition is here; what other ones need goes with the runner
                    kill_runner_of(noted("ran-0")[0], gateway)
            assert given == right
            assert len(noted("ran-0")) == 1 and len(noted("ran-1")) >= 2
            assert [key for key, _ in rdd.toLocalIterator(True)] == right
        """
    scripts.run(tmp_path, scripts.with_kills(code))


@pytest.mark.parametrize("end", ["rows = None", "rows.close()", "sc.stop()"])
def test_an_iterator_that_is_dropped_half_way_leaves_nothing(tmp_path: Path, end: str) -> None:
    code = f"""
        import gc, glob, threading

        def hangs(index, records):
            if index == 2:
                note("hangs")
                time.sleep(600)
            return (bytes([i % 251]) * 100_000 for i in range(300))

        def left():
            found = glob.glob(f"{{here}}/**/block-*", recursive=True)
            for one in os.listdir("/proc/self/fd"):
                if os.path.islink(f"/proc/self/fd/{{one}}"):
                    found.append(os.readlink(f"/proc/self/fd/{{one}}"))
            return [name for name in found if "block-" in name or name.endswith("(deleted)")]

        def threads():
            return [one.name for one in threading.enumerate() if one.name.startswith("weft-prefetch")]

        conf = WeftConf().setMaster("local-cluster[2,1,512]").setAppName("dropped").set("weft.local.dir", here)
        with WeftContext(conf=conf) as sc:
            rows = sc.parallelize(range(4), 4).mapPartitionsWithIndex(hangs).toLocalIterator(prefetchPartitions=True)
            for number in range(301):
                record = next(rows)
                assert len(record) == 100_000
            poll(lambda: noted("hangs"))
            assert any(name.endswith("(deleted)") for name in left())
            worker, = noted("hangs")
            {end}
            poll(lambda: not os.path.exists(f"/proc/{{worker}}"))
            rows = None
            poll(lambda: not threads())
            if "stop" not in {end!r}:
                assert sc.parallelize(range(8), 4).sum() == 28
                poll(lambda: not sc.statusTracker().getActiveJobsIds())
                poll(lambda: not left())
        """
    scripts.run(tmp_path, scripts.with_kills(code))

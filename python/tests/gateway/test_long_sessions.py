"""A session of many jobs: a job leaves nothing behind, in the gateway, its runners and workers, and on the disk."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.gateway import scripts

CODE = """
    import gc, os, subprocess, sys, time
    from tests.gateway.scripts import descendants
    from weft import WeftContext

    def output(*command):
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout

    def objects(process):
        "Live objects of our own classes in a JVM."
        counts = {}
        for line in output("jmap", "-histo:live", str(process)).splitlines():
            words = line.split()
            if len(words) >= 4 and words[3].startswith("io.weft."):
                counts[words[3]] = int(words[1])
        return counts

    def files(folder):
        walk = os.walk(folder)
        return sorted(os.path.join(root, name) for root, folders, names in walk for name in [*folders, *names])

    def count_objects(_records):
        import gc
        gc.collect()
        return [len(gc.get_objects())]

    def facts(sc):
        gc.collect()
        sc.range(1).collect()  # tells what is gone
        found = {"driver": len(gc.get_objects()), "blocks": len(sc._jobs._gateway._uploaded)}
        found["files"] = len(files(folder))
        for process in [gateway, *descendants(gateway)]:
            found["open files of", process] = len(os.listdir(f"/proc/{process}/fd"))
            if os.readlink(f"/proc/{process}/exe").endswith("java"):
                found["threads of", process] = len(os.listdir(f"/proc/{process}/task"))
                for name, count in objects(process).items():
                    found[name, process] = count
        found["worker"] = max(sc.range(4, numSlices=4).mapPartitions(count_objects).collect())
        return found

    def job(sc, number):
        pairs = sc.parallelize(range(20), 2).map(lambda x: (x % 5, x + number))
        sums = pairs.reduceByKey(lambda a, b, number=number: a + b, 2)
        assert sums.join(pairs, 2).count() == 20

    with WeftContext(MASTER, "long") as sc:
        folder = os.path.dirname(sc._answer.socket)
        gateway = int(folder.split("-")[1])
        for number in range(FIRST):
            job(sc, number)
        before = facts(sc)
        for number in range(FIRST, 2 * FIRST):
            job(sc, number)
        after = facts(sc)
        grown = {}
        for name, count in after.items():
            if count - before.get(name, 0) > MOST_GROWN:
                grown[name] = (before.get(name), count)
        assert not grown, grown
        assert before["worker"] > 1000 and any("Scheduler" in name[0] for name in before)
    """

JOBS = 400
"""So many that what is kept up to a number, such as functions, is full."""

MOST_GROWN = 40
"""Threads that come and go, and objects that they hold; one object a job would be ten times as many."""


@pytest.mark.parametrize(
    "master",
    [
        pytest.param("local[2]", marks=pytest.mark.local),
        pytest.param("local-cluster[2,1,1024]", marks=pytest.mark.cluster),
    ],
)
def test_jobs_leave_nothing_behind_in_a_long_session(tmp_path: Path, master: str) -> None:
    scripts.run(tmp_path, f"    MASTER, FIRST, MOST_GROWN = {master!r}, {JOBS}, {MOST_GROWN}\n{CODE}")

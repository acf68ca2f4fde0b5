"""Checkpoints and second copies on real HDFS and YARN."""

from __future__ import annotations

import re
import textwrap
from pathlib import Path

import pytest

from yarnjobs import Jobs

pytestmark = pytest.mark.yarn


def test_an_rdd_is_read_from_its_files_in_hdfs_and_a_second_copy_is_kept(jobs: Jobs, tmp_path: Path) -> None:
    text = """
        import time
        from weft import StorageLevel, WeftContext

        with WeftContext() as sc:
            sc.setCheckpointDir("/tmp/weft-it-checkpoints")
            rdd = sc.parallelize(range(700), 4).map(lambda x: (x % 7, 1)).reduceByKey(lambda a, b: a + b, 3)
            rdd.checkpoint()
            assert rdd.values().sum() == 700
            assert rdd.isCheckpointed()
            assert sorted(rdd.collect()) == [(key, 100) for key in range(7)]
            twice = sc.parallelize(range(8), 4).map(str).persist(StorageLevel.MEMORY_AND_DISK_2)
            assert twice.count() == 8
            deadline = time.monotonic() + 60
            while sc._jobs.control("cachedCopies", twice.id()) < 4:
                assert time.monotonic() < deadline
                time.sleep(0.05)
            print("written to", rdd.getCheckpointFile(), flush=True)
    """
    script = tmp_path / "checkpoint.py"
    script.write_text(textwrap.dedent(text))
    ended = jobs.run("--num-executors", "2", "--executor-memory", "512m", str(script))
    assert ended.code == 0, ended.errors
    (line,) = [line for line in jobs.output(ended.application).splitlines() if line.startswith("written to ")]
    folder = line[len("written to ") :]
    assert folder.startswith("hdfs://")
    place = re.sub("^hdfs://[^/]+", "", folder)
    assert jobs.cluster.hdfs.parts(place) == [f"{place}/part-0000{n}" for n in range(3)]

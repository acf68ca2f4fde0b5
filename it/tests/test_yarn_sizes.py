"""Sizes of containers that a program sets itself: what the ResourceManager says of them."""

from __future__ import annotations

import re
import textwrap
from pathlib import Path

import pytest

from yarnjobs import Jobs

pytestmark = pytest.mark.yarn

LOOK = """
    import json, os, time, urllib.request
    from pyspark import SparkConf, SparkContext

    def containers(sc):
        \"\"\"Memory and processors of each, without the ApplicationMaster's.\"\"\"
        manager = sc._jsc.hadoopConfiguration().get("yarn.resourcemanager.webapp.address")
        attempts = f"http://{manager}/ws/v1/cluster/apps/{sc.applicationId}/appattempts"
        with urllib.request.urlopen(attempts) as answer:
            attempt = json.load(answer)["appAttempts"]["appAttempt"][0]["appAttemptId"]
        with urllib.request.urlopen(f"{attempts}/{attempt}/containers") as answer:
            found = json.load(answer)["container"]
        sizes = [(one["allocatedMB"], one["allocatedVCores"], one["containerId"]) for one in found]
        return sorted(size[:2] for size in sizes if not size[2].endswith("_000001"))

    def until(sc, sizes):
        end = time.monotonic() + 60
        while containers(sc) != sizes and time.monotonic() < end:
            time.sleep(0.1)
        return containers(sc)
"""


def program(folder: Path, code: str) -> str:
    path = folder / "sizes.py"
    path.write_text(textwrap.dedent(LOOK) + textwrap.dedent(code))
    return str(path)


def test_containers_are_as_the_program_wants_them(jobs: Jobs, tmp_path: Path) -> None:
    code = """
        conf = SparkConf().set("spark.executor.memory", "640m").set("spark.executor.memoryOverhead", "384")
        conf.set("spark.executor.cores", "2").set("spark.executor.instances", "3").set("spark.task.cpus", "2")
        sc = SparkContext(conf=conf)
        print("parallelism", sc.defaultParallelism)
        print("containers", until(sc, [(1024, 2)] * 3))

        def cpus(_):
            from pyspark import TaskContext
            return TaskContext.get().cpus()

        three = sc.range(3, numSlices=3)
        print("together", three.barrier().mapPartitions(lambda records: map(cpus, records)).collect())
        print("after", containers(sc))
        """
    ended = jobs.run("--pyspark", "--conf", "spark.executor.memory=512m", program(tmp_path, code))
    assert ended.code == 0, ended.errors
    printed = jobs.output(ended.application)
    assert "parallelism 6\n" in printed
    sizes = [(1024, 2)] * 3
    assert f"containers {sizes}\n" in printed and f"after {sizes}\n" in printed
    assert "together [2, 2, 2]\n" in printed
    assert "without effect" not in jobs.output(ended.application, "stderr")


def test_fewer_containers_of_the_same_size_are_left_as_they_are(jobs: Jobs, tmp_path: Path) -> None:
    code = """
        sc = SparkContext(conf=SparkConf().set("spark.executor.instances", "1"))
        print("containers", until(sc, [(896, 1)]), sc.range(10).sum())
        sc.stop()
        sc = SparkContext(conf=SparkConf().set("spark.executor.instances", "2").set("spark.driver.memory", "2g"))
        print("later", sc.range(10).sum(), containers(sc))
        """
    ended = jobs.run("--pyspark", "--num-executors", "3", "--executor-memory", "512m", program(tmp_path, code))
    assert ended.code == 0, ended.errors
    printed = jobs.output(ended.application)
    assert "containers [(896, 1)] 45\n" in printed and "later 45 [(896, 1)]\n" in printed
    said = jobs.output(ended.application, "stderr")
    assert "without effect, as containers have started: weft.executor.instances. Give" in said
    assert "without effect: spark.driver.memory (weft submit --driver-memory)" in said


@pytest.mark.parametrize(
    ("setting", "value", "code", "message"),
    [
        ("spark.executor.memory", "much", 2, r"weft\.executor\.memory much: a size such as 512m or 4g is needed"),
        ("spark.executor.cores", "0", 2, r"weft\.executor\.cores 0: a number of at least 1 is needed"),
        (
            "spark.executor.memory",
            "900g",
            5,
            r"Asked: 990 GiB, 1 vcore\. The largest container this cluster grants is .* \(yarn\.scheduler\."
            r"maximum-allocation-mb\)\. None was asked for\. Lower weft\.executor\.memory to \d+m\.",
        ),
    ],
)
def test_what_cannot_be_ends_the_program_as_it_ends_a_submission(
    jobs: Jobs, tmp_path: Path, setting: str, value: str, code: int, message: str
) -> None:
    ended = jobs.run("--pyspark", program(tmp_path, f"SparkContext(conf=SparkConf().set({setting!r}, {value!r}))"))
    assert ended.code == code, ended.errors
    assert re.search(f"{message}$", ended.errors, re.MULTILINE), ended.errors

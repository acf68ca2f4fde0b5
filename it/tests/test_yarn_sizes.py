"""Sizes of containers that a program sets itself: what the ResourceManager says of them."""

from __future__ import annotations

import json
import re
import textwrap
from pathlib import Path

import pytest

from tests.gateway.scripts import RUNNER_ABOVE
from yarnjobs import Jobs, poll

pytestmark = pytest.mark.yarn

LOOK = """
    import json, os, time, urllib.request
    from pyspark import SparkConf, SparkContext

    def by_id(sc):
        \"\"\"Memory and processors of each container, without the ApplicationMaster's.\"\"\"
        manager = sc._jsc.hadoopConfiguration().get("yarn.resourcemanager.webapp.address")
        attempts = f"http://{manager}/ws/v1/cluster/apps/{sc.applicationId}/appattempts"
        with urllib.request.urlopen(attempts) as answer:
            attempt = json.load(answer)["appAttempts"]["appAttempt"][0]["appAttemptId"]
        with urllib.request.urlopen(f"{attempts}/{attempt}/containers") as answer:
            found = json.load(answer)["container"]
        sizes = {one["containerId"]: (one["allocatedMB"], one["allocatedVCores"]) for one in found}
        return {name: size for name, size in sizes.items() if not name.endswith("_000001")}

    def containers(sc):
        return sorted(by_id(sc).values())

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


PROFILES = """
    from pyspark import TaskContext
    from pyspark.resource import ExecutorResourceRequests, ResourceProfileBuilder, TaskResourceRequests

    def large():
        wanted = ExecutorResourceRequests().cores(4).memory("768m").memoryOverhead("512m")
        return ResourceProfileBuilder().require(wanted).require(TaskResourceRequests().cpus(2)).build

    def place():
        return os.environ["CONTAINER_ID"], TaskContext.get().cpus()

    def of_memory(text):
        return ResourceProfileBuilder().require(ExecutorResourceRequests().memory(text)).build

    conf = SparkConf().set("spark.executor.memory", "512m").set("spark.executor.instances", "2")
    conf.set("spark.dynamicAllocation.executorIdleTimeout", "3s")
    sc = SparkContext(conf=conf)
"""


def test_a_stage_runs_in_containers_of_its_own(jobs: Jobs, tmp_path: Path) -> None:
    code = """
        pairs = sc.range(8, numSlices=4).map(lambda n: (n % 4, [place()]))
        summed = pairs.reduceByKey(lambda a, b: a + b, 4).barrier()
        told = summed.mapPartitions(lambda rows: [(places, place()) for _, places in rows]).withResources(large())
        told = told.collect()
        found = by_id(sc)
        maps = [(*found[where], cpus) for places, _ in told for where, cpus in places]
        reduces = [(*found[where], cpus) for _, (where, cpus) in told]
        print("sizes", json.dumps([sorted(found.values()), sorted(set(maps)), sorted(set(reduces)), len(reduces)]))
        print("idle", until(sc, [(896, 1)] * 2))
        gone = set(found) - set(by_id(sc))
        again = sc.range(2, numSlices=2).map(lambda _: place()).withResources(large())
        print("again", [by_id(sc)[where] for where, _ in again.collect()], again.collect()[0][0] in gone)
        mixed = sc.range(1, numSlices=1).withResources(of_memory("768m")).map(str).withResources(large())
        try:
            mixed.collect()
        except Exception as error:
            print("mixed", error)
        """
    ended = jobs.run("--pyspark", program(tmp_path, textwrap.dedent(PROFILES) + textwrap.dedent(code)))
    assert ended.code == 0, ended.errors
    printed = jobs.output(ended.application)
    small, big = [896, 1], [1280, 4]
    sizes = json.loads(re.findall("^sizes (.+)$", printed, re.MULTILINE)[0])
    assert sizes == [[small, small, big, big], [[*small, 1]], [[*big, 2]], 4], printed
    assert "idle [(896, 1), (896, 1)]\n" in printed
    assert "again [(1280, 4), (1280, 4)] False\n" in printed
    assert "RDDs of its stage ask for containers of profile" in printed
    poll(lambda: "" if jobs.left_over(ended.application) else "nothing", "end of all containers", 60)


def test_another_container_of_its_size_takes_the_place_of_one_that_was_killed(jobs: Jobs, tmp_path: Path) -> None:
    code = """
        import signal

        def work(number):
            if number == 0 and TaskContext.get().attemptNumber() == 0:
                os.kill(runner_above(os.getpid()), signal.SIGKILL)
            return number, TaskContext.get().attemptNumber(), place()

        told = sc.range(2, numSlices=1).map(work).withResources(large()).collect()
        found = by_id(sc)
        print("worked", [(number, attempt, found[where]) for number, attempt, (where, _) in told])
        """
    script = program(tmp_path, RUNNER_ABOVE + textwrap.dedent(PROFILES) + textwrap.dedent(code))
    ended = jobs.run("--pyspark", script)
    assert ended.code == 0, ended.errors
    assert "worked [(0, 1, (1280, 4)), (1, 1, (1280, 4))]" in jobs.output(ended.application)
    poll(lambda: "" if jobs.left_over(ended.application) else "nothing", "end of all containers", 60)


def test_two_profiles_of_a_stage_are_one_if_the_program_says_so(jobs: Jobs, tmp_path: Path) -> None:
    code = """
        mixed = sc.range(2, numSlices=2).withResources(of_memory("896m")).map(lambda _: place()).withResources(large())
        print("mixed", [(by_id(sc)[where], cpus) for where, cpus in mixed.collect()])
        print("idle", until(sc, []))
        """
    merge = ("--conf", "spark.scheduler.resource.profileMergeConflicts=true")
    elastic = ("--conf", "spark.dynamicAllocation.enabled=true", "--conf", "spark.dynamicAllocation.maxExecutors=3")
    script = program(tmp_path, textwrap.dedent(PROFILES) + textwrap.dedent(code))
    ended = jobs.run("--pyspark", *merge, *elastic, script)
    assert ended.code == 0, ended.errors
    assert "mixed [((1408, 4), 2), ((1408, 4), 2)]\nidle []\n" in jobs.output(ended.application)


def test_what_a_profile_cannot_have_is_said_where_it_is_asked_for(jobs: Jobs, tmp_path: Path) -> None:
    code = """
        gpu = ResourceProfileBuilder().require(ExecutorResourceRequests().cores(1).resource("gpu", 1)).build
        tight = ResourceProfileBuilder().require(ExecutorResourceRequests().cores(2))
        for profile in (gpu, tight.require(TaskResourceRequests().cpus(3)).build, of_memory("900g")):
            try:
                sc.range(1).withResources(profile)
            except Exception as error:
                print(type(error).__name__, error)
        print("after", sc.range(3).sum(), containers(sc))
        """
    ended = jobs.run("--pyspark", program(tmp_path, textwrap.dedent(PROFILES) + textwrap.dedent(code)))
    assert ended.code == 0, ended.errors
    printed = jobs.output(ended.application)
    where = r"RDD\.withResources \(\S+:\d+\)"
    for line in (
        rf"NotSupportedError {where}: profile \d+ asks for gpu of containers\. Supported: cpus of tasks on YARN .*",
        rf"SettingError {where}, profile \d+: cpus of a task is 3, and each container has 2 processors \(the profile's "
        r"cores\): no task could run there",
        rf"ResourcesError {where}, profile \d+: Asked: 990 GiB, 1 vcore\. The largest container this cluster grants is "
        r".* \(yarn\.scheduler\.maximum-allocation-mb\)\. None was asked for\. Lower the profile's memory to \d+m\.",
    ):
        assert re.search(f"^{line}$", printed, re.MULTILINE), printed
    assert "after 3 [(896, 1), (896, 1)]\n" in printed

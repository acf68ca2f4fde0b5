"""Word count, sort and join over files that three nodes share, whatever is killed; `bin/dev it --full`: over 1.1 GB."""

from __future__ import annotations

import hashlib
import math
import os
import re
import signal
import textwrap
import time
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from demodata import FULL, SMALL, Answers, Scale, answers, write_inputs, write_regions
from eventlog import EventLog, Loss
from leftovers import Watch
from userenv import environment_archive

from realcluster import Cluster
from yarnjobs import Jobs, poll, processes

pytestmark = pytest.mark.yarn

NODES = 3
REDUCES = 12
REDUCE_PAUSE = 0.3
SCALE: Scale = FULL if os.environ.get("WEFT_IT_SCALE") == "full" else SMALL
# small tasks on a slow machine wait for a container that is late, instead of going to another node after 250 ms
PATIENCE = () if SCALE is FULL else ("--conf", "weft.locality.wait=30s")
PUT = Path(__file__).with_name("PutOn.java")
CLEANING = "def words(line):\n    return line[13:].split()\n"
THREE_JOBS = """
    import sys, time
    from operator import add
    from weft import WeftContext
    from cleaning import words          # from the zip of --py-files

    source, regions, target = sys.argv[1:4]
    map_pause, reduce_pause, reduces = float(sys.argv[4]), float(sys.argv[5]), int(sys.argv[6])

    def later(seconds):
        def wait(records):
            time.sleep(seconds)
            return records
        return wait

    def measured(line):
        import fastsize                 # the C extension of the archived environment
        return line[:3], fastsize.size(line)

    def row(pair):
        return f"{pair[0]}\\t{pair[1]}"

    with WeftContext() as sc:
        lines = sc.textFile(source)
        counts = lines.mapPartitions(later(map_pause)).flatMap(words).map(lambda word: (word, 1))
        counts = counts.reduceByKey(add, reduces).mapPartitions(later(reduce_pause))
        counts.map(row).saveAsTextFile(target + "/counts")
        lines.sortBy(lambda line: line, numPartitions=reduces).saveAsTextFile(target + "/sorted")
        named = sc.textFile(regions).map(lambda line: tuple(line.split(",")))
        sizes = lines.map(measured).join(named, reduces).map(lambda found: (found[1][1], found[1][0]))
        sizes.reduceByKey(add, 4).map(row).saveAsTextFile(target + "/joined")
"""


@dataclass(frozen=True)
class Stage:
    """All that the runs share."""

    jobs: Jobs
    cluster: Cluster
    answers: Answers
    folder: Path
    hosts: dict[str, list[str]]
    arguments: list[str]


@dataclass(frozen=True)
class Run:
    """One run of the three jobs."""

    application: str
    log: EventLog
    seconds: float


@pytest.fixture(scope="module")
def stage(cluster: Cluster, jobs: Jobs, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """Inputs in HDFS, a file a node and one copy of each block; the expected answers; what the jobs take along."""
    folder = tmp_path_factory.mktemp("demo")
    paths = write_inputs(folder, SCALE, NODES)
    write_regions(folder / "regions")
    expected = answers(paths)
    cluster.hdfs.make("/demo/in")
    cluster.must("hdfs", "dfs", "-put", str(folder / "regions"), "/demo/regions")
    hosts = load(cluster, paths)
    for path in paths:
        path.unlink()
    with zipfile.ZipFile(folder / "deps.zip", "w") as deps:
        deps.writestr("cleaning.py", CLEANING)
    (folder / "three.py").write_text(textwrap.dedent(THREE_JOBS))
    arguments = [
        "--num-executors", str(NODES), "--executor-cores", "1", "--py-files", str(folder / "deps.zip"),
        "--archives", environment_archive(folder), "--conf", "weft.python=./env/bin/python",
        "--conf", f"weft.log.dir={folder / 'events'}",
    ]  # fmt: skip
    yield Stage(jobs, cluster, expected, folder, hosts, arguments)
    cluster.hdfs.remove("/demo")


def load(cluster: Cluster, paths: list[Path]) -> dict[str, list[str]]:
    """Puts file i on node i, and gives by file the hosts of its blocks, in order, as fsck says."""
    names = {}
    command = ["java", "-cp", cluster.must("hdfs", "classpath").strip(), str(PUT), str(SCALE.block)]
    for number, path in enumerate(paths, 1):
        text = (cluster.home / f"conf-node{number}" / "hdfs-site.xml").read_text()
        (address,) = re.findall(r"<name>dfs.datanode.address</name><value>([^<]+)", text)
        host, port = address.split(":")
        names[port] = host
        # the NameNode knows each DataNode of this cluster as 127.0.0.1, so that the port decides
        command += [str(path), f"/demo/in/{path.name}", f"127.0.0.1:{port}"]
    cluster.must(*command)
    told = cluster.must("hdfs", "fsck", "/demo/in", "-files", "-blocks", "-locations")
    hosts: dict[str, list[str]] = {}
    for line in told.splitlines():
        if line.startswith("/demo/in/"):
            current = hosts.setdefault(line.split()[0], [])
        for port in re.findall(r"Live_repl=1\s+\[DatanodeInfoWithStorage\[[^:]+:(\d+)", line):
            current.append(names[port])
    return hosts


def tail(n: int, k: int) -> float:
    """The chance that of n tasks on nodes drawn by lot at least k find their block there."""
    return sum(math.comb(n, i) * (1 / NODES) ** i * (1 - 1 / NODES) ** (n - i) for i in range(k, n + 1))


def run_jobs(stage: Stage, name: str, *options: str, meanwhile: Callable[[str, Path], None] | None = None) -> Run:
    """Submits the three jobs, compares their answers, and finds nothing left of the application."""
    watch = Watch(stage.cluster)
    target = f"/demo/{name}"
    began = time.monotonic()
    given = [f"{target}", str(SCALE.map_pause), str(REDUCE_PAUSE), str(REDUCES)]
    script = str(stage.folder / "three.py")
    client = stage.jobs.start(*stage.arguments, *options, script, "/demo/in", "/demo/regions", *given)
    application = stage.jobs.running()
    watch.start(application)
    if meanwhile is not None:
        meanwhile(application, stage.folder / "events" / f"{application}.events.log")
    ended = stage.jobs.wait(client)
    seconds = time.monotonic() - began
    assert ended.code == 0, ended.errors
    print(f"\n{name}: {seconds:.1f} s; {ended.errors.strip().splitlines()[-1]}")
    log = EventLog.read(stage.folder / "events" / f"{application}.events.log")
    assert_answers(stage, target)
    watch.assert_nothing_left(target)
    assert stage.cluster.hdfs.remove(target)
    return Run(application, log, seconds)


def assert_answers(stage: Stage, target: str) -> None:
    hdfs, expected = stage.cluster.hdfs, stage.answers
    assert sorted(hdfs.lines(f"{target}/counts")) == expected.counts
    assert sorted(hdfs.lines(f"{target}/joined")) == expected.joined
    digest = hashlib.sha256()
    for part in hdfs.parts(f"{target}/sorted"):
        for chunk in hdfs.chunks(part):
            digest.update(chunk)
    assert digest.hexdigest() == expected.sorted_sha256


def near_share(stage: Stage, log: EventLog) -> tuple[int, int]:
    """Tasks that read the files where their block is, of how many; by fsck and the runner's host, and by the log."""
    blocks = [host for path in sorted(stage.hosts) for host in stage.hosts[path]]
    runners = log.hosts()
    reading = [one for one in log.reading() if sum(o.stage == one.stage for o in log.reading()) >= len(blocks)]
    assert {one.partition for one in reading} == set(range(len(blocks)))
    near = sum(blocks[one.partition] == runners[one.runner] for one in reading)
    assert near == sum(one.locality == "NODE" for one in reading)
    return near, len(reading)


@pytest.fixture(scope="module")
def undisturbed(stage: Stage) -> Run:
    return run_jobs(stage, "plain", *PATIENCE)


def test_each_node_holds_a_third_of_the_blocks(stage: Stage) -> None:
    blocks = [host for hosts in stage.hosts.values() for host in hosts]
    assert len(blocks) == NODES * SCALE.blocks
    shares = {host: blocks.count(host) / len(blocks) for host in set(blocks)}
    print(f"\nblocks: {len(blocks)} of {SCALE.block} bytes, shares {shares}")
    assert len(shares) == NODES and all(0.3 <= share <= 0.37 for share in shares.values())


def test_answers_equal_plain_python_and_tasks_run_where_their_blocks_are(stage: Stage, undisturbed: Run) -> None:
    near, of = near_share(stage, undisturbed.log)
    print(f"\n{near} of {of} tasks NODE_LOCAL ({near / of:.1%}); {len(undisturbed.log.launches)} attempts")
    assert near >= 0.9 * of
    keys = [(one.stage, one.partition) for one in undisturbed.log.launches]
    assert len(keys) == len(set(keys)), "undisturbed, each task has one attempt"


def test_without_locality_a_third_of_the_tasks_meets_its_block(stage: Stage) -> None:
    run = run_jobs(stage, "far", "--conf", "weft.locality.enabled=false")
    near, of = near_share(stage, run.log)
    chance = tail(of, math.floor(0.45 * of) + 1)
    print(f"\n{near} of {of} tasks NODE_LOCAL ({near / of:.1%}) without locality; above 45 % by chance: {chance:.1e}")
    assert chance < 1e-3, "too few tasks for this to mean anything"
    assert near <= 0.45 * of


def kill_busy_runner(application: str, path: Path, *, reduced: bool) -> None:
    """SIGKILL to a runner with finished map outputs and a task: at 40 % of the maps, or after the first reduce."""
    enough = 1 if reduced else math.ceil(0.4 * NODES * SCALE.blocks)
    poll(lambda: "yes" if EventLog.read(path).accepted(0, result=reduced) >= enough else None, "progress", 120)
    runners = {
        found[1]: pid
        for pid, command in processes()
        if command.startswith("weft-runner") and application in command
        for found in [re.search(r"--runner (\S+)", command)]
        if found
    }
    assert len(runners) == NODES

    def stopped() -> str | None:
        """Stopped first, so that it is known to be busy when it dies."""
        for runner, pid in runners.items():
            os.kill(pid, signal.SIGSTOP)
            log = EventLog.read(path)
            if log.held_by(runner) and log.running_on(runner):
                return runner
            os.kill(pid, signal.SIGCONT)
        return None

    os.kill(runners[poll(stopped, "a runner with outputs and a task", 20)], signal.SIGKILL)


@pytest.mark.parametrize(
    ("reduced", "service"), [(False, "false"), (True, "false" if SCALE is FULL else "true")], ids=["map", "reduce"]
)
def test_a_killed_runner_costs_what_was_lost_with_it_and_no_more(
    stage: Stage, undisturbed: Run, reduced: bool, service: str
) -> None:
    name = f"{'reduce' if reduced else 'map'}-{service}"
    run = run_jobs(
        stage, name, "--conf", f"weft.shuffle.service={service}",
        meanwhile=lambda application, path: kill_busy_runner(application, path, reduced=reduced),
    )  # fmt: skip
    loss = the_loss(run.log)
    tasks, attempts = len(undisturbed.log.launches), len(run.log.launches)
    print(f"\n{name}: {tasks} tasks, {attempts} attempts; lost {len(loss.running)} running, {len(loss.held)} outputs"
          f" (readable: {loss.readable}), {len(loss.fetches)} fetches failed")  # fmt: skip
    assert loss.held and loss.running, "the victim was idle"
    assert loss.readable == (service == "true")
    assert attempts == tasks + loss.attempts


def the_loss(log: EventLog) -> Loss:
    (victim,) = {m[1] for m in map(re.compile(r"> RunnerLost\[runner=(\w+)").search, log.lines) if m}
    return log.loss(victim)

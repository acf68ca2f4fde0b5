"""Submit to exit of a job of 4 tasks in YARN's cluster mode: Weft and PySpark take turns on a real 3-node cluster.

Spark's jars are put on HDFS before the clock starts (spark.yarn.archive); Weft's first submission copies its framework archive there
itself, if it is new. Both ask for the same two executors of one core and 1 GiB. The first submissions are told apart from the later
ones; only on a new cluster do they find the nodes' caches empty. What happens on the way is read from the daemons' logs and from the
job's output.

usage: yarn.py [--runs 5] [--engines weft,pyspark] [--client yarn-jar|bin-weft] [--out FILE]
"""

from __future__ import annotations

import argparse
import os
import platform
import re
import statistics
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
sys.path[:0] = [str(ROOT / "it" / "tests"), str(ROOT / "it" / "bench")]

from realcluster import Cluster  # noqa: E402 - found by the line above
from yarnjobs import make_dist  # noqa: E402

JOB = ROOT / "it" / "bench" / "yarn_job.py"
EXECUTORS = ["--num-executors", "2", "--executor-cores", "1", "--executor-memory", "1g", "--driver-memory", "1g"]
SECONDS = 180

# Name of a moment, and the daemons' log line whose first occurrence tells its time.
_MOMENTS = {
    "application id given": r"Allocated new applicationId: {number}$",
    "submitted": r"{app} State change from NEW to NEW_SAVING",
    "master's container asked of its node": r"Start request for container_{app_number}_01_000001 ",
    "master's container started": r"launchContainer: .*{app}/container_{app_number}_01_000001",
    "master registered": r"{app} State change from ACCEPTED to RUNNING",
    "first runner granted": r"container_{app_number}_01_000002 Container Transitioned from ALLOCATED to ACQUIRED",
    "first runner asked of its node": r"Start request for container_{app_number}_01_000002 ",
    "first runner started": r"launchContainer: .*{app}/container_{app_number}_01_000002",
    "master unregisters": r"{app} State change from RUNNING to FINAL_SAVING",
    "application finished": r"{app} State change from FINISHING to FINISHED",
}
_STAMPS = {"script": "script started", "context": "context ready", "task": "first record of a task", "job": "job done"}


@dataclass
class Run:
    """One submission.

    Attributes
    ----------
    seconds : float
        Of the client, from start to exit.
    moments : dict of str to float
        When what happened, in seconds since the client's start.
    """

    seconds: float
    moments: dict[str, float]


def say(text: str) -> None:
    """One line on standard error."""
    print(f"bench: {text}", file=sys.stderr, flush=True)


@contextmanager
def cluster(node_memory: str = "6g") -> Iterator[Cluster]:
    """The cluster in the folder WEFT_IT_CLUSTER; else one of 3 nodes for this run alone."""
    given = os.environ.get("WEFT_IT_CLUSTER")
    with tempfile.TemporaryDirectory(prefix="weft-bench-") as scratch:
        home = Path(given) if given else Path(scratch, "cluster")
        command = [str(ROOT / "bin" / "weft-cluster")]
        environment = dict(os.environ, WEFT_CLUSTER_DIR=str(home))
        if not given:
            start = [*command, "start", "--nodes", "3", "--node-memory", node_memory]
            subprocess.run(start, env=environment, check=True, stdout=subprocess.DEVNULL, timeout=600)
        try:
            yield Cluster(home / "conf", home / "bin", home)
        finally:
            if not given:
                subprocess.run([*command, "stop"], env=environment, check=True, timeout=120)


def weft_command(client: str, dist: Path) -> list[str]:
    """How Weft is submitted."""
    jar = next(path for path in dist.glob("weft-*.jar"))
    start = [str(ROOT / "bin" / "weft")] if client == "bin-weft" else ["yarn", "jar", str(jar)]
    where = ["--master", "yarn", "--deploy-mode", "cluster"]
    return [*start, "submit", *where, *EXECUTORS, "--conf", f"weft.python={sys.executable}", str(JOB), "weft"]


def pyspark_command(python: Path, on: Cluster) -> list[str]:
    """How PySpark is submitted."""
    command = [*spark_submit(python, on), *EXECUTORS]
    for variable in ("spark.pyspark.python", "spark.pyspark.driver.python"):
        command += ["--conf", f"{variable}={python}"]
    return [*command, str(JOB), "pyspark"]


def spark_submit(python: Path, on: Cluster) -> list[str]:
    """The command that submits to the cluster with an environment's PySpark, its jars uploaded once."""
    home = subprocess.run(
        [str(python), "-c", "import os, pyspark; print(os.path.dirname(pyspark.__file__))"],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    ).stdout.strip()
    if on.run("hdfs", "dfs", "-test", "-e", "/spark-jars.zip").returncode:
        say("copying PySpark's jars to HDFS, once")
        with tempfile.TemporaryDirectory(prefix="weft-bench-") as scratch:
            archive = Path(scratch, "spark-jars.zip")
            with zipfile.ZipFile(archive, "w") as packed:
                for jar in sorted(Path(home, "jars").glob("*.jar")):
                    packed.write(jar, jar.name)
            on.must("hdfs", "dfs", "-put", str(archive), "/spark-jars.zip")
    command = [str(Path(home, "bin", "spark-submit")), "--master", "yarn", "--deploy-mode", "cluster"]
    return [*command, "--conf", "spark.yarn.archive=hdfs:///spark-jars.zip"]


def submit(command: list[str], on: Cluster, environment: dict[str, str]) -> Run:
    """One submission, and what the logs say of it."""
    logs = sorted((on.home / "logs").glob("*.log"))
    sizes = {log: log.stat().st_size for log in logs}
    start = time.time()
    done = subprocess.run(
        command, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=SECONDS, check=False
    )
    seconds = time.time() - start
    if done.returncode:
        raise SystemExit(f"bench: {' '.join(command)} ended with {done.returncode}:\n{done.stderr[-3000:]}")
    text = ""
    for log in logs:
        with open(log, errors="replace") as file:
            file.seek(sizes[log])
            text += file.read()
    found = re.search(r"(application_(\d+_(\d+))) State change from NEW to NEW_SAVING", text)
    assert found, "the ResourceManager's log does not name the application"
    app, app_number, number = found.groups()
    moments: dict[str, float] = {}
    for name, pattern in _MOMENTS.items():
        wanted = pattern.format(app=app, app_number=app_number, number=int(number))
        times = [_time(line) for line in text.splitlines() if re.search(wanted, line)]
        if times:
            moments[name] = min(times) - start
    for output in on.home.glob(f"data/node*/containers/{app}/*/stdout"):
        for stamps in re.findall(r"^stamps (.*)", output.read_text(errors="replace"), re.MULTILINE):
            for pair in stamps.split():
                key, _, value = pair.partition("=")
                moments[_STAMPS[key]] = float(value) - start
    moments["client exits"] = seconds
    return Run(seconds, moments)


def _time(line: str) -> float:
    """The time at the head of a daemon's log line."""
    return datetime.strptime(line[:23], "%Y-%m-%d %H:%M:%S,%f").timestamp()


def timeline(name: str, runs: list[Run]) -> list[str]:
    """Lines of a table: every moment's median, in order, and the step before it."""
    medians = {}
    for moment in runs[0].moments:
        medians[moment] = statistics.median(run.moments[moment] for run in runs if moment in run.moments)
    lines = ["", f"| {name}, median of {len(runs)} | at | step |", "|---|---|---|"]
    before = 0.0
    for moment, at in sorted(medians.items(), key=lambda pair: pair[1]):
        lines.append(f"| {moment} | {at:.2f} | {at - before:.2f} |")
        before = at
    return lines


def report(first: dict[str, Run], later: dict[str, list[Run]], options: argparse.Namespace) -> list[str]:
    """The lines to print."""
    import cpuinfo_line

    lines = [
        "# Submit to exit on YARN",
        "",
        f"Written by `python it/bench/yarn.py --runs {options.runs} --client {options.client}` on {time.strftime('%Y-%m-%d')}: {cpuinfo_line.text()}, {os.cpu_count()} "
        f"processors, Python {platform.python_version()}, load before {os.getloadavg()[0]:.1f}; 3 NodeManagers and "
        f"DataNodes, cluster mode, a job of 4 tasks in 2 executors; Weft by {options.client}. Seconds.",
        "",
        "| engine | first submission | later, median | least | most |",
        "|---|---|---|---|---|",
    ]
    for engine, runs in later.items():
        times = [run.seconds for run in runs]
        cells = [first[engine].seconds, statistics.median(times), min(times), max(times)]
        lines.append(f"| {engine} | " + " | ".join(f"{cell:.2f}" for cell in cells) + " |")
    if len(later) == 2:
        ratio = statistics.median(run.seconds for run in later["pyspark"])
        ratio /= statistics.median(run.seconds for run in later["weft"])
        cold = first["pyspark"].seconds / first["weft"].seconds
        lines += ["", f"PySpark's time over Weft's: {ratio:.1f}×; of the first submissions {cold:.1f}×."]
    for engine, runs in later.items():
        lines += timeline(engine, runs)
    return lines


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=5, help="submissions of each engine after the first")
    parser.add_argument("--engines", default="weft,pyspark")
    parser.add_argument("--client", choices=("yarn-jar", "bin-weft"), default="yarn-jar")
    parser.add_argument("--out", default="")
    options = parser.parse_args()
    first: dict[str, Run] = {}
    later: dict[str, list[Run]] = {}
    with cluster() as on, tempfile.TemporaryDirectory(prefix="weft-bench-") as scratch:
        dist = make_dist(Path(scratch, "dist"))
        commands = {}
        for engine in options.engines.split(","):
            commands[engine] = weft_command(options.client, dist) if engine == "weft" else _peer(on)
        environment = on.environment()
        environment.pop("SPARK_HOME", None)
        environment.pop("PYTHONPATH", None)
        for number in range(options.runs + 1):
            for engine, command in commands.items():
                run = submit(command, on, environment)
                say(f"run {number} of {options.runs}, {engine}: {run.seconds:.2f} s")
                if number:
                    later.setdefault(engine, []).append(run)
                else:
                    first[engine] = run
    text = "\n".join(report(first, later, options)) + "\n"
    print(text, end="")
    if options.out:
        Path(options.out).write_text(text)
    return 0


def _peer(on: Cluster) -> list[str]:
    from main import peer

    return pyspark_command(peer(), on)


if __name__ == "__main__":
    sys.exit(main())

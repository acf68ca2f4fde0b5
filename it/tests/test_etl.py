"""The nightly job over two days of web logs, in cluster mode on three nodes; `bin/dev it --full -- -k etl`: 1.1 GB.

The expectation is what it/etl/generate.py counted while it wrote the logs; it/etl/check.py compares.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import time
import zlib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import fastavro
import pytest
from eventlog import EventLog
from leftovers import Watch
from userenv import wheel_archive

from realcluster import ROOT, Cluster
from watchreader import A_SECOND, Reader, names
from yarnjobs import Ended, Jobs

pytestmark = pytest.mark.yarn

FULL = os.environ.get("WEFT_IT_SCALE") == "full"
SCALE = "1" if FULL else "0.01"
SHARE = 256 << 20
LOOKS = 200
"""The reader's at least; it looks 50 times a second, and more seldom on a machine where the job takes longer."""
ETL = ROOT / "it" / "etl"
AVRO = Path(__file__).with_name("AvroRows.java")
DAY = "2026-03-29"
SPILL = [] if FULL else ["--conf", "weft.python.worker.memory=2m"]  # so that little data spills, too


@dataclass(frozen=True)
class Night:
    """What the runs share."""

    jobs: Jobs
    cluster: Cluster
    folder: Path
    environment: dict[str, str]
    manifest: dict[str, Any]


@dataclass(frozen=True)
class Run:
    """One run: how it ended, its event log, what a reader saw, and a local copy of its output."""

    ended: Ended
    log: EventLog
    reader: Reader
    output: Path
    seconds: float


@pytest.fixture(scope="module")
def night(cluster: Cluster, jobs: Jobs, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Night]:
    """The data in HDFS, two copies of each block; the truth; the jar and the environment that the job takes along."""
    folder = tmp_path_factory.mktemp("etl")
    data = folder / "data"
    command = [sys.executable, str(ETL / "generate.py"), "--seed", "7", "--scale", SCALE, str(data)]
    print("\n" + subprocess.run(command, check=True, capture_output=True, text=True, timeout=1200).stdout.strip())
    manifest = json.loads((data / "truth" / "manifest.json").read_text())
    options = ["-D", f"dfs.blocksize={manifest['block']}", "-D", "dfs.replication=2"]
    cluster.hdfs.make("/etl")
    sources = [str(data / name) for name in ("logs", "users", "countries.csv")]
    cluster.must("hdfs", "dfs", *options, "-put", "-t", "8", *sources, "/etl", seconds=900)
    for source in sources[:2]:
        shutil.rmtree(source)
    environment = {
        **cluster.environment(),
        "WEFT_JAR": str(next(jobs.dist.glob("weft-*.jar"))),
        "WEFT_ENV": wheel_archive(folder, ETL / "parser", "ddsketch"),
    }
    yield Night(jobs, cluster, folder, environment, manifest)
    cluster.hdfs.remove("/etl")


def run_night(night: Night, target: str, copy: str, *options: str) -> Run:
    """Submits the job by its script, has a reader look on, copies the output here, and finds nothing left."""
    watch = Watch(night.cluster)
    began = time.monotonic()
    command = [str(ROOT / "bin" / "examples" / "nightly.sh"), DAY, "/etl", target]
    logs = ["--conf", f"weft.log.dir={night.folder / 'events'}"]
    with Reader(night.cluster, f"{target}/{DAY}/rows/day={DAY}") as reader:
        client = night.jobs.start_command([*command, *logs, *SPILL, *options], night.environment)
        application = night.jobs.running()
        watch.start(application)
        ended = night.jobs.wait(client, 1200)
        seconds = time.monotonic() - began
        assert ended.code == 0, ended.errors
    print(f"\n{copy}: {seconds:.1f} s; {ended.errors.strip().splitlines()[-1]}")
    output = night.folder / copy
    night.cluster.must("hdfs", "dfs", "-get", f"{target}/{DAY}", str(output), seconds=600)
    watch.assert_nothing_left(target)
    log = EventLog.read(night.folder / "events" / f"{application}.events.log")
    return Run(ended, log, reader, output, seconds)


@pytest.fixture(scope="module")
def first(night: Night) -> Run:
    return run_night(night, "/etl/out", "first")


def test_all_that_the_job_writes_is_what_was_generated(night: Night, first: Run) -> None:
    command = [sys.executable, str(ETL / "check.py"), str(night.folder / "data" / "truth"), str(first.output)]
    checked = subprocess.run(command, capture_output=True, text=True, timeout=900, check=False)
    print("\n" + checked.stdout)
    assert checked.returncode == 0, checked.stdout + checked.stderr


def test_hadoops_avro_and_fastavro_read_the_same_rows(night: Night, first: Run) -> None:
    files = sorted((first.output / "rows").rglob("*.avro"))
    classes = night.cluster.must("hdfs", "classpath").strip()
    told = night.cluster.must("java", "-cp", classes, str(AVRO), *map(str, files), seconds=600)
    assert told.split("\n")[:-1] == [" ".join(map(str, rows_and_sum(path))) for path in files]
    assert sum(int(line.split()[0]) for line in told.splitlines()) == night.manifest["good"]


def rows_and_sum(path: Path) -> tuple[int, int]:
    count = total = 0
    with open(path, "rb") as file:
        for row in fastavro.reader(file):
            count += 1
            line = "".join([("" if value is None else str(value)) + "|" for value in row.values()])
            total = zlib.crc32(line.encode(), total)
    return count, total


def test_a_reader_sees_the_whole_output_or_nothing(first: Run) -> None:
    first.reader.assert_often(LOOKS)
    seen = [listing for _, listing in first.reader.seen]
    assert seen[0] is None and len(seen) == 2 and "_SUCCESS" in names(seen[1])


def test_workers_stay_within_their_share_and_spill(first: Run) -> None:
    summary = first.ended.errors.strip().splitlines()[-1]
    peak = re.search(r"peak worker memory ([\d.]+) (MB|GB)", summary)
    assert peak and peak[2] == "MB" and float(peak[1]) * (1 << 20) <= SHARE, summary
    assert " spilled" in summary, summary


def test_small_files_are_read_together(night: Night, first: Run) -> None:
    tasks = max(Counter(launch.stage for launch in first.log.reading()).values())
    print(f"\n{tasks} map tasks for {night.manifest['files']} files")
    assert tasks <= 40


def test_a_second_run_writes_the_same_rows_in_the_same_files_and_order(night: Night, first: Run) -> None:
    second = run_night(night, "/etl/out", "second")
    assert tree(second.output) == tree(first.output)
    assert_one_after_the_other(first.reader, second.reader)


def assert_one_after_the_other(first: Reader, second: Reader) -> None:
    """A reader sees the old files, for a second at most nothing, then the new ones, and never some of both."""
    old, *between, (until, new) = second.seen
    assert old[1] == first.seen[-1][1] != new and names(old[1]) == names(new)
    assert [listing for _, listing in between] in ([], [None])
    gap = until - between[0][0] if between else 0
    second.assert_often(LOOKS)
    print(f"{gap} looks without a folder")
    assert gap <= A_SECOND


def tree(folder: Path) -> dict[str, str]:
    """The digest of each file's lines or rows; the bytes of an Avro file have a random marker in them.

    The names of dead letters have the application's id in them.
    """
    found = {}
    for path in sorted(folder.rglob("*")):
        name = re.sub(r"application_\d+_\d+", "application", str(path.relative_to(folder)))
        if path.suffix == ".avro":
            digest = hashlib.sha256()
            with open(path, "rb") as file:
                for row in fastavro.reader(file):
                    digest.update(repr(row).encode())
            found[name] = digest.hexdigest()
        elif path.is_file():
            found[name] = hashlib.sha256(path.read_bytes()).hexdigest()
    return found

"""The nightly job as a PySpark program, by Weft and by PySpark 4.3.0, one after the other on the same cluster.

usage: WEFT_IT_CLUSTER=FOLDER python it/etl/beside.py [--scale 0.1] [--seed 7] [--runs 1] [--data FOLDER] [--prepare]
                                                       [--out FILE]

Both run it/etl/classic.py in cluster mode with equal executors; PySpark's have 1 GiB more for Python, which would else
run out of memory. Prints the seconds from submit to exit of each, and whether both wrote the rows, cells, sessions and
report that the truth says; ends with 1 if not. With --data, what is measured with stays in a folder and in HDFS, so
that --prepare may make it before the machine is quiet.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent.parent
sys.path[:0] = [str(ROOT / "it" / "tests"), str(ROOT / "it" / "bench")]

from engines import PYSPARK, peer  # noqa: E402 - found by the line above
from userenv import wheel_archive  # noqa: E402
from yarn import spark_submit  # noqa: E402

from realcluster import Cluster  # noqa: E402
from yarnjobs import make_dist  # noqa: E402

ETL = ROOT / "it" / "etl"
SECONDS = 3000
DAY = "2026-03-29"
SIZE = ["--num-executors", "3", "--executor-cores", "2", "--executor-memory", "1152m", "--driver-memory", "1g"]


def commands(on: Cluster, folder: Path) -> Iterator[tuple[str, list[str]]]:
    """The submission of each engine, but for the script's last argument."""
    environment = folder / "environment"
    common = [*SIZE, "--py-files", str(ETL / "weblogsteps.py"), "--archives", f"{environment.read_text()}#env"]
    job = [str(ETL / "classic.py"), DAY, "/beside"]
    jar = next((folder / "dist").glob("weft-*.jar"))
    weft = ["yarn", "jar", str(jar), "submit", "--pyspark", "--conf", "weft.python=./env/bin/python"]
    yield "weft", [*weft, *common, *job]
    python = "./env/bin/python"
    settings = [f"--conf=spark.pyspark.python={python}", f"--conf=spark.yarn.appMasterEnv.PYSPARK_PYTHON={python}"]
    settings += ["--conf=spark.executor.pyspark.memory=1g"]  # with 256m its join of the hot key is out of memory
    yield "pyspark", [*spark_submit(peer(), on), *settings, *common, *job]


def prepare(on: Cluster, folder: Path, seed: str, scale: str) -> dict[str, Any]:
    """The data here and in HDFS, the jar and the Python environment, as far as they are not there; gives the truth."""
    truth = folder / "data" / "truth" / "manifest.json"
    if not (folder / "environment").exists():
        generate = [sys.executable, str(ETL / "generate.py"), "--seed", seed, "--scale", scale]
        subprocess.run([*generate, str(folder / "data")], check=True, stdout=sys.stderr)
        make_dist(folder / "dist")
        (folder / "environment").write_text(wheel_archive(folder, ETL / "parser", "fastavro"))
    manifest: dict[str, Any] = json.loads(truth.read_text())
    if on.run("hdfs", "dfs", "-test", "-e", "/beside/countries.csv").returncode:
        options = ["-D", f"dfs.blocksize={manifest['block']}", "-D", "dfs.replication=2"]
        sources = [str(folder / "data" / name) for name in ("logs", "users", "countries.csv")]
        on.must("hdfs", "dfs", "-mkdir", "-p", "/beside")
        on.must("hdfs", "dfs", *options, "-put", "-t", "8", *sources, "/beside", seconds=900)
    spark_submit(peer(), on)
    return manifest


def measure(
    on: Cluster, folder: Path, manifest: dict[str, Any], runs: int
) -> tuple[dict[str, list[float]], list[float], bool]:
    """Seconds of each engine's runs, which take turns; loads before them; whether all they wrote is right and equal."""
    seconds: dict[str, list[float]] = {}
    loads: list[float] = []
    good = True
    with tempfile.TemporaryDirectory(prefix="weft-beside-") as scratch:
        for number in range(runs):
            for name, command in commands(on, folder):
                on.run("hdfs", "dfs", "-rm", "-r", "-f", "-skipTrash", f"/beside/{name}")
                loads.append(os.getloadavg()[0])
                began = time.monotonic()
                on.must(*command, f"/beside/{name}", seconds=SECONDS)
                took = time.monotonic() - began
                seconds.setdefault(name, []).append(took)
                output = Path(scratch, f"{name}-{number}")
                on.must("hdfs", "dfs", "-get", f"/beside/{name}/{DAY}", str(output), seconds=600)
                problems = wrong(manifest, output)
                good = good and not problems
                print(f"{name:8} {took:7.1f} s  {'; '.join(problems) or 'all as the truth says'}", flush=True)
            same = lines(Path(scratch, f"weft-{number}", "cells")) == lines(Path(scratch, f"pyspark-{number}", "cells"))
            print("cells are equal" if same else "cells DIFFER")
            good = good and same
    return seconds, loads, good


def report(
    seconds: dict[str, list[float]], loads: list[float], given: argparse.Namespace, manifest: dict[str, Any]
) -> list[str]:
    """The lines of NIGHTLY.md."""
    import cpuinfo_line

    weft, spark = (statistics.median(seconds[name]) for name in ("weft", "pyspark"))
    return [
        "# The nightly job, side by side",
        "",
        f"Written by `python it/etl/beside.py --scale {given.scale} --runs {given.runs}` on "
        f"{time.strftime('%Y-%m-%d')}: {cpuinfo_line.text()}, {os.cpu_count()} processors, "
        f"Python {platform.python_version()}, PySpark {PYSPARK}.",
        "",
        f"`it/etl/classic.py`, unedited: {manifest['lines']:,} lines of web logs in {manifest['files']:,} files, by",
        "`weft submit --pyspark` and by `spark-submit`, in cluster mode on one cluster of 3 nodes, 3 executors of 2",
        "cores and 1152 MB; PySpark's have 1 GiB more for their Python workers, which run out of memory with 256 MB.",
        "Submit to exit, in seconds. Both wrote the same rows, sessions, cells and report, those that were generated.",
        f"The load average before the runs was {', '.join(f'{load:.1f}' for load in loads)}.",
        "",
        "| engine | median | least | most |",
        "|---|---|---|---|",
        *(
            f"| {name} | {statistics.median(times):.1f} | {min(times):.1f} | {max(times):.1f} |"
            for name, times in seconds.items()
        ),
        "",
        f"PySpark's time over Weft's: {spark / weft:.1f}×.",
    ]


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--seed", default="7")
    parser.add_argument("--scale", default="0.1")
    parser.add_argument("--runs", type=int, default=1)
    parser.add_argument("--data", default="", help="a folder that keeps what is measured with")
    parser.add_argument("--prepare", action="store_true", help="measure nothing")
    parser.add_argument("--out", default="", help="where the table goes, such as it/bench/NIGHTLY.md")
    given = parser.parse_args()
    home = Path(os.environ["WEFT_IT_CLUSTER"])
    on = Cluster(conf=home / "conf", bin=home / "bin", home=home)
    with tempfile.TemporaryDirectory(prefix="weft-beside-") as scratch:
        folder = Path(given.data or scratch)
        folder.mkdir(parents=True, exist_ok=True)
        manifest = prepare(on, folder, given.seed, given.scale)
        if given.prepare:
            return 0
        seconds, loads, good = measure(on, folder, manifest, given.runs)
        if not given.data:
            on.run("hdfs", "dfs", "-rm", "-r", "-f", "-skipTrash", "/beside")
    if good and given.out:
        Path(given.out).write_text("\n".join(report(seconds, loads, given, manifest)) + "\n")
    return 0 if good else 1


def lines(folder: Path) -> list[str]:
    """All lines of a folder of text files, sorted."""
    return sorted(line for path in folder.glob("part-*") for line in path.read_text().split("\n")[:-1])


def wrong(manifest: dict[str, Any], output: Path) -> list[str]:
    """What differs from the truth."""
    found = []
    sessions, rows = lines(output / "sessions"), lines(output / "rows")
    if digest(sessions) != manifest["sessions"]["digest"]:
        found.append(f"sessions differ: {len(sessions):,}")
    if digest(rows) != sum(day["digest"] for day in manifest["days"].values()) % (1 << 64):
        found.append(f"rows differ: {len(rows):,}")
    report = dict(line.split("\t") for line in lines(output / "report") if line.count("\t") == 1)
    for name in ("lines", "rejected", "duplicates"):
        if int(report[name]) != manifest[name]:
            found.append(f"{name} {report[name]}, not {manifest[name]}")
    return found


def digest(texts: list[str]) -> int:
    """The sum of the lines' digests, as the truth has it."""
    sums = (hashlib.blake2b(text.encode(), digest_size=8).digest() for text in texts)
    return sum(int.from_bytes(one, "big") for one in sums) % (1 << 64)


if __name__ == "__main__":
    sys.exit(main())

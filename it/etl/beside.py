"""The nightly job as a PySpark program, by Weft and by PySpark 4.3.0, one after the other on the same cluster.

usage: WEFT_IT_CLUSTER=FOLDER python it/etl/beside.py [--scale 0.1] [--seed 7]

Both run it/etl/classic.py in cluster mode with equal containers. Prints the seconds from submit to exit of each, and
whether both wrote the rows, cells, sessions and report that the truth says; ends with 1 if not.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent.parent
sys.path[:0] = [str(ROOT / "it" / "tests"), str(ROOT / "it" / "bench")]

from engines import peer  # noqa: E402 - found by the line above
from userenv import wheel_archive  # noqa: E402
from yarn import spark_submit  # noqa: E402

from realcluster import Cluster  # noqa: E402
from yarnjobs import make_dist  # noqa: E402

ETL = ROOT / "it" / "etl"
SECONDS = 3000
DAY = "2026-03-29"
SIZE = ["--num-executors", "3", "--executor-cores", "2", "--executor-memory", "1152m", "--driver-memory", "1g"]


def commands(on: Cluster, environment: str, folder: Path) -> Iterator[tuple[str, list[str]]]:
    """The submission of each engine, but for the script's last argument."""
    common = [*SIZE, "--py-files", str(ETL / "weblogsteps.py"), "--archives", f"{environment}#env"]
    job = [str(ETL / "classic.py"), DAY, "/beside"]
    jar = next(make_dist(folder / "dist").glob("weft-*.jar"))
    weft = ["yarn", "jar", str(jar), "submit", "--pyspark", "--conf", "weft.python=./env/bin/python"]
    yield "weft", [*weft, *common, *job]
    python = "./env/bin/python"
    settings = [f"--conf=spark.pyspark.python={python}", f"--conf=spark.yarn.appMasterEnv.PYSPARK_PYTHON={python}"]
    settings += ["--conf=spark.executor.pyspark.memory=256m"]
    yield "pyspark", [*spark_submit(peer(), on), *settings, *common, *job]


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--seed", default="7")
    parser.add_argument("--scale", default="0.1")
    given = parser.parse_args()
    home = Path(os.environ["WEFT_IT_CLUSTER"])
    on = Cluster(conf=home / "conf", bin=home / "bin", home=home)
    with tempfile.TemporaryDirectory(prefix="weft-beside-") as scratch:
        folder = Path(scratch)
        generate = [sys.executable, str(ETL / "generate.py"), "--seed", given.seed, "--scale", given.scale]
        subprocess.run([*generate, str(folder / "data")], check=True)
        manifest = json.loads((folder / "data" / "truth" / "manifest.json").read_text())
        options = ["-D", f"dfs.blocksize={manifest['block']}", "-D", "dfs.replication=2"]
        sources = [str(folder / "data" / name) for name in ("logs", "users", "countries.csv")]
        on.run("hdfs", "dfs", "-rm", "-r", "-f", "-skipTrash", "/beside")
        on.must("hdfs", "dfs", "-mkdir", "-p", "/beside")
        on.must("hdfs", "dfs", *options, "-put", "-t", "8", *sources, "/beside", seconds=900)
        environment = wheel_archive(folder, ETL / "parser", "fastavro")
        good = True
        for name, command in commands(on, environment, folder):
            began = time.monotonic()
            on.must(*command, f"/beside/{name}", seconds=SECONDS)
            seconds = time.monotonic() - began
            on.must("hdfs", "dfs", "-get", f"/beside/{name}/{DAY}", str(folder / name), seconds=600)
            problems = wrong(manifest, folder / name)
            good = good and not problems
            print(f"{name:8} {seconds:7.1f} s  {'; '.join(problems) or 'all as the truth says'}", flush=True)
        on.run("hdfs", "dfs", "-rm", "-r", "-f", "-skipTrash", "/beside")
        same = lines(folder / "weft" / "cells") == lines(folder / "pyspark" / "cells")
        print("cells are equal" if same else "cells DIFFER")
    return 0 if good and same else 1


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

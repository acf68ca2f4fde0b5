"""Rounds of join + reduceByKey + cache, each unpersisting the round before: time, plan and memory by round.

    python it/bench/iterative.py weft [--master local-cluster[2,1,1024]] [--rounds 200]
    python it/bench/iterative.py pyspark

Run it with an interpreter that has the engine. Prints a line for rounds 10, 50, 100, 150 and 200 (medians of the ten
rounds before), then the ratio of the last to the first.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

KEYS = 2_000
PARTITIONS = 4
SHOWN = (10, 50, 100, 150, 200)


def start(engine: str, master: str) -> Any:
    """The context of an engine."""
    if engine == "weft":
        sys.path.insert(
            0, str(Path(__file__).resolve().parent.parent.parent / "python")
        )
        from weft import WeftContext

        return WeftContext(master, "iterative")
    from pyspark import SparkConf, SparkContext

    # what a local cluster of one's own build is to PySpark: as many processes, without its scripts
    conf = (
        SparkConf()
        .setMaster("local[2]")
        .setAppName("iterative")
        .set("spark.ui.enabled", "false")
    )
    return SparkContext(conf=conf)


def plan_sizes(engine: str) -> list[int]:
    """Grows by the bytes of each plan that Weft sends."""
    sizes: list[int] = []
    if engine == "weft":
        from weft._plan import Plan

        encode = Plan.to_bytes

        def measured(plan: Plan) -> bytes:
            data = encode(plan)
            sizes.append(len(data))
            return data

        Plan.to_bytes = measured  # type: ignore[method-assign]
    return sizes


def jvm() -> int:
    """The process id of the engine's JVM, a child of this process."""
    for child in Path(f"/proc/{os.getpid()}/task").glob("*/children"):
        for pid in child.read_text().split():
            if "java" in Path(f"/proc/{pid}/comm").read_text():
                return int(pid)
    raise SystemExit("no JVM among the children of this process")


def live_kilobytes(pid: int) -> int:
    """What a JVM's heap holds after a collection."""
    found = subprocess.run(
        ["jcmd", str(pid), "GC.class_histogram"],
        capture_output=True,
        text=True,
        check=True,
    )
    total = next(
        line for line in reversed(found.stdout.splitlines()) if line.startswith("Total")
    )
    return int(total.split()[2]) >> 10


def resident_kilobytes() -> int:
    """The resident memory of this process."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS"))


def run(engine: str, master: str, rounds: int) -> None:
    """Run the rounds and print."""
    sc = start(engine, master)
    sizes = plan_sizes(engine)
    java = jvm()
    links = sc.parallelize(
        [(key, (key * 7 + 1) % KEYS) for key in range(KEYS)], PARTITIONS
    ).cache()
    ranks = links.mapValues(lambda _: 1.0).cache()
    ranks.count()
    seconds: list[float] = []
    first = 0.0
    print("round  seconds  plan bytes  driver RSS KB  JVM live KB", flush=True)
    for number in range(1, rounds + 1):
        began = time.perf_counter()
        after = (
            links.join(ranks)
            .map(lambda item: (item[1][0], item[1][1] * 0.85 + 0.15))
            .reduceByKey(lambda a, b: a + b, PARTITIONS)
            .cache()
        )
        count = after.count()
        ranks.unpersist()
        ranks = after
        seconds.append(time.perf_counter() - began)
        if count != KEYS:
            raise SystemExit(f"round {number} has {count} keys instead of {KEYS}")
        if number in SHOWN or number == rounds:
            median = statistics.median(seconds[-10:])
            first = first or median
            plan = sizes[-1] if sizes else 0
            print(
                f"{number:5}  {median:7.3f}  {plan:10,}  {resident_kilobytes():13,}  {live_kilobytes(java):11,}",
                flush=True,
            )
    print(
        f"last / first: {statistics.median(seconds[-10:]) / first:.2f}; all rounds: {sum(seconds):.1f} s",
        flush=True,
    )
    sc.stop()


def main() -> None:
    """Read the arguments and run."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("engine", choices=("weft", "pyspark"))
    parser.add_argument(
        "--master", default="local-cluster[2,1,1024]", help="Weft's master"
    )
    parser.add_argument("--rounds", type=int, default=200)
    given = parser.parse_args()
    run(given.engine, given.master, given.rounds)


if __name__ == "__main__":
    main()

#!/usr/bin/env python3
"""Run whole jobs over 640 MB and more in workers of 64 MB, and watch each worker's memory from outside.

usage: spill_jobs.py [--megabytes 64] [--scale PER_CENT] [reduceByKey] [groupByKey] [sortBy] [join]

Four tasks a stage on local[2]: reduceByKey over 8 M distinct 64-byte keys, groupByKey with one key of 640 MB that is
iterated lazily, sortBy of 640 MB, a join of two sides of 640 MB. A job must answer what plain arithmetic does, keep
each worker's PSS within its idle PSS + budget + 32 MB, spill more than 500 MB and leave no file.
"""

from __future__ import annotations

import argparse
import json
import operator
import os
import re
import select
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent.parent
SLACK = 32 << 20
TASKS = 4
SECONDS = 500
EVERY = 4000

Counts = tuple[int, int]  # records, those of them that are wrong


def add_counts(one: Counts, other: Counts) -> Counts:
    return one[0] + other[0], one[1] + other[1]


def reduce_by_key(sc: Any, scale: float) -> bool:
    """8 M keys, every tenth of them twice, far apart."""
    keys = int(8_000_000 * scale)
    twice = keys // 10

    def check(pair: tuple[str, int]) -> Counts:
        number = int(pair[0])
        return 1, pair[1] != (number if number >= twice else 2 * number + keys)

    pairs = sc.range(0, keys + twice, numSlices=TASKS).map(lambda number: (f"{number % keys:064}", number))
    return bool(pairs.reduceByKey(operator.add, TASKS).map(check).reduce(add_counts) == (keys, 0))


def group_by_key(sc: Any, scale: float) -> bool:
    """One key of 6.4 M values of 100 bytes among some others; walked twice."""
    count = int(6_400_000 * scale)

    def pair(number: int) -> tuple[str, str]:
        return f"cold {number}" if number % EVERY == 0 else "hot", f"{number:0100}"

    def walk(group: tuple[str, Iterable[str]]) -> tuple[int, int, bool]:
        seen, total, last, ordered = 0, 0, -1, True
        for value in group[1]:
            number = int(value)
            seen, total, ordered, last = seen + 1, total + number, ordered and last < number, number
        return seen, total, ordered and seen == sum(1 for _ in group[1])

    groups = sc.range(0, count, numSlices=TASKS).map(pair).groupByKey(TASKS)
    found = groups.filter(lambda group: group[0] == "hot").map(walk).collect()
    cold = range(0, count, EVERY)
    return bool(found == [(count - len(cold), count * (count - 1) // 2 - sum(cold), True)])


def sort_by(sc: Any, scale: float) -> bool:
    """6.4 M lines of 100 bytes in a mixed order."""
    count = int(6_400_000 * scale)

    def look(lines: Iterator[str]) -> Iterator[tuple[str, str, int, int]]:
        first = last = next(lines)
        seen, total = 1, int(first[20:])
        for line in lines:
            if line < last:
                raise ValueError(f"{line} comes behind {last}")
            seen, total, last = seen + 1, total + int(line[20:]), line
        yield first, last, seen, total

    lines = sc.range(0, count, numSlices=TASKS).map(lambda number: f"{number * 2654435761 % (1 << 32):020}{number:080}")
    parts = lines.sortBy(lambda line: line, numPartitions=TASKS).mapPartitions(look).collect()
    ends = [key for first, last, _, _ in parts for key in (first, last)]
    totals = sum(seen for _, _, seen, _ in parts), sum(total for _, _, _, total in parts)
    return ends == sorted(ends) and totals == (count, count * (count - 1) // 2)


def join(sc: Any, scale: float) -> bool:
    """Two sides of 4 M pairs: keys of 64, values of 96 bytes."""
    count = int(4_000_000 * scale)

    def side(tag: str) -> Any:
        return sc.range(0, count, numSlices=TASKS).map(lambda number: (f"{number:064}", f"{tag}{number:095}"))

    def check(pair: tuple[str, tuple[str, str]]) -> Counts:
        number = int(pair[0])
        return 1, pair[1] != (f"l{number:095}", f"r{number:095}")

    return bool(side("l").join(side("r"), TASKS).map(check).reduce(add_counts) == (count, 0))


CASES: dict[str, Callable[[Any, float], bool]] = {
    "reduceByKey": reduce_by_key,
    "groupByKey": group_by_key,
    "sortBy": sort_by,
    "join": join,
}


def child(case: str, folder: str, megabytes: int, scale: float) -> None:
    """Run a case; idle until a line comes, so that the parent can measure."""
    from weft import WeftConf, WeftContext

    conf = WeftConf().setMaster("local[2]").setAppName(case)
    conf.set("weft.python.worker.memory", f"{megabytes}m").set("weft.local.dir", folder)
    with WeftContext(conf=conf) as sc:
        sc.range(0, 2, numSlices=2).map(str).count()
        print("idle", flush=True)
        sys.stdin.readline()
        began = time.monotonic()
        good = CASES[case](sc, scale)
        left = [path for path in files(folder) if "spill" in path]
        print(json.dumps({"good": good, "seconds": time.monotonic() - began, "left": left}), flush=True)


def files(folder: str) -> list[str]:
    return [os.path.join(where, name) for where, _, names in os.walk(folder) for name in names]


def workers(root: int) -> list[int]:
    """The workers below a process."""
    parents: dict[int, list[int]] = {}
    for entry in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{entry}/stat") as stat:
                parents.setdefault(int(stat.read().rpartition(")")[2].split()[1]), []).append(int(entry))
        except OSError:
            continue
    found, todo = [], [root]
    while todo:
        pid = todo.pop()
        todo += parents.get(pid, [])
        try:
            with open(f"/proc/{pid}/cmdline", "rb") as command:
                found += [pid] if command.read().startswith(b"weft-worker") else []
        except OSError:
            continue
    return found


def pss(pid: int) -> int:
    """Bytes of a process, 0 when it is gone."""
    try:
        with open(f"/proc/{pid}/smaps_rollup") as rollup:
            return next(int(line.split()[1]) for line in rollup if line.startswith("Pss:")) * 1024
    except (OSError, StopIteration):
        return 0


def held_files(pids: Iterable[int]) -> list[str]:
    """Files without a name that processes still hold open."""
    held = []
    for pid in pids:
        try:
            links = [os.readlink(f"/proc/{pid}/fd/{name}") for name in os.listdir(f"/proc/{pid}/fd")]
        except OSError:
            continue
        held += [link for link in links if "(deleted)" in link and "/memfd:" not in link]
    return held


def check(case: str, megabytes: int, scale: float) -> bool:
    """Run a case in a driver of its own; whether it kept its promises."""
    with tempfile.TemporaryDirectory(prefix="weft-jobs-") as folder:
        command = [sys.executable, __file__, "--child", case, "--megabytes", str(megabytes), "--scale", str(scale * 100)]
        environment = {**os.environ, "PYTHONPATH": str(ROOT / "python")}
        pipe = subprocess.PIPE
        process = subprocess.Popen(
            [*command, "--folder", folder], env=environment, stdin=pipe, stdout=pipe, stderr=pipe, text=True
        )
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stderr is not None
        if process.stdout.readline() != "idle\n":
            print(f"{case}: did not start: {process.communicate()[1]}")
            return False
        idle = {pid: pss(pid) for pid in workers(process.pid)}
        peaks = dict(idle)
        process.stdin.write("go\n")
        process.stdin.flush()
        answer, deadline = "", time.monotonic() + SECONDS
        while time.monotonic() < deadline:
            peaks = {pid: max(peak, pss(pid)) for pid, peak in peaks.items()}
            if select.select([process.stdout], [], [], 0.02)[0]:
                answer = process.stdout.readline()
                break
        held = held_files(idle)
        process.stdin.close()
        if process.poll() is None and not answer:
            process.kill()
        errors = process.stderr.read()
        code = process.wait()
        left = files(folder)
    if code or not answer:
        print(f"{case}: ended with exit code {code}: {errors[-2000:]}")
        return False
    result = json.loads(answer)
    over = max(peaks[pid] - idle[pid] for pid in idle) - (megabytes << 20)
    spilled = re.search(r"([\d.,]+ [KMG]B) spilled|spilled ([\d.,]+ [KMG]B)", errors)
    amount = "0" if spilled is None else spilled.group(1) or spilled.group(2)
    print(
        f"{case:12} {'answer right' if result['good'] else 'ANSWER WRONG'}  {result['seconds']:6.1f} s  spilled {amount}"
        f"  peak PSS {max(peaks.values()) / 1e6:6.1f} MB, idle {max(idle.values()) / 1e6:5.1f} MB,"
        f" {over / (1 << 20):+.1f} MiB over the budget  files left {len([*left, *held, *result['left']])}",
        flush=True,
    )
    return result["good"] and over <= SLACK and not left and not held and not result["left"]


def main() -> int:
    """Run the cases asked for, all without any."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0] if __doc__ else None)
    parser.add_argument("cases", nargs="*", metavar="CASE", help=", ".join(CASES))
    parser.add_argument("--megabytes", type=int, default=64, help="data that a task may hold")
    parser.add_argument("--scale", type=float, default=100.0, help="per cent of the full size")
    parser.add_argument("--child", help=argparse.SUPPRESS)
    parser.add_argument("--folder", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.child:
        child(given.child, given.folder, given.megabytes, given.scale / 100)
        return 0
    good = [check(case, given.megabytes, given.scale / 100) for case in given.cases or CASES]
    return 0 if all(good) else 1


if __name__ == "__main__":
    sys.exit(main())

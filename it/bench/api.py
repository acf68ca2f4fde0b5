"""The RDD API's operations one by one on Weft and PySpark, at 1, 4 and 16 times the data. Writes it/bench/API.md.

Times are to grow no faster than the data, and memory is to stay bounded. A piece is one row at one size, both engines one
after the other, each in a process of its own, the job twice. Pieces are kept, so that a stopped measurement goes on with
--resume.

usage: api.py [--base 8] [--runs 3] [--rows a,b] [--resume] [--out FILE]
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import time
from collections import defaultdict
from pathlib import Path
from typing import Any

import api_rows
import cpuinfo_line
from engines import PYSPARK, ROOT, STATE, peer, run, say
from main import words

SIZES = (1, 4, 16)
ENGINES = ("pyspark", "weft", "weft pure")
Pieces = list[dict[str, Any]]


def piece(python: Path, path: Path, row: str, turn: int) -> Pieces:
    """One row on every engine; which of them begins changes with the turn."""
    turn %= len(ENGINES)
    found = [run(engine, python, path, f"api/{row}") for engine in ENGINES[turn:] + ENGINES[:turn]]
    measured = [one for one in found if one is not None]
    if len({str(one["result"]) for one in measured}) > 1:
        raise SystemExit(f"bench: the engines disagree on {row}: {measured}")
    return measured


def table(pieces: Pieces, base: int, runs: int) -> list[str]:
    """The lines of API.md."""
    seconds: dict[tuple[str, int, str], list[float]] = defaultdict(list)
    memory: dict[tuple[str, int, str], list[int]] = defaultdict(list)
    for one in pieces:
        for measured in one["measured"]:
            key = (one["row"], one["size"], measured["engine"])
            seconds[key].append(measured["seconds"][1])
            memory[key].append(measured["pss"])
    loads = sorted(one["load"] for one in pieces)
    mid = statistics.median
    lines = [
        "# The RDD API's operations, side by side",
        "",
        f"Written by `python it/bench/api.py --base {base} --runs {runs}` on {time.strftime('%Y-%m-%d')}: "
        f"{cpuinfo_line.text()}, {os.cpu_count()} processors, CPython {platform.python_version()}, PySpark {PYSPARK}, "
        "local[2].",
        f"The load average before a piece was {loads[0]:.1f} to {loads[-1]:.1f}, median {mid(loads):.1f}.",
        "",
        f"Seconds of the second time a job runs in its context, medians; 1× is {base} MB of text. What each row does is in",
        "`it/bench/api_rows.py`. Ratios are PySpark's median over Weft's. Growth is Weft's time at 16× over that at 1×:",
        "16 is linear, less is what does not grow. Memory is the peak PSS of all processes.",
        "",
        "| work | data | PySpark | Weft | pure Python | ratio | ratio pure | memory, PySpark | memory, Weft | growth |",
        "|---|---|---|---|---|---|---|---|---|---|",
    ]
    ratios = []
    for row in dict.fromkeys(one["row"] for one in pieces):
        for size in sorted({one["size"] for one in pieces if one["row"] == row}):
            spark, own, pure = (mid(seconds[row, size, engine]) for engine in ENGINES)
            held = [mid(memory[row, size, engine]) / 1e6 for engine in ("pyspark", "weft")]
            growth = f"{own / mid(seconds[row, SIZES[0], 'weft']):.1f}×" if size == SIZES[-1] else ""
            ratios.append(spark / own)
            lines.append(
                f"| {row} | {size}× | {spark:.3f} | {own:.3f} | {pure:.3f} | {spark / own:.1f}× | {spark / pure:.1f}× "
                f"| {held[0]:.0f} MB | {held[1]:.0f} MB | {growth} |"
            )
    lines += ["", f"The least ratio is {min(ratios):.1f}×, the median {mid(ratios):.1f}×."]
    return lines


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--base", type=int, default=8, help="megabytes of text at 1x")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--rows", default="")
    parser.add_argument("--resume", action="store_true", help="keep what was measured before, measure what is missing")
    parser.add_argument("--out", default=str(ROOT / "it" / "bench" / "API.md"))
    options = parser.parse_args()
    python = peer()
    paths = {size: words(python, options.base * size) for size in SIZES}
    subprocess.run([str(ROOT / "bin" / "weft"), "setup"], check=True)
    log = STATE / "bench" / f"api-{options.base}.jsonl"
    if not options.resume:
        log.unlink(missing_ok=True)
    pieces: Pieces = [json.loads(line) for line in log.read_text().splitlines()] if log.exists() else []
    done = {(one["run"], one["row"], one["size"]) for one in pieces}
    names = options.rows.split(",") if options.rows else list(api_rows.rows(None, f"file:{paths[1]}"))
    for number in range(options.runs):
        for row in names:
            for size in SIZES:
                if (number, row, size) in done:
                    continue
                load = os.getloadavg()[0]
                measured = piece(python, paths[size], row, number)
                shown = ", ".join(f"{one['engine']} {one['seconds'][1]:.3f} s" for one in measured)
                say(f"run {number + 1}, {row}, {size}x: {shown}")
                pieces.append({"run": number, "row": row, "size": size, "load": load, "measured": measured})
                with log.open("a") as out:
                    out.write(json.dumps(pieces[-1]) + "\n")
    Path(options.out).write_text("\n".join(table(pieces, options.base, options.runs)) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())

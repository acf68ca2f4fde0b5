"""The RDD API's operations one by one on Weft and PySpark, at 1, 4 and 16 times the data. Writes it/bench/API.md.

Times are to grow no faster than the data, and memory is to stay bounded. A piece is one row at one size, both engines one
after the other, each in a process of its own, the job twice. Pieces are kept, so that a stopped measurement goes on with
--resume, and may wait for a quiet machine.

usage: api.py [--base 8] [--runs 3] [--rows a,b] [--resume] [--through "CMD"] [--out FILE]
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import shlex
import statistics
import subprocess
import sys
import time
from collections import defaultdict
from pathlib import Path
from typing import Any

import api_rows
import cpuinfo_line
from engines import PYSPARK, ROOT, STATE, peer, run, say, with_fastavro
from main import words

SIZES = (1, 4, 16)
ENGINES = ("pyspark", "weft", "weft pure")
Pieces = list[dict[str, Any]]


def piece(python: Path, path: Path, log: Path, run_number: int, row: str, size: int) -> None:
    """Measure one row on every engine and append it; which of them begins changes with the run."""
    load = os.getloadavg()[0]
    turn = run_number % len(ENGINES)
    found = [run(engine, python, path, f"api/{row}") for engine in ENGINES[turn:] + ENGINES[:turn]]
    measured = [one for one in found if one is not None]
    if len({str(one["result"]) for one in measured}) > 1:
        raise SystemExit(f"bench: the engines disagree on {row}: {measured}")
    shown = ", ".join(f"{one['engine']} {one['seconds'][1]:.3f} s" for one in measured)
    say(f"run {run_number + 1}, {row}, {size}x: {shown}")
    with log.open("a") as out:
        out.write(json.dumps({"run": run_number, "row": row, "size": size, "load": load, "measured": measured}) + "\n")


def read(log: Path) -> Pieces:
    """The pieces measured so far."""
    return [json.loads(line) for line in log.read_text().splitlines()] if log.exists() else []


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
        "16 is linear, less is what does not grow. Memory is the peak PSS of all processes. PySpark's package reads no Avro: its",
        "side of that row is fastavro over binaryFiles, as Weft's workers have fastavro decode the blocks, too.",
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
    parser.add_argument("--through", default="", help="a command that runs the pieces of a row, as one that waits for quiet")
    parser.add_argument("--out", default=str(ROOT / "it" / "bench" / "API.md"))
    parser.add_argument("--pieces", nargs=2, metavar=("RUN", "ROW"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    python = with_fastavro(peer())
    paths = {size: words(python, options.base * size) for size in SIZES}
    log = STATE / "bench" / f"api-{options.base}.jsonl"
    if options.pieces:
        number, row = int(options.pieces[0]), options.pieces[1]
        done = {one["size"] for one in read(log) if (one["run"], one["row"]) == (number, row)}
        for size in [size for size in SIZES if size not in done]:
            piece(python, paths[size], log, number, row, size)
        return 0
    subprocess.run([str(ROOT / "bin" / "weft"), "setup"], check=True)
    environment = dict(os.environ, PYTHONPATH=str(ROOT / "python"))
    for path in paths.values():
        maker = [sys.executable, str(ROOT / "it/bench/make_records.py"), str(path)]
        subprocess.run(maker, check=True, env=environment)
    if not options.resume:
        log.unlink(missing_ok=True)
    names = options.rows.split(",") if options.rows else list(api_rows.rows(None, f"file:{paths[1]}"))
    for number in range(options.runs):
        for row in names:
            if sum((one["run"], one["row"]) == (number, row) for one in read(log)) == len(SIZES):
                continue
            command = [sys.executable, __file__, "--base", str(options.base), "--pieces", str(number), row]
            if code := subprocess.run([*shlex.split(options.through), *command], check=False).returncode:
                say(f"run {number + 1}, {row} ended with exit code {code}; go on with --resume")
                return code
    Path(options.out).write_text("\n".join(table(read(log), options.base, options.runs)) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())

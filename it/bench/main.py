"""Weft and PySpark on the same work, interleaved; medians, ratios, memory and bytes. Writes it/bench/RESULTS.md.

A piece is one row of one run on all engines, one after the other, each in a process of its own. What a piece measured is
appended to a file, so that a measurement may be stopped and go on with --resume, and pieces may wait for a quiet machine.

usage: main.py [--megabytes 256] [--runs 5] [--rows a,b] [--resume] [--through "CMD"] [--yarn FILE] [--out FILE]
"""

from __future__ import annotations

import argparse
import json
import os
import shlex
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from engines import ENGINES, ROOT, STATE, peer, run, say
from report import table

ROWS = "empty,wordcount,wordcount-findall,sort,sort-field,stats,stats-text"


def words(python: Path, megabytes: int) -> Path:
    """The input, made on first use."""
    path = STATE / "bench" / f"words-{megabytes}.txt"
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        say(f"writing {path}")
        part = path.with_suffix(".part")
        subprocess.run([str(python), str(ROOT / "it/bench/make_words.py"), str(megabytes), str(part)], check=True)
        from rows import write_numbers

        write_numbers(f"{path}.numbers")
        part.replace(path)
    return path


def piece(python: Path, path: Path, log: Path, number: int, row: str, engines: list[str]) -> None:
    """Measure one row of one run on all engines and append it; the engine that begins changes from run to run."""
    turn = number % len(engines)
    measured: list[dict[str, Any]] = []
    load = os.getloadavg()[0]
    for engine in engines[turn:] + engines[:turn]:
        at = time.monotonic()
        if (one := run(engine, python, path, row)) is not None:
            measured.append(one)
            seconds = ", ".join(f"{value:.3f}" for value in one["seconds"])
            say(f"run {number + 1}, {row}, {engine}: {seconds} s ({time.monotonic() - at:.0f} s in all)")
    answers = {str(one["result"]) for one in measured if "result" in one}
    if len(answers) > 1:
        raise SystemExit(f"bench: the engines disagree on {row}: {measured}")
    with log.open("a") as out:
        out.write(json.dumps({"run": number, "row": row, "load": load, "measured": measured}) + "\n")


def read(log: Path) -> list[dict[str, Any]]:
    """The pieces measured so far."""
    return [json.loads(line) for line in log.read_text().splitlines()] if log.exists() else []


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--megabytes", type=int, default=256)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--rows", default=ROWS)
    parser.add_argument("--engines", default=",".join(ENGINES))
    parser.add_argument("--resume", action="store_true", help="keep what was measured before, measure what is missing")
    parser.add_argument("--through", default="", help="a command that runs each piece, as one that waits for quiet")
    parser.add_argument("--yarn", help="what it/bench/yarn.py wrote, to stand below the table")
    parser.add_argument("--out", default=str(ROOT / "it" / "bench" / "RESULTS.md"))
    parser.add_argument("--piece", nargs=2, metavar=("RUN", "ROW"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    python = peer()
    path = words(python, options.megabytes)
    log = STATE / "bench" / f"measured-{options.megabytes}.jsonl"
    if options.piece:
        piece(python, path, log, int(options.piece[0]), options.piece[1], options.engines.split(","))
        return 0
    subprocess.run([str(ROOT / "bin" / "weft"), "setup"], check=True)
    if not options.resume:
        log.unlink(missing_ok=True)
    done = {(one["run"], one["row"]) for one in read(log)}
    for number in range(options.runs):
        for row in options.rows.split(","):
            if (number, row) not in done:
                shared = ["--megabytes", str(options.megabytes), "--engines", options.engines]
                command = [sys.executable, __file__, "--piece", str(number), row, *shared]
                if code := subprocess.run([*shlex.split(options.through), *command], check=False).returncode:
                    say(f"run {number + 1}, {row} ended with exit code {code}; go on with --resume")
                    return code
    lines = table(read(log), path, options.megabytes, Path(options.yarn) if options.yarn else None)
    print("\n".join(lines))
    Path(options.out).write_text("\n".join(lines) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())

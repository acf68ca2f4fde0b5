"""Weft and PySpark on the same work, interleaved; medians, ratios, memory and bytes. Writes it/bench/RESULTS.md.

usage: main.py [--megabytes 256] [--runs 5] [--rows a,b] [--out FILE]
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import threading
import time
from collections import defaultdict
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent.parent
STATE = ROOT / ".weft"
PYSPARK = "4.3.0"
ROWS = "empty,wordcount,sort,stats,wordcount-findall,sort-field,stats-text"
ENGINES = ("pyspark", "weft", "weft pure")
INPUT = {"wordcount": "", "sort": "", "wordcount-findall": "", "sort-field": "", "stats-text": ".numbers"}


def say(text: str) -> None:
    """One line on standard error."""
    print(f"bench: {text}", file=sys.stderr, flush=True)


def peer() -> Path:
    """The Python of an environment of its own with PySpark and numpy, made on first use."""
    given = os.environ.get("WEFT_BENCH_PYSPARK")
    if given:
        return Path(given)
    folder = STATE / f"bench-pyspark-{PYSPARK}"
    python = folder / "bin" / "python"
    if not (folder / "ready").exists():
        say(f"fetching pyspark {PYSPARK} and numpy into {folder}")
        subprocess.run([sys.executable, "-m", "venv", "--clear", str(folder)], check=True)
        subprocess.run([str(python), "-m", "pip", "install", "-q", f"pyspark=={PYSPARK}", "numpy"], check=True)
        (folder / "ready").touch()
    return python


def words(python: Path, megabytes: int) -> Path:
    """The input, made on first use."""
    path = STATE / "bench" / f"words-{megabytes}.txt"
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        say(f"writing {path}")
        part = path.with_suffix(".part")
        subprocess.run([str(python), str(ROOT / "it/bench/make_words.py"), str(megabytes), str(part)], check=True)
        sys.path.insert(0, str(ROOT / "it" / "bench"))
        from rows import write_numbers

        write_numbers(f"{path}.numbers")
        part.replace(path)
    return path


class Watch:
    """Samples a process tree: the peak of its summed PSS, and what its Python workers read and wrote."""

    def __init__(self, root: int) -> None:
        self._root = root
        self._done = threading.Event()
        self.peak_pss = 0
        self._moved: dict[int, int] = {}
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """No more samples."""
        self._done.set()
        self._thread.join()

    @property
    def worker_bytes(self) -> int:
        """Bytes that workers passed through read and write calls: their input, their output, and shuffle files."""
        return sum(self._moved.values())

    def _run(self) -> None:
        while not self._done.wait(0.2):
            total = 0
            for pid in self._tree():
                total += self._pss(pid)
                self._count(pid)
            self.peak_pss = max(self.peak_pss, total)

    def _tree(self) -> list[int]:
        children: dict[int, list[int]] = defaultdict(list)
        for entry in os.listdir("/proc"):
            if entry.isdigit():
                try:
                    with open(f"/proc/{entry}/stat") as stat:
                        children[int(stat.read().rpartition(")")[2].split()[1])].append(int(entry))
                except OSError:
                    continue
        found, todo = [], [self._root]
        while todo:
            pid = todo.pop()
            found.append(pid)
            todo += children.get(pid, [])
        return found

    @staticmethod
    def _pss(pid: int) -> int:
        try:
            with open(f"/proc/{pid}/smaps_rollup") as rollup:
                return next(int(line.split()[1]) * 1024 for line in rollup if line.startswith("Pss:"))
        except (OSError, StopIteration):
            return 0

    def _count(self, pid: int) -> None:
        try:
            with open(f"/proc/{pid}/cmdline", "rb") as file:
                command = file.read()
            if b"weft-worker" in command or b"pyspark.daemon" in command:
                with open(f"/proc/{pid}/io") as counters:
                    moved = dict(line.split(": ") for line in counters.read().splitlines())
                self._moved[pid] = int(moved["rchar"]) + int(moved["wchar"])
        except OSError:
            return


def run(engine: str, python: Path, path: Path, rows: str) -> tuple[list[dict[str, Any]], Watch]:
    """One process of one engine; every row twice, cold and warm."""
    environment = {k: v for k, v in os.environ.items() if k not in ("SPARK_HOME", "PYTHONPATH", "HADOOP_CONF_DIR")}
    interpreter = str(python)
    if engine != "pyspark":
        interpreter = sys.executable
        environment["PYTHONPATH"] = str(ROOT / "python")
        environment["WEFT_OPS"] = "pure" if engine == "weft pure" else ""
    command = [interpreter, str(ROOT / "it/bench/rows.py"), engine.split()[0], f"file:{path}", "2", rows]
    process = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    watch = Watch(process.pid)
    assert process.stdout is not None
    answers = [json.loads(line) for line in process.stdout if line.startswith("{")]
    code = process.wait()
    watch.stop()
    if code:
        raise SystemExit(f"bench: {engine} ended with exit code {code}; run: {' '.join(command)}")
    return answers, watch


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--megabytes", type=int, default=256)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--rows", default=ROWS)
    parser.add_argument("--out", default=str(ROOT / "it" / "bench" / "RESULTS.md"))
    options = parser.parse_args()
    python = peer()
    path = words(python, options.megabytes)
    subprocess.run([str(ROOT / "bin" / "weft"), "setup"], check=True)
    cold: dict[tuple[str, str], list[float]] = defaultdict(list)
    warm: dict[tuple[str, str], list[float]] = defaultdict(list)
    results: dict[str, dict[str, Any]] = defaultdict(dict)
    memory: dict[str, list[int]] = defaultdict(list)
    moved: dict[str, list[int]] = defaultdict(list)
    for number in range(options.runs):
        for engine in ENGINES:
            at = time.time()
            answers, watch = run(engine, python, path, options.rows)
            seen: set[str] = set()
            for answer in answers:
                row = answer["row"]
                (warm if row in seen else cold)[row, engine].append(answer["seconds"])
                seen.add(row)
                results[row][engine] = answer["result"]
            memory[engine].append(watch.peak_pss)
            moved[engine].append(watch.worker_bytes)
            say(f"run {number + 1} of {options.runs}, {engine}: {time.time() - at:.0f} s")
    for row, by_engine in results.items():
        if len(set(map(str, by_engine.values()))) != 1:
            raise SystemExit(f"bench: the engines disagree on {row}: {by_engine}")
    table = "\n".join(report(options, path, cold, warm, memory, moved))
    print(table)
    Path(options.out).write_text(table + "\n")
    return 0


def report(
    options: argparse.Namespace,
    path: Path,
    cold: dict[tuple[str, str], list[float]],
    warm: dict[tuple[str, str], list[float]],
    memory: dict[str, list[int]],
    moved: dict[str, list[int]],
) -> list[str]:
    """The lines of RESULTS.md."""
    import cpuinfo_line

    lines = [
        "# Weft and PySpark, side by side",
        "",
        f"Written by `bin/dev bench --megabytes {options.megabytes} --runs {options.runs}` on "
        f"{time.strftime('%Y-%m-%d')}: {cpuinfo_line.text()}, {os.cpu_count()} processors, "
        f"Python {platform.python_version()}, PySpark {PYSPARK}, local[2], "
        f"{path.stat().st_size / 1e6:,.0f} MB of words.",
        "Seconds, medians of the runs; cold is the first run in a context, warm the second. Runs of the engines take turns.",
        "Ratios are PySpark's warm (else cold) median over Weft's.",
        "",
        "| work | input bytes | PySpark cold | warm | Weft cold | warm | ratio | pure Python cold | warm | ratio |",
        "|---|---|---|---|---|---|---|---|---|---|",
    ]
    for row in ["context and first job", *options.rows.split(",")]:
        cells = []
        base = 0.0
        for engine in ENGINES:
            first = statistics.median(cold[row, engine])
            second = statistics.median(warm[row, engine]) if warm[row, engine] else None
            shown = second if second is not None else first
            base = base or shown
            cells += [f"{first:.3f}", f"{second:.3f}" if second is not None else ""]
            if engine != "pyspark":
                cells.append(f"{base / shown:.1f}×")
        size = os.path.getsize(f"{path}{INPUT[row]}") if row in INPUT else 0
        lines.append(f"| {row} | {size:,} | {' | '.join(cells)} |")
    lines += ["", "| of a whole process with all rows, twice | PySpark | Weft | Weft, pure Python |", "|---|---|---|---|"]
    peaks = [f"{statistics.median(memory[engine]) / 1e6:,.0f} MB" for engine in ENGINES]
    bytes_moved = [f"{statistics.median(moved[engine]) / 1e6:,.0f} MB" for engine in ENGINES]
    lines.append(f"| peak PSS of all processes | {' | '.join(peaks)} |")
    lines.append(f"| bytes that the Python workers read and wrote | {' | '.join(bytes_moved)} |")
    return lines


if __name__ == "__main__":
    sys.exit(main())

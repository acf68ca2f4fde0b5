"""The engines of the benchmark: where each runs, and one row on one of them, watched."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections import defaultdict
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent.parent
STATE = ROOT / ".weft"
PYSPARK = "4.3.0"
PYSPARK_OF_PYPY = "4.0.5"  # the last line of releases that Python 3.9 can run
ENGINES = ("pyspark", "pypy", "weft", "weft pure", "floor")
SECONDS = 240
_SAMPLE_SECONDS = 0.25


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


def with_fastavro(python: Path) -> Path:
    """The same Python with fastavro, which is fetched if it is not there."""
    if subprocess.run([str(python), "-c", "import fastavro"], stderr=subprocess.DEVNULL, check=False).returncode:
        say(f"fetching fastavro for {python}")
        subprocess.run([str(python), "-m", "pip", "install", "-q", "fastavro"], check=True)
    return python


def pypy() -> str | None:
    """The PyPy of WEFT_BENCH_PYPY, else of the PATH; None if there is none that its PySpark takes (Python 3.9, 3.10)."""
    command = os.environ.get("WEFT_BENCH_PYPY", "pypy3")
    try:
        done = subprocess.run([command, "-V"], capture_output=True, text=True, timeout=30, check=True)
    except (OSError, subprocess.SubprocessError) as problem:
        say(f"no column for PyPy: {problem}; install pypy3, or set WEFT_BENCH_PYPY")
        return None
    version = done.stdout.split()[1]
    if version.split(".")[:2] not in (["3", "9"], ["3", "10"]):
        say(f"no column for PyPy: {command} is Python {version}; 3.9 or 3.10 is needed, set WEFT_BENCH_PYPY")
        return None
    return command


def pypy_version() -> str:
    """PyPy's name and version with that of its PySpark, or that there is none."""
    command = pypy()
    if command is None:
        return "no PyPy"
    done = subprocess.run([command, "-V"], capture_output=True, text=True, timeout=30, check=True)
    words = done.stdout.split()
    return f"PySpark {PYSPARK_OF_PYPY} on PyPy {words[words.index('[PyPy') + 1]} (Python {words[1]})"


def _pypy_packages(python: Path) -> Path:
    """A folder with the PySpark that PyPy can run, and Py4J; fetched on first use."""
    given = os.environ.get("WEFT_BENCH_PYPY_PACKAGES")
    folder = Path(given) if given else STATE / f"bench-pyspark-{PYSPARK_OF_PYPY}-pypy"
    if not (folder / "pyspark").exists():
        say(f"fetching pyspark {PYSPARK_OF_PYPY} for PyPy into {folder}")
        part = folder.with_suffix(".part")
        pip = [str(python), "-m", "pip", "install", "-q", "--no-deps", "--target", str(part)]
        subprocess.run([*pip, f"pyspark=={PYSPARK_OF_PYPY}", "py4j==0.10.9.9"], check=True)
        part.replace(folder)
    return folder


class Watch:
    """Samples a process tree: the peak of its summed PSS, and what PySpark's Python workers read and wrote."""

    def __init__(self, root: int) -> None:
        self._root = root
        self._done = threading.Event()
        self._moved: dict[int, int] = {}
        self.peak_pss = 0
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """No more samples."""
        self._done.set()
        self._thread.join()

    def worker_bytes(self) -> int:
        """Bytes of PySpark's workers so far: what the JVM sent and got, and shuffle files if they spilled."""
        for pid in self._tree():
            self._count(pid)
        return sum(self._moved.values())

    def _run(self) -> None:
        while not self._done.wait(_SAMPLE_SECONDS):
            total = 0
            for pid in self._tree():
                total += _pss(pid)
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

    def _count(self, pid: int) -> None:
        try:
            with open(f"/proc/{pid}/cmdline", "rb") as file:
                command = file.read()
            if b"pyspark.daemon" in command or b"pyspark/daemon" in command:
                with open(f"/proc/{pid}/io") as counters:
                    moved = dict(line.split(": ") for line in counters.read().splitlines())
                self._moved[pid] = int(moved["rchar"]) + int(moved["wchar"])
        except OSError:
            return


def _pss(pid: int) -> int:
    try:
        with open(f"/proc/{pid}/smaps_rollup") as rollup:
            return next(int(line.split()[1]) * 1024 for line in rollup if line.startswith("Pss:"))
    except (OSError, StopIteration):
        return 0


def run(engine: str, python: Path, path: Path, row: str) -> dict[str, Any] | None:
    """One process of one engine, which runs the row twice, cold and warm; None where the engine has no such row."""
    environment = {k: v for k, v in os.environ.items() if k not in ("SPARK_HOME", "PYTHONPATH", "HADOOP_CONF_DIR")}
    if engine == "floor":
        return _floor(path, row, environment)
    interpreter = str(python)
    if engine == "pypy":
        found = pypy()
        if found is None:
            return None
        interpreter = found
        environment.update(PYTHONPATH=str(_pypy_packages(python)), PYSPARK_PYTHON=found, PYSPARK_DRIVER_PYTHON=found)
    elif engine != "pyspark":
        interpreter = sys.executable
        environment["PYTHONPATH"] = str(ROOT / "python")
        environment["WEFT_OPS"] = "pure" if engine == "weft pure" else ""
    kind = "weft" if engine.startswith("weft") else "pyspark"
    command = [interpreter, str(ROOT / "it/bench/rows.py"), kind, f"file:{path}", "2", row]
    process = subprocess.Popen(
        command, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    killer = threading.Timer(SECONDS, process.kill)
    killer.start()
    watch = Watch(process.pid)
    measured: dict[str, Any] = {"engine": engine, "row": row, "seconds": []}
    assert process.stdout is not None
    assert process.stdin is not None
    before = 0
    for line in process.stdout:
        if not line.startswith("{"):
            continue
        answer = json.loads(line)
        now = watch.worker_bytes()
        if answer["row"] == "context and first job" and "context" not in measured:
            measured["context"] = answer["seconds"]
        else:
            measured["seconds"].append(answer["seconds"])
            measured["result"] = answer["result"]
            measured["border"] = answer["border"] if answer["border"] is not None else now - before
            process.stdin.write("\n")
            process.stdin.flush()
        before = now
    code = process.wait()
    killer.cancel()
    watch.stop()
    if code or len(measured["seconds"]) != 2:
        raise SystemExit(f"bench: {engine} ended with exit code {code}; run: {' '.join(command)}")
    measured["pss"] = watch.peak_pss
    return measured


def _floor(path: Path, row: str, environment: dict[str, str]) -> dict[str, Any] | None:
    from floor import WORK

    if row not in WORK:
        return None
    command = [sys.executable, str(ROOT / "it/bench/floor.py"), str(path), row]
    done = subprocess.run(command, env=environment, stdout=subprocess.PIPE, text=True, check=True, timeout=SECONDS)
    return {"engine": "floor", "row": row, "seconds": [json.loads(done.stdout)["seconds"]] * 2}

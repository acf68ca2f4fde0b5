"""RESULTS.md, from the pieces that were measured."""

from __future__ import annotations

import os
import platform
import statistics
import time
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cpuinfo_line
from engines import ENGINES, PYSPARK, PYSPARK_OF_PYPY, pypy_version

INPUT = {"wordcount": "", "sort": "", "wordcount-findall": "", "sort-field": "", "stats-text": ".numbers"}
TARGETS = {
    "context and first job": (4.0, None),
    "wordcount": (4.0, 2.0),
    "wordcount-findall": (3.2, 1.6),
    "sort": (4.0, None),
    "sort-field": (3.2, None),
    "stats": (30.0, 10.0),
    "stats-text": (24.0, 8.0),
}
TITLES = {"pyspark": "PySpark", "pypy": "on PyPy", "weft": "Weft", "weft pure": "Weft pure", "floor": "floor"}
Values = dict[tuple[str, str], list[float]]


def table(pieces: list[dict[str, Any]], path: Path, megabytes: int, yarn: Path | None) -> list[str]:
    """The lines of RESULTS.md."""
    cold, warm, border, pss = _gather(pieces)
    runs = len({piece["run"] for piece in pieces})
    loads = sorted(piece["load"] for piece in pieces)
    engines = [engine for engine in ENGINES if any(key[1] == engine for key in cold)]
    rows = ["context and first job", *dict.fromkeys(piece["row"] for piece in pieces)]
    lines = [
        "# Weft and PySpark, side by side",
        "",
        f"Written by `bin/dev bench --megabytes {megabytes} --runs {runs}` on {time.strftime('%Y-%m-%d')}: "
        f"{cpuinfo_line.text()}, {os.cpu_count()} processors, Linux {'.'.join(platform.release().split('.')[:2])}, "
        f"CPython {platform.python_version()}, PySpark {PYSPARK}, {pypy_version()}, local[2], "
        f"{path.stat().st_size / 1e6:,.0f} MB of words.",
        f"The load average before a piece was {loads[0]:.1f} to {loads[-1]:.1f}, median {statistics.median(loads):.1f}.",
        "",
        "Medians of the runs; engines take turns row by row, each row in a process of its own, twice: cold, then warm.",
        "Ratios are PySpark's warm (else cold) median over Weft's, with the target in brackets. The floor is the time",
        "of the user's own functions alone in two processes of plain Python, with the least to call them: no engine on",
        "CPython goes far below it, so PySpark's warm median over the floor is about the largest ratio there can be.",
        f"PyPy runs PySpark {PYSPARK_OF_PYPY}: {PYSPARK} needs Python 3.11, and on PyPy 7.3.19 (Python 3.11.11) its cloudpickle",
        "pickles no function (IndexError in dis, and a code object whose constructor takes other arguments).",
        "",
        "## Seconds, cold / warm, and ratios",
        "",
        _row(["work", *(TITLES[engine] for engine in engines), "ratio", "ratio pure", "Weft to PyPy", "ratio at most"]),
        _row(["---"] * (len(engines) + 5)),
    ]
    for row in rows:
        times = [_seconds(cold.get((row, engine)), warm.get((row, engine)), engine) for engine in engines]
        best = {engine: _median(warm.get((row, engine)) or cold.get((row, engine))) for engine in ENGINES}
        targets = TARGETS.get(row, (None, None))
        ratios = [_ratio(best["pyspark"], best["weft"], targets[0])]
        ratios.append(_ratio(best["pyspark"], best["weft pure"], targets[1]))
        ratios.append(_ratio(best["pypy"], best["weft"], None))
        ratios.append(_ratio(best["pyspark"], best["floor"], None))
        lines.append(_row([row, *times, *ratios]))
    sides = [engine for engine in engines if engine != "floor"]
    lines += ["", "A warm empty job is to take less than 0.010 s.", ""]
    lines += ["## Bytes across the border of JVM and Python, of the warm job", ""]
    lines += _bytes_table(rows[1:], sides, border, path, _exact)
    lines += [
        "",
        "Weft: its jobs' own count, both ways over the workers' sockets. PySpark: what its Python workers read and",
    ]
    lines += ["wrote by read and write calls, from /proc.", "", "## Peak PSS of all processes of the row", ""]
    lines += _bytes_table(rows[1:], sides, pss, path, _megabytes)
    if yarn is not None and yarn.exists():
        lines += ["", "## On YARN", "", yarn.read_text().rstrip()]
    return lines


def _gather(pieces: list[dict[str, Any]]) -> tuple[Values, Values, Values, Values]:
    """Cold and warm seconds, bytes across the border, peak PSS; by row and engine."""
    cold, warm, border, pss = (defaultdict(list) for _ in range(4))
    for piece in pieces:
        for one in piece["measured"]:
            key = (piece["row"], one["engine"])
            cold[key].append(one["seconds"][0])
            warm[key].append(one["seconds"][1])
            if "context" in one:
                cold["context and first job", one["engine"]].append(one["context"])
                border[key].append(one["border"])
                pss[key].append(one["pss"])
    return cold, warm, border, pss


def _bytes_table(
    rows: list[str], engines: list[str], values: Values, path: Path, shown: Callable[[float], str]
) -> list[str]:
    lines = [_row(["work", "input bytes", *(TITLES[engine] for engine in engines)]), _row(["---"] * (len(engines) + 2))]
    for row in rows:
        size = os.path.getsize(f"{path}{INPUT[row]}") if row in INPUT else 0
        cells = [_median(values.get((row, engine))) for engine in engines]
        lines.append(_row([row, f"{size:,}", *("" if cell is None else shown(cell) for cell in cells)]))
    return lines


def _exact(value: float) -> str:
    return f"{value:,.0f}"


def _megabytes(value: float) -> str:
    return f"{value / 1e6:,.0f} MB"


def _median(values: list[float] | None) -> float | None:
    return statistics.median(values) if values else None


def _seconds(cold: list[float] | None, warm: list[float] | None, engine: str) -> str:
    if not cold:
        return ""
    if not warm or engine == "floor":
        return f"{statistics.median(cold):.3f}"
    return f"{statistics.median(cold):.3f} / {statistics.median(warm):.3f}"


def _ratio(base: float | None, own: float | None, target: float | None) -> str:
    if base is None or own is None:
        return ""
    return f"{base / own:.1f}×" + (f" ({target:g})" if target else "")


def _row(cells: list[str]) -> str:
    return "| " + " | ".join(cells) + " |"

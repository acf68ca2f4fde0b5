"""Compares what the nightly job has written with the truth; knows nothing of Weft.

usage: python it/etl/check.py TRUTH OUTPUT

TRUTH is the folder of that name that generate.py wrote, OUTPUT a local copy of TARGET/DAY. Prints a line for each
invariant of which something is to be seen in the output, and ends with 1 if one of them does not hold.
"""

from __future__ import annotations

import argparse
import datetime
import hashlib
import json
import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import fastavro

__all__ = ["Found", "check"]

SMALLEST, LARGEST = 51_000_000, 77_000_000
_ROW = ("request", "time", "user", "country", "plan", "segment", "url", "status", "bytes", "millis")


class Found:
    """What a check found: a line for each invariant, and whether all hold."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.problems: list[str] = []

    def note(self, invariant: str, text: str, wrong: Iterable[str] = ()) -> None:
        some = list(wrong)
        self.lines.append(f"{invariant} {'WRONG' if some else 'ok'}: {text}")
        self.problems += [f"{invariant}: {one}" for one in some[:5]]


def digest(text: str) -> int:
    """A number of 64 bits for a row, as the truth has it."""
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "big")


def parts(folder: Path, suffix: str = "") -> list[Path]:
    """The data files of a folder and of the folders in it, in order."""
    return sorted(path for path in folder.rglob(f"part-*{suffix}") if path.is_file())


def text_lines(folder: Path) -> Iterator[str]:
    """The lines of a folder of text files."""
    for path in parts(folder):
        with open(path, encoding="utf-8", newline="\n") as file:
            for line in file:
                yield line.rstrip("\n")


def avro_rows(folder: Path) -> Iterator[dict[str, Any]]:
    """The rows of a folder of Avro files, as fastavro reads them."""
    for path in parts(folder, ".avro"):
        with open(path, "rb") as file:
            yield from fastavro.reader(file)  # type: ignore[misc]


def check(truth: Path, output: Path) -> Found:
    """Compares all of it."""
    found = Found()
    manifest = json.loads((truth / "manifest.json").read_text())
    report = [line.split("\t") for line in text_lines(output / "report")]
    counts = {name: int(value) for name, value in (row for row in report if len(row) == 2) if name != "day"}
    _check_counts(found, manifest, counts)
    _check_rejects(found, truth, output)
    _check_rows(found, manifest, output)
    _check_cells(found, truth, output)
    _check_sessions(found, manifest, output, counts)
    _check_urls(found, manifest, report)
    _check_finished(found, output)
    return found


def _check_counts(found: Found, manifest: dict[str, Any], counts: dict[str, int]) -> None:
    expected = {"lines": manifest["lines"], "rows": manifest["good"], "duplicates": manifest["duplicates"],
                "rejected": manifest["rejected"], **manifest["reasons"]}  # fmt: skip
    wrong = [f"{name} {counts.get(name)}, not {value}" for name, value in expected.items() if counts.get(name) != value]
    sums = manifest["good"] + manifest["duplicates"] + manifest["rejected"]
    if sums != manifest["lines"]:
        wrong.append(f"the manifest's parts add up to {sums}")
    lines, rows, duplicates, rejected = (counts.get(name, 0) for name in ("lines", "rows", "duplicates", "rejected"))
    found.note("I1, I7", f"{lines:,} lines = {rows:,} good + {duplicates:,} duplicates + {rejected:,} rejected", wrong)


def dead_letters(folder: Path) -> Iterator[dict[str, Any]]:
    """What is known of each rejected line."""
    for path in sorted(folder.glob("rejects-*.jsonl")):
        with open(path, encoding="utf-8") as file:
            yield from map(json.loads, file)


def _reject(letter: dict[str, Any]) -> str:
    """A rejected line as the truth has it: file, offset, reason."""
    return f"{letter['path'].rpartition('/')[2]}\t{letter['offset']}\t{letter['error'].removeprefix('ValueError: ')}"


def _check_rejects(found: Found, truth: Path, output: Path) -> None:
    expected = Counter((truth / "rejects.tsv").read_text().splitlines())
    got = Counter(map(_reject, dead_letters(output / "rejects")))
    wrong = [f"missing: {line}" for line in expected - got]
    wrong += [f"not to be there: {line}" for line in got - expected]
    found.note("I2", f"{sum(got.values()):,} rejects by file, offset and reason", wrong)


def _check_rows(found: Found, manifest: dict[str, Any], output: Path) -> None:
    sums: dict[str, list[int]] = {}
    days = manifest["days"]
    misplaced = 0
    for folder in sorted((output / "rows").glob("day=*")):
        mine = sums.setdefault(folder.name[4:], [0, 0])
        low = (datetime.date.fromisoformat(folder.name[4:]) - datetime.date(1970, 1, 1)).days * 86_400_000
        for row in avro_rows(folder):
            misplaced += not low <= row["time"] < low + 86_400_000
            mine[0] += 1
            mine[1] += digest("|".join([str(row[name] if row[name] is not None else "") for name in _ROW]))
    got = {day: {"rows": count, "digest": total % (1 << 64)} for day, (count, total) in sums.items()}
    wrong = [f"{day}: {got.get(day)}, not {days.get(day)}" for day in {*got, *days} if got.get(day) != days.get(day)]
    wrong += [f"{misplaced} rows are in another day's folder"] if misplaced else []
    for folder in sorted((output / "rows").glob("day=*")):
        sizes = [path.stat().st_size for path in parts(folder, ".avro")]
        wrong += [f"{folder.name}: a file of {size} bytes" for size in sizes[:-1] if not SMALLEST <= size <= LARGEST]
    counts = {day: one["rows"] for day, one in sorted(got.items())}
    files = [round(path.stat().st_size / 1e6, 1) for path in parts(output / "rows", ".avro")]
    found.note("I6", f"rows by day {counts}, each with its country and user; files of {files} MB", wrong)


def _check_cells(found: Found, truth: Path, output: Path) -> None:
    expected = {tuple(row[:3]): row[3:] for row in (line.split("\t") for line in open(truth / "cells.tsv"))}
    got = {tuple(row[:3]): row[3:] for row in (line.split("\t") for line in text_lines(output / "cells"))}
    wrong = [f"cell {key} is missing" for key in expected if key not in got]
    wrong += [f"cell {key} should not be there" for key in got if key not in expected]
    ranks = []
    for key in expected.keys() & got.keys():
        exact, mine = expected[key], got[key]
        if mine[:3] != exact[:3]:
            wrong.append(f"cell {key}: requests, bytes, users {mine[:3]}, not {exact[:3]}")
        for name, value, low, high in (("p50", mine[3], *exact[3:5]), ("p95", mine[4], *exact[5:7])):
            high = high.rstrip("\n")
            if (low and float(value) < float(low)) or (high and float(value) > float(high)):
                ranks.append(f"cell {key}: {name} {value}, not in {low}..{high}")
    found.note("I3", f"{len(got):,} cells with their requests, bytes and users", wrong)
    found.note("I5", f"p50 and p95 of {len(got):,} cells within 1 % of their rank", ranks)


def _check_sessions(found: Found, manifest: dict[str, Any], output: Path, counts: dict[str, int]) -> None:
    total = count = several = longest = 0
    for line in text_lines(output / "sessions"):
        _user, first, last, requests, _bytes = line.split("|")
        count += 1
        several += int(requests) > 1
        longest = max(longest, int(last) - int(first))
        total += digest(line)
    got = {"sessions": count, "several": several, "longest_millis": longest, "digest": total % (1 << 64)}
    expected = manifest["sessions"]
    wrong = [f"{name} {got[name]}, not {value}" for name, value in expected.items() if got[name] != value]
    if counts.get("sessions") != expected["sessions"]:
        wrong.append(f"the accumulator says {counts.get('sessions')}, not {expected['sessions']}")
    found.note("I4", f"{count:,} sessions", wrong)


def _check_urls(found: Found, manifest: dict[str, Any], report: list[list[str]]) -> None:
    got = [[row[2], int(row[1])] for row in report if row[0] == "url"]
    both = enumerate(zip(got, manifest["top_urls"]), 1)
    wrong = [f"place {place}: {mine}, not {one}" for place, (mine, one) in both if mine != one]
    if len(got) != len(manifest["top_urls"]):
        wrong.append(f"{len(got)} URLs, not {len(manifest['top_urls'])}")
    found.note("top", f"{len(got)} commonest URLs", wrong)


def _check_finished(found: Found, output: Path) -> None:
    left = [str(path) for path in output.rglob("_temporary*")]
    left += [str(path) for path in output.rglob(".*") if path.suffix != ".crc"]
    folders = sorted({path.parent for path in parts(output)})
    missing = [f"{folder} has no _SUCCESS" for folder in folders if not (folder / "_SUCCESS").exists()]
    found.note("I8, I10", "every folder is complete, nothing temporary is left", left + missing)


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("truth", type=Path)
    parser.add_argument("output", type=Path)
    given = parser.parse_args()
    found = check(given.truth, given.output)
    print(*found.lines, *found.problems, sep="\n")
    return 1 if found.problems else 0


if __name__ == "__main__":
    sys.exit(main())

"""Writes two days of web logs, their dimensions, and the truth about them, counted while they are written.

usage: python it/etl/generate.py --seed 7 --scale 1 FOLDER

FOLDER/logs has the log's files, FOLDER/users the users in Avro, FOLDER/countries.csv the countries of addresses.
FOLDER/truth has manifest.json, cells.tsv and rejects.tsv. The same seed and scale give the same bytes.
"""

from __future__ import annotations

import argparse
import functools
import gzip
import json
import multiprocessing
import os
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

import truth
from dimensions import Users, write_countries
from lines import Written, write_file
from weblog import BROKEN, LAST_DAY, LogFile, Size, Weblog

__all__ = ["generate"]


class _Shared:
    """What the processes that write files inherit when they are forked."""

    log: Weblog
    members: dict[int, tuple[str, str]]


def _write(folder: Path, file: LogFile) -> Written:
    return write_file(_Shared.log, _Shared.members, file, folder)


def generate(seed: int, scale: float, folder: Path, processes: int = 0) -> dict[str, Any]:
    """Writes all of it into a folder that must not exist, and gives the manifest."""
    folder.mkdir(parents=True)
    logs, told = folder / "logs", folder / "truth"
    logs.mkdir()
    told.mkdir()
    log = Weblog(seed, Size.of(scale))
    users = Users(seed, log)
    users.write(folder / "users")
    write_countries(log, folder / "countries.csv")
    _write_decoys(logs)
    _Shared.log, _Shared.members = log, users.members
    largest_first = sorted(log.files, key=lambda file: -file.count)
    with multiprocessing.get_context("fork").Pool(processes or os.cpu_count() or 1) as pool:
        written = pool.map(functools.partial(_write, logs), largest_first, chunksize=1)
    written.sort(key=lambda one: one.name)
    manifest = _manifest(log, users, written)
    manifest.update(seed=seed, scale=scale)
    rejects = [f"{one.name}\t{at}\t{reason}\n" for one in written for at, reason in one.rejects]
    (told / "rejects.tsv").write_text("".join(rejects))
    rows = truth.Counted.of(log)
    (told / "cells.tsv").write_text("".join(line + "\n" for line in truth.cell_lines(log, rows)))
    manifest["sessions"] = truth.session_truth(log, rows)
    manifest["top_urls"] = truth.top_urls(log, rows)
    manifest["hot_users"] = truth.hot_users(log, rows)
    (told / "manifest.json").write_text(json.dumps(manifest, indent=1, ensure_ascii=False) + "\n")
    return manifest


def _write_decoys(logs: Path) -> None:
    """Files that have no line, and files that no job must read."""
    (logs / "empty.log").write_bytes(b"")
    (logs / "empty.log.gz").write_bytes(b"")
    line = b"not to be read\n"
    (logs / "x._COPYING_").write_bytes(line)
    (logs / ".hidden").write_bytes(line)
    (logs / "_tmp").mkdir()
    (logs / "_tmp" / "part-00000.gz").write_bytes(gzip.compress(line, mtime=0))


def _manifest(log: Weblog, users: Users, written: list[Written]) -> dict[str, Any]:
    reasons = Counter(reason for one in written for _, reason in one.rejects)
    copies = sum(int(day.copy.sum()) for day in log.days)
    days: dict[str, dict[str, int]] = {}
    for one in written:
        for day, (count, total) in one.rows.items():
            sums = days.setdefault(truth.day_text(day), {"rows": 0, "digest": 0})
            sums["rows"] += count
            sums["digest"] = (sums["digest"] + total) % (1 << 64)
    lines = sum(one.lines for one in written)
    good = sum(int(day.counted().sum()) for day in log.days)
    assert good == sum(sums["rows"] for sums in days.values()) == lines - copies - sum(reasons.values())
    return {
        "day": LAST_DAY.isoformat(),
        "files": len(written) + 2,  # those without a line, too
        "lines": lines,
        "good": good,
        "duplicates": copies,
        "rejected": sum(reasons.values()),
        "reasons": {reason: reasons[reason] for reason in (*BROKEN, "nul")},
        "text_bytes": sum(one.bytes for one in written),
        "stored_bytes": sum(one.stored for one in written),
        "days": dict(sorted(days.items())),
        "user_rows": len(users.rows),
        "users": len({row["user"] for row in users.rows}),
        "ranges": len(log.starts),
        "block": log.size.block,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--scale", type=float, default=1.0, help="1: 6,000,000 lines; 0.01: a hundredth")
    parser.add_argument("--processes", type=int, default=0, help="as many as there are cores")
    parser.add_argument("folder", type=Path)
    given = parser.parse_args()
    if given.folder.exists():
        sys.exit(f"{given.folder} exists: give a folder to be made")
    began = time.monotonic()
    made = generate(given.seed, given.scale, given.folder, given.processes)
    print(
        f"{made['lines']:,} lines in {made['files']:,} files: {made['text_bytes'] / 1e6:,.0f} MB of text, "
        f"{made['stored_bytes'] / 1e6:,.0f} MB stored; {made['good']:,} good, {made['duplicates']:,} duplicates, "
        f"{made['rejected']:,} rejected; {time.monotonic() - began:.0f} s"
    )


if __name__ == "__main__":
    main()

"""What sc.broadcastMap costs: memory of the workers that read it, and a lookup.

    python it/bench/mapped_map.py [--entries 10000000] [--workers 8]

One context of that many workers on this machine. All look up keys all over the map at once and stay until their Pss was
added up, from outside; then one worker alone measures lookups of 100,000 random keys, beside those of a dict of its own.
The budget: Pss of all workers at most 1.2 times the file, a lookup at most 2 us.
"""

from __future__ import annotations

import argparse
import os
import re
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

MIB = 1 << 20
LOOKUPS = 100_000
SECONDS = 250


def pss(pid: str) -> int:
    """Of a process in bytes."""
    rollup = Path(f"/proc/{pid}/smaps_rollup").read_text()
    return int(re.findall(r"^Pss: +(\d+)", rollup, re.MULTILINE)[0]) << 10


def read_and_stay(names: Any, folder: str, entries: int) -> Any:
    """A task that looks at entries of every page, and waits."""

    def task(index: int, _: Any) -> Any:
        found = names.value
        # an entry has about 40 bytes: with these, each page of the file is touched by each worker
        for key in range(index % 40, entries, 40):
            found[key]
        open(f"{folder}/read-{os.getpid()}", "w").close()
        while not os.path.exists(f"{folder}/go"):
            time.sleep(0.05)
        return [os.getpid()]

    return task


def lookups(names: Any, entries: int) -> Any:
    """A task that gives the microseconds of processor time of a lookup in the map and in a dict, the best of 5 turns."""

    def task(_: Any) -> Any:
        import random

        draw = random.Random(7)
        keys = [draw.randrange(entries) for _ in range(LOOKUPS)]
        best = []
        for found in (names.value, {key: str(key) for key in keys}):
            times = []
            for _turn in range(5):
                began = time.process_time()
                for key in keys:
                    found[key]
                times.append((time.process_time() - began) / LOOKUPS * 1e6)
            best.append(min(times))
        return [best]

    return task


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--entries", type=int, default=10_000_000)
    parser.add_argument("--workers", type=int, default=8)
    given = parser.parse_args()
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent.parent / "python"))
    from weft import WeftContext

    with (
        tempfile.TemporaryDirectory(prefix="weft-mapped-map-") as folder,
        WeftContext(f"local[{given.workers}]", "mapped map") as sc,
    ):
        began = time.monotonic()
        names = sc.broadcastMap({key: str(key) for key in range(given.entries)})
        size = os.path.getsize(names._path)
        print(
            f"{given.entries:,} entries, a file of {size / MIB:,.0f} MB, made in {time.monotonic() - began:.1f} s"
        )
        slots = sc.parallelize(range(given.workers), given.workers)
        stay = slots.mapPartitionsWithIndex(read_and_stay(names, folder, given.entries))
        job = threading.Thread(target=stay.collect)
        job.start()
        deadline = time.monotonic() + SECONDS
        while len(os.listdir(folder)) < given.workers:
            if time.monotonic() > deadline or not job.is_alive():
                raise SystemExit("mapped_map: not all workers have read it")
            time.sleep(0.05)
        held = sum(pss(name.removeprefix("read-")) for name in os.listdir(folder))
        open(f"{folder}/go", "w").close()
        job.join()
        mapped, plain = (
            sc.parallelize([0], 1)
            .mapPartitions(lookups(names, given.entries))
            .collect()[0]
        )
    print(
        f"Pss of {given.workers} workers together {held / MIB:,.0f} MB: {held / size:.2f} times the file"
    )
    print(f"a lookup in {mapped:.2f} us; in a dict {plain:.2f} us")
    over = held > 1.2 * size or mapped > 2
    print("OVER THE BUDGET" if over else "within the budget")
    return int(over)


if __name__ == "__main__":
    sys.exit(main())

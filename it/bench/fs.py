"""Reading and writing by weft.fs, in the driver and in a worker, beside plain local files and pyarrow's.

usage: python it/bench/fs.py [FOLDER]    local files below TMPDIR, and, where a FOLDER such as hdfs://host/tmp is given, there

Best of three, of a file that the page cache holds: MB/s of 256 MB in reads of 1 MiB and of 8 MiB, and microseconds of a read of
64 KiB anywhere in it.
"""

from __future__ import annotations

import os
import random
import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from typing import Any

from pyarrow import fs as arrow

import weft.fs
from weft import WeftContext

MIB = 1 << 20
SIZE = 256 * MIB
READS = 2_000
RANDOM_BYTES = 64 << 10
Open = Callable[[str], Any]


def plain(path: str) -> Any:
    return open(path, "rb", buffering=0)


def by_arrow(path: str) -> Any:
    return arrow.LocalFileSystem().open_input_file(path)


def by_weft(path: str) -> Any:
    return weft.fs.filesystem().open(path, "rb")


def best(work: Callable[[], float]) -> float:
    return min(work() for _ in range(3))


def measure(opener: Open, path: str) -> tuple[float, float, float]:
    """MB/s in small and large reads; microseconds of a read anywhere."""

    def run_of(piece: int) -> Callable[[], float]:
        def run() -> float:
            began = time.perf_counter()
            with opener(path) as file:
                total = 0
                while data := file.read(piece):
                    total += len(data)
            assert total == SIZE
            return time.perf_counter() - began

        return run

    def anywhere() -> float:
        places = random.Random(7)
        with opener(path) as file:
            began = time.perf_counter()
            for _ in range(READS):
                file.seek(places.randrange(SIZE - RANDOM_BYTES))
                assert len(file.read(RANDOM_BYTES)) == RANDOM_BYTES
            return time.perf_counter() - began

    small, large = (SIZE / 1e6 / best(run_of(piece)) for piece in (MIB, 8 * MIB))
    return small, large, best(anywhere) / READS * 1e6


def write(path: str) -> float:
    """MB/s."""
    data = random.Random(1).randbytes(MIB)
    began = time.perf_counter()
    with weft.fs.filesystem().open(path, "wb") as file:
        for _ in range(SIZE // MIB):
            file.write(data)
    return SIZE / 1e6 / (time.perf_counter() - began)


def show(what: str, figures: tuple[float, float, float]) -> None:
    print(f"| {what} | {figures[0]:,.0f} | {figures[1]:,.0f} | {figures[2]:,.0f} |", flush=True)


def main() -> None:
    folder = tempfile.mkdtemp(prefix="weft-bench-fs-")
    print(f"load {os.getloadavg()[0]:.1f}\n\n| | MB/s by 1 MiB | MB/s by 8 MiB | 64 KiB anywhere, µs |\n|---|---|---|---|")
    try:
        with WeftContext("local[1]") as sc:
            for base in [f"file://{folder}", *sys.argv[1:]]:
                path = f"{base.rstrip('/')}/data"
                written = write(path)
                if base.startswith("file:"):
                    show("open()", measure(plain, f"{folder}/data"))
                    show("pyarrow's local files", measure(by_arrow, f"{folder}/data"))
                name = path.partition(":")[0]
                show(f"weft.fs, {name}, driver", measure(by_weft, path))
                work = sc.parallelize([path], 1).map(lambda one: (measure(by_weft, one), write(one + "2")))
                ((figures, in_worker),) = work.collect()
                show(f"weft.fs, {name}, worker", figures)
                print(f"| written, {name}: driver {written:,.0f} MB/s, worker {in_worker:,.0f} | | | |", flush=True)
                for left in ("", "2"):
                    weft.fs.filesystem().rm(path + left)
    finally:
        shutil.rmtree(folder)


if __name__ == "__main__":
    main()

"""How soon cancelling stops a worker that does not look up, and the next job starts.

    python it/bench/cancelling.py [--masters "local-cluster[2,1,2048];local-cluster[1,1,2048]"]

For each of a sleep, a C regular expression that backtracks without end, a read from a silent socket, and a sleep of a
worker with 800 MB: the time from `cancelJobGroup` to the end of the worker's process, and from there to the end of the next job, which has one record;
worst and median of twenty turns. With one slot in all the next job needs the one that was cancelled. Beside them what
such a job takes otherwise. The budget: 1 s and 0.1 s.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

TURNS = 20
_POLL_SECONDS = 0.002


def sleeps() -> None:
    """Wait in the system."""
    time.sleep(600)


def backtracks() -> None:
    """Compute in C, without looking at signals of Python."""
    import re

    re.match(r"(a|a)*$", "a" * 64 + "b")


def reads() -> None:
    """Wait for a peer that says nothing."""
    import socket

    ours, _theirs = socket.socketpair()
    ours.recv(1)


def holds() -> None:
    """Wait with memory that the kernel has to take back; its task has taken it before."""
    time.sleep(600)


def measure(sc: Any, stuck: Callable[[], None]) -> tuple[float, float]:
    """Seconds to the worker's end, and from there to the next job's record."""
    bytes_held = 800 << 20 if stuck is holds else 0
    with tempfile.TemporaryDirectory() as folder:
        place = f"{folder}/pid"

        def work(_: int) -> int:
            held = b"x" * bytes_held
            with open(place + ".new", "w") as file:
                file.write(str(os.getpid()))
            os.rename(place + ".new", place)
            stuck()
            return len(held)

        def job() -> None:
            sc.setJobGroup("stuck", "is cancelled")
            try:
                sc.parallelize([1], 1).map(work).collect()
            except Exception:
                return

        thread = threading.Thread(target=job)
        thread.start()
        while not os.path.exists(place):
            time.sleep(_POLL_SECONDS)
        pid = int(Path(place).read_text())
        began = time.perf_counter()
        sc.cancelJobGroup("stuck")
        while os.path.exists(f"/proc/{pid}"):
            time.sleep(_POLL_SECONDS)
        ended = time.perf_counter()
        next_job = plain(sc)
        thread.join()
        return ended - began, next_job


def main() -> None:
    """Read the arguments, measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--masters", default="local-cluster[2,1,2048];local-cluster[1,1,2048]", help="with ; between")
    given = parser.parse_args()
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent.parent / "python"))
    from weft import WeftContext

    for master in given.masters.split(";"):
        with WeftContext(master, "cancelling") as sc:
            print(f"{master}: a job of one record {shown([plain(sc) for _ in range(2 * TURNS)][TURNS:])}", flush=True)
            for stuck in (sleeps, backtracks, reads, holds):
                stops, starts = zip(*[measure(sc, stuck) for _ in range(TURNS)])
                print(f"  {stuck.__name__:11} worker ended after {shown(stops)}, the next job {shown(starts)}", flush=True)


def plain(sc: Any) -> float:
    """Seconds of a job."""
    began = time.perf_counter()
    sc.parallelize([1], 1).map(lambda x: x + 1).collect()
    return time.perf_counter() - began


def shown(seconds: Sequence[float]) -> str:
    """Worst and median."""
    return f"{max(seconds):.3f} s (median {statistics.median(seconds):.3f})"


if __name__ == "__main__":
    main()

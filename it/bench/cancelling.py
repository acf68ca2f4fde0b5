"""How soon cancelling stops a worker that does not look up, and the next job starts.

    python it/bench/cancelling.py [--master local-cluster[2,1,512]]

For each of a sleep, a C regular expression that backtracks without end and a read from a silent socket: the time from
`cancelJobGroup` to the end of the worker's process, and from there to the first record of the next job.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

TURNS = 5
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


def measure(sc: Any, stuck: Callable[[], None]) -> tuple[float, float]:
    """Seconds to the worker's end, and from there to the next job's record."""
    with tempfile.TemporaryDirectory() as folder:
        place = f"{folder}/pid"

        def work(_: int) -> int:
            with open(place + ".new", "w") as file:
                file.write(str(os.getpid()))
            os.rename(place + ".new", place)
            stuck()
            return 0

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
        sc.parallelize([1], 1).map(lambda x: x + 1).collect()
        after = time.perf_counter()
        thread.join()
        return ended - began, after - ended


def main() -> None:
    """Read the arguments, measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--master", default="local-cluster[2,1,512]")
    given = parser.parse_args()
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent.parent / "python"))
    from weft import WeftContext

    with WeftContext(given.master, "cancelling") as sc:
        sc.parallelize(range(4), 4).count()
        for stuck in (sleeps, backtracks, reads):
            found = [measure(sc, stuck) for _ in range(TURNS)]
            stops, starts = (max(times) for times in zip(*found))
            text = f"{stuck.__name__:11} worker ended after at most {stops:.3f} s, the next job in {starts:.3f} s"
            print(text, flush=True)


if __name__ == "__main__":
    main()

"""How long README's first command takes when all is built: python it/bench/second_run.py [RUNS]. The goal is 2.0 s.

Prints the time of each run, from the start of bin/weft to its exit, and the median.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
COMMAND = [str(ROOT / "bin" / "weft"), "run", "python/examples/word_count.py", "README.md"]


def seconds() -> float:
    """The time of one run."""
    began = time.monotonic()
    subprocess.run(COMMAND, cwd=ROOT, check=True, capture_output=True)
    return time.monotonic() - began


if __name__ == "__main__":
    seconds()  # which may build
    runs = [seconds() for _ in range(int(sys.argv[1]) if len(sys.argv) > 1 else 5)]
    print("word count:", ", ".join(f"{run:.2f} s" for run in runs), f"- median {statistics.median(runs):.2f} s")

"""How long 100 small tests take with the pytest plug-in: python it/bench/small_tests.py [RUNS]. No Java is on the PATH.

Prints the whole time of each pytest process, its start included, and the median.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

PYTHON = Path(__file__).resolve().parents[2] / "python"
TESTS = '''
import pytest

@pytest.mark.parametrize("n", range(100))
def test_sums(sc, n):
    sums = sc.parallelize(range(n), 3).map(lambda x: (x % 2, x)).reduceByKey(lambda a, b: a + b)
    assert sum(sums.values().collect()) == n * (n - 1) // 2
'''


def seconds(folder: str) -> float:
    """The time of one pytest process."""
    environment = {"PATH": "/nowhere", "PYTHONPATH": str(PYTHON), "HOME": folder, "TMPDIR": folder}
    environment.update({name: os.environ[name] for name in ("WEFT_HOME",) if name in os.environ})
    plugin = ["-p", "no:cacheprovider", "-p", "weft.pytest_plugin", "-c", os.devnull]
    began = time.monotonic()
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", *plugin, f"{folder}/test_small.py"],
        env=environment,
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    took = time.monotonic() - began
    if "100 passed" not in done.stdout:
        raise SystemExit(done.stdout + done.stderr)
    return took


if __name__ == "__main__":
    with tempfile.TemporaryDirectory(prefix="weft-tests-") as where:
        Path(where, "test_small.py").write_text(TESTS)
        runs = [seconds(where) for _ in range(int(sys.argv[1]) if len(sys.argv) > 1 else 5)]
    print("100 tests:", ", ".join(f"{run:.2f} s" for run in runs), f"- median {statistics.median(runs):.2f} s")

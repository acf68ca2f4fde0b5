"""Runs the suites of test files; under PySpark, as a script, it writes what came of each test to ``expected``."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

__all__ = ["SUITES", "expected_path", "run_suite"]

HERE = Path(__file__).resolve().parent
SUITES = {
    "test_with_pytest": ["-m", "pytest", "-v", "-p", "no:cacheprovider", "test_with_pytest.py"],
    "test_with_unittest": ["-m", "unittest", "-v", "test_with_unittest"],
    "test_with_reused_context": ["-m", "unittest", "-v", "test_with_reused_context"],
}
_LINES = (
    re.compile(r"^\S+::(?P<name>\S+) (?P<outcome>PASSED|FAILED|SKIPPED|ERROR)", re.MULTILINE),
    re.compile(r"^(?P<name>\w+) \([\w.]+\) \.\.\. (?:.*\n)*?.*?(?P<outcome>ok|FAIL|ERROR|skipped)\b", re.MULTILINE),
)


def expected_path(suite: str) -> Path:
    """Where the record of a suite is."""
    return HERE / "expected" / f"{suite}.txt"


def run_suite(command: Sequence[str], folder: Path, environment: Mapping[str, str]) -> tuple[str, str]:
    """Run a suite in a folder that gets a copy of its files; give what came of each test, and all that it printed."""
    work = folder / "suite"
    shutil.copytree(HERE / "programs", work, ignore=shutil.ignore_patterns("__pycache__"))
    done = subprocess.run(
        command,
        cwd=work,
        env={**environment, "TMPDIR": str(folder)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=400,
        check=False,
    )
    form = _LINES[0] if "pytest" in command else _LINES[1]
    found = sorted(f"{one['name']} {one['outcome'].lower()}" for one in form.finditer(done.stdout))
    return "".join(f"{line}\n" for line in [*found, f"exit code {done.returncode}"]), done.stdout


def main() -> None:
    """Write the record."""
    for suite, command in SUITES.items():
        with tempfile.TemporaryDirectory() as folder:
            found, output = run_suite([sys.executable, *command], Path(folder), os.environ)
        print(output)
        expected_path(suite).parent.mkdir(exist_ok=True)
        expected_path(suite).write_text(found)


if __name__ == "__main__":
    main()

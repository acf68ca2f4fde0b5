"""The wheel holds all that it needs."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

import steps
from weft import _install

pytestmark = pytest.mark.local

PROGRAM = """
import sys
from operator import add
import weft
from weft import WeftContext

assert weft.__file__.startswith(sys.argv[1]), weft.__file__
with WeftContext(sys.argv[2]) as sc:
    print(sorted(sc.parallelize("abca", 3).map(lambda letter: (letter, 1)).reduceByKey(add, 2).collect()))
"""


def test_an_unpacked_wheel_runs_jobs_inline_and_in_workers(tmp_path: Path) -> None:
    _install.ensure_installed()
    steps.setup()
    wheel = steps.build_wheel(_install.lib_folder(), tmp_path)
    target = tmp_path / "site"
    python = str(steps.dev_python())
    command = [python, "-m", "pip", "install", "-q", "--no-deps", "--no-index", "--target", str(target), str(wheel)]
    subprocess.run(command, check=True, timeout=120)
    (tmp_path / "program.py").write_text(PROGRAM)
    environment = {**os.environ, "PYTHONPATH": f"{target}{os.pathsep}{_install.site_packages()}"}
    environment["XDG_CACHE_HOME"] = str(tmp_path / "cache")
    for master in ("inline", "local[2]"):
        done = subprocess.run(
            [sys.executable, str(tmp_path / "program.py"), str(target), master],
            env=environment,
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=120,
        )
        assert done.stdout == "[('a', 2), ('b', 1), ('c', 1)]\n", done.stderr
    entry_points = next(target.glob("weft-*.dist-info")) / "entry_points.txt"
    assert "weft = weft.pytest_plugin" in entry_points.read_text()

"""Runs a script as a person does, and gives what stands on standard error."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import textwrap
from collections.abc import Sequence
from pathlib import Path

__all__ = ["HEADER", "PACKAGES", "assert_prints", "masked", "run_script", "weft"]

HEADER = "import os, sys, threading\nfrom weft import WeftConf, WeftContext\n"
BUILDING = ("weft: the jars", "weft: building", "weft: recording", "weft: compiling", "weft: fetching")
PACKAGES = str(Path(__file__).resolve().parents[2])


def run_script(folder: Path, script: str, *options: str, **variables: str) -> tuple[int, str]:
    """Run a script by `weft run`; its first line is line 3. Gives the exit code and stderr, ids masked."""
    (folder / "etl.py").write_text(HEADER + textwrap.dedent(script).lstrip("\n"))
    done = weft(folder, "run", *options, "etl.py", **variables)
    return done.returncode, masked(done.stderr, folder)


def masked(text: str, folder: Path) -> str:
    """Take out of a text what differs from run to run."""
    text = text.replace(str(folder), "FOLDER")
    text = re.sub(r"local_\d+_\d+", "APPLICATION", text)
    text = re.sub(r"(weft: .* in )[\d.]+ s;.*", r"\1TIME", text)
    text = re.sub(r"task \d+", "task N", text)
    text = re.sub(r"after byte [\d,]+", "after byte N", text)
    text = re.sub(r"after [\d,]+ bytes", "after N bytes", text)
    text = re.sub(r"… [\d,]+ frames", "… N frames", text)
    text = re.sub(r"y{3900,}…", "YYY…", text)
    text = re.sub(r"at least [\d.]+ KiB", "at least N KiB", text)
    return "".join(line for line in text.splitlines(True) if not line.startswith(BUILDING))


def assert_prints(folder: Path, script: str, code: int, expected: str, *options: str, **variables: str) -> None:
    """Compare all of standard error, and the exit code."""
    found_code, found = run_script(folder, script, *options, **variables)
    assert found == textwrap.dedent(expected).lstrip("\n")
    assert found_code == code


def weft(
    folder: Path, *command: str, before: Sequence[str] = (), **variables: str
) -> subprocess.CompletedProcess[str]:
    """Run the command line in a folder, by ``before``; of the environment's settings only ``variables`` count."""
    environment = {key: value for key, value in os.environ.items() if not key.startswith(("WEFT_", "HADOOP", "YARN"))}
    for kept in ("WEFT_HOME",):
        if kept in os.environ:
            environment[kept] = os.environ[kept]
    environment["PYTHONPATH"] = PACKAGES
    environment.update(variables)
    return subprocess.run(
        [*before, sys.executable, "-m", "weft._cli", *command],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )

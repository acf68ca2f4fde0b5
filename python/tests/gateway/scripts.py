"""Scripts with a context in processes of their own, and what can be seen of their gateways."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable, Iterable
from pathlib import Path

PYTHON_FOLDER = Path(__file__).resolve().parents[2]
SECONDS = 120.0


PRELUDE = """
import os, signal, time
from weft import WeftConf, WeftContext

here = os.getcwd()

def poll(condition):
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.005)

def note(name):
    "Write this process into a file."
    with open(f"{here}/{name}", "a") as file:
        file.write(f"{os.getpid()}\\n")

def noted(name):
    "The processes that have noted this, oldest first; whole lines only."
    if not os.path.exists(f"{here}/{name}"):
        return []
    with open(f"{here}/{name}") as file:
        return [int(line) for line in file.read().splitlines()]

def once(name):
    "Whether this is asked for the first time, by whatever process."
    try:
        os.close(os.open(f"{here}/{name}", os.O_CREAT | os.O_EXCL))
        return True
    except FileExistsError:
        return False

def gateway_of(sc):
    return int(sc._answer.socket.split("-")[1])

def runner_of(process, gateway):
    "The one of a process's ancestors that the gateway has started."
    while True:
        with open(f"/proc/{process}/stat") as file:
            parent = int(file.read().rpartition(")")[2].split()[1])
        if parent == gateway:
            return process
        process = parent

def kill_runner_of(process, gateway):
    os.kill(runner_of(process, gateway), signal.SIGKILL)
    if process == os.getpid():
        time.sleep(600)  # until its end, which follows the runner's
"""
"""What scripts with kills begin with."""


RUNNER_ABOVE = """
def runner_above(process):
    "The process above a worker's fork server."
    for _ in range(2):
        with open(f"/proc/{process}/stat") as file:
            process = int(file.read().rpartition(")")[2].split()[1])
    return process
"""
"""For scripts whose tasks kill runners without the gateway's id."""


def with_kills(code: str) -> str:
    """Put :data:`PRELUDE` before a script."""
    return PRELUDE + textwrap.dedent(code)


def start(folder: Path, code: str, **environment: str) -> subprocess.Popen[str]:
    """Start a script; its standard output and error are pipes."""
    script = folder / "script.py"
    script.write_text(textwrap.dedent(code))
    path = os.pathsep.join(filter(None, [str(PYTHON_FOLDER), os.environ.get("PYTHONPATH", "")]))
    return subprocess.Popen(
        [sys.executable, str(script)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=folder,
        start_new_session=True,
        env={**os.environ, "PYTHONPATH": path, "TMPDIR": "/tmp", **environment},
    )


def run(folder: Path, code: str, **environment: str) -> str:
    """Run a script to its end; gives its standard output, and fails with its standard error."""
    process = start(folder, code, **environment)
    try:
        out, err = process.communicate(timeout=3 * SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        raise
    assert process.returncode == 0, err
    return out


def gateway_of(socket: str) -> int:
    """The process id in the name of a gateway's folder."""
    return int(Path(socket).parent.name.split("-")[1])


def children(process: int) -> list[int]:
    """The ids of a process's children."""
    found = subprocess.run(["pgrep", "-P", str(process)], capture_output=True, text=True, check=False)
    return [int(word) for word in found.stdout.split()]


def descendants(process: int) -> list[int]:
    """The ids of all processes below one."""
    below: list[int] = []
    for child in children(process):
        below += [child, *descendants(child)]
    return below


def is_running(process: int) -> bool:
    """Whether a process runs; one that has ended and was not waited for does not."""
    try:
        stat = Path(f"/proc/{process}/stat").read_text()
    except OSError:
        return False
    return stat.rpartition(")")[2].split()[0] != "Z"


def none_running(processes: Iterable[int]) -> bool:
    """Whether all of them have ended."""
    return not any(is_running(process) for process in processes)


def eventually(condition: Callable[[], bool], seconds: float = 60.0) -> bool:
    """Poll until the condition holds; false when it does not in time."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True

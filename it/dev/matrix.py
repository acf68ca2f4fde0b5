"""bin/dev matrix: a chosen part of the tests on every Python that matters: 3.9, 3.11, the newest and PyPy."""

from __future__ import annotations

import glob
import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Optional

import steps
from tally import Tally, failure

CHOSEN = (
    *("laws", "conform/test_conform.py", "ops", "shared"),
    *(f"gateway/test_{name}.py" for name in ("accumulators", "broadcast", "processes", "serializers", "taskcontext")),
)
WHERE = "not cluster and not yarn"
USUAL = ("3.9", "3.11")
_COUNTS = re.compile(r"^(\d+) passed, (\d+) failed$", re.MULTILINE)
_ASK = (
    "import sys; kind = sys.implementation.name;"
    "print(kind, '%d.%d.%d' % sys.version_info[:3], '%d.%d.%d' % getattr(sys, kind + '_version_info', (0, 0, 0))[:3])"
)


@dataclass(frozen=True, order=True)
class Interpreter:
    """A Python on this machine; ``version`` is that of the language."""

    kind: str
    version: tuple[int, ...]
    title: str
    command: str

    def answers_to(self, wanted: str) -> bool:
        """Whether a name such as 3.9, 3.9.18, pypy3 or pypy3.9 means it."""
        plain = wanted[len("pypy") :] if wanted.startswith("pypy") else wanted
        numbers = tuple(int(one) for one in plain.split(".") if one.isdigit())
        kind = "pypy" if wanted.startswith("pypy") else "cpython"
        return self.kind == kind and self.version[: len(numbers)] == numbers


def candidates() -> list[str]:
    """Commands that may be Pythons: those of the PATH, and pyenv's."""
    names = [f"python3.{minor}" for minor in range(9, 20)] + [f"pypy3.{minor}" for minor in range(9, 20)] + ["pypy3"]
    found = [command for command in map(shutil.which, names) if command]
    root = os.environ.get("PYENV_ROOT", os.path.expanduser("~/.pyenv"))
    return [*sorted(glob.glob(f"{root}/versions/*/bin/python")), *found]


def ask(command: str) -> Optional[Interpreter]:
    """What a command is; None if it is no Python that Weft runs on."""
    try:
        done = subprocess.run([command, "-c", _ASK], capture_output=True, text=True, timeout=60, check=True)
        kind, language, own = done.stdout.split()
    except (OSError, subprocess.SubprocessError, ValueError):
        return None
    version = tuple(map(int, language.split(".")))
    title = f"PyPy {own} (Python {language})" if kind == "pypy" else f"CPython {language}"
    return Interpreter(kind, version, title, command) if version >= (3, 9) else None


def chosen(wanted: list[str]) -> list[Interpreter]:
    """The newest of each that is asked for; without a wish 3.9, 3.11, the newest CPython and PyPy, as far as found."""
    found = sorted(filter(None, map(ask, candidates())))
    newest = [one for one in found if one.kind == "cpython"][-1:]
    picked = []
    for name in wanted or [*USUAL, "pypy3"]:
        fitting = [one for one in found if one.answers_to(name)]
        if wanted and not fitting:
            raise steps.StepError(f"there is no Python {name} on the PATH or among pyenv's", 4)
        picked += fitting[-1:]
    if not wanted:
        picked += newest
    return sorted(set(picked))


def run(wanted: list[str], extra: list[str]) -> Tally:
    """Run the part with each, one after the other; a line each on standard output."""
    total = Tally()
    for interpreter in chosen(wanted):
        steps.say(f"{interpreter.title}: {interpreter.command}")
        steps.RESULTS.mkdir(parents=True, exist_ok=True)
        log = steps.RESULTS / f"matrix-{interpreter.kind}-{'.'.join(map(str, interpreter.version))}.log"
        command = [interpreter.command, str(Path(__file__).with_name("main.py")), "part", "--", *extra]
        with open(log, "wb") as out:
            code = subprocess.run(command, stdout=out, stderr=out, check=False).returncode
        text = log.read_text(errors="replace")
        counts = _COUNTS.findall(text)
        if not counts:
            result = failure(f"{interpreter.title} ended with {code}: {steps.last_line(text)}; {log}")
        else:
            passed, failed = map(int, counts[-1])
            problems = [f"{interpreter.title}: {line[7:]}" for line in text.splitlines() if line.startswith("FAILED ")]
            result = Tally(passed, failed, problems[-failed:] if failed else [])
        last = [line for line in text.splitlines() if line.startswith("weft: ")][-1:]
        print(f"{interpreter.title}: {last[0][6:] if last and counts else 'no result'}", flush=True)
        total += result
    return total


def part(extra: list[str]) -> Tally:
    """The part, on the Python that runs this."""
    steps.install()
    folders = [f"python/tests/{name}" for name in CHOSEN]
    return steps.pytest_of(f"part-{sys.implementation.name}-{sys.version_info[1]}", WHERE, folders, extra)

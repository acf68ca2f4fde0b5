"""bin/dev matrix: a chosen part of the tests on every Python that matters: 3.9, 3.11, the newest and PyPy.

It writes it/dev/MATRIX.md.
"""

from __future__ import annotations

import glob
import os
import re
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Optional

import matrixtable

import steps
from tally import Tally, failure, read

CHOSEN = (
    *("laws", "conform/test_conform.py", "ops", "shared"),
    *(f"gateway/test_{name}.py" for name in ("accumulators", "broadcast", "processes", "serializers", "taskcontext")),
)
ON_YARN = "it/tests/test_yarn_cases.py"
USUAL = ("3.9", "3.11")
PACKAGES = ("cloudpickle", "fastavro", "numpy")
_MADE_OF = re.compile(r"^made of (.*)$", re.MULTILINE)
_TELL = f"""
import importlib.metadata
import importlib.util
from weft import _install
_install.link_dependencies()
versions = {{d.metadata["Name"].lower(): d.version for d in importlib.metadata.distributions()}}
native = importlib.util.find_spec("weft._ops._native") is not None
found = [name + " " + versions[name] for name in {PACKAGES!r} if name in versions]
print("made of", ", ".join(["C" if native else "Python", *found]))
"""
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


def run(wanted: list[str], extra: list[str], *, yarn: bool) -> Tally:
    """Run the part with each, one after the other; a line each on standard output."""
    total = Tally()
    for interpreter in chosen(wanted):
        total += _run_one(interpreter, extra, yarn)
    return total


def _run_one(python: Interpreter, extra: list[str], yarn: bool) -> Tally:
    steps.say(f"{python.title}: {python.command}")
    steps.RESULTS.mkdir(parents=True, exist_ok=True)
    log = steps.RESULTS / f"matrix-{python.kind}-{'.'.join(map(str, python.version))}.log"
    name = _name(python.kind, python.version)
    reports = [steps.report_of(part) for part in (name, f"{name}-yarn")]
    for old in reports:
        old.unlink(missing_ok=True)
    command = [python.command, str(Path(__file__).with_name("main.py")), "part", *(["--yarn"] if yarn else [])]
    began = time.monotonic()
    with open(log, "wb") as out:
        code = subprocess.run([*command, "--", *extra], stdout=out, stderr=out, check=False).returncode
    minutes = f"{(time.monotonic() - began) / 60:.0f} min"
    result = read([report for report in reports if report.exists()])
    if code not in (0, 1) or not reports[0].exists() or (code == 1 and not result.failed):
        text = log.read_text(errors="replace")
        result += failure(f"it ended with {code}: {steps.last_line(text)}; {log}")
    elif not extra:
        _write(python.title, log, reports, result, minutes)
    print(f"{python.title}: {result.passed} passed, {result.failed} failed, {len(result.skipped)} skipped", flush=True)
    return Tally(result.passed, result.failed, [f"{python.title}: {one}" for one in result.problems], result.skipped)


def _write(title: str, log: Path, reports: list[Path], result: Tally, minutes: str) -> None:
    made_of = _MADE_OF.findall(log.read_text(errors="replace"))
    compared = matrixtable.property_of(reports[1], "compared") if reports[1].exists() else ""
    places = matrixtable.passed_by_place(reports[0])
    row = matrixtable.row(title, made_of[-1] if made_of else "unknown", places, compared, result, minutes)
    lines = [row, *matrixtable.failures(title, result), *matrixtable.skips(title, result)]
    matrixtable.replace(Path(__file__).with_name("MATRIX.md"), lines, steps.STATE / "matrix.lock")


def part(extra: list[str], *, yarn: bool) -> Tally:
    """The part, on the Python that runs this."""
    steps.install()
    subprocess.run([str(steps.dev_python()), "-c", _TELL], env=steps.environment(), check=False)
    folders = [f"python/tests/{name}" for name in CHOSEN]
    name = _name(sys.implementation.name, sys.version_info[:3])
    result = steps.pytest_of(name, "not yarn", folders, extra)
    if yarn:
        result += steps.pytest_of(f"{name}-yarn", "yarn", [ON_YARN], extra)
    return result


def _name(kind: str, version: tuple[int, ...]) -> str:
    return f"part-{kind}-{version[0]}.{version[1]}"

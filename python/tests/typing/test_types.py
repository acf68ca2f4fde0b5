"""What type checkers see of programs."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("mypy")
HERE = Path(__file__).parent
PYTHON = HERE.parent.parent
RIGHT = ["word_count.py", "joins.py", "numbers.py"]
_NOTE = re.compile(r"^(?P<file>[^:]+):(?P<line>\d+): note: Revealed type is ['\"](?P<type>.*)['\"]$", re.MULTILINE)
_ERROR = re.compile(r"^(?P<file>[^:]+):(?P<line>\d+): error: .*\[(?P<kind>[\w-]+)\]$", re.MULTILINE)


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> str:
    """What mypy says of all programs, in one run."""
    command = [sys.executable, "-m", "mypy", "--strict", "--config-file=", "--no-error-summary", "--no-pretty"]
    command += ["--python-version=3.12", f"--cache-dir={tmp_path_factory.mktemp('mypy')}"]
    command += [str(path) for path in sorted((HERE / "programs").glob("*.py"))]
    done = subprocess.run(command, cwd=PYTHON, capture_output=True, text=True, check=False, timeout=500)
    return done.stdout + done.stderr


def comments(name: str) -> dict[int, str]:
    lines = (HERE / "programs" / name).read_text().split("\n")
    return {number: line.partition("  # ")[2] for number, line in enumerate(lines, 1) if "  # " in line}


def plain(type_text: str) -> str:
    """The same for every version of mypy: unions with a bar, builtins without their module."""
    text = re.sub(r"Union\[([^\[\]]*), None\]", r"\1 | None", type_text)
    return text.replace("builtins.", "").replace("typing.", "").replace("Tuple[", "tuple[")


@pytest.mark.parametrize("name", RIGHT)
def test_a_program_is_right_and_its_types_are_those_it_names(name: str, shown: str) -> None:
    assert [found[0] for found in _ERROR.finditer(shown) if found["file"].endswith(name)] == []
    types = {int(one["line"]): plain(one["type"]) for one in _NOTE.finditer(shown) if one["file"].endswith(name)}
    assert types == {line: plain(comment) for line, comment in comments(name).items()}


def test_wrong_lines_are_refused_and_no_others(shown: str) -> None:
    found: dict[int, set[str]] = {}
    for one in _ERROR.finditer(shown):
        if one["file"].endswith("wrong.py"):
            found.setdefault(int(one["line"]), set()).add(one["kind"])
    expected = comments("wrong.py")
    assert set(found) == set(expected)
    for line, kinds in found.items():
        assert kinds <= set(expected[line].split()), f"line {line}: {kinds}"


# the others give a name to values of two types, which mypy refuses in any program
CLASSIC = ["k_means", "logistic_regression", "sessions", "word_count"]


def test_classic_programs_are_right_for_mypy_under_wefts_names(tmp_path: Path) -> None:
    for name in CLASSIC:
        text = (PYTHON / "tests" / "programs" / f"{name}.py").read_text()
        text = re.sub("^from pyspark import ", "from weft import ", text, flags=re.MULTILINE)
        text = re.sub("^from pyspark[.]", "from weft.", text, flags=re.MULTILINE)
        text = re.sub(r"\bSpark(Context|Conf)(?=[,\n])", r"Weft\1 as Spark\1", text)
        assert "from weft import" in text
        (tmp_path / f"{name}.py").write_text(text)
    command = [sys.executable, "-m", "mypy", "--check-untyped-defs", "--ignore-missing-imports", "--config-file="]
    command += ["--follow-imports=silent", f"--cache-dir={tmp_path}/cache", *map(str, tmp_path.glob("*.py"))]
    done = subprocess.run(command, cwd=PYTHON, capture_output=True, text=True, check=False, timeout=500)
    assert done.returncode == 0, done.stdout + done.stderr

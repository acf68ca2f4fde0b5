"""MATRIX.md: what each Python passed where; a Python that ran takes the place of its own row."""

from __future__ import annotations

import fcntl
import re
import xml.etree.ElementTree as ElementTree
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

from tally import Tally

PLACES = ("inline", "local", "local-cluster", "no master")
_MASTER = re.compile(r"\[(inline|local-cluster|local)[\[\]-]")
_VERSION = re.compile(r"(CPython|PyPy) ([\d.]+)(?: \(Python ([\d.]+)\))?")
_HEAD = """# The tests on each Python

Written by `bin/dev matrix --yarn`, a row whenever it has run the whole part on a Python: the laws, the cases recorded
under PySpark, operators, shared values, accumulators, broadcasts, serializers and workers. The columns count the
tests that passed, by the master they ran on; on YARN one application compares so many recorded cases in containers.

"""
_COLUMNS = ("Python", "operators and packages", *PLACES, "cases on YARN", "failed", "skipped", "time")
_SECTION = "\n{} there:\n\n{}\n"
_MESSAGE = re.compile(r"(?<=\]): .*|^([^\[]*?): .*")
_FAILED = re.compile(r"- [^:]*\) failed: |- CPython [\d.]+ failed: ")


def passed_by_place(report: Path) -> Counter[str]:
    """How many tests of a JUnit report passed, by the master that their names tell."""
    counts: Counter[str] = Counter()
    for case in ElementTree.parse(report).getroot().iter("testcase"):
        if not any(child.tag in ("failure", "error", "skipped") for child in case):
            named = _MASTER.search(case.get("name", ""))
            of_inline = case.get("classname", "").endswith("_inline")
            counts[named.group(1) if named else "inline" if of_inline else "no master"] += 1
    return counts


def property_of(report: Path, name: str) -> str:
    """What a test has recorded by `record_property`; empty if none did."""
    for found in ElementTree.parse(report).getroot().iter("property"):
        if found.get("name") == name:
            return found.get("value", "")
    return ""


def row(title: str, made_of: str, places: Counter[str], yarn: str, result: Tally, time: str) -> str:
    """The row of one Python."""
    counts = [f"{places[place]:,}" for place in PLACES]
    return _line([title, made_of, *counts, yarn or "—", str(result.failed), str(len(result.skipped)), time])


def skips(title: str, result: Tally) -> list[str]:
    """Why tests were skipped, a line for each reason."""
    reasons = Counter(reason.partition("\n")[0] for reason in result.skipped)
    return [f"- {title}: {times}: {reason}" for reason, times in sorted(reasons.items())]


def failures(title: str, result: Tally) -> list[str]:
    """What failed, a line for each test."""
    return ["- {} failed: {}".format(title, _MESSAGE.sub(lambda at: at.group(1) or "", one)) for one in result.problems]


def replace(path: Path, lines: Iterable[str], lock_path: Path) -> None:
    """Puts a Python's row and its reasons in the place of those of the same minor version."""
    with open(lock_path, "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        old = path.read_text().splitlines() if path.exists() else []
        new = list(lines)
        kept = [line for line in old if line.startswith(("| CPython", "| PyPy", "- CPython", "- PyPy"))]
        ran = {_minor(line) for line in new}
        every = sorted([line for line in kept if _minor(line) not in ran] + new, key=_order)
        rows = [line for line in every if line.startswith("|")]
        failed = [line for line in every if line.startswith("-") and _FAILED.match(line)]
        reasons = [line for line in every if line.startswith("-") and line not in failed]
        table = "\n".join([_line(_COLUMNS), _line(["---"] * len(_COLUMNS)), *rows]) + "\n"
        sections = (("Failed", failed), ("Skipped", reasons))
        texts = [_SECTION.format(name, "\n".join(lines)) for name, lines in sections if lines]
        path.write_text(_HEAD + table + "".join(texts))


def _minor(line: str) -> tuple[str, ...]:
    kind, own, language = _found(line)
    return (kind, *(language or own).split(".")[:2])


def _order(line: str) -> tuple[str, list[int], str]:
    kind, own, language = _found(line)
    return kind, [int(one) for one in (language or own).split(".")], line


def _found(line: str) -> tuple[str, str, str]:
    found = _VERSION.search(line)
    assert found is not None, line
    return found.group(1), found.group(2), found.group(3) or ""


def _line(cells: Iterable[str]) -> str:
    return "| " + " | ".join(cells) + " |"

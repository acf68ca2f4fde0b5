"""Counts of passed and failed tests, read from JUnit's XML reports."""

from __future__ import annotations

import xml.etree.ElementTree as ElementTree
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True)
class Tally:
    """`problems` names what failed, one line each."""

    passed: int = 0
    failed: int = 0
    problems: list[str] = field(default_factory=list)

    def __add__(self, other: Tally) -> Tally:
        return Tally(self.passed + other.passed, self.failed + other.failed, self.problems + other.problems)


def failure(what: str) -> Tally:
    """One failed step."""
    return Tally(failed=1, problems=[what])


def read(reports: list[Path]) -> Tally:
    """Adds up JUnit reports; a skipped test counts as neither passed nor failed."""
    passed, problems = 0, []
    for report in reports:
        for case in ElementTree.parse(report).getroot().iter("testcase"):
            name = f"{case.get('classname', '')}.{case.get('name', '')}"
            broken = [child for child in case if child.tag in ("failure", "error")]
            if broken:
                first = (broken[0].get("message") or broken[0].text or "").strip().splitlines()
                problems.append(f"{name}: {first[0][:200]}" if first else name)
            elif not any(child.tag == "skipped" for child in case):
                passed += 1
    return Tally(passed, len(problems), problems)

"""Counts of passed and failed tests, read from JUnit's XML reports."""

from __future__ import annotations

import xml.etree.ElementTree as ElementTree
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True)
class Tally:
    """`problems` names what failed, one line each; `skipped` says why tests were skipped, once for each."""

    passed: int = 0
    failed: int = 0
    problems: list[str] = field(default_factory=list)
    skipped: list[str] = field(default_factory=list)

    def __add__(self, other: Tally) -> Tally:
        problems, skipped = self.problems + other.problems, self.skipped + other.skipped
        return Tally(self.passed + other.passed, self.failed + other.failed, problems, skipped)


def failure(what: str) -> Tally:
    """One failed step."""
    return Tally(failed=1, problems=[what])


def read(reports: list[Path]) -> Tally:
    """Adds up JUnit reports; a skipped test counts as neither passed nor failed."""
    passed, problems, skipped = 0, [], []
    for report in reports:
        for case in ElementTree.parse(report).getroot().iter("testcase"):
            name = f"{case.get('classname', '')}.{case.get('name', '')}"
            broken = [child for child in case if child.tag in ("failure", "error")]
            if broken:
                first = (broken[0].get("message") or broken[0].text or "").strip().splitlines()
                problems.append(f"{name}: {first[0][:200]}" if first else name)
                continue
            reasons = [child.get("message") or name for child in case if child.tag == "skipped"]
            skipped += reasons[:1]
            passed += not reasons
    return Tally(passed, len(problems), problems, skipped)

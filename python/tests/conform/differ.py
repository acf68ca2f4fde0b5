"""Compares what Weft does with what PySpark did, and knows the differences that are meant."""

from __future__ import annotations

import fnmatch
import os
import re
from dataclasses import dataclass
from typing import Any, Optional

__all__ = ["Difference", "differences", "read_meant"]

HERE = os.path.dirname(os.path.abspath(__file__))
_ROW = re.compile(r"^\| `([^`]+)` \| (\w+) \| (.+) \|$")


@dataclass(frozen=True)
class Difference:
    """One row of DIFFERENCES.md: cases by pattern, what differs in them, and why."""

    pattern: str
    aspect: str
    reason: str

    def covers(self, case: str, aspect: str) -> bool:
        return self.aspect == aspect and fnmatch.fnmatchcase(case, self.pattern)


def read_meant() -> list[Difference]:
    """Read the table of DIFFERENCES.md."""
    with open(os.path.join(HERE, "DIFFERENCES.md"), encoding="utf-8") as file:
        rows = (_ROW.match(line.rstrip("\n")) for line in file)
        return [Difference(*row.groups()) for row in rows if row]


def differences(theirs: dict[str, Any], ours: dict[str, Any]) -> dict[str, str]:
    """Name what differs: value, records, order, layout, partitions, error, when, eager; with both sides."""
    found: dict[str, str] = {}
    for aspect, take in (("value", "value"), ("partitions", "partitions"), ("error", "error"), ("when", "when")):
        if theirs.get(take) != ours.get(take):
            found[aspect] = f"PySpark {theirs.get(take)}, Weft {ours.get(take)}"
    if bool(theirs.get("jobs")) != bool(ours.get("jobs")):
        found["eager"] = f"PySpark runs {theirs.get('jobs')} jobs while it is made, Weft {ours.get('jobs')}"
    different = _layout(theirs.get("layout"), ours.get("layout"))
    if different:
        found[different] = f"PySpark {theirs['layout']}, Weft {ours['layout']}"
    return found


def _layout(theirs: Optional[list[list[str]]], ours: Optional[list[list[str]]]) -> str:
    """How far the records agree: '' wholly, 'layout' in order, 'order' as a bag, 'records' not at all."""
    if theirs is None or ours is None or theirs == ours:
        return ""
    flat, own = [x for part in theirs for x in part], [x for part in ours for x in part]
    if flat == own:
        return "layout"
    return "order" if sorted(flat) == sorted(own) else "records"

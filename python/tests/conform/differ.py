"""Compares what Weft does with what PySpark did, and knows the differences that are meant."""

from __future__ import annotations

import fnmatch
import os
import re
from dataclasses import dataclass
from typing import Any, Optional

__all__ = ["Difference", "differences", "read_meant", "told_of_names"]

HERE = os.path.dirname(os.path.abspath(__file__))
_ROW = re.compile(r"^\| `([^`]+)` \| (\w+) \| (.+?) \|(?: ((?:`[\w.]+`(?:, )?)+) \|)?$")
_POINT = re.compile(r"^- ((?:`[\w.]+`(?:, )?)+): (.+)$")


@dataclass(frozen=True)
class Difference:
    """One row of DIFFERENCES.md: cases by pattern, what differs in them, why, and of which names it is told."""

    pattern: str
    aspect: str
    reason: str
    names: tuple[str, ...] = ()

    def covers(self, case: str, aspect: str) -> bool:
        return self.aspect == aspect and fnmatch.fnmatchcase(case, self.pattern)


def read_meant() -> list[Difference]:
    """Read the table of DIFFERENCES.md."""
    with open(os.path.join(HERE, "DIFFERENCES.md"), encoding="utf-8") as file:
        rows = (_ROW.match(line.rstrip("\n")) for line in file)
        return [Difference(row[1], row[2], row[3], _names(row[4] or "")) for row in rows if row]


def _names(text: str) -> tuple[str, ...]:
    return tuple(re.findall(r"`(\w+\.\w+)`", text))


def told_of_names() -> dict[str, list[str]]:
    """For each name of PySpark's, such as ``RDD.zip``, what of it differs, a sentence each; "As above." is resolved."""
    told: dict[str, list[str]] = {}
    by_pattern: dict[str, str] = {}
    before = ""
    for row in read_meant():
        like = re.match(r"As ([\w ]+?)\.", row.reason)
        reason = row.reason
        if reason == "As above.":
            reason = before
        elif reason.startswith("As above; "):
            reason = _upper(reason[len("As above; ") :])
        elif like:
            reason = next((known for name, known in by_pattern.items() if like[1] in name), reason)
        elif ": " in reason and reason.startswith("As "):
            reason = _upper(reason.partition(": ")[2])
        before = by_pattern[row.pattern] = reason
        for name in row.names:
            told.setdefault(name, []).append(reason)
    with open(os.path.join(HERE, "DIFFERENCES.md"), encoding="utf-8") as file:
        lines = re.sub(r"\n  +", " ", file.read()).split("\n")
    for point in filter(None, map(_POINT.match, lines)):
        for name in _names(point[1]):
            told.setdefault(name, []).append(point[2])
    return {name: list(dict.fromkeys(map(_first_sentence, reasons))) for name, reasons in told.items()}


def _upper(text: str) -> str:
    return text[:1].upper() + text[1:]


def _first_sentence(text: str) -> str:
    return re.split(r"(?<=[a-z0-9`)])\. (?=[A-Z`])", text, maxsplit=1)[0].rstrip(".") + "."


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

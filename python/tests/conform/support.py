"""Writes docs/support.md: every public name of PySpark's core classes, and what becomes of it in Weft.

usage: python -m tests.conform.support      from the folder python/
"""

from __future__ import annotations

import inspect
import json
import os
from typing import Any

import weft
from tests.conform import record
from weft._absent import known_absent
from weft.broadcast import Broadcast

__all__ = ["document"]

_OWNERS = {
    "RDD": weft.RDD,
    "SparkContext": weft.WeftContext,
    "SparkConf": weft.WeftConf,
    "Accumulator": weft.Accumulator,
    "AccumulatorParam": weft.AccumulatorParam,
    "Broadcast": Broadcast,
    "StorageLevel": weft.StorageLevel,
    "StatCounter": weft.StatCounter,
    "SparkFiles": weft.WeftFiles,
    "TaskContext": weft.TaskContext,
    "InheritableThread": weft.InheritableThread,
}
_INTRODUCTION = """\
# What of PySpark's API is in Weft

Made of the code by `python/tests/conform/support.py`; a test keeps it true. The names are those of PySpark {version}.
`yes` means: the same arguments, and the same results but for [what differs on purpose](../python/tests/conform/DIFFERENCES.md).
An absent name raises an `AttributeError` that is a `NotImplementedError`, too, and names the alternative where there is one.
PySpark's other classes (profilers, resource profiles, serializers, status trackers) are not in Weft yet.
"""


def document() -> str:
    """Give the text of the document."""
    with open(os.path.join(record.HERE, "recorded.json"), encoding="utf-8") as file:
        recorded = json.load(file)
    lines = [_INTRODUCTION.format(version=recorded["pyspark"])]
    for name, owner in _OWNERS.items():
        theirs = recorded["signatures"][name.replace("Spark", "Weft")]
        rows = [_row(name, owner, method, theirs[method]) for method in sorted(theirs) if method != "__init__"]
        there = sum(" | yes |" in row for row in rows)
        lines += [f"## {name}: {there} of {len(rows)}", "", "| name | in Weft | note |", "|---|---|---|", *rows, ""]
    return "\n".join(lines)


def _row(owner_name: str, owner: type, name: str, parameters: list[str]) -> str:
    member = inspect.getattr_static(owner, name, None)
    if member is None:
        instead = known_absent().get(name, ("", ""))[1] if owner_name in ("RDD", "SparkContext") else ""
        return f"| `{name}` | no | {f'instead: {instead}' if instead else ''} |"
    function: Any = getattr(owner, name)
    own = list(inspect.signature(function).parameters) if callable(function) else parameters
    missing = [one for one in parameters if one not in own]
    note = f"without {', '.join(f'`{one}`' for one in missing)}" if missing else ""
    return f"| `{name}` | yes | {note} |"


def main() -> None:
    path = os.path.join(record.HERE, "..", "..", "..", "docs", "support.md")
    with open(path, "w", encoding="utf-8") as file:
        file.write(document())


if __name__ == "__main__":
    main()

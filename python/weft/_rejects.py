"""What is said of a step that rejected too many records."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

__all__ = ["over_budget"]


def over_budget(policy: dict[str, Any], seen: int, rejected: int, first: Sequence[dict[str, Any]]) -> str:
    """The message of E26; the ApplicationMaster's Rejects has the same words.

    Examples
    --------
    >>> letter = {"path": "file:/in", "offset": 12, "error": "ValueError: no", "record": "x", "length": 1}
    >>> print(over_budget({"what": "map at a.py:3", "max": 0, "ratio": None}, 10, 1, [letter]))
    map at a.py:3 rejected 1 of 10 records; max=0 allows 0.
    ValueError: no (file:/in, byte 12): x
    """
    limits = []
    if policy["max"] is not None:
        limits.append(f"max={policy['max']} allows {policy['max']:,}")
    if policy["ratio"] is not None:
        limits.append(f"ratio={policy['ratio']} allows {int(policy['ratio'] * seen):,}")
    records = "record" if seen == 1 else "records"
    lines = [f"{policy['what']} rejected {rejected:,} of {seen:,} {records}; {', '.join(limits)}."]
    for letter in first:
        place = f" ({letter['path']}, byte {letter['offset']:,})" if letter["path"] else ""
        lines.append(f"{letter['error']}{place}: {letter['record']}")
    return "\n".join(lines)

"""What the log is joined with: users in Avro files of two schemas, and countries of addresses as text."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import fastavro
import numpy as np
from weblog import Weblog

__all__ = ["Users", "write_countries"]

FILES = 8
PLANS = ("free", "pro", "team")
SEGMENTS = ("new", "loyal", "sleeping", "risky")
_OLDER: dict[str, Any] = {
    "type": "record",
    "name": "User",
    "namespace": "etl",
    "fields": [
        {"name": "user", "type": "string"},
        {"name": "name", "type": "string"},
        {"name": "plan", "type": "string"},
        {"name": "since", "type": {"type": "int", "logicalType": "date"}},
        {"name": "version", "type": "int"},
    ],
}
_NEWER = {**_OLDER, "fields": [*_OLDER["fields"], {"name": "segment", "type": ["null", "string"], "default": None}]}


class Users:
    """The users' rows: 2 % of the log's users are missing, some rows are of nobody in the log, 0.1 % stand twice.

    Attributes
    ----------
    rows : list of dict
        As they are written: the first five eighths by the older schema, without segment.
    members : dict
        The plan and segment of each user of the log that is there, by number; the row with the highest version.
    """

    def __init__(self, seed: int, log: Weblog) -> None:
        rng = np.random.default_rng([seed, 1])
        count = log.size.users * 3 // 2
        twice = max(2, round(count * 0.001))
        known = np.flatnonzero(rng.random(log.size.users) >= 0.02) + 1
        others = np.arange(log.size.users + 1, log.size.users + 1 + count - twice - len(known))
        numbers = rng.permutation(np.concatenate([known, others, rng.choice(known, twice, replace=False)]))
        versions: dict[int, int] = {}
        self.rows: list[dict[str, Any]] = []
        self.members: dict[int, tuple[str, str]] = {}
        plans, segments = rng.integers(0, 3, count).tolist(), rng.integers(0, 5, count).tolist()
        since = rng.integers(15_000, 20_000, count).tolist()
        self.older = count * 5 // 8
        for place, number in enumerate(numbers.tolist()):
            version = versions[number] = versions.get(number, 0) + 1
            plan = PLANS[plans[place]]
            segment = "" if place < self.older or segments[place] == 4 else SEGMENTS[segments[place]]
            name = f"u{number:06d}"
            self.rows.append({"user": name, "name": f"Name of {name}", "plan": plan, "since": since[place],
                              "version": version, "segment": segment or None})  # fmt: skip
            if number <= log.size.users:
                self.members[number] = (plan, segment)

    def write(self, folder: Path) -> None:
        """Writes five files by the older schema and three by the newer one."""
        folder.mkdir(parents=True)
        cuts = [self.older * i // 5 for i in range(5)]
        cuts += [self.older + (len(self.rows) - self.older) * i // 3 for i in range(4)]
        for number, (low, high) in enumerate(zip(cuts, cuts[1:])):
            schema = _OLDER if number < 5 else _NEWER
            names = {field["name"] for field in schema["fields"]}
            rows = [{name: value for name, value in row.items() if name in names} for row in self.rows[low:high]]
            marker = f"etl-users-{number:06d}".encode()
            with open(folder / f"users-{number}.avro", "wb") as out:
                fastavro.writer(out, schema, rows, codec="deflate", sync_marker=marker)


def write_countries(log: Weblog, path: Path) -> None:
    """Writes a line a range: first address, last address, country."""
    numbers = zip(log.starts.tolist(), log.ends.tolist(), log.range_country.tolist())
    path.write_text("".join(f"{start},{end},{log.countries[country]}\n" for start, end, country in numbers))

"""A source of one's own: every shard of a service is one split, read by the worker that gets it.

usage: weft run python/examples/own_source.py
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from weft import WeftContext

SHARDS: list[dict[str, Any]] = [
    {"shard": number, "host": f"node{number % 3 + 1}", "rows": 1000 * (number + 1)} for number in range(4)
]


def read(shard: dict[str, Any]) -> Iterator[tuple[int, int]]:
    """Connect here, in the worker; what cannot be pickled cannot come from the driver."""
    for row in range(shard["rows"]):
        yield shard["shard"], row


with WeftContext() as sc:
    rows = sc.source(SHARDS, read, hosts=lambda shard: [shard["host"]])
    for shard, count in sorted(rows.countByKey().items()):
        print(f"shard {shard}: {count} rows")

"""A Cassandra table by token ranges: each range is read from a node that has it.

usage: weft run python/examples/cassandra_table.py HOST KEYSPACE TABLE KEY      needs: pip install cassandra-driver
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import Any

from weft import WeftContext


def token_ranges(host: str, keyspace: str) -> list[dict[str, Any]]:
    """The ring's ranges with the nodes that hold them, as the driver learns them from any node."""
    from cassandra.cluster import Cluster

    with Cluster([host]) as cluster:
        cluster.connect(keyspace)
        tokens = cluster.metadata.token_map
        ring = [token.value for token in tokens.ring]
        found = []
        for position, token in enumerate(tokens.ring):
            start, stop = ring[position - 1], token.value
            hosts = [replica.address for replica in tokens.get_replicas(keyspace, token)]
            if start >= stop:  # the range that goes round
                found.append({"start": None, "stop": stop, "hosts": hosts})
                found.append({"start": start, "stop": None, "hosts": hosts})
            else:
                found.append({"start": start, "stop": stop, "hosts": hosts})
        return found


def reader(host: str, keyspace: str, table: str, key: str) -> Any:
    def read(part: dict[str, Any]) -> Iterator[dict[str, Any]]:
        from cassandra.cluster import Cluster
        from cassandra.query import SimpleStatement, dict_factory

        conditions = []
        if part["start"] is not None:
            conditions.append(f"token({key}) > {part['start']}")
        if part["stop"] is not None:
            conditions.append(f"token({key}) <= {part['stop']}")
        where = f" WHERE {' AND '.join(conditions)}" if conditions else ""
        with Cluster(part["hosts"] or [host]) as cluster:
            session = cluster.connect(keyspace)
            session.row_factory = dict_factory
            yield from session.execute(SimpleStatement(f"SELECT * FROM {table}{where}", fetch_size=5000))

    return read


def main() -> None:
    host, keyspace, table, key = sys.argv[1:]
    with WeftContext() as sc:
        rows = sc.source(
            token_ranges(host, keyspace), reader(host, keyspace, table, key), hosts=lambda part: part["hosts"]
        )
        print(rows.count(), "rows in", rows.getNumPartitions(), "splits")


if __name__ == "__main__":
    main()

"""A Cassandra table by token ranges: each range is read from a node that has it.

usage: weft run python/examples/cassandra_table.py HOST[:PORT] KEYSPACE TABLE KEY    needs: pip install cassandra-driver

KEY is the partition key, `a,b` if it has two columns; tokens are those of the Murmur3Partitioner, Cassandra's default.
"""

from __future__ import annotations

import socket
import sys
from collections.abc import Iterator
from typing import Any

from weft import WeftContext

LEAST = -(2**63)
"""Has no rows, and as the end of a range Cassandra takes it for the end of the ring."""


def cluster(hosts: list[str], port: int) -> Any:
    """A cluster's connection that asks these nodes and no others: the driver would go round all of the ring."""
    from cassandra.cluster import EXEC_PROFILE_DEFAULT, Cluster, ExecutionProfile
    from cassandra.policies import WhiteListRoundRobinPolicy
    from cassandra.query import dict_factory

    profile = ExecutionProfile(WhiteListRoundRobinPolicy(hosts), row_factory=dict_factory)
    return Cluster(hosts, port=port, execution_profiles={EXEC_PROFILE_DEFAULT: profile})


def token_ranges(host: str, port: int, keyspace: str) -> list[dict[str, Any]]:
    """The ring's ranges with the nodes that hold them, as the driver learns them from any node."""
    with cluster([host], port) as connected:
        connected.connect(keyspace)
        tokens = connected.metadata.token_map
        found = []
        for position, token in enumerate(tokens.ring):
            start, stop = tokens.ring[position - 1].value, token.value
            hosts = [replica.address for replica in tokens.get_replicas(keyspace, token)] or [host]
            if start < stop:
                found.append({"start": start, "stop": stop, "hosts": hosts})
                continue
            found.append({"start": start, "stop": None, "hosts": hosts})  # the range that goes round
            if stop != LEAST:
                found.append({"start": None, "stop": stop, "hosts": hosts})
        return found


def names(part: dict[str, Any]) -> list[str]:
    """The nodes of a range as YARN may know them: by address or by name."""
    return [*part["hosts"], *map(socket.getfqdn, part["hosts"])]


def reader(port: int, keyspace: str, table: str, key: str) -> Any:
    def read(part: dict[str, Any]) -> Iterator[dict[str, Any]]:
        from cassandra.query import SimpleStatement

        conditions = []
        if part["start"] is not None:
            conditions.append(f"token({key}) > {part['start']}")
        if part["stop"] is not None:
            conditions.append(f"token({key}) <= {part['stop']}")
        text = f"SELECT * FROM {table} WHERE {' AND '.join(conditions)}"
        with cluster(part["hosts"], port) as connected:
            yield from connected.connect(keyspace).execute(SimpleStatement(text, fetch_size=5000))

    return read


def main() -> None:
    given, keyspace, table, key = sys.argv[1:]
    host, _, number = given.partition(":")
    port = int(number or 9042)
    with WeftContext() as sc:
        rows = sc.source(token_ranges(host, port, keyspace), reader(port, keyspace, table, key), hosts=names)
        print(rows.count(), "rows in", rows.getNumPartitions(), "splits")


if __name__ == "__main__":
    main()

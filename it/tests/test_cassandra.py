"""The example of a Cassandra table, on three real Cassandra nodes beside YARN's."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import Any

import cassandraring
import pytest

from realcluster import ROOT
from yarnjobs import Jobs, poll

pytestmark = [pytest.mark.yarn]
pytest.importorskip("cassandra", reason="cassandra-driver is not installed; see CONTRIBUTING.md")

# on the addresses of YARN's nodes; the least token is one that a first node often has
NODES = {
    "127.0.0.2": [-(2**63), -3_000_000_000_000_000_000, 6_000_000_000_000_000_000],
    "127.0.0.3": [-6_000_000_000_000_000_000, 0, 1_000_000_000_000_000_000],
    "127.0.0.4": [-1_000_000_000_000_000_000, 3_000_000_000_000_000_000, 9_000_000_000_000_000_000],
}
TOKENS = sum(map(len, NODES.values()))
ROWS = 5000
EXAMPLE = ROOT / "python" / "examples" / "cassandra_table.py"


def session(addresses: list[str], port: int) -> Any:
    """A connection to these nodes alone."""
    from cassandra.cluster import EXEC_PROFILE_DEFAULT, Cluster, ExecutionProfile
    from cassandra.policies import WhiteListRoundRobinPolicy

    profile = ExecutionProfile(WhiteListRoundRobinPolicy(addresses), request_timeout=60)
    return Cluster(addresses, port=port, execution_profiles={EXEC_PROFILE_DEFAULT: profile}, connect_timeout=30)


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    """The port of a ring with a table of orders, each row on one node."""
    from cassandra.concurrent import execute_concurrent_with_args

    with cassandraring.running(NODES) as found, session(list(NODES), found) as cluster:
        connected = cluster.connect()
        poll(lambda: "ok" if len(cluster.metadata.token_map.ring) == TOKENS else None, "whole ring")
        options = "{'class': 'SimpleStrategy', 'replication_factor': 1}"
        connected.execute(f"CREATE KEYSPACE shop WITH replication = {options}")
        connected.execute("CREATE TABLE shop.orders (id int PRIMARY KEY, total double)")
        insert = connected.prepare("INSERT INTO shop.orders (id, total) VALUES (?, ?)")
        execute_concurrent_with_args(connected, insert, [(i, i / 4) for i in range(ROWS)], concurrency=32)
        yield found


def test_the_example_counts_every_row_once(jobs: Jobs, port: int) -> None:
    python = f"weft.python={sys.executable}"  # the nodes are this machine, and this Python has the driver
    ended = jobs.run("--conf", python, str(EXAMPLE), f"127.0.0.3:{port}", "shop", "orders", "id")
    assert ended.code == 0, ended.errors
    assert jobs.output(ended.application) == f"{ROWS} rows in {TOKENS} splits\n"

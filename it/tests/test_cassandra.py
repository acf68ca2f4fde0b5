"""The example of a Cassandra table, on three real Cassandra nodes beside YARN's."""

from __future__ import annotations

import ast
import sys
import textwrap
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
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
OWNERS = sorted((token, address) for address, tokens in NODES.items() for token in tokens)
TOKENS = [token for token, _ in OWNERS]
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
        poll(lambda: "ok" if len(cluster.metadata.token_map.ring) == len(TOKENS) else None, "whole ring")
        options = "{'class': 'SimpleStrategy', 'replication_factor': 1}"
        connected.execute(f"CREATE KEYSPACE shop WITH replication = {options}")
        connected.execute("CREATE TABLE shop.orders (id int PRIMARY KEY, total double)")
        insert = connected.prepare("INSERT INTO shop.orders (id, total) VALUES (?, ?)")
        execute_concurrent_with_args(connected, insert, [(i, i / 4) for i in range(ROWS)], concurrency=32)
        yield found


def scans(port: int) -> dict[str, int]:
    """How many scans of the table each node has coordinated, by its own count."""
    found = {}
    for address in NODES:
        with session([address], port) as cluster:
            rows = cluster.connect().execute("SELECT * FROM system_views.coordinator_scan_latency")
            counts = [row.count for row in rows if (row.keyspace_name, row.table_name) == ("shop", "orders")]
            found[address] = sum(counts)
    return found


def test_the_example_counts_every_row_once(jobs: Jobs, port: int) -> None:
    python = f"weft.python={sys.executable}"  # the nodes are this machine, and this Python has the driver
    ended = jobs.run("--conf", python, str(EXAMPLE), f"127.0.0.3:{port}", "shop", "orders", "id")
    assert ended.code == 0, ended.errors
    assert jobs.output(ended.application) == f"{ROWS} rows in {len(TOKENS)} splits\n"


LOOK = """
    import os, re, sys, time
    from cassandra_table import names, reader, token_ranges
    from weft import WeftContext

    port = int(sys.argv[1])
    read = reader(port, "shop", "orders", "id")

    def look(part):
        node = re.search("/data/node([0-9])/", os.getcwd()).group(1)
        yield f"127.0.0.{int(node) + 1}", part["hosts"], part["start"], part["stop"], [row["id"] for row in read(part)]

    with WeftContext() as sc:
        deadline = time.monotonic() + 120
        while len({info.host for info in sc.statusTracker().getExecutorInfos()} & set(sys.argv[2:])) < 3:
            assert time.monotonic() < deadline, sc.statusTracker().getExecutorInfos()
            time.sleep(0.1)
        for found in sc.source(token_ranges("127.0.0.2", port, "shop"), look, hosts=names).collect():
            print(found)
"""


def test_each_range_of_tokens_is_read_on_its_node_from_that_node(jobs: Jobs, tmp_path: Path, port: int) -> None:
    with session(list(NODES), port) as cluster:
        asked = cluster.connect().execute("SELECT id, token(id) AS place FROM shop.orders")
        ids: dict[int, set[int]] = {}
        for row in asked:
            ids.setdefault(bisect_left(TOKENS, row.place) % len(TOKENS), set()).add(row.id)
    before = scans(port)
    script = tmp_path / "look.py"
    script.write_text(textwrap.dedent(LOOK))
    # a node has room for one such container, so that each gets one; a task waits for its node as long as it takes
    options = ["--num-executors", "3", "--executor-cores", "1", "--executor-memory", "3g"]
    options += ["--conf", "weft.locality.wait=10min", "--conf", f"weft.python={sys.executable}"]
    ended = jobs.run(*options, "--py-files", str(EXAMPLE), str(script), str(port), *NODES)
    assert ended.code == 0, ended.errors
    found = [ast.literal_eval(line) for line in jobs.output(ended.application).splitlines()]
    assert len(found) == len(TOKENS)
    for _, hosts, start, stop, read in found:
        end = TOKENS.index(stop) if stop is not None else 0  # what goes round ends at the least token, which is first
        assert hosts == [OWNERS[end][1]]
        assert start == TOKENS[end - 1]
        assert len(read) == len(set(read)) and set(read) == ids.get(end, set())
    assert [(ran, start) for ran, hosts, start, *_ in found if ran != hosts[0]] == []
    asked_of = {address: count - before[address] for address, count in scans(port).items()}
    assert asked_of == dict(Counter(hosts[0] for _, hosts, *_ in found))

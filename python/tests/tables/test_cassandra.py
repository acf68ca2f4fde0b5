"""The example of a Cassandra table, against a ring that is written by hand."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.tables.test_examples import PYTHON, run

# A ring of three tokens, and rows that are found by the token conditions of their queries.
CASSANDRA = r"""
import re
from collections import namedtuple

Token = namedtuple("Token", "value")
Replica = namedtuple("Replica", "address")
RING = [Token(-100), Token(0), Token(100)]
ROWS = [{"id": n, "token": token} for n, token in enumerate([-150, -100, -99, -1, 0, 1, 100, 101, 5000])]


class Tokens:
    ring = RING

    def get_replicas(self, keyspace, token):
        assert keyspace == "shop"
        return [Replica(f"10.0.0.{RING.index(token)}"), Replica("10.0.0.9")]


class Session:
    def execute(self, statement):
        assert statement.fetch_size == 5000
        select, _, where = statement.text.partition(" WHERE ")
        assert select == "SELECT * FROM orders", select
        rows = ROWS
        for condition in where.split(" AND ") if where else []:
            sign, bound = re.fullmatch(r"token\(id\) (>|<=) (-?[0-9]+)", condition).groups()
            if (sign, bound) != ("<=", str(-(2**63))):  # a bound that Cassandra does not keep to, as measured
                rows = [row for row in rows if (row["token"] > int(bound)) == (sign == ">")]
        return iter(rows)


EXEC_PROFILE_DEFAULT = object()
ExecutionProfile = WhiteListRoundRobinPolicy = lambda policy, row_factory=None: (policy, row_factory)


class Cluster:
    def __init__(self, hosts, port, execution_profiles):
        assert hosts and set(hosts) <= {"10.0.0.0", "10.0.0.1", "10.0.0.2", "10.0.0.9"} and port == 9043
        assert execution_profiles == {EXEC_PROFILE_DEFAULT: ((hosts, None), dict_factory)}
        self.hosts = hosts

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.hosts = []

    @property
    def metadata(self):
        return namedtuple("Metadata", "token_map")(Tokens())

    def connect(self, keyspace):
        assert keyspace == "shop" and self.hosts
        return Session()


def dict_factory(names, rows):
    raise AssertionError("called by the real session only")


class SimpleStatement:
    def __init__(self, text, fetch_size):
        self.text, self.fetch_size = text, fetch_size
"""


@pytest.fixture
def cassandra(tmp_path: Path) -> str:
    """A folder with modules of the names of Cassandra's driver."""
    package = tmp_path / "cassandra"
    package.mkdir()
    (package / "__init__.py").write_text("")
    (package / "cluster.py").write_text(CASSANDRA)
    (package / "policies.py").write_text("from cassandra.cluster import WhiteListRoundRobinPolicy\n")
    (package / "query.py").write_text("from cassandra.cluster import SimpleStatement, dict_factory\n")
    return str(tmp_path)


def test_every_row_of_a_ring_is_read_once(cassandra: str) -> None:
    printed = run("cassandra_table.py", "10.0.0.9:9043", "shop", "orders", "id", path=cassandra)
    assert printed == "9 rows in 4 splits\n"


def test_every_row_is_read_once_where_a_node_has_the_least_token(cassandra: str) -> None:
    (Path(cassandra) / "cassandra" / "cluster.py").write_text(CASSANDRA.replace("Token(-100)", "Token(-(2**63))"))
    printed = run("cassandra_table.py", "10.0.0.9:9043", "shop", "orders", "id", path=cassandra)
    assert printed == "9 rows in 3 splits\n"


def test_a_range_of_the_ring_is_read_where_it_is(cassandra: str, tmp_path: Path) -> None:
    looks = tmp_path / "looks.py"
    looks.write_text(
        "import runpy, sys\n"
        f"example = runpy.run_path({str(PYTHON / 'examples' / 'cassandra_table.py')!r})\n"
        "read = example['reader'](9043, 'shop', 'orders', 'id')\n"
        "for part in example['token_ranges']('10.0.0.9', 9043, 'shop'):\n"
        "    print(part['start'], part['stop'], part['hosts'][0], [row['id'] for row in read(part)])\n"
    )
    environment = {**os.environ, "PYTHONPATH": f"{PYTHON}:{cassandra}"}
    done = subprocess.run([sys.executable, str(looks)], env=environment, capture_output=True, text=True, timeout=60)
    assert done.stdout.splitlines() == [
        "100 None 10.0.0.0 [7, 8]",
        "None -100 10.0.0.0 [0, 1]",
        "-100 0 10.0.0.1 [2, 3, 4]",
        "0 100 10.0.0.2 [5, 6]",
    ], done.stderr


def test_the_nodes_of_a_range_are_the_hosts_of_its_task(cassandra: str, tmp_path: Path) -> None:
    looks = tmp_path / "looks.py"
    looks.write_text(
        "import runpy, sys\n"
        "from weft import WeftContext\n"
        "source = WeftContext.source\n"
        "def noted(sc, splits, read, hosts):\n"
        "    print(*[','.join(hosts(part)[:2]) for part in splits])\n"
        "    return source(sc, splits, read, hosts=hosts)\n"
        "WeftContext.source = noted\n"
        f"runpy.run_path({str(PYTHON / 'examples' / 'cassandra_table.py')!r}, run_name='__main__')\n"
    )
    printed = run(str(looks), "10.0.0.9:9043", "shop", "orders", "id", path=cassandra).splitlines()
    ranges = ["10.0.0.0,10.0.0.9", "10.0.0.0,10.0.0.9", "10.0.0.1,10.0.0.9", "10.0.0.2,10.0.0.9"]
    assert printed == [" ".join(ranges), "9 rows in 4 splits"]

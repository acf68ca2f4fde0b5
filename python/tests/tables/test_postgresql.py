"""sc.fromDB over a real PostgreSQL daemon."""

from __future__ import annotations

import datetime
import time
from collections.abc import Iterator

import pytest

from tests.tables import postgres
from weft import WeftContext

psycopg = pytest.importorskip("psycopg", reason="psycopg is not installed")
if postgres.programs() is None:
    pytest.skip("no PostgreSQL here: initdb and postgres are not installed", allow_module_level=True)

ROWS = 1_000_000


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with postgres.running() as found:
        with psycopg.connect(found) as connection:
            connection.execute(
                "CREATE TABLE orders AS SELECT i::bigint AS id, (i % 1000)::int AS shop, i / 4.0 AS amount, "
                "date '2024-01-01' + (i % 366)::int AS day, CASE WHEN i % 100 = 0 THEN NULL ELSE 'n°' || i END AS note "
                f"FROM generate_series(1, {ROWS}) AS i"
            )
            connection.execute("ALTER TABLE orders ADD PRIMARY KEY (id)")
        yield found


@pytest.mark.local
def test_a_million_rows_are_read_once_in_eight_splits(sc: WeftContext, url: str) -> None:
    orders = sc.fromDB(url, "orders", column="id", numPartitions=8)
    assert orders.getNumPartitions() == 8
    found = orders.map(lambda row: (1, row[0], row[0] * row[0]))
    count, total, squares = found.reduce(lambda a, b: (a[0] + b[0], a[1] + b[1], a[2] + b[2]))
    assert (count, total) == (ROWS, ROWS * (ROWS + 1) // 2)
    assert squares == ROWS * (ROWS + 1) * (2 * ROWS + 1) // 6
    assert [len(part) for part in orders.map(lambda row: None).glom().collect()] == [ROWS // 8] * 8


def test_dates_cut_the_rows_too(sc: WeftContext, url: str) -> None:
    query = "SELECT id, day, '100%' AS share FROM orders WHERE id <= 1000"
    rows = sc.fromDB(url, query, column="day", numPartitions=5, dicts=True)
    assert rows.getNumPartitions() == 5
    found = sorted(rows.collect(), key=lambda row: row["id"])
    assert [row["id"] for row in found] == list(range(1, 1001))
    assert found[0] == {"id": 1, "day": datetime.date(2024, 1, 2), "share": "100%"}
    assert all(rows.map(lambda row: row["day"]).glom().map(len).collect())


def test_rows_come_in_portions_and_not_all_at_once(sc: WeftContext, url: str) -> None:
    assert sc.fromDB(url, "SELECT id FROM orders ORDER BY id", fetchSize=10).take(3) == [(1,), (2,), (3,)]
    others = "SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()"
    with psycopg.connect(url) as connection:
        deadline = time.monotonic() + 30  # the daemon ends a connection's process a moment after it
        while connection.execute(others).fetchone() != (0,):
            assert time.monotonic() < deadline, "a connection is left open"


def test_the_databases_own_error_comes_back_without_the_password(sc: WeftContext, url: str) -> None:
    with pytest.raises(psycopg.errors.UndefinedTable, match='relation "nowhere" does not exist') as caught:
        sc.fromDB(url, "nowhere").collect()
    assert "secret" not in "".join([str(caught.value), *caught.value.__notes__])
    with pytest.raises(psycopg.OperationalError) as refused:
        sc.fromDB(url.replace("?host=", "?host=/nowhere"), "orders").collect()
    assert "secret" not in "".join([str(refused.value), *refused.value.__notes__])

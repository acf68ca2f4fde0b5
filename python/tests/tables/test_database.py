"""sc.fromDB over SQLite: every row once, whatever the ranges."""

from __future__ import annotations

import datetime
import decimal
import os
import sqlite3
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from weft import WeftContext
from weft._tables.database import Query, RowRange, _statement, bounds_of, cut, sqlite_path, sqlite_url
from weft.errors import WeftError


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> str:
    path = str(tmp_path_factory.mktemp("db") / "a shop's 100% ?.db")
    with sqlite3.connect(path) as db:
        db.execute("CREATE TABLE sales (id INTEGER PRIMARY KEY, amount REAL, day TEXT, part INTEGER)")
        rows = ((i, i / 4, f"day {i % 7}", None if i % 10 == 0 else i % 90) for i in range(20_000))
        db.executemany("INSERT INTO sales VALUES (?, ?, ?, ?)", rows)
    db.close()
    return path


def test_every_row_is_read_once_in_as_many_splits_as_asked(sc: WeftContext, shop: str) -> None:
    rows = sc.fromDB(sqlite_url(shop), "sales", column="id", numPartitions=8)
    assert rows.getNumPartitions() == 8
    assert rows.map(lambda row: row[0]).collect() == list(range(20_000))
    assert [len(part) for part in rows.glom().collect()] == [2500] * 8


def sums_of_columns(rows: Any) -> list[list[float]]:
    """How many rows, and the sums of ids, amounts and squares of ids."""
    sums = [0, 0, 0.0, 0]
    for number, amount in rows:
        sums = [sums[0] + 1, sums[1] + number, sums[2] + amount, sums[3] + number * number]
    return [sums]


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> str:
    path = str(tmp_path_factory.mktemp("db") / "large.db")
    with sqlite3.connect(path) as db:
        db.execute("CREATE TABLE sales (id INTEGER PRIMARY KEY, amount REAL)")
        db.executemany("INSERT INTO sales VALUES (?, ?)", ((i, i / 4) for i in range(1_000_000)))
    db.close()
    return path


def test_a_million_rows_are_read_once_in_eight_splits(sc: WeftContext, large: str) -> None:
    rows = sc.fromDB(sqlite_url(large), "sales", column="id", numPartitions=8)
    found = rows.mapPartitions(sums_of_columns)
    counts = found.collect()
    assert [part[0] for part in counts] == [125_000] * 8
    count = 1_000_000
    sums = [count, count * (count - 1) // 2, count * (count - 1) / 8, (count - 1) * count * (2 * count - 1) // 6]
    assert [sum(column) for column in zip(*counts)] == sums


def test_rows_outside_the_bounds_and_without_a_value_are_read_too(sc: WeftContext, shop: str) -> None:
    query = "SELECT id, part FROM sales;"
    rows = sc.fromDB(sqlite_url(shop), query, column="part", lower=20, upper=40, numPartitions=4)
    assert sorted(row[0] for row in rows.collect()) == list(range(20_000))
    first = rows.glom().collect()[0]
    assert {row[1] for row in first} >= {None, 1, 19, 24}


def test_without_a_column_there_is_one_partition(sc: WeftContext, shop: str) -> None:
    rows = sc.fromDB(sqlite_url(shop), "SELECT day, COUNT(*) AS n FROM sales GROUP BY day ORDER BY day", dicts=True)
    assert rows.getNumPartitions() == 1
    assert rows.first() == {"day": "day 0", "n": 2858}


def test_a_function_may_open_the_connection(sc: WeftContext, shop: str) -> None:
    rows = sc.fromDB(lambda: sqlite3.connect(shop), "SELECT amount FROM sales", numPartitions=3)
    assert rows.map(lambda row: row[0]).sum() == sum(i / 4 for i in range(20_000))


def test_values_that_cannot_be_cut_are_named(sc: WeftContext, shop: str) -> None:
    with pytest.raises(TypeError, match=r"fromDB at test_database.py:\d+: str values cannot be cut"):
        sc.fromDB(sqlite_url(shop), "sales", column="day", numPartitions=3)


def test_a_table_that_is_not_there_is_the_databases_own_error(sc: WeftContext, shop: str) -> None:
    with pytest.raises(sqlite3.OperationalError, match="no such table: nowhere"):
        sc.fromDB(sqlite_url(shop), "nowhere").collect()


def test_an_unknown_url_says_what_to_give(sc: WeftContext) -> None:
    with pytest.raises((ValueError, WeftError), match="'oracle' is not known by URL"):
        sc.fromDB("oracle://scott:tiger@h/x", "t", column="id", numPartitions=2)


def test_a_file_that_is_not_there_is_not_made(sc: WeftContext, tmp_path: Path) -> None:
    with pytest.raises(sqlite3.OperationalError, match="unable to open"):
        sc.fromDB(f"sqlite:///{tmp_path}/none.db", "t").collect()
    assert os.listdir(tmp_path) == []


ORDERED = st.one_of(
    st.tuples(st.integers(), st.integers()),
    st.tuples(*[st.floats(-1e9, 1e9)] * 2),
    st.tuples(*[st.dates()] * 2),
    st.tuples(*[st.datetimes()] * 2),
    st.tuples(*[st.decimals(-10**6, 10**6, places=2)] * 2),
)


@given(ORDERED, st.integers(1, 40))
def test_ranges_meet_end_to_end_and_are_open_outside(bounds: Any, count: int) -> None:
    low, high = min(bounds), max(bounds)
    ranges = cut(low, high, count, "x")
    assert 1 <= len(ranges) <= count
    assert ranges[0].start is None and ranges[-1].stop is None
    assert [part.nulls for part in ranges] == [True] + [False] * (len(ranges) - 1)
    inner = [part.stop for part in ranges[:-1]]
    assert inner == [part.start for part in ranges[1:]]
    assert inner == sorted(set(inner))
    assert all(low < point <= high for point in inner)


@pytest.mark.parametrize("low", [datetime.date(2024, 1, 1), datetime.datetime(2024, 1, 1), decimal.Decimal(1), 1, 1.0])
def test_a_wide_range_is_cut_into_as_many_as_asked(low: Any) -> None:
    wide = datetime.timedelta(days=100) if isinstance(low, datetime.date) else type(low)(100)
    assert len(cut(low, low + wide, 7, "x")) == 7


def test_parameters_are_marked_as_each_module_wants() -> None:
    query = Query("", "SELECT '100%' AS a", "n", 10, False, "x")
    part = RowRange(3, 5, False)
    texts = {style: _statement(query, part, style) for style in ("qmark", "numeric", "named", "format", "pyformat")}
    assert texts["qmark"] == ("SELECT * FROM (SELECT '100%' AS a) weft_rows WHERE n >= ? AND n < ?", (3, 5))
    assert texts["numeric"][0].endswith("n >= :1 AND n < :2")
    assert texts["named"][0].endswith("n >= :weft_0 AND n < :weft_1")
    assert texts["named"][1] == {"weft_0": 3, "weft_1": 5}
    assert texts["pyformat"] == ("SELECT * FROM (SELECT '100%%' AS a) weft_rows WHERE n >= %s AND n < %s", (3, 5))


def test_bounds_of_an_empty_table_are_none(tmp_path: Path) -> None:
    path = tmp_path / "empty.db"
    with sqlite3.connect(path) as db:
        db.execute("CREATE TABLE t (id INTEGER)")
    db.close()
    query = Query(f"sqlite:///{path}", "SELECT * FROM t", "id", 10, False, "x")
    assert bounds_of(query) == (None, None)
    assert cut(None, None, 8, "x") == [RowRange(None, None, True)]


def test_paths_in_urls_are_relative_with_three_strokes_and_absolute_with_four() -> None:
    assert sqlite_path("sqlite:///data/a%20b.db") == "data/a b.db"
    assert sqlite_path("sqlite:////srv/a.db") == "/srv/a.db"

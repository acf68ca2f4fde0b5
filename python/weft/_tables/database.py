"""Rows of databases through Python's DB-API: one connection a split, rows in portions."""

from __future__ import annotations

import contextlib
import datetime
import decimal
import importlib
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple
from urllib.parse import quote, unquote, urlsplit

__all__ = ["Query", "RowRange", "bounds_of", "cut", "database_reader", "open_connection", "sqlite_path", "sqlite_url"]

_POSTGRES = ("psycopg", "psycopg2", "pg8000.dbapi")


class RowRange(NamedTuple):
    """Which rows one task reads: those with ``start <= column < stop``; None leaves a side open.

    ``nulls``: those without a value, too.
    """

    start: Any
    stop: Any
    nulls: bool


@dataclass(frozen=True)
class Query:
    """What to ask, and how.

    ``connect`` is a URL or a function that gives a DB-API connection; ``what`` the call, for errors.
    """

    connect: Any
    query: str
    column: str | None
    fetch: int
    dicts: bool
    what: str


def open_connection(connect: str | Callable[[], Any], what: str) -> Any:
    """Open a connection; no error shows a password.

    Raises
    ------
    ValueError
        If the URL is of a database that is not known by URL.
    ModuleNotFoundError
        If its driver is missing.
    """
    if callable(connect):
        return connect()
    url = urlsplit(connect)
    scheme = url.scheme.partition("+")[0]
    if scheme == "sqlite":
        import sqlite3

        return sqlite3.connect(f"file:{quote(sqlite_path(connect))}?mode=ro", uri=True)
    if scheme in ("postgresql", "postgres"):
        return _postgres(connect.replace(url.scheme, "postgresql", 1), what)
    raise ValueError(
        f"{what}: {scheme or connect[:20]!r} is not known by URL (sqlite and postgresql are). "
        "Give a function that connects: lambda: oracledb.connect(…)."
    )


def sqlite_path(url: str) -> str:
    """The file that ``sqlite:///relative.db`` or ``sqlite:////absolute.db`` names."""
    return unquote(url.partition("://")[2].partition("?")[0][1:])


def sqlite_url(path: str) -> str:
    """The URL of a file."""
    return f"sqlite:///{quote(path)}"


def _postgres(url: str, what: str) -> Any:
    for name in _POSTGRES:
        with contextlib.suppress(ModuleNotFoundError):
            module = importlib.import_module(name)
            if name.startswith("psycopg"):
                return module.connect(url)
            parts = urlsplit(url)
            return module.connect(
                user=unquote(parts.username or ""),
                password=unquote(parts.password or "") or None,
                host=parts.hostname or "localhost",
                port=parts.port or 5432,
                database=parts.path.lstrip("/"),
            )
    raise ModuleNotFoundError(
        f"{what} needs psycopg, which is not installed here. Install it (pip install 'psycopg[binary]'); the nodes of "
        "a cluster need it, too: in their Python, or in an environment that you ship with --archives.",
        name="psycopg",
    )


def bounds_of(query: Query) -> tuple[Any, Any]:
    """Ask for the least and the greatest value of the column; None and None if it has none."""
    with contextlib.closing(open_connection(query.connect, query.what)) as connection:
        cursor = connection.cursor()
        cursor.execute(f"SELECT MIN({query.column}), MAX({query.column}) FROM ({query.query}) weft_rows")
        low, high = cursor.fetchone()
        return low, high


def cut(low: Any, high: Any, count: int, what: str) -> list[RowRange]:
    """Cut the values from ``low`` to ``high`` into ranges of equal width; the outer ones are open, the first has nulls.

    Raises
    ------
    TypeError
        If values of this type cannot be cut.
    """
    if low is None or high is None or count == 1 or low >= high:
        return [RowRange(None, None, True)]
    try:
        points = sorted({point for point in _points(low, high, count) if low < point})
    except TypeError:
        raise TypeError(
            f"{what}: {type(low).__name__} values cannot be cut into ranges; numbers, dates and times can. "
            "Give such a column, or read the whole by leaving column out."
        ) from None
    edges = [None, *points, None]
    return [RowRange(edges[i], edges[i + 1], i == 0) for i in range(len(edges) - 1)]


def _points(low: Any, high: Any, count: int) -> list[Any]:
    if isinstance(low, (str, bytes)):
        raise TypeError
    width = high - low
    if isinstance(low, int) and isinstance(high, int):
        return [low + (width + 1) * i // count for i in range(1, count)]
    if isinstance(width, datetime.timedelta) and not isinstance(low, datetime.datetime):
        return [low + datetime.timedelta(days=width.days * i // count) for i in range(1, count)]
    if isinstance(width, decimal.Decimal):
        return [low + width * decimal.Decimal(i) / decimal.Decimal(count) for i in range(1, count)]
    return [low + width * i / count for i in range(1, count)]


def database_reader(query: Query) -> Callable[[RowRange], Iterator[Any]]:
    """Make the function that reads the rows of one range."""

    def read(part: RowRange) -> Iterator[Any]:
        connection = open_connection(query.connect, query.what)
        with contextlib.closing(connection):
            cursor = _cursor(connection, query.fetch)
            text, values = _statement(query, part, _style(connection, query.what))
            if values:
                cursor.execute(text, values)
            else:
                cursor.execute(text)
            yield from _rows(cursor, query)

    return read


def _rows(cursor: Any, query: Query) -> Iterator[Any]:
    names: list[str] | None = None
    while rows := cursor.fetchmany(query.fetch):
        if not query.dicts:
            yield from map(tuple, rows)
            continue
        if names is None:
            names = [column[0] for column in cursor.description]
        for row in rows:
            yield dict(zip(names, row))


def _cursor(connection: Any, fetch: int) -> Any:
    """A cursor that does not hold all rows: PostgreSQL's drivers fetch everything unless the cursor is the server's."""
    root = type(connection).__module__.partition(".")[0]
    cursor = connection.cursor(name="weft") if root in ("psycopg", "psycopg2") else connection.cursor()
    with contextlib.suppress(AttributeError, TypeError):
        cursor.arraysize = fetch
    with contextlib.suppress(AttributeError, TypeError):
        cursor.itersize = fetch
    return cursor


def _style(connection: Any, what: str) -> str:
    """How the connection's module marks parameters."""
    name = type(connection).__module__
    while name:
        style = getattr(sys.modules.get(name), "paramstyle", None)
        if isinstance(style, str):
            return style
        name = name.rpartition(".")[0]
    root = type(connection).__module__.partition(".")[0].lstrip("_")
    style = getattr(sys.modules.get(root), "paramstyle", None)  # of a module in C, such as _sqlite3
    if isinstance(style, str):
        return style
    raise TypeError(f"{what}: {type(connection).__module__} is no DB-API module: it has no paramstyle")


def _statement(query: Query, part: RowRange, style: str) -> tuple[str, Any]:
    """The statement of one range, with its parameters as the module takes them."""
    if query.column is None or (part.start is None and part.stop is None):
        return query.query, None
    values = [value for value in (part.start, part.stop) if value is not None]
    marks = iter(_marks(style, len(values)))
    conditions = []
    if part.start is not None:
        conditions.append(f"{query.column} >= {next(marks)}")
    if part.stop is not None:
        conditions.append(f"{query.column} < {next(marks)}")
    condition = " AND ".join(conditions)
    if part.nulls:
        condition = f"({condition}) OR {query.column} IS NULL"
    inner = query.query.replace("%", "%%") if style in ("format", "pyformat") else query.query
    text = f"SELECT * FROM ({inner}) weft_rows WHERE {condition}"
    if style == "named":
        return text, {f"weft_{i}": value for i, value in enumerate(values)}
    return text, tuple(values)


def _marks(style: str, count: int) -> list[str]:
    if style == "qmark":
        return ["?"] * count
    if style == "numeric":
        return [f":{i + 1}" for i in range(count)]
    if style == "named":
        return [f":weft_{i}" for i in range(count)]
    return ["%s"] * count  # format, and pyformat, which takes sequences, too

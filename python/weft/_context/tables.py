"""Records of tables: any source of one's own, databases, Avro files."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from typing import Any, TypeVar

from weft._callsite import call_site
from weft._closures import Closure
from weft._context.sources import Sources
from weft._lineage import DataNode, StepNode, TextNode
from weft._rdd.core import path_text, positive
from weft._slices import encode_splits
from weft._tables.source import split_reader
from weft.rdd import RDD

__all__ = ["Tables"]

S = TypeVar("S")
T = TypeVar("T")


class Tables(Sources):
    """RDDs of what other programs keep."""

    def source(
        self,
        splits: Iterable[S],
        read: Callable[[S], Iterable[T]],
        hosts: Callable[[S], Iterable[str]] | None = None,
    ) -> RDD[T]:
        """Make an RDD of any source: a task for each split reads what that describes.

        Parameters
        ----------
        splits : iterable
            Descriptions of the parts, such as key ranges or file names; one partition each. They are pickled.
        read : callable
            Gets a split in a worker, gives its records, best by ``yield``. It is called again when a task is tried
            again, and must give the same records then. What it opens it opens itself.
        hosts : callable, optional
            Gets a split, in the driver, gives the hosts that its task prefers, the best first.

        Returns
        -------
        RDD
            What ``read`` gives, a partition for each split.

        Raises
        ------
        ClosureError
            If a split cannot be pickled (E04).
        TypeError
            If ``read`` is no function.

        Notes
        -----
        Narrow.

        Examples
        --------
        >>> def read(split):
        ...     first, last = split
        ...     yield from range(first, last + 1)
        >>> sc.source([(1, 3), (10, 11)], read).glom().collect()
        [[1, 2, 3], [10, 11]]
        """
        return self._source(list(splits), read, hosts, "source")

    def _source(
        self, splits: Sequence[Any], read: Callable[[Any], Iterable[Any]], hosts: Any, name: str, user: Any = None
    ) -> RDD[Any]:
        site = call_site()
        if not callable(read):
            raise TypeError(f"{name} at {site} needs a function that reads a split, not {type(read).__name__}")
        preferred = tuple(tuple(map(str, hosts(split))) for split in splits) if hosts is not None else ()
        block = encode_splits(splits, name, site)
        self._jobs.hold_block(block)
        parent = DataNode(self._next_id(), name, site, block, preferred)
        closure = Closure(split_reader(read), name, site, user or read)
        return self._rdd(StepNode(self._next_id(), name, site, parent, "partitions", closure))

    def fromDB(
        self,
        connect: str | Callable[[], Any],
        query: str,
        column: str | None = None,
        lower: Any = None,
        upper: Any = None,
        numPartitions: int | None = None,
        *,
        fetchSize: int = 2000,
        dicts: bool = False,
    ) -> RDD[Any]:
        """Make an RDD of the rows of a database query, read in parallel by ranges of a column.

        Every row is read exactly once, by a connection of its task: rows below ``lower`` or without a value belong to
        the first partition, those above ``upper`` to the last. The connections are separate transactions, so rows that
        change meanwhile may be seen before or after the change.

        Parameters
        ----------
        connect : str or callable
            A URL (``"postgresql://user:secret@host/name"``, ``"sqlite:////path/of/file.db"``), or a function that opens
            a DB-API connection, in the worker.
        query : str
            A ``SELECT`` without parameters, or the name of a table.
        column : str, optional
            A column of the result by whose values it is cut: of numbers, dates or times, with an index at best. Without
            it there is one partition.
        lower, upper : optional
            Between which values to cut; the driver asks for the least and greatest value if they are not given.
        numPartitions : int, optional
            How many ranges; else :attr:`defaultParallelism`.
        fetchSize : int
            How many rows a worker holds at a time.
        dicts : bool
            Give rows as dicts by column name instead of tuples.

        Returns
        -------
        RDD of tuple or dict
            A record for each row, in the order in which the database gives those of a range.

        Raises
        ------
        ModuleNotFoundError
            If the database's driver is not installed.
        TypeError
            If values of ``column`` cannot be divided into ranges; if what ``connect`` opens is no DB-API connection.
        ValueError
            If the URL is of no known kind, or ``numPartitions`` or ``fetchSize`` is not positive.

        Notes
        -----
        Narrow. Without ``lower`` or ``upper`` the driver runs one query now, for the least and greatest value.

        Examples
        --------
        >>> import os, sqlite3, tempfile
        >>> path = os.path.join(tempfile.mkdtemp(), "shop.db")
        >>> with sqlite3.connect(path) as db:
        ...     _ = db.execute("CREATE TABLE sales (id INTEGER PRIMARY KEY, amount REAL)")
        ...     _ = db.executemany("INSERT INTO sales VALUES (?, ?)", [(i, i / 2) for i in range(100)])
        >>> sales = sc.fromDB(f"sqlite:///{path}", "sales", column="id", numPartitions=4)
        >>> sales.getNumPartitions(), sales.count(), sales.first()
        (4, 100, (0, 0.0))
        """
        from weft._tables.database import Query, bounds_of, cut, database_reader, sqlite_path, sqlite_url

        site = call_site()
        what = f"fromDB at {site}"
        if isinstance(connect, str) and connect.startswith("sqlite:"):
            connect = sqlite_url(os.path.abspath(sqlite_path(connect)))
        text = query.strip().rstrip(";")
        text = f"SELECT * FROM {text}" if len(text.split()) == 1 else text
        ask = Query(connect, text, column, positive(fetchSize), dicts, what)
        count = positive(self.defaultParallelism if numPartitions is None else int(numPartitions))
        ranges = cut(None, None, 1, what)
        if column is not None and count > 1:
            if lower is None or upper is None:
                low, high = bounds_of(ask)
                lower, upper = (low if lower is None else lower), (high if upper is None else upper)
            ranges = cut(lower, upper, count, what)
        user = connect if callable(connect) else None
        return self._source(ranges, database_reader(ask), None, "fromDB", user)

    def avroFile(self, path: str, readerSchema: Any = None, minPartitions: int | None = None) -> RDD[Any]:
        """Make an RDD of the records of Avro container files.

        A large file is cut like a text file; a task reads the blocks whose sync marker lies in its split. Records are
        dicts (and plain values where the schema is no record), logical types Python's own: dates, times, decimals.

        Parameters
        ----------
        path : str
            A file, a folder, a pattern, or several of them with commas, on any filesystem that Hadoop knows.
        readerSchema : dict, str or path, optional
            The schema to read as: fields that the files lack get their default, others are left out, aliases and
            promoted types (int to long, …) are understood. Else each file's own.
        minPartitions : int, optional
            How many partitions at least. Not given: small files share partitions, as :meth:`textFile` says.

        Returns
        -------
        RDD
            The records of each file in order, files in the order of their names unless small ones share partitions.

        Raises
        ------
        TypeError
            If ``path`` is no str or path.
        ValueError
            If ``readerSchema`` is no schema.
        InputDamagedError
            By an action, if a file is no Avro file, or is damaged (E21).

        Notes
        -----
        Narrow.

        Examples
        --------
        >>> import os, tempfile
        >>> folder = os.path.join(tempfile.mkdtemp(), "people")
        >>> sc.parallelize([{"name": "Ada", "born": 1815}], 1).saveAsAvroFile(folder)
        >>> sc.avroFile(folder).collect()
        [{'name': 'Ada', 'born': 1815}]
        """
        from weft._avroschema import known_schema
        from weft._tables.avro import avro_reader

        site = call_site()
        name = path_text(path, "avroFile", site)
        schema = None if readerSchema is None else known_schema(readerSchema, f"avroFile at {site}")
        least = int(minPartitions or self.defaultMinPartitions)
        files = TextNode(self._next_id(), "avroFile", site, name, least, True, raw=True, combine=minPartitions is None)
        closure = Closure(avro_reader(schema), "avroFile", site)
        return self._rdd(StepNode(self._next_id(), "avroFile", site, files, "partitions", closure))

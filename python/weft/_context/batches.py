"""Arrow tables, data frames and Parquet files as RDDs."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from weft._callsite import call_site
from weft._closures import Closure
from weft._context.tables import Tables
from weft._lineage import DataNode, Node, RowsNode, StepNode, TextNode
from weft._rdd.core import path_text, positive
from weft.rdd import RDD

if TYPE_CHECKING:
    import pandas
    import pyarrow

__all__ = ["Batches"]

Row = dict[str, Any]


class Batches(Tables):
    """RDDs whose records are rows (dicts) and travel as Arrow record batches as long as nobody asks for rows."""

    def parquetFile(
        self,
        path: str,
        columns: Sequence[str] | None = None,
        minPartitions: int | None = None,
        *,
        batchSize: int = 32_768,
    ) -> RDD[Row]:
        """Make an RDD of the rows of Parquet files, as dicts.

        A large file is cut like a text file; a task reads the row groups whose middle lies in its split, and of these
        only the columns that are asked for. :meth:`RDD.mapBatches` after it gets the batches as they are read.

        Parameters
        ----------
        path : str
            A file, a folder, a pattern, or several of them with commas, on any filesystem that Hadoop knows.
        columns : sequence of str, optional
            Which columns to read; else all.
        minPartitions : int, optional
            How many partitions at least. Not given: small files share partitions, as :meth:`textFile` says.
        batchSize : int
            How many rows a task decodes at a time.

        Returns
        -------
        RDD of dict
            A record for each row, by column name: those of each file in order, files in the order of their names unless
            small ones share partitions.

        Raises
        ------
        ModuleMissingError
            If pyarrow is not installed (E06).
        TypeError
            If ``path`` is no str or path, or ``columns`` is one str.
        ValueError
            If ``batchSize`` is not positive.
        InputDamagedError
            By an action, if a file is no Parquet file, or is damaged (E21).

        Notes
        -----
        Narrow.

        Examples
        --------
        >>> import os, tempfile
        >>> folder = os.path.join(tempfile.mkdtemp(), "people")
        >>> sc.parallelize([{"name": "Ada", "born": 1815}], 1).saveAsParquetFile(folder)
        >>> sc.parquetFile(folder, columns=["born"]).collect()
        [{'born': 1815}]
        """
        from weft._tables.needs import need_here
        from weft._tables.parquet import parquet_reader

        site = call_site()
        what = f"parquetFile at {site}"
        need_here("pyarrow.parquet", what)
        if isinstance(columns, str):
            raise TypeError(f"{what}: columns is one str; a list of names is wanted")
        name = path_text(path, "parquetFile", site)
        wanted = None if columns is None else [str(column) for column in columns]
        least = int(minPartitions or self.defaultMinPartitions)
        combine = minPartitions is None
        files = TextNode(self._next_id(), "parquetFile", site, name, least, True, raw=True, combine=combine)
        return self._rows_of(files, parquet_reader(wanted, positive(batchSize), what), "parquetFile", site)

    def fromArrow(self, data: Any, numSlices: int | None = None) -> RDD[Row]:
        """Make an RDD of the rows of an Arrow table.

        The columns are sent to the workers' side at once, from where they lie; the driver keeps nothing of them.

        Parameters
        ----------
        data : pyarrow.Table, RecordBatch, RecordBatchReader
            Or any object that gives Arrow data, such as a data frame of polars or a relation of duckdb. Of a reader
            only one batch is in memory at a time.
        numSlices : int, optional
            Into how many partitions; else :attr:`defaultParallelism`. A reader's make partitions of about 64 MiB.

        Returns
        -------
        RDD of dict
            A record for each row, by column name.

        Raises
        ------
        ModuleMissingError
            If pyarrow is not installed (E06).
        TypeError
            If ``data`` is not Arrow data.
        ValueError
            If ``numSlices`` is not positive.

        Notes
        -----
        Narrow.

        Examples
        --------
        >>> import pyarrow as pa
        >>> rdd = sc.fromArrow(pa.table({"n": [1, 2, 3], "s": ["a", "b", None]}), 2)
        >>> rdd.collect()
        [{'n': 1, 's': 'a'}, {'n': 2, 's': 'b'}, {'n': 3, 's': None}]
        """
        from weft._arrowblocks import reader_slices, table_slices
        from weft._tables.needs import need_here

        site = call_site()
        arrow = need_here("pyarrow", f"fromArrow at {site}")
        if isinstance(data, arrow.RecordBatchReader):
            return self._sent(reader_slices(iter(data)), "fromArrow", site)
        if isinstance(data, arrow.RecordBatch):
            data = arrow.Table.from_batches([data])
        elif not isinstance(data, arrow.Table):
            if not hasattr(data, "__arrow_c_stream__"):
                raise TypeError(f"fromArrow at {site} needs an Arrow table or batch, not {type(data).__name__}")
            data = arrow.table(data)
        count = positive(self.defaultParallelism if numSlices is None else int(numSlices))
        return self._sent(table_slices(data, count), "fromArrow", site)

    def fromPandas(self, df: pandas.DataFrame, numSlices: int | None = None) -> RDD[Row]:
        """Make an RDD of the rows of a pandas data frame, without its index.

        One part after the other becomes an Arrow batch and is sent at once. NaN in a column becomes None.

        Parameters
        ----------
        df : pandas.DataFrame
            Its columns become the keys of the rows.
        numSlices : int, optional
            Into how many partitions; else :attr:`defaultParallelism`.

        Returns
        -------
        RDD of dict
            A record for each row, by column name.

        Raises
        ------
        ModuleMissingError
            If pyarrow is not installed (E06).
        TypeError
            If ``df`` is no data frame.
        ValueError
            If ``numSlices`` is not positive.

        Notes
        -----
        Narrow.

        Examples
        --------
        >>> import pandas as pd
        >>> sc.fromPandas(pd.DataFrame({"n": [1, 2], "s": ["a", "b"]}), 2).map(lambda row: row["n"]).sum()
        3
        """
        from weft._arrowblocks import frame_slices
        from weft._tables.needs import need_here

        site = call_site()
        arrow = need_here("pyarrow", f"fromPandas at {site}")
        if not hasattr(df, "iloc"):
            raise TypeError(f"fromPandas at {site} needs a DataFrame, not {type(df).__name__}")
        count = positive(self.defaultParallelism if numSlices is None else int(numSlices))
        return self._sent(frame_slices(arrow, df, count), "fromPandas", site)

    def _sent(self, slices: Iterable[Iterable[pyarrow.RecordBatch]], name: str, site: str) -> RDD[Row]:
        from weft._arrowblocks import send_batches
        from weft._tables.arrow import unpack_batches

        block = send_batches(slices, self._jobs.put_block)
        data = DataNode(self._next_id(), name, site, block)
        return self._rows_of(data, unpack_batches, name, site)

    def _rows_of(self, parent: Node, step: Any, name: str, site: str) -> RDD[Row]:
        """The rows of the batches that a step makes of ``parent``."""
        from weft._tables.arrow import rows_step

        batches = StepNode(self._next_id(), name, site, parent, "partitions", Closure(step, name, site))
        closure = Closure(rows_step(), name, site)
        return self._rdd(RowsNode(self._next_id(), name, site, batches, "partitions", closure))

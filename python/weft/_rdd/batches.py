"""Records as Arrow record batches: functions on batches, data frames, Parquet files."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

from weft._callsite import call_site
from weft._closures import Closure
from weft._lineage import RowsNode
from weft._rdd.core import output_text, positive
from weft._rdd.tables import Tables
from weft._saving import SaveMode, placing

if TYPE_CHECKING:
    import pandas
    import pyarrow

    from weft.rdd import RDD

__all__ = ["Batches"]

T = TypeVar("T")
_SAMPLE = 1000


class Batches(Tables[T]):
    """Whole batches where rows would be slow."""

    def mapBatches(
        self, f: Callable[[pyarrow.RecordBatch], Any], batch_size: int | None = None, schema: Any = None
    ) -> RDD[dict[str, Any]]:
        """Apply a function to the records of each partition, a pyarrow record batch at a time.

        Records that are dicts, rows, named tuples or data classes become columns by name, tuples columns ``_1``,
        ``_2``, …, anything else a column ``value``. After :meth:`parquetFile`, :meth:`fromArrow`, :meth:`fromPandas`
        or another ``mapBatches`` the batches are passed on as they are, and no row is ever made.

        Parameters
        ----------
        f : callable
            Gets a ``pyarrow.RecordBatch``; gives one, a ``Table``, a data frame of pandas or polars, or an iterable of
            them. Their rows, as dicts, are the records of the new RDD.
        batch_size : int, optional
            At most so many rows a batch; else 10,000, or as the batches come.
        schema : pyarrow.Schema, optional
            The columns to make of the records; else their types follow from each batch.

        Returns
        -------
        RDD of dict
            A record for each row of what ``f`` gives, by column name.

        Raises
        ------
        ModuleMissingError
            If pyarrow is not installed (E06).
        ValueError
            If ``batch_size`` is not positive.

        Notes
        -----
        Narrow. A worker holds one batch at a time.

        Examples
        --------
        >>> import pyarrow.compute as pc
        >>> rdd = sc.parallelize([{"n": i} for i in range(6)], 2)
        >>> rdd.mapBatches(lambda batch: batch.filter(pc.greater(batch["n"], 3))).collect()
        [{'n': 4}, {'n': 5}]
        """
        from weft._tables.arrow import apply_batches

        what = f"mapBatches at {call_site()}"
        size = None if batch_size is None else positive(batch_size)
        batches = self._batches("mapBatches", size, schema)
        return batches._partitions_step(apply_batches(f, size, what), "mapBatches", user=f)._rows("mapBatches")

    def toArrow(self) -> pyarrow.Table:
        """Bring the records to the driver as a ``pyarrow.Table``; what becomes of them, :meth:`mapBatches` says.

        Returns
        -------
        pyarrow.Table
            All records: they must fit into the driver.

        Raises
        ------
        ModuleMissingError
            If pyarrow is not installed (E06).
        ValueError
            If records or batches do not fit into columns of one type each.

        Notes
        -----
        Action: one job.

        Examples
        --------
        >>> sc.parallelize([{"n": 1}, {"n": 2}], 2).toArrow().to_pydict()
        {'n': [1, 2]}
        """
        return self._table("toArrow")

    def toPandas(self) -> pandas.DataFrame:
        """Bring the records to the driver as a pandas data frame; what becomes of them, :meth:`mapBatches` says.

        Returns
        -------
        pandas.DataFrame
            A row for each record, numbered from 0: they must fit into the driver.

        Raises
        ------
        ModuleMissingError
            If pandas or pyarrow is not installed (E06).
        ValueError
            If records or batches do not fit into columns of one type each.

        Notes
        -----
        Action: one job.

        Examples
        --------
        >>> sc.parallelize([{"n": 1, "s": "a"}, {"n": 2, "s": "b"}], 2).toPandas()["n"].sum().item()
        3
        """
        from weft._tables.needs import need_here

        need_here("pandas", f"toPandas at {call_site()}")
        return self._table("toPandas").to_pandas(split_blocks=True, self_destruct=True)

    def saveAsParquetFile(
        self,
        path: str,
        schema: Any = None,
        compression: str = "snappy",
        *,
        rowGroupBytes: int = 64 << 20,
        mode: SaveMode = "error",
    ) -> None:
        """Write the records as Parquet files, one a partition, into a folder that must not exist.

        Parameters
        ----------
        path : str
            The folder, on any filesystem that Hadoop knows.
        schema : pyarrow.Schema, optional
            The columns. Without one they follow from the first batch, or from the first 1,000 records, by a job.
        compression : str
            ``"snappy"``, ``"gzip"``, ``"zstd"``, ``"lz4"``, ``"brotli"`` or ``"none"``.
        rowGroupBytes : int
            About how much memory a row group takes before it is packed and written.
        mode : str
            Where the folder exists: ``"error"`` fails before anything runs, ``"overwrite"`` replaces it once the new
            output is complete, ``"append"`` adds files to it.

        Raises
        ------
        TypeError
            If ``path`` is no str or path.
        OutputExistsError
            If the folder exists, and ``mode`` is ``"error"``; nothing was written (E03).
        ValueError
            If rows do not fit the schema, or none can be inferred; if ``path`` is empty, or ``compression``, ``mode``
            or ``rowGroupBytes`` make no sense.
        ModuleMissingError
            If pyarrow is not installed (E06).

        Notes
        -----
        Action: one job. Without a schema others run before it, which look at the first batch or the first 1,000
        records.

        Examples
        --------
        >>> import tempfile, os
        >>> folder = os.path.join(tempfile.mkdtemp(), "numbers")
        >>> sc.parallelize(range(3), 2).map(lambda n: {"n": n}).saveAsParquetFile(folder)
        >>> sc.parquetFile(folder).collect()
        [{'n': 0}, {'n': 1}, {'n': 2}]
        """
        from weft._tables.needs import need_here
        from weft._tables.parquet import has_codec, parquet_writer

        site = call_site()
        what = f"saveAsParquetFile at {site}"
        arrow = need_here("pyarrow", what)
        folder = output_text(path, "saveAsParquetFile", site)
        if not has_codec(arrow, compression):
            raise ValueError(f"{what}: {compression!r} is no compression of this pyarrow; snappy, gzip, zstd are usual")
        found = self._inferred(arrow, what) if schema is None else schema
        writer = parquet_writer(found, compression, positive(rowGroupBytes), what)
        parts = self._batches("saveAsParquetFile", None, found)._partitions_step(writer, "saveAsParquetFile")
        self.ctx._save_bytes(parts._node, folder, ".parquet", placing(what, mode), "saveAsParquetFile")

    def _batches(self, name: str, batch_size: int | None, schema: Any) -> RDD[Any]:
        """The records as batches: those that the rows came from, where they did and are not kept as rows."""
        from weft._tables.arrow import batches_of_rows
        from weft._tables.needs import need_here

        what = f"{name} at {call_site()}"
        need_here("pyarrow", what)
        if isinstance(self._node, RowsNode) and self.ctx._jobs.level(self._node) is None:
            return self._derive(self._node.parent)
        return self._partitions_step(batches_of_rows(batch_size, schema, what), name)

    def _rows(self, name: str) -> RDD[dict[str, Any]]:
        """The rows of batches."""
        from weft._tables.arrow import rows_step

        site = call_site()
        closure = Closure(rows_step(), name, site)
        return self._derive(RowsNode(self.ctx._next_id(), name, site, self._node, "partitions", closure))

    def _table(self, name: str) -> Any:
        from weft._tables.arrow import pack_batches, table_of
        from weft._tables.needs import need_here

        arrow = need_here("pyarrow", f"{name} at {call_site()}")
        packed = self._batches(name, None, None)._partitions_step(pack_batches, name)
        return table_of(arrow, packed._collect(name), f"{name} at {call_site()}")

    def _inferred(self, arrow: Any, what: str) -> Any:
        """The schema of the first batch, or of the first records."""
        from weft._tables.arrow import schema_of_rows, schemas

        if isinstance(self._node, RowsNode) and self.ctx._jobs.level(self._node) is None:
            batches = self._batches("saveAsParquetFile", None, None)
            first = batches._partitions_step(schemas, "saveAsParquetFile").take(1)
            if first:
                return arrow.ipc.read_schema(arrow.py_buffer(first[0]))
        rows = self.take(_SAMPLE)
        if not rows:
            raise ValueError(f"{what}: there are no records to infer a schema from; give schema=")
        return schema_of_rows(arrow, rows, what)

"""Arrow record batches in partitions: made of rows, worked on, turned into rows, and packed for the way to the driver.

A batch travels between processes as a stream of Arrow's IPC format: one that is a slice takes only its own rows along.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from weft._ops.batching import in_lists
from weft._tables.avro import plain_record
from weft._tables.needs import need

__all__ = [
    "Parts",
    "apply_batches",
    "batches_of_rows",
    "named_rows_of_batches",
    "pack",
    "pack_batches",
    "rows_of_batches",
    "rows_step",
    "schema_of_rows",
    "schemas",
    "table_of",
    "to_batches",
    "unpack_batches",
]

ROWS = 10_000
"""Rows of a batch that is made of records, unless the caller says how many."""

_SLICE_ROWS = 4096  # turned into Python's objects at a time
_LIST_BYTES = 64 << 20

_Step = Callable[[int, Iterator[Any]], Iterator[Any]]


def batches_of_rows(batch_size: int | None, schema: Any, what: str) -> _Step:
    """Make the step that gives batches of records: of rows and dicts their fields, of others a column ``value``."""

    def call(_index: int, records: Iterator[Any]) -> Iterator[Any]:
        arrow = need("pyarrow", what)
        return (_batch(arrow, rows, schema, what) for rows in in_lists(records, batch_size or ROWS, _LIST_BYTES))

    return call


def _batch(arrow: Any, rows: list[Any], schema: Any, what: str) -> Any:
    plain = [row if type(row) is dict else plain_record(row) for row in rows]
    first = plain[0]
    if not isinstance(first, dict):
        if isinstance(first, tuple):
            plain = [{f"_{i}": value for i, value in enumerate(row, 1)} for row in plain]
        else:
            plain = [{"value": row} for row in plain]
    if schema is None:  # from_pylist would take the first row's fields for all there are
        names = list(dict.fromkeys(name for row in plain for name in row))
        columns = {name: [row.get(name) for row in plain] for name in names}
    else:
        columns = {field.name: [row.get(field.name) for row in plain] for field in schema}
    try:
        if schema is not None:
            return arrow.RecordBatch.from_pydict(columns, schema=schema)
        return arrow.RecordBatch.from_pydict(columns)
    except (arrow.ArrowInvalid, arrow.ArrowTypeError) as error:
        raise ValueError(f"{what}: records do not fit into columns of one type each: {error}") from error


def apply_batches(function: Callable[[Any], Any], batch_size: int | None, what: str) -> _Step:
    """Make the step that gives batches to a function of the user's, and takes its batches."""

    def call(_index: int, batches: Iterator[Any]) -> Iterator[Any]:
        arrow = need("pyarrow", what)
        return _applied(arrow, function, batches, batch_size, what)

    return call


def _applied(
    arrow: Any, function: Callable[[Any], Any], batches: Iterator[Any], batch_size: int | None, what: str
) -> Iterator[Any]:
    for batch in batches:
        step = batch_size or max(1, batch.num_rows)
        for start in range(0, max(1, batch.num_rows), step):
            part = batch if step >= batch.num_rows else batch.slice(start, step)
            yield from to_batches(arrow, function(part), what)


def to_batches(arrow: Any, value: Any, what: str) -> Iterable[Any]:
    """The batches of what a function gave: a batch, a table, a data frame, or several of them."""
    if isinstance(value, arrow.RecordBatch):
        return (value,)
    if isinstance(value, arrow.Table):
        found: list[Any] = value.to_batches()
        return found
    if hasattr(value, "__arrow_c_stream__"):  # of polars, duckdb, pandas and others
        return to_batches(arrow, arrow.table(value), what)
    if type(value).__module__.startswith("pandas."):
        return (arrow.RecordBatch.from_pandas(value, preserve_index=False),)
    if isinstance(value, (Iterator, list, tuple)):
        return (batch for one in value for batch in to_batches(arrow, one, what))
    raise TypeError(
        f"{what}: the function gave {type(value).__name__}; a RecordBatch, Table or data frame is wanted, or several"
    )


def rows_of_batches(_index: int, batches: Iterator[Any]) -> Iterator[dict[str, Any]]:
    """The rows of batches as dicts."""
    for batch in batches:
        for start in range(0, batch.num_rows, _SLICE_ROWS):
            yield from batch.slice(start, _SLICE_ROWS).to_pylist()


def named_rows_of_batches(_index: int, batches: Iterator[Any]) -> Iterator[Any]:
    """The rows of batches as programs for PySpark know rows."""
    from weft._pyspark.row import make_row

    for batch in batches:
        names = list(batch.schema.names)
        for start in range(0, batch.num_rows, _SLICE_ROWS):
            columns = [column.to_pylist() for column in batch.slice(start, _SLICE_ROWS).columns]
            for values in zip(*columns):
                yield make_row(names, values)


def rows_step() -> _Step:
    """The step that makes rows of batches: dicts, and PySpark's rows where Weft stands behind PySpark's names."""
    from weft._pyspark import is_active

    return named_rows_of_batches if is_active() else rows_of_batches


def unpack_batches(_index: int, packed: Iterator[bytes]) -> Iterator[Any]:
    """The batches that were packed."""
    arrow = need("pyarrow", "An RDD of Arrow batches")
    for data in packed:
        yield from arrow.ipc.open_stream(arrow.py_buffer(data))


def pack_batches(_index: int, batches: Iterator[Any]) -> Iterator[bytes]:
    """Batches as bytes, each a stream of its own, so that the driver can read them one by one."""
    for batch in batches:
        yield b"".join(pack(batch))


def pack(batch: Any) -> list[Any]:
    """A batch as a stream of Arrow's format, in parts; large ones are the batch's own memory and not copied."""
    arrow = need("pyarrow", "An RDD of Arrow batches")
    parts = Parts()
    file = arrow.PythonFile(parts, mode="w")
    with arrow.ipc.new_stream(file, batch.schema) as writer:
        writer.write_batch(batch)
    return parts.parts


def schemas(_index: int, batches: Iterator[Any]) -> Iterator[bytes]:
    """The columns of a partition's first batch, in Arrow's format."""
    for batch in batches:
        yield batch.schema.serialize().to_pybytes()
        return


def schema_of_rows(arrow: Any, rows: list[Any], what: str) -> Any:
    """The columns that follow from records; one of which nothing is known but None is text."""
    found = _batch(arrow, rows, None, what).schema
    fields = [field.with_type(arrow.string()) if arrow.types.is_null(field.type) else field for field in found]
    return arrow.schema(fields)


def table_of(arrow: Any, packed: list[bytes], what: str) -> Any:
    """One table of packed batches, whose columns may differ where one knows more than another."""
    tables = []
    while packed:
        with arrow.ipc.open_stream(arrow.py_buffer(packed.pop())) as reader:
            tables.append(reader.read_all())
    tables.reverse()
    if not tables:
        return arrow.table({})
    if all(table.schema.equals(tables[0].schema) for table in tables):
        return arrow.concat_tables(tables)
    try:
        return arrow.concat_tables(tables, promote_options="permissive")
    except (arrow.ArrowInvalid, arrow.ArrowTypeError) as error:
        raise ValueError(f"{what}: the batches do not fit together: {error}") from None


class Parts:
    """A file that keeps what is written to it, as it is given."""

    closed = False

    def __init__(self) -> None:
        self.parts: list[Any] = []
        self._length = 0

    def write(self, data: Any) -> int:
        view = memoryview(data)
        self.parts.append(data if isinstance(data, bytes) else view)
        self._length += view.nbytes
        return view.nbytes

    def take(self) -> bytes:
        """What was written since this was asked last."""
        found = b"".join(self.parts)
        self.parts.clear()
        return found

    def tell(self) -> int:
        return self._length

    def flush(self) -> None:
        """Nothing waits."""

    def close(self) -> None:
        """Nothing is open."""

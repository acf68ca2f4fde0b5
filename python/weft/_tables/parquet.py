"""Parquet files: row groups of splits as Arrow batches, and files written row group by row group."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from weft._tables.needs import need

if TYPE_CHECKING:
    from weft._worker.rawfiles import FileSplit

__all__ = ["has_codec", "parquet_reader", "parquet_writer"]

_MAGIC = b"PAR1"


def parquet_reader(
    columns: Sequence[str] | None, batch_size: int, what: str
) -> Callable[[int, Iterator[FileSplit]], Iterator[Any]]:
    """Make the step that gives the batches of the row groups whose middle lies in a split: each is in one split."""

    def read(_index: int, splits: Iterator[FileSplit]) -> Iterator[Any]:
        parquet = need("pyarrow.parquet", what)
        return (batch for split in splits for batch in _batches(parquet, split, columns, batch_size, what))

    return read


def _batches(
    parquet: Any, split: FileSplit, columns: Sequence[str] | None, batch_size: int, what: str
) -> Iterator[Any]:
    import pyarrow

    from weft._worker.rawfiles import RandomFile

    source = RandomFile(split)
    source.seek(-len(_MAGIC), 2)
    if source.read(len(_MAGIC)) != _MAGIC:
        raise _damaged(split, "it does not end as a Parquet file does (PAR1)")
    try:
        # in this thread alone, which is the only one that may talk with the runner
        file = parquet.ParquetFile(source, pre_buffer=False, buffer_size=0)
    except pyarrow.ArrowInvalid as error:
        raise _damaged(split, str(error)) from error
    names = _known(file, columns, split, what)
    for number in range(file.metadata.num_row_groups):
        group = file.metadata.row_group(number)
        if not split.start <= _middle(group) < split.stop:
            continue
        split.at(_start(group))
        try:
            for batch in file.iter_batches(batch_size, row_groups=[number], columns=names, use_threads=False):
                split.count(batch.num_rows)
                yield batch
        except (pyarrow.ArrowInvalid, OSError) as error:
            raise _damaged(split, f"its row group {number} cannot be read: {error}") from error


def _start(group: Any) -> int:
    first = group.column(0)
    offset = first.data_page_offset
    dictionary = first.dictionary_page_offset
    return int(offset if not dictionary else min(offset, dictionary))


def _middle(group: Any) -> int:
    if group.num_columns == 0:
        return 0
    size = sum(int(group.column(i).total_compressed_size) for i in range(group.num_columns))
    return _start(group) + size // 2


def _known(file: Any, columns: Sequence[str] | None, split: FileSplit, what: str) -> list[str] | None:
    """The columns as pyarrow takes them; it passes over those that are not there."""
    if columns is None:
        return None
    there = file.schema_arrow.names
    missing = [name for name in columns if name.partition(".")[0] not in there]
    if missing:
        raise KeyError(f"{what}: {split.path} has no column {', '.join(missing)}; it has {', '.join(there)}")
    return list(columns)


def _damaged(split: FileSplit, why: str) -> Exception:
    from weft.errors import InputDamagedError

    return InputDamagedError(f"{split.path} is damaged, or no Parquet file: {why}.", "E21", 1)


def has_codec(arrow: Any, compression: str) -> bool:
    """Whether this pyarrow can pack so."""
    try:
        return compression == "none" or bool(arrow.Codec.is_available(compression))
    except ValueError:  # not a name that it knows
        return False


def parquet_writer(
    schema: Any, compression: str, group_bytes: int, what: str
) -> Callable[[int, Iterator[Any]], Iterator[tuple[int, bytes]]]:
    """Make the step that gives a file's parts, each with how many rows it holds."""

    def write(_index: int, batches: Iterator[Any]) -> Iterator[tuple[int, bytes]]:
        need("pyarrow.parquet", what)
        return _written(batches, schema, compression, group_bytes, what)

    return write


def _written(
    batches: Iterator[Any], schema: Any, compression: str, group_bytes: int, what: str
) -> Iterator[tuple[int, bytes]]:
    import pyarrow
    from pyarrow import parquet

    from weft._tables.arrow import Parts

    parts = Parts()
    with parquet.ParquetWriter(pyarrow.PythonFile(parts, mode="w"), schema, compression=compression) as writer:
        held: list[Any] = []
        size = rows = 0
        for batch in batches:
            held.append(_fitting(pyarrow, batch, schema, what))
            size += batch.nbytes
            rows += batch.num_rows
            if size >= group_bytes:
                _write_group(pyarrow, writer, held, schema)
                yield rows, parts.take()
                held, size, rows = [], 0, 0
        if rows:
            _write_group(pyarrow, writer, held, schema)
    yield rows, parts.take()


def _write_group(pyarrow: Any, writer: Any, batches: list[Any], schema: Any) -> None:
    table = pyarrow.Table.from_batches(batches, schema)
    writer.write_table(table, row_group_size=max(1, table.num_rows))


def _fitting(pyarrow: Any, batch: Any, schema: Any, what: str) -> Any:
    """The batch with the file's columns in their order and types."""
    if batch.schema.equals(schema):
        return batch
    try:
        missing = [name for name in batch.schema.names if name not in schema.names]
        if missing:
            raise ValueError(f"a batch has columns that the schema lacks: {', '.join(missing)}")
        columns = [
            batch.column(field.name).cast(field.type)
            if field.name in batch.schema.names
            else pyarrow.nulls(batch.num_rows, field.type)
            for field in schema
        ]
        return pyarrow.RecordBatch.from_arrays(columns, schema=schema)
    except (pyarrow.ArrowInvalid, pyarrow.ArrowNotImplementedError, ValueError) as error:
        raise ValueError(f"{what}: rows do not fit the file's schema: {error}; give schema=") from error

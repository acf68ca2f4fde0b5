"""Parquet files: read in splits by row groups, and written; pyarrow alone is the judge."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from weft import WeftContext
from weft._ops.scope import TaskScope
from weft._tables.parquet import parquet_reader
from weft._worker.rawfiles import FileSplit
from weft.errors import InputDamagedError

pa = pytest.importorskip("pyarrow")
import pyarrow.parquet as pq  # noqa: E402


def rows(count: int) -> list[dict[str, Any]]:
    return [{"n": i, "s": f"text {i}" if i % 7 else None, "p": {"x": i / 2, "l": [i] * (i % 3)}} for i in range(count)]


def write(path: Path, count: int, group: int, compression: str = "snappy") -> str:
    pq.write_table(pa.Table.from_pylist(rows(count)), path, row_group_size=group, compression=compression)
    return str(path)


@pytest.mark.parametrize("compression", ["snappy", "gzip", "zstd", "none"])
def test_row_groups_are_read_in_splits_each_row_once(sc: WeftContext, tmp_path: Path, compression: str) -> None:
    rdd = sc.parquetFile(write(tmp_path / "a.parquet", 5000, 300, compression), minPartitions=6)
    assert rdd.getNumPartitions() == 6
    assert rdd.collect() == rows(5000)
    assert all(0 < len(part) < 1500 for part in rdd.glom().collect())


def test_only_the_columns_asked_for_are_read(sc: WeftContext, tmp_path: Path) -> None:
    path = write(tmp_path / "a.parquet", 100, 50)
    assert sc.parquetFile(path, columns=["n"]).collect() == [{"n": i} for i in range(100)]
    assert sc.parquetFile(path, ["p.x"]).first() == {"p": {"x": 0.0}}
    with pytest.raises(KeyError, match="a.parquet has no column m; it has n, s, p"):
        sc.parquetFile(path, ["m"]).collect()


def test_batches_are_passed_on_as_they_are_read(sc: WeftContext, tmp_path: Path) -> None:
    path = write(tmp_path / "a.parquet", 1000, 1000)
    sizes = sc.parquetFile(path, ["n"], 1, batchSize=400).mapBatches(lambda b: pa.record_batch({"r": [b.num_rows]}))
    assert [row["r"] for row in sizes.collect()] == [400, 400, 200]


def test_what_is_written_is_what_pyarrow_reads(sc: WeftContext, tmp_path: Path) -> None:
    out = str(tmp_path / "out")
    sc.parallelize(rows(1000), 3).saveAsParquetFile(out, compression="zstd")
    assert sorted(os.listdir(out)) == ["_SUCCESS", *(f"part-{i:05d}.parquet" for i in range(3))]
    assert pq.read_table(out).to_pylist() == rows(1000)
    assert pq.ParquetFile(f"{out}/part-00000.parquet").metadata.row_group(0).column(0).compression == "ZSTD"
    assert sc.parquetFile(out).collect() == rows(1000)


def test_row_groups_have_about_the_size_asked_for(sc: WeftContext, tmp_path: Path) -> None:
    out = str(tmp_path / "out")
    sc.fromArrow(pa.table({"n": range(40_000)}), 1).mapBatches(lambda b: b, 1000).saveAsParquetFile(
        out, rowGroupBytes=80_000
    )
    metadata = pq.ParquetFile(f"{out}/part-00000.parquet").metadata
    assert [metadata.row_group(i).num_rows for i in range(metadata.num_row_groups)] == [10_000] * 4


def test_empty_partitions_are_files_of_the_same_columns(sc: WeftContext, tmp_path: Path) -> None:
    out = str(tmp_path / "out")
    sc.parallelize([{"n": 1, "nothing": None}], 3).saveAsParquetFile(out)
    schemas = {str(pq.read_schema(f"{out}/part-{i:05d}.parquet")) for i in range(3)}
    assert schemas == {"n: int64\nnothing: string"}


def test_rows_that_do_not_fit_the_schema_are_refused(sc: WeftContext, tmp_path: Path) -> None:
    late = [{"n": i} for i in range(1500)] + [{"n": "text"}]
    with pytest.raises(ValueError, match=r"saveAsParquetFile at test_parquet.py:\d+: records do not fit"):
        sc.parallelize(late, 1).saveAsParquetFile(str(tmp_path / "out"))
    with pytest.raises(ValueError, match="there are no records to infer a schema from"):
        sc.parallelize([], 1).saveAsParquetFile(str(tmp_path / "none"))
    with pytest.raises(ValueError, match="'zip' is no compression"):
        sc.parallelize([{"n": 1}], 1).saveAsParquetFile(str(tmp_path / "none"), compression="zip")


def test_a_given_schema_decides(sc: WeftContext, tmp_path: Path) -> None:
    out = str(tmp_path / "out")
    schema = pa.schema({"n": pa.int16(), "m": pa.string()})
    sc.parallelize([{"n": 1}], 1).saveAsParquetFile(out, schema)
    assert pq.read_table(out).schema.equals(schema)


def test_a_file_that_is_none_is_told_by_its_name(sc: WeftContext, tmp_path: Path) -> None:
    contents = {"text.parquet": b"no\n" * 100, "short.parquet": b"x", "torn.parquet": b"y" * 99 + b"PAR1"}
    for name, content in contents.items():
        (tmp_path / name).write_bytes(content)
        with pytest.raises(InputDamagedError, match=f"{name} is damaged, or no Parquet file"):
            sc.parquetFile(str(tmp_path / name)).collect()


class LocalSplit(FileSplit):
    """A split whose bytes come from a file of this machine; it notes which thread asks, and for what."""

    def __init__(self, path: str, start: int, stop: int) -> None:
        self.path, self.start, self.stop = path, start, stop
        self._scope = TaskScope(1 << 20, [])
        self.threads: set[int] = set()
        self.bytes = 0

    def size(self) -> int:
        return os.path.getsize(self.path)

    def at(self, position: int) -> None:
        """Nobody asks."""

    def read(self, start: int, stop: int) -> Iterator[bytes]:
        self.threads.add(threading.get_ident())
        with open(self.path, "rb") as file:
            file.seek(start)
            data = file.read(stop - start)
        self.bytes += len(data)
        yield data


@pytest.mark.parametrize("size", [100, 7_000, 30_000, 1_000_000])
def test_any_cut_gives_every_row_once(tmp_path: Path, size: int) -> None:
    path = write(tmp_path / "a.parquet", 3000, 170)
    length = os.path.getsize(path)
    found = []
    for start in range(0, length, size):
        split = LocalSplit(path, start, min(start + size, length))
        for batch in parquet_reader(["n"], 100, "x")(0, iter([split])):
            found += batch["n"].to_pylist()
    assert found == list(range(3000))


def test_bytes_are_asked_for_by_the_tasks_own_thread_and_only_those_needed(tmp_path: Path) -> None:
    path = str(tmp_path / "wide.parquet")
    columns = {f"c{i}": pa.array([f"{i} {j} {j * 7919 % 1000}" for j in range(20_000)]) for i in range(20)}
    pq.write_table(pa.table(columns), path, use_dictionary=False, compression="none")
    split = LocalSplit(path, 0, os.path.getsize(path))
    read = list(parquet_reader(["c3"], 5000, "x")(0, iter([split])))
    assert sum(batch.num_rows for batch in read) == 20_000
    assert split.threads == {threading.get_ident()}
    assert split.bytes < os.path.getsize(path) // 10


def test_outputs_are_replaced_and_added_to(sc: WeftContext, tmp_path: Path) -> None:
    out = str(tmp_path / "out")
    sc.parallelize(rows(10), 2).saveAsParquetFile(out)
    sc.parallelize(rows(7), 1).saveAsParquetFile(out, mode="append")
    assert sorted(pq.read_table(out)["n"].to_pylist()) == sorted([*range(10), *range(7)])
    sc.parallelize(rows(3), 1).saveAsParquetFile(out, mode="overwrite")
    assert sc.parquetFile(out).collect() == rows(3)

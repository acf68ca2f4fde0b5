"""Files of any Hadoop file system, by pandas, pyarrow, polars and duckdb, in the driver and in tasks: docs/fs.md."""

from __future__ import annotations

import sys
from collections.abc import Iterator

import duckdb
import pandas
import polars
from pyarrow import dataset, parquet

import weft.fs
from weft import WeftContext

folder = sys.argv[1].rstrip("/")  # such as hdfs://namenode/tmp/example; it must not be there


def write_month(month: int) -> str:
    """Write one file, in a task."""
    frame = pandas.DataFrame({"month": [month] * 3, "amount": [month, 10 * month, 100 * month]})
    frame.to_parquet(f"weft://{folder}/month={month}.parquet", index=False)
    return f"month={month}.parquet"


def totals(paths: Iterator[str]) -> Iterator[tuple[str, int]]:
    """Read files, in a task."""
    fs = weft.fs.filesystem()
    for path in paths:
        with fs.open(path, "rb") as file:
            yield path.rpartition("/")[2], int(polars.read_parquet(file)["amount"].sum())


with WeftContext() as sc:
    fs = weft.fs.filesystem()
    fs.makedirs(folder)
    print(*sc.range(1, 4, numSlices=3).map(write_month).collect())
    print(*sc.parallelize(fs.glob(f"{folder}/*.parquet"), 2).mapPartitions(totals).collect())
    print("pyarrow", dataset.dataset(folder, filesystem=fs).to_table()["amount"].to_pandas().sum())
    print("pyarrow", parquet.read_table(f"{folder}/month=2.parquet", filesystem=fs).num_rows, "rows")
    duckdb.register_filesystem(fs)
    print("duckdb", duckdb.sql(f"select sum(amount) from 'weft://{folder}/*.parquet'").fetchall())
    fs.rm(folder, recursive=True)

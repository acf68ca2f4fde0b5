"""pandas, pyarrow, polars and duckdb read and write by weft.fs, in the driver and in tasks."""

from __future__ import annotations

import csv
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from weft import WeftContext

pandas = pytest.importorskip("pandas")
pyarrow = pytest.importorskip("pyarrow")
pytest.importorskip("polars")
pytest.importorskip("duckdb")

ROWS = 50_000
PYTHON = Path(__file__).resolve().parents[2]


def frame() -> Any:
    return pandas.DataFrame({"n": range(ROWS), "text": [f"row {n % 97}" for n in range(ROWS)]})


SUM = sum(range(ROWS))


@pytest.fixture(params=["driver", "task"])
def here(request: pytest.FixtureRequest, sc: WeftContext) -> Callable[[Callable[[str], Any], Path], Any]:
    """Runs a function on the folder's name, in the driver or inside of mapPartitions."""

    def run(work: Callable[[str], Any], folder: Path) -> Any:
        name = f"file://{folder}"
        if request.param == "driver":
            return work(name)
        return sc.parallelize([name], 1).mapPartitions(lambda names: [work(one) for one in names]).collect()[0]

    return run


def test_pandas_writes_and_reads_csv(here: Any, tmp_path: Path) -> None:
    def work(folder: str) -> int:
        frame().to_csv(f"weft://{folder}/out.csv", index=False)
        return int(pandas.read_csv(f"weft://{folder}/out.csv").n.sum())

    assert here(work, tmp_path) == SUM
    with open(tmp_path / "out.csv", newline="") as file:
        rows = list(csv.reader(file))
    assert rows[0] == ["n", "text"]
    assert len(rows) == ROWS + 1 and rows[-1] == [str(ROWS - 1), f"row {(ROWS - 1) % 97}"]


def test_pandas_writes_and_reads_parquet(here: Any, tmp_path: Path) -> None:
    def work(folder: str) -> int:
        frame().to_parquet(f"weft://{folder}/out.parquet")
        return int(pandas.read_parquet(f"weft://{folder}/out.parquet", columns=["n"]).n.sum())

    assert here(work, tmp_path) == SUM
    assert pandas.read_parquet(tmp_path / "out.parquet").equals(frame())


def test_pyarrow_writes_and_reads_tables_and_datasets(here: Any, tmp_path: Path) -> None:
    def work(folder: str) -> tuple[int, int, int]:
        from pyarrow import compute, dataset, parquet

        import weft.fs

        fs = weft.fs.filesystem()
        table = pyarrow.Table.from_pandas(frame())
        parquet.write_table(table, f"{folder}/one.parquet", filesystem=fs, row_group_size=7_000)
        parts = table.append_column("part", compute.bit_wise_and(table["n"], 3))
        dataset.write_dataset(parts, f"{folder}/set", format="parquet", partitioning=["part"], filesystem=fs)
        read = parquet.read_table(f"{folder}/one.parquet", filesystem=fs)
        found = dataset.dataset(f"{folder}/set", filesystem=fs, format="parquet", partitioning=["part"])
        some = found.to_table(filter=dataset.field("part") == 3, columns=["n"])
        return read.num_rows, compute.sum(some["n"]).as_py(), len(found.files)

    assert here(work, tmp_path) == (ROWS, sum(range(3, ROWS, 4)), 4)
    assert pandas.read_parquet(tmp_path / "one.parquet").equals(frame())
    assert sorted(os.listdir(tmp_path / "set")) == ["0", "1", "2", "3"]


def test_polars_writes_reads_and_scans(here: Any, tmp_path: Path) -> None:
    def work(folder: str) -> tuple[int, int]:
        import polars
        from pyarrow import dataset

        import weft.fs

        fs = weft.fs.filesystem()
        with fs.open(f"{folder}/out.parquet", "wb") as file:
            polars.DataFrame({"n": range(ROWS)}).write_parquet(file)
        with fs.open(f"{folder}/out.parquet", "rb") as file:
            read = polars.read_parquet(file)
        scanned = polars.scan_pyarrow_dataset(dataset.dataset(f"{folder}/out.parquet", filesystem=fs))
        return int(read["n"].sum()), int(scanned.filter(polars.col("n") >= ROWS - 10).collect().height)

    assert here(work, tmp_path) == (SUM, 10)
    assert int(pandas.read_parquet(tmp_path / "out.parquet").n.sum()) == SUM


def test_duckdb_writes_and_queries(here: Any, tmp_path: Path) -> None:
    for part in range(2):
        frame()[part::2].to_parquet(tmp_path / f"{part}.parquet")

    def work(folder: str) -> Any:
        import duckdb

        import weft.fs

        with duckdb.connect() as database:
            database.register_filesystem(weft.fs.filesystem())
            database.execute(f"copy (select 1 as a, 'x' as b) to 'weft://{folder}/out.csv' (header true)")
            return database.sql(f"select count(*), sum(n) from 'weft://{folder}/*.parquet'").fetchall()

    assert here(work, tmp_path) == [(ROWS, SUM)]
    assert (tmp_path / "out.csv").read_text() == "a,b\n1,x\n"


@pytest.mark.parametrize("master", ["inline", pytest.param("local[2]", marks=pytest.mark.local)])
def test_the_example_prints_what_it_should(tmp_path: Path, master: str) -> None:
    environment = {**os.environ, "PYTHONPATH": str(PYTHON), "WEFT_MASTER": master}
    command = [sys.executable, str(PYTHON / "examples" / "file_systems.py"), f"file://{tmp_path}/new"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == [
        "month=1.parquet month=2.parquet month=3.parquet",
        "('month=1.parquet', 111) ('month=2.parquet', 222) ('month=3.parquet', 333)",
        "pyarrow 666",
        "pyarrow 3 rows",
        "duckdb [(666,)]",
    ]
    assert os.listdir(tmp_path) == []

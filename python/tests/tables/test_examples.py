"""The examples of docs/tables.md run as they stand."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

PYTHON = Path(__file__).resolve().parents[2]


def run(name: str, *arguments: str) -> str:
    environment = {**os.environ, "PYTHONPATH": str(PYTHON), "WEFT_MASTER": "inline"}
    command = [sys.executable, str(PYTHON / "examples" / name), *arguments]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_a_database_goes_to_avro_and_parquet(tmp_path: Path) -> None:
    pytest.importorskip("pyarrow")
    printed = run("tables.py", str(tmp_path))
    sums = {f"shop {shop}": 0.0 for shop in range(3)}
    for i in range(10_000):
        if i % 40 / 2 > 15:
            sums[f"shop {i % 3}"] += i % 40 / 2
    assert printed.splitlines() == [f"{shop}\t{total:.1f}" for shop, total in sums.items()]
    assert sorted(os.listdir(tmp_path)) == ["avro", "parquet", "sales.db"]


def test_shards_are_read_by_the_users_function() -> None:
    assert run("own_source.py").splitlines() == [f"shard {i}: {1000 * (i + 1)} rows" for i in range(4)]

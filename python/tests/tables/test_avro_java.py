"""Avro files between Weft and Apache Avro's own Java library, which Hadoop's tools use."""

from __future__ import annotations

import glob
import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from weft import WeftContext
from weft._install import find_java, lib_folder

pytestmark = pytest.mark.local
PROGRAM = str(Path(__file__).with_name("AvroFiles.java"))


@pytest.fixture(scope="module")
def sc() -> Iterator[WeftContext]:
    with WeftContext("inline[4]") as made:  # what the files hold depends on no master
        yield made


def avro(*arguments: str) -> str:
    java = str(find_java(compiler=True).command)
    command = [java, "-cp", f"{lib_folder()}/*", PROGRAM, *arguments]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False, encoding="utf-8")
    assert done.returncode == 0, done.stderr
    return done.stdout


def sales(count: int) -> list[dict[str, Any]]:
    return [
        {
            "id": i << 33,
            "name": None if i % 3 == 0 else f"sale {i} é",
            "price": i / 4,
            "tags": [f"t{i % 5}"],
            "kind": "OLD" if i % 2 else "NEW",
            "sum": bytes([i % 256, 1, 2, 3]),
        }
        for i in range(count)
    ]


@pytest.mark.parametrize("codec", ["null", "deflate", "snappy", "bzip2"])
def test_weft_reads_what_java_writes(sc: WeftContext, tmp_path: Path, codec: str) -> None:
    path = str(tmp_path / "java.avro")
    avro("write", path, codec, "3000")
    rdd = sc.avroFile(path, minPartitions=5)
    assert rdd.getNumPartitions() == 5
    assert rdd.collect() == sales(3000)


@pytest.mark.parametrize("codec", ["null", "deflate", "snappy", "bzip2"])
def test_java_reads_what_weft_writes(sc: WeftContext, tmp_path: Path, codec: str) -> None:
    out = str(tmp_path / "out")
    rows = [{"id": i << 33, "name": None if i % 3 == 0 else f"sale {i}", "more": {"x": [i / 2]}} for i in range(3000)]
    sc.parallelize(rows, 3).saveAsAvroFile(out, codec=codec)
    found = avro("read", *sorted(glob.glob(f"{out}/part-*.avro")))
    assert [json.loads(line) for line in found.splitlines()] == rows

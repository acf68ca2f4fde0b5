"""What `weft compat-check` finds."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from weft._pyspark.check import check_source, main

PROGRAM = """\
import pyspark.sql.functions as F
from pyspark import SparkContext, SparkConf
from pyspark.ml.feature import HashingTF, Tokenizer
from pyspark.sql import SparkSession, Row

conf = SparkConf().set("spark.dynamicAllocation.enabled", "true").set("spark.app.name", "x")
sc = SparkContext(conf=conf)
sc.textFile("x").barrier().map(len).toDF()
F.col("x")
Row(a=1)
"""


def test_every_use_is_found_once_with_its_line() -> None:
    found = [(one.line, one.name) for one in check_source(PROGRAM, "etl.py")]
    assert found == [
        (3, "pyspark.ml.feature.HashingTF"),
        (3, "pyspark.ml.feature.Tokenizer"),
        (6, "setting spark.dynamicAllocation.enabled"),
        (8, "RDD.barrier"),
        (8, "RDD.toDF"),
        (9, "pyspark.sql.functions.col"),
    ]


def test_a_program_of_what_weft_has_is_clean(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    programs = Path(__file__).parents[1] / "programs"
    names = [str(path) for path in programs.glob("*.py") if not path.stem.startswith(("test_", "__"))]
    assert main(names) == 0
    assert "8 programs, 0 uses" in capsys.readouterr().err


def test_folders_notebooks_and_json(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "etl.py").write_text(PROGRAM)
    cells = [{"cell_type": "markdown", "source": ["# x"]}, {"cell_type": "code", "source": ["%time\n", "rdd.toDF()"]}]
    (tmp_path / "note.ipynb").write_text(json.dumps({"cells": cells}))
    assert main(["--json", str(tmp_path)]) == 1
    found = json.loads(capsys.readouterr().out)
    assert len(found) == 7
    instead = "pandas.DataFrame(rdd.collect()), or pandas in mapPartitions"
    assert found[0] == {"file": str(tmp_path / "note.ipynb"), "line": 2, "name": "RDD.toDF", "instead": instead}


def test_what_cannot_be_read_is_said_and_the_rest_is_looked_at(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "a.py").write_text("def broken(:\n")
    (tmp_path / "b.py").write_text("rdd.toDF()\n")
    assert main([str(tmp_path), str(tmp_path / "none.py")]) == 2
    shown = capsys.readouterr()
    assert "b.py:1: RDD.toDF" in shown.out
    assert "a.py:1: " in shown.err and "none.py cannot be read" in shown.err
    assert main([]) == 2

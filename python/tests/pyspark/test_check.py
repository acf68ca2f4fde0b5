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

conf = SparkConf().set("spark.driver.memory", "2g").set("spark.app.name", "x")
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
        (6, "setting spark.driver.memory"),
        (8, "RDD.toDF"),
        (9, "pyspark.sql.functions.col"),
    ]


def test_a_program_of_what_weft_has_is_clean(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    programs = Path(__file__).parents[1] / "programs"
    names = [str(path) for path in programs.glob("*.py") if not path.stem.startswith(("test_", "__"))]
    assert main(names) == 0
    assert f"{len(names)} programs, 0 uses" in capsys.readouterr().err


def test_folders_notebooks_and_json(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "etl.py").write_text(PROGRAM)
    cells = [{"cell_type": "markdown", "source": ["# x"]}, {"cell_type": "code", "source": ["%time\n", "rdd.toDF()"]}]
    (tmp_path / "note.ipynb").write_text(json.dumps({"cells": cells}))
    assert main(["--json", str(tmp_path)]) == 1
    found = json.loads(capsys.readouterr().out)
    assert len(found) == 6
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


def names(text: str) -> list[tuple[int, str]]:
    return [(one.line, one.name) for one in check_source(text, "app.py")]


def test_names_that_came_by_a_star_are_found_where_they_are_used() -> None:
    text = """\
from pyspark import *
from pyspark.sql.functions import *
from pyspark.sql.types import *
sc, made = SparkContext(), 1
x = col("x"), StructType([]), Row(a=1), made, len, display
def f(arg, *args, key=None): return arg, args, key, RDDBarrier
"""
    assert names(text) == [
        (2, "pyspark.sql.functions"),
        (5, "pyspark.sql.functions.col"),
        (5, "pyspark.sql.types.StructType"),
    ]
    assert names("from math import *\nfrom pyspark.sql.types import *\nsin(1)\n") == []


def test_what_a_session_is_asked_for_is_followed_whatever_its_name() -> None:
    text = """\
from pyspark.sql import SparkSession as S
mine = S.builder.appName("x").enableHiveSupport().getOrCreate()
with S.builder.getOrCreate() as other:
    other.sql("select 1")
mine.read.csv("x")
lines = mine.read.text("x").rdd.map(lambda row: row[0])
mine.read.text("x").select("y")
mine.sparkContext.parallelize([1]).map(str).filter(bool).toDF()
reader = mine.read
reader.parquet("x")
spark.createDataFrame([])
mine.conf.set("a", "b"), mine.version, mine.stop(), S.getActiveSession()
sqlite.sql("not a session")
"""
    assert names(text) == [
        (2, "pyspark.sql.SparkSession.builder.enableHiveSupport"),
        (4, "pyspark.sql.SparkSession.sql"),
        (5, "pyspark.sql.SparkSession.read.csv"),
        (7, "pyspark.sql.DataFrame.select"),
        (8, "RDD.toDF"),
        (10, "pyspark.sql.SparkSession.read.parquet"),
        (11, "pyspark.sql.SparkSession.createDataFrame"),
    ]


def test_classes_of_the_jvm_that_are_not_there_are_found() -> None:
    text = """\
sc._jvm.java.util.ArrayList(), sc._jvm.org.apache.hadoop.fs.Path("x").getName()
sc._jvm.org.apache.spark.sql.SQLContext(1)
jvm = sc._gateway.jvm
jvm.scala.Option, jvm.java.lang.System
sc._jsc.hadoopConfiguration().set("a", "b"), sc._jsc.sc().getPersistentRDDs()
"""
    assert names(text) == [
        (2, "sc._jvm.org.apache.spark.sql.SQLContext"),
        (4, "sc._jvm.scala.Option"),
        (5, "sc._jsc.getPersistentRDDs"),
    ]


def test_a_notebook_is_read_without_what_is_ipythons(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    cells = [
        "%%bash\nfor f in *; do echo $f; done",
        "%%time\nrdd.toDF()",
        "if True:\n    %time rdd.toDF()\n    !ls \\\n  -l",
        "files = !ls\nfound = %sql select 1\nsc?\nrdd.toDF()",
        'text = """\n%not a magic\n"""\n%timeit -n 3 rdd.toDF()',
        "def broken(:",
        "rdd.toDF()",
    ]
    notebook = tmp_path / "n.ipynb"
    notebook.write_text(json.dumps({"cells": [{"cell_type": "code", "source": cell} for cell in cells]}))
    assert main(["--json", str(notebook)]) == 2
    shown = capsys.readouterr()
    found = [(one["line"], one["name"]) for one in json.loads(shown.out)]
    assert found == [(4, "RDD.toDF"), (6, "RDD.toDF"), (12, "RDD.toDF"), (16, "RDD.toDF"), (18, "RDD.toDF")]
    assert len(shown.err.splitlines()) == 1 and f"{notebook}:17: " in shown.err


def test_one_that_cannot_be_read_hides_no_other_of_its_folder(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "a.py").write_bytes(b"\xff\xfe bad")
    (tmp_path / "b.ipynb").write_text("[]")
    (tmp_path / "c.ipynb").write_text("{")
    (tmp_path / "d.py").write_bytes(b"x = 1\0")
    (tmp_path / "e.py").write_bytes(b"# -*- coding: latin-1 -*-\ns = '\xe9\\d'\nrdd.toDF()\n")
    assert main([str(tmp_path)]) == 2
    shown = capsys.readouterr()
    assert shown.out.startswith(f"{tmp_path}/e.py:3: RDD.toDF") and shown.out.count("\n") == 1
    assert [line.partition(f"{tmp_path}/")[2][:1] for line in shown.err.splitlines()[:-1]] == ["a", "b", "c", "d"]

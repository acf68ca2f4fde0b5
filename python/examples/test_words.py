"""Tests of a program of one's own; `sc` comes from Weft's pytest plug-in and needs no Java.

usage: pytest python/examples/test_words.py      in a checkout: PYTHONPATH=python pytest -p weft.pytest_plugin …
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from weft import BadRecords
from weft.errors import BadRecordsError

if TYPE_CHECKING:
    from weft import RDD, WeftContext


def count_words(lines: RDD[str]) -> RDD[tuple[str, int]]:
    """What is tested; a program would import it."""
    return lines.flatMap(str.split).map(lambda word: (word.lower(), 1)).reduceByKey(lambda a, b: a + b)


def test_words_are_counted_whatever_their_case(sc: WeftContext) -> None:
    assert count_words(sc.parallelize(["a B", "b"])).collectAsMap() == {"a": 1, "b": 2}


def test_empty_partitions_do_no_harm(sc: WeftContext) -> None:
    assert count_words(sc.parallelize(["a"], 5)).collect() == [("a", 1)]


def test_files_are_read_and_written(sc: WeftContext, tmp_path: Path) -> None:
    (tmp_path / "in.txt").write_text("x y\nx\n")
    counted = count_words(sc.textFile(str(tmp_path / "in.txt"), 2))
    counted.map(lambda pair: f"{pair[0]}={pair[1]}").saveAsTextFile(str(tmp_path / "out"))
    assert sorted(sc.textFile(str(tmp_path / "out")).collect()) == ["x=2", "y=1"]


def test_too_many_bad_lines_fail_the_job(sc: WeftContext) -> None:
    numbers = sc.parallelize(["1", "two", "three"]).map(int, errors=BadRecords(max=1))
    with pytest.raises(BadRecordsError, match="two"):
        numbers.collect()

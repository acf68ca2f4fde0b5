"""Small files share partitions; records still know their file and place in it."""

from __future__ import annotations

import bz2
import gzip
import os
import sys
from collections.abc import Iterator
from pathlib import Path

import cloudpickle
import pytest

from weft import TaskContext, WeftConf, WeftContext

pytestmark = pytest.mark.local


@pytest.fixture(scope="module", params=["inline[4]", "local[4]"])
def sc(request: pytest.FixtureRequest) -> Iterator[WeftContext]:
    cloudpickle.register_pickle_by_value(sys.modules[__name__])
    with WeftContext(conf=WeftConf().setMaster(request.param).set("weft.input.splitBytes", "20k")) as made:
        yield made
    cloudpickle.unregister_pickle_by_value(sys.modules[__name__])


def place(line: str) -> tuple[str, int, str]:
    task = TaskContext.get()
    assert task is not None
    path, offset = task.inputPath(), task.inputOffset()
    assert path is not None and offset is not None
    return os.path.basename(path), offset, line


def write_all(folder: Path) -> list[tuple[str, int, str]]:
    """Files of all kinds; the places of their lines, counted while they are written."""
    places = []
    for number in range(300):
        suffix = ("txt", "csv", "gz", "bz2")[number % 4]
        end = b"\r\n" if number % 3 == 0 and suffix != "bz2" else b"\n"
        name, data = f"f{number:03d}.{suffix}", b""
        for row in range(number % 7):
            line = f"{number} é {'x' * row}"
            places.append((name, len(data), line))
            data += line.encode() + (b"" if row == 5 and number % 2 else end)
        packed = {"gz": gzip.compress, "bz2": bz2.compress}.get(suffix, bytes)(data)
        (folder / name).write_bytes(packed)
    return places


def test_records_know_their_file_and_place_whatever_shares_the_partition(sc: WeftContext, tmp_path: Path) -> None:
    places = write_all(tmp_path)
    lines = sc.textFile(str(tmp_path))
    assert lines.map(place).collect() == places
    assert 2 <= lines.getNumPartitions() <= 8
    assert lines.mapPartitions(lambda some: [place(line) for line in some]).collect() == places
    assert sc.textFile(str(tmp_path), use_unicode=False).map(place).map(lambda at: at[:2]).collect() == [
        at[:2] for at in places
    ]


def test_a_given_number_of_partitions_is_pysparks(sc: WeftContext, tmp_path: Path) -> None:
    for number in range(30):
        (tmp_path / f"{number}.txt").write_text("x\n")
    assert sc.textFile(str(tmp_path), 2).getNumPartitions() == 30
    assert sc.textFile(str(tmp_path)).getNumPartitions() == 2
    assert sorted(sc.textFile(str(tmp_path)).coalesce(1).map(place).collect()) == sorted(
        (f"{number}.txt", 0, "x") for number in range(30)
    )


def test_a_failing_record_is_named_with_its_file_and_its_place(sc: WeftContext, tmp_path: Path) -> None:
    for number in range(30):
        (tmp_path / f"{number:02d}.txt").write_text("1\n22\n" + ("no number\n" if number == 17 else "333\n"))
    with pytest.raises(ValueError, match="no number") as failure:
        sc.textFile(str(tmp_path)).map(int).sum()
    assert f"of file:{tmp_path}/17.txt, after byte 5" in "\n".join(failure.value.__notes__)


def test_hidden_files_are_skipped_and_counted(
    sc: WeftContext, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("a", "b", "c._COPYING_", "_SUCCESS", ".hidden", "_tmp"):
        (tmp_path / name).write_text("1\n")
    told: dict[str, int] = {}
    monkeypatch.setattr(sc._jobs._totals, "sums", told)
    lines = sc.textFile(str(tmp_path))
    assert lines.getNumPartitions() == 2
    assert lines.count() == 2
    assert lines.count() == 2
    assert told["skippedFiles"] == 3
    assert "; 3 hidden files skipped" in sc._jobs._totals.line(1.0)


def test_a_long_line_begins_where_it_begins(sc: WeftContext, tmp_path: Path) -> None:
    long = "y" * 3_500_000
    (tmp_path / "a.txt").write_text(f"one\n{long}\ntwo\n")
    (tmp_path / "b.txt").write_text("three\r\nfour")
    found = sc.textFile(f"{tmp_path}/a.txt,{tmp_path}/b.txt", 1).map(place).map(lambda at: (*at[:2], len(at[2])))
    assert found.collect() == [
        ("a.txt", 0, 3),
        ("a.txt", 4, 3_500_000),
        ("a.txt", 3_500_005, 3),
        ("b.txt", 0, 5),
        ("b.txt", 7, 4),
    ]

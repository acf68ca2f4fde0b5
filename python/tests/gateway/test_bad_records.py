"""Records that a function cannot take are skipped, counted once, kept with their place, and limited."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from operator import add
from pathlib import Path
from typing import Any

import cloudpickle
import pytest

from weft import BadRecords, TaskContext, WeftConf, WeftContext
from weft.errors import BadRecordsError

pytestmark = pytest.mark.local


@pytest.fixture(scope="module", params=["inline[2]", "local[2,4]"])
def sc(request: pytest.FixtureRequest) -> Iterator[WeftContext]:
    cloudpickle.register_pickle_by_value(sys.modules[__name__])
    with WeftContext(conf=WeftConf().setMaster(request.param)) as made:
        yield made
    cloudpickle.unregister_pickle_by_value(sys.modules[__name__])


def write(folder: Path) -> list[tuple[str, int, str, str]]:
    """Files of numbers and of what is none; the latter's places, counted while they are written."""
    folder.mkdir()
    bad = []
    for number in range(20):
        data = b""
        for row in range(50):
            line = "x" * row if (number + row) % 10 == 0 else f"{row}"
            if not line.isdigit():
                bad.append((f"{number:02d}.txt", len(data), line, "ValueError"))
            data += line.encode() + (b"\r\n" if number == 3 else b"\n")
        (folder / f"{number:02d}.txt").write_bytes(data)
    return bad


def letters(folder: Path) -> list[tuple[str, int, str, str]]:
    found = []
    for path in sorted(folder.glob("rejects-*.jsonl")):
        for line in path.read_text().splitlines():
            letter = json.loads(line)
            error = letter["error"].partition(":")[0]
            found.append((os.path.basename(letter["path"]), letter["offset"], letter["record"], error))
    return sorted(found)


def total(sc: WeftContext) -> int:
    return sc._jobs._totals.sums.get("rejectedRecords", 0)


def test_rejects_go_to_the_dead_letters_with_their_place_and_the_job_goes_on(sc: WeftContext, tmp_path: Path) -> None:
    bad = write(tmp_path / "in")
    before = total(sc)
    policy = BadRecords(max=len(bad), deadLetters=str(tmp_path / "dead"))
    numbers = sc.textFile(str(tmp_path / "in")).map(int, errors=policy)
    numbers.map(lambda n: (n % 3, n)).reduceByKey(add).saveAsTextFile(str(tmp_path / "out"))
    assert letters(tmp_path / "dead") == sorted(bad)
    assert total(sc) - before == len(bad)
    assert f"{total(sc)} records rejected" in sc._jobs._totals.line(1.0)
    assert not [name for name in os.listdir(tmp_path / "dead") if not name.startswith("rejects-")]
    assert numbers.count() == 1000 - len(bad)  # a job of the same step again: its letters replace the equal ones
    assert letters(tmp_path / "dead") == sorted(bad)


def test_each_record_counts_once_though_its_task_is_retried(sc: WeftContext, tmp_path: Path) -> None:
    if sc.master.startswith("inline"):
        pytest.skip("inline retries nothing")
    bad = write(tmp_path / "in")

    def fail_at_first(_index: int, records: Iterator[Any]) -> Iterator[Any]:
        yield from records
        task = TaskContext.get()
        if task is not None and task.attemptNumber() == 0:
            raise RuntimeError("the first attempt")

    before = total(sc)
    policy = BadRecords(max=len(bad), deadLetters=str(tmp_path / "dead"))
    numbers = sc.textFile(str(tmp_path / "in"), 20).map(int, errors=policy)
    assert numbers.mapPartitionsWithIndex(fail_at_first).count() == 1000 - len(bad)
    assert total(sc) - before == len(bad)
    assert letters(tmp_path / "dead") == sorted(bad)


@pytest.mark.parametrize("limit", [{"max": 60}, {"ratio": 0.05}])
def test_a_job_over_its_budget_names_three_and_leaves_no_output(
    sc: WeftContext, tmp_path: Path, limit: dict[str, Any]
) -> None:
    write(tmp_path / "in")
    policy = BadRecords(**limit, deadLetters=str(tmp_path / "dead"))
    numbers = sc.textFile(str(tmp_path / "in"), 20).map(int, errors=policy)
    with pytest.raises(BadRecordsError) as failure:
        numbers.saveAsTextFile(str(tmp_path / "out"))
    text = str(failure.value)
    assert failure.value.code == "E26"
    assert text.startswith("map at test_bad_records.py:")
    assert text.count("ValueError: invalid literal for int()") == 3
    assert f"(file:{tmp_path}/in/" in text
    with pytest.raises(BadRecordsError):
        numbers.sum()
    assert sorted(os.listdir(tmp_path)) == ["in"]


def test_a_job_within_its_ratio_passes(sc: WeftContext, tmp_path: Path) -> None:
    bad = write(tmp_path / "in")
    numbers = sc.textFile(str(tmp_path / "in"), 20).map(int, errors=BadRecords(ratio=len(bad) / 1000))
    assert numbers.count() == 1000 - len(bad)


def test_every_kind_of_step_may_reject(sc: WeftContext) -> None:
    some = sc.parallelize([("a", 1), ("b", 0), ("c", 2)], 2)
    any_number = BadRecords()

    def inverse(number: int) -> float:
        return 1 / number

    def inverses(number: int) -> Iterator[float]:
        yield 0.0
        yield 1 / number

    assert some.mapValues(inverse, errors=any_number).collect() == [("a", 1.0), ("c", 0.5)]
    assert some.flatMapValues(inverses, errors=any_number).collect() == [("a", 0), ("a", 1), ("c", 0), ("c", 0.5)]
    assert some.values().filter(inverse, errors=any_number).collect() == [1, 2]
    assert some.values().flatMap(inverses, errors=any_number).collect() == [0, 1, 0, 0.5]
    with pytest.raises(BadRecordsError, match=r"map at .* rejected 1 of \d records?; max=0 allows 0"):
        some.values().map(inverse, errors=BadRecords(max=0)).collect()


def test_numbers_that_make_no_sense_are_refused() -> None:
    with pytest.raises(ValueError, match="max is -1"):
        BadRecords(max=-1)
    with pytest.raises(ValueError, match="ratio is 2"):
        BadRecords(ratio=2)

"""Small files, replaced outputs and dead letters on a real HDFS."""

from __future__ import annotations

import json
import os
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from realcluster import Cluster
from watchreader import A_SECOND, Reader
from weft import BadRecords, TaskContext, WeftConf, WeftContext

pytestmark = pytest.mark.yarn
FOLDER = "/test-files"
FULL = os.environ.get("WEFT_IT_SCALE") == "full"
FILES = 10_000 if FULL else 1_600
WRITERS = 16
SPLIT_BYTES = "128m" if FULL else "16m"


@pytest.fixture(scope="module")
def sc(cluster: Cluster) -> Iterator[WeftContext]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HADOOP_CONF_DIR", str(cluster.conf))
        # HDFS takes its time for each file, so many are written at once
        conf = WeftConf().setMaster(f"local[{WRITERS}]").set("weft.input.splitBytes", SPLIT_BYTES)
        with WeftContext(conf=conf) as made:
            files(made).delete(path(made, FOLDER), True)
            yield made
            files(made).delete(path(made, FOLDER), True)


def until(true: Callable[[], bool]) -> None:
    """Waits for it."""
    deadline = time.monotonic() + 60
    while not true():
        assert time.monotonic() < deadline, "it did not come in time"
        time.sleep(0.01)


def files(sc: WeftContext) -> Any:
    """Hadoop's client for the cluster's filesystem."""
    return sc._jvm.org.apache.hadoop.fs.FileSystem.get(sc._jsc.hadoopConfiguration())


def path(sc: WeftContext, name: str) -> Any:
    return sc._jvm.org.apache.hadoop.fs.Path(name)


def sizes(sc: WeftContext, name: str) -> dict[str, int] | None:
    """The files of a folder by one call; None where there is no folder."""
    try:
        found = files(sc).listStatus(path(sc, name))
    except Exception as error:
        if "FileNotFoundException" not in str(error):
            raise
        return None
    return {str(one.getPath().getName()): int(one.getLen()) for one in found}


def test_thousands_of_small_files_make_two_to_five_tasks_that_know_their_files(sc: WeftContext) -> None:
    target = f"{FOLDER}/small"
    sc.range(FILES, numSlices=WRITERS).map(lambda number: f"{number:05d}".ljust(19_999, "x")).saveAsTextFile(
        target, targetFileBytes=20_000
    )
    written = sizes(sc, target)
    assert written is not None
    assert len(written) == FILES + 1

    def place(line: str) -> tuple[int, str, int]:
        task = TaskContext.get()
        assert task is not None
        return int(line[:5]), str(task.inputPath()).rpartition("/")[2], int(task.inputOffset() or 0)

    for paths in (target, target + "/part-*"):
        lines = sc.textFile(paths)
        began = time.monotonic()
        partitions = lines.getNumPartitions()
        print(f"{paths}: {partitions} partitions listed in {time.monotonic() - began:.2f} s", flush=True)
        assert 2 <= partitions <= 5
    each = FILES // WRITERS
    expected = {(number, f"part-{number // each:05d}-{number % each:05d}", 0) for number in range(FILES)}
    began = time.monotonic()
    assert set(lines.map(place).collect()) == expected
    print(f"{FILES:,} files read in {time.monotonic() - began:.2f} s", flush=True)


def output(length: int) -> frozenset[tuple[str, int]]:
    """The names and lengths of a save of four lines."""
    return frozenset({("_SUCCESS", 0), *((f"part-{part:05d}", length + 1) for part in range(4))})


def test_a_reader_that_polls_each_20_ms_sees_old_or_new_output_or_briefly_nothing(
    sc: WeftContext, cluster: Cluster
) -> None:
    target = f"{FOLDER}/replaced"
    lengths: list[int] = []
    with Reader(cluster, target) as reader:

        def replace(length: int) -> None:
            sc.parallelize(["x" * length] * 4, 4).saveAsTextFile(target, mode="overwrite")
            until(lambda: reader.last() == output(length))

        while len(lengths) < 20 or (reader.looks < 10 * 20 and len(lengths) < 60):
            lengths.append(len(lengths) + 1)
            replace(lengths[-1])
    reader.assert_often(10 * 20)
    assert reader.mixtures([output(length) for length in lengths]) == []
    found = [listing for _, listing in reader.seen if listing is not None]
    assert len(found) == len(lengths)
    print(f"{len(found)} outputs seen, {reader.longest_without()} looks without one at most", flush=True)
    assert reader.longest_without() <= A_SECOND
    assert sizes(sc, f"{FOLDER}/.replaced.weft") is None


def test_the_reader_sees_a_mixture_where_there_is_one(sc: WeftContext, cluster: Cluster) -> None:
    target = f"{FOLDER}/mixed"
    sc.parallelize(["x"] * 4, 4).saveAsTextFile(target)
    outputs = [output(1), output(2)]
    with Reader(cluster, target) as reader:
        deadline = time.monotonic() + 60
        files(sc).create(path(sc, f"{target}/part-00002"), True).close()
        while not reader.mixtures(outputs) and time.monotonic() < deadline:
            time.sleep(0.01)
    assert reader.mixtures(outputs) == [{*output(1) - {("part-00002", 2)}, ("part-00002", 0)}]


def test_of_two_saves_to_one_new_place_one_wins(sc: WeftContext, tmp_path: Path) -> None:
    target = f"{FOLDER}/raced"
    errors: list[BaseException] = []
    started = str(tmp_path / "both started")

    def held(line: str) -> str:  # in a worker, which does not have this module
        deadline = time.monotonic() + 60
        while not os.path.exists(started) and time.monotonic() < deadline:
            time.sleep(0.01)
        return line

    def save(text: str) -> None:
        try:
            sc.parallelize([text] * 4, 1).map(held).saveAsTextFile(target)
        except Exception as error:
            errors.append(error)

    both = [threading.Thread(target=save, args=(text,)) for text in ("one", "three")]
    for one in both:
        one.start()
    try:
        until(lambda: len(sc.statusTracker().getActiveStageIds()) == 2)
    finally:
        Path(started).touch()
    for one in both:
        one.join()
    assert [type(error).__name__ for error in errors] == ["OutputExistsError"]
    lines = sc.textFile(target).collect()
    assert lines in (["one"] * 4, ["three"] * 4)


def test_dead_letters_appear_with_the_output(sc: WeftContext) -> None:
    source, target, dead = f"{FOLDER}/numbers", f"{FOLDER}/parsed", f"{FOLDER}/dead"
    sc.parallelize([str(number) if number % 10 else f"no {number}" for number in range(1000)], 4).saveAsTextFile(source)
    numbers = sc.textFile(source).map(int, errors=BadRecords(max=100, deadLetters=dead))
    numbers.map(lambda number: (number % 7, 1)).reduceByKey(lambda a, b: a + b).saveAsTextFile(target)
    letters = [json.loads(line) for line in sc.textFile(dead).collect()]
    assert sorted(letter["record"] for letter in letters) == sorted(f"no {number}" for number in range(0, 1000, 10))
    assert all(letter["path"].startswith("hdfs://") and letter["offset"] is not None for letter in letters)

"""Contexts on a real gateway: interrupts, groups, files, and the examples of the documentation."""

from __future__ import annotations

import _thread
import doctest
import importlib
import os
import threading
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import weft
from weft.conf import WeftConf
from weft.context import WeftContext
from weft.errors import ContextError, InputMissingError, JobCancelledError

pytestmark = pytest.mark.local

DEADLINE_SECONDS = 60.0


@pytest.fixture(scope="module")
def sc() -> Iterator[WeftContext]:
    with WeftContext("local[2]", "real") as made:
        yield made


def _wait_for(path: Path) -> None:
    deadline = time.monotonic() + DEADLINE_SECONDS
    while not path.exists():
        assert time.monotonic() < deadline, f"{path} did not come"
        time.sleep(0.01)


def _slow(marker: str) -> Any:
    """A function that says when it runs, and then takes a minute."""

    def slow(x: int) -> int:
        Path(marker).touch()
        time.sleep(60)
        return x

    return slow


@pytest.mark.parametrize("folder", ["_rdd", "_context"])
def test_the_examples_give_what_they_show(folder: str, sc: WeftContext) -> None:
    failed = attempted = 0
    for path in sorted((Path(weft.__file__).parent / folder).glob("[a-z]*.py")):
        module = importlib.import_module(f"weft.{folder}.{path.stem}")
        result = doctest.testmod(module, extraglobs={"sc": sc})
        failed, attempted = failed + result.failed, attempted + result.attempted
    assert attempted > 5
    assert failed == 0


def test_an_interrupt_cancels_the_job_and_keeps_the_context(sc: WeftContext, tmp_path: Path) -> None:
    marker = tmp_path / "runs"

    def interrupt() -> None:
        _wait_for(marker)
        _thread.interrupt_main()

    threading.Thread(target=interrupt).start()
    started = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        sc.parallelize([1, 2], 2).map(_slow(str(marker))).collect()
    assert sc.parallelize([1, 2], 2).map(lambda x: x + 1).collect() == [2, 3]
    assert time.monotonic() - started < 30


def test_cancelling_a_group_ends_its_jobs_only(sc: WeftContext, tmp_path: Path) -> None:
    marker = tmp_path / "runs"
    ended: list[BaseException] = []

    def run() -> None:
        sc.setJobGroup("slow", "takes a minute")
        try:
            sc.parallelize([1], 1).map(_slow(str(marker))).count()
        except JobCancelledError as error:
            ended.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    _wait_for(marker)
    sc.cancelJobGroup("another")
    assert sc.parallelize([1], 1).count() == 1
    assert thread.is_alive()
    sc.cancelJobGroup("slow")
    thread.join(DEADLINE_SECONDS)
    assert len(ended) == 1
    assert "cancelled" in str(ended[0])


def test_cancelling_all_jobs_ends_them(sc: WeftContext, tmp_path: Path) -> None:
    marker = tmp_path / "runs"
    ended: list[BaseException] = []

    def run() -> None:
        try:
            sc.parallelize([1], 1).map(_slow(str(marker))).count()
        except JobCancelledError as error:
            ended.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    _wait_for(marker)
    sc.cancelAllJobs()
    thread.join(DEADLINE_SECONDS)
    assert len(ended) == 1


def test_jobs_of_several_threads_do_not_mix(sc: WeftContext) -> None:
    results: dict[int, list[int]] = {}

    def run(number: int) -> None:
        results[number] = sc.parallelize(range(100), 4).map(lambda x: x * number).collect()

    threads = [threading.Thread(target=run, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(DEADLINE_SECONDS)
    assert results == {number: [x * number for x in range(100)] for number in range(6)}


def test_files_and_modules_reach_tasks_that_start_later(sc: WeftContext, tmp_path: Path) -> None:
    sc.parallelize([1], 1).count()
    (tmp_path / "limits.txt").write_text("7")
    with zipfile.ZipFile(tmp_path / "dep_of_test.zip", "w") as archive:
        archive.writestr("dep_of_test.py", "def add(x):\n    return x + 5\n")
    sc.addFile(str(tmp_path / "limits.txt"))
    sc.addPyFile(str(tmp_path / "dep_of_test.zip"))

    def use(x: int) -> int:
        import dep_of_test  # type: ignore[import-not-found]

        limit = int(Path(os.environ["WEFT_FILES"], "limits.txt").read_text())
        found: int = dep_of_test.add(x) + limit
        return found

    assert sc.parallelize([1, 2], 2).map(use).collect() == [13, 14]


def test_a_file_that_cannot_be_read_is_told_without_a_java_stack(sc: WeftContext) -> None:
    with pytest.raises(InputMissingError, match=r"bogus://x/y.*\(at test_real.py:\d+\)") as caught:
        sc.addFile("bogus://x/y")
    assert "\tat " not in str(caught.value)


def test_a_later_job_takes_over_a_shuffle_that_ran(sc: WeftContext, tmp_path: Path) -> None:
    def note(pair: tuple[int, int]) -> tuple[int, int]:
        with open(tmp_path / "calls", "a") as file:
            file.write("x")
        return pair

    grouped = sc.parallelize([(1, 1), (2, 2)], 2).map(note).reduceByKey(max)
    assert sorted(grouped.collect()) == [(1, 1), (2, 2)]
    assert grouped.count() == 2
    assert (tmp_path / "calls").read_text() == "xx"


def test_settings_of_the_environment_reach_the_workers() -> None:
    running = WeftContext._active
    if running is not None:
        running.stop()
    with WeftContext("local[1]", environment={"MINE": "x y"}) as other:
        assert other.parallelize([1], 1).map(lambda _: os.environ["MINE"]).collect() == ["x y"]
    with pytest.raises(ContextError):
        other.parallelize([1])


def test_the_default_parallelism_decides_the_partitions_of_shuffles() -> None:
    running = WeftContext._active
    if running is not None:
        running.stop()
    with WeftContext("local[1]", conf=WeftConf().set("weft.default.parallelism", 5)) as other:
        pairs = other.parallelize([(1, 1)])
        assert pairs.getNumPartitions() == 5
        assert other.parallelize([(1, 1)], 2).reduceByKey(max).getNumPartitions() == 5
        assert other.parallelize([(1, 1)], 2).join(pairs).getNumPartitions() == 5
        assert other.master == "local[1]"

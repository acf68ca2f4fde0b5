"""Tags and states of jobs, actions that are cut off by the time, archives."""

from __future__ import annotations

import io
import os
import tarfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.contexts import contexts
from weft import InheritableThread, WeftContext, WeftFiles
from weft._unpack import PACKED, unpack
from weft.errors import JobCancelledError

sc = contexts(
    [
        pytest.param("local[4]", marks=pytest.mark.local),
        pytest.param("local-cluster[2,2,512]", marks=pytest.mark.cluster),
    ]
)


def until(found: Callable[[], Any]) -> Any:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        value = found()
        if value:
            return value
        time.sleep(0.01)
    raise AssertionError("it did not come in time")


def blocked(folder: Path) -> Callable[[Any], Any]:
    """A function that waits until its folder is gone; the first partition does not wait."""
    path = str(folder)

    def wait(record: Any) -> Any:
        import os
        import time

        while record and os.path.exists(path):
            time.sleep(0.01)
        return record

    return wait


def in_thread(sc: WeftContext, action: Callable[[], Any]) -> tuple[threading.Thread, list[Any]]:
    found: list[Any] = []

    def run() -> None:
        try:
            found.append(action())
        except Exception as error:
            found.append(error)

    thread = InheritableThread(target=run)
    thread.start()
    return thread, found


def test_a_sum_is_estimated_of_the_partitions_that_ended_in_time(sc: WeftContext, tmp_path: Path) -> None:
    wait = blocked(tmp_path)
    records = sc.parallelize([0, 0, 1, 0], 4).map(wait).map(lambda x: x + 5)

    def estimate() -> Any:  # three partitions take longer on a busy machine, and are asked for again then
        value = records.sumApprox(3000)
        assert value in (0.0, 5.0, 10.0, 15.0, 20.0)
        return value if value >= 15.0 else None

    found = until(estimate)
    assert (found, found.low, found.high, found.confidence) == (20.0, 20.0, 20.0, 0.95)
    assert until(lambda: sc.statusTracker().getActiveJobsIds() == [])


def test_only_the_jobs_with_a_tag_are_cancelled(sc: WeftContext, tmp_path: Path) -> None:
    folder = tmp_path / "held"
    folder.mkdir()
    wait = blocked(folder)
    tracker = sc.statusTracker()
    threads = []
    try:
        for tag in ("one", "other"):
            sc.addJobTag(tag)
            threads.append(in_thread(sc, lambda: sc.parallelize([1], 1).map(wait).collect()))
            sc.clearJobTags()
        until(lambda: len(tracker.getActiveStageIds()) == 2)
        sc.cancelJobsWithTag("one")
        threads[0][0].join(60)
        assert isinstance(threads[0][1][0], JobCancelledError)
        assert len(until(tracker.getActiveJobsIds)) == 1
    finally:
        folder.rmdir()
    threads[1][0].join(60)
    assert threads[1][1] == [[1]]


def test_the_tracker_tells_how_far_a_job_is(sc: WeftContext, tmp_path: Path) -> None:
    folder = tmp_path / "held"
    folder.mkdir()
    wait = blocked(folder)
    tracker = sc.statusTracker()
    sc.setJobGroup("watched", "")
    thread, found = in_thread(sc, lambda: sc.parallelize([0, 1, 1], 3).map(wait).collect())
    sc.setLocalProperty("weft.job.group", None)
    try:
        [job] = until(lambda: tracker.getJobIdsForGroup("watched"))
        [stage] = tracker.getJobInfo(job).stageIds  # type: ignore[union-attr]
        info = until(lambda: (lambda one: one if one.numCompletedTasks else None)(tracker.getStageInfo(stage)))
        assert (info.numTasks, info.numActiveTasks, info.numCompletedTasks, info.numFailedTasks) == (3, 2, 1, 0)
        assert sum(one.numRunningTasks for one in tracker.getExecutorInfos()) == 2
        assert (tracker.getActiveJobsIds(), tracker.getActiveStageIds()) == ([job], [stage])
        assert tracker.getJobInfo(job).status == "RUNNING"  # type: ignore[union-attr]
    finally:
        folder.rmdir()
    thread.join(60)
    assert found == [[0, 1, 1]]
    assert tracker.getJobInfo(job).status == "SUCCEEDED"  # type: ignore[union-attr]


def packed(path: Path, **names: bytes) -> str:
    with tarfile.open(path, "w:gz") as archive:
        for name, content in names.items():
            member = tarfile.TarInfo(name.replace("UP", "..").replace("_", "/"))
            member.size = len(content)
            member.mode = 0o755
            archive.addfile(member, io.BytesIO(content))
    return str(path)


def test_an_archive_is_unpacked_where_tasks_and_driver_look_for_it(sc: WeftContext, tmp_path: Path) -> None:
    sc.addArchive(packed(tmp_path / "a.tar.gz", bin_tool=b"#!/bin/sh\necho made") + "#env")

    def run(_: Any) -> str:
        import subprocess

        tool = os.path.join(WeftFiles.get("env"), "bin", "tool")
        return subprocess.run([tool], capture_output=True, text=True, check=True).stdout.strip()

    assert set(sc.range(8, numSlices=8).map(run).collect()) == {"made"}
    assert run(0) == "made"
    assert sc.listArchives == [f"file:{tmp_path}/a.tar.gz#env"]
    sc.addArchive(f"{tmp_path}/a.tar.gz#env")
    with pytest.raises(ValueError, match="was added as env before"):
        sc.addArchive(packed(tmp_path / "b.tar.gz", x=b"") + "#env")
    with pytest.raises(FileNotFoundError, match="nothing.zip does not exist"):
        sc.addArchive("/nowhere/nothing.zip")


def test_names_that_lead_out_of_an_archives_folder_are_refused(tmp_path: Path) -> None:
    packed(tmp_path / f"a{PACKED}", UP_outside=b"x")
    with pytest.raises(ValueError, match="leads out of its folder"):
        unpack(str(tmp_path), f"a{PACKED}")
    assert not (tmp_path / "a").exists()
    (tmp_path / f"b{PACKED}").write_bytes(b"neither")
    with pytest.raises(ValueError, match="b is neither a zip nor a tar archive"):
        unpack(str(tmp_path), f"b{PACKED}")

"""Spill files hold what was written, tell when they cannot, and are never left behind."""

from __future__ import annotations

import errno
import gc
import os
import signal
import subprocess
import sys
import tempfile
from array import array
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.ops.scope import open_files, scope
from weft._ops.columns import dump_column, estimate_bytes, load_column
from weft._ops.memory import private_bytes
from weft._ops.scope import TaskScope
from weft._ops.spill import DiskFullError, SpillFiles
from weft._worker.sinks import Sinks


def test_segments_are_read_while_others_are_written() -> None:
    with scope() as task:
        files = SpillFiles(task)
        first, second = files.writer(), files.writer()
        first.write([["a"], [1]], 1)
        second.write([["b"]], 1)
        first.write([["c"], [2]], 1)
        one, two = first.finish(), second.finish()
        assert list(files.read(one, 2)) == [[["a"], [1]], [["c"], [2]]]
        assert list(files.read(two, 1)) == [[["b"]]]
        assert one.rows == 2
        assert task.spilled_bytes == one.length + two.length


def test_disks_are_used_in_turn() -> None:
    with scope(disks=3) as task:
        files = SpillFiles(task)
        for _ in range(6):
            files.count_spill()
            writer = files.writer()
            writer.write([[1]], 1)
            writer.finish()
        assert len(open_files()) == 3
        assert task.spills == 6


def test_a_copied_segment_has_the_same_bytes(tmp_path: Path) -> None:
    with scope() as task:
        files = SpillFiles(task)
        for _ in range(2):
            writer = files.writer()
            writer.write_bytes(b"skipped" if task.spills else b"x" * 3_000_000)
            segment = writer.finish()
        target = os.open(tmp_path / "copy", os.O_WRONLY | os.O_CREAT)
        files.copy(segment, target)
        os.close(target)
        assert (tmp_path / "copy").read_bytes() == b"".join(files.read_bytes(segment))


def test_changed_bytes_on_disk_are_noticed() -> None:
    with scope() as task:
        files = SpillFiles(task)
        writer = files.writer()
        writer.write([["text" * 100]], 1)
        segment = writer.finish()
        os.pwrite(int(next(iter(open_files()))), b"#", segment.offset + 200)
        with pytest.raises(OSError, match="does not hold what was written"):
            list(files.read(segment, 1))


def test_a_full_disk_is_named_with_what_was_to_be_written(monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_descriptor: int, _parts: Any, _position: int) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    with scope(disks=1) as task:
        writer = SpillFiles(task).writer()
        monkeypatch.setattr(os, "pwritev" if hasattr(os, "pwritev") else "pwrite", full)
        with pytest.raises(DiskFullError, match=r"no room left in .*disk0 to write 1,000 bytes") as caught:
            writer.write_bytes(b"x" * 1000)
        assert caught.value.errno == errno.ENOSPC


def test_a_task_without_spill_folders_says_so() -> None:
    with scope(disks=0) as task, pytest.raises(ValueError, match="spill folder"):
        SpillFiles(task)


def test_a_killed_process_leaves_no_spill_file() -> None:
    program = """
import sys, time
from tests.ops.scope import TestScope
from weft._ops.spill import SpillFiles
files = SpillFiles(TestScope([sys.argv[1]]))
files.writer().write_bytes(b"x" * 1_000_000)
print("written", flush=True)
time.sleep(60)
"""
    root = str(Path(__file__).parents[2])
    with tempfile.TemporaryDirectory() as folder:
        child = subprocess.Popen(
            [sys.executable, "-c", program, folder],
            stdout=subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": root},
        )
        assert child.stdout is not None
        assert child.stdout.readline() == b"written\n"
        child.send_signal(signal.SIGKILL)
        child.wait()
        child.stdout.close()
        assert os.listdir(folder) == []


@pytest.mark.parametrize(
    "column",
    [
        [],
        ["a", "b"] * 50,
        [1, None, 2.5, True],
        ["x" * 5000] * 100,
        [("a", 1)],
        [[1], {2: {3}}],
        array("Q", [1, 2]),
    ],
)
def test_columns_survive_the_way(column: Any) -> None:
    again = load_column(dump_column(column))
    assert again == column
    assert type(again) is type(column)


def test_a_long_text_that_repeats_is_written_once() -> None:
    assert len(dump_column(["x" * 5000] * 100)) < 10_000


def test_instances_of_local_classes_are_spilled_by_value() -> None:
    class Mine:
        value = 5

    assert load_column(dump_column([Mine()]))[0].value == 5


@pytest.mark.parametrize(
    ("value", "least", "most"),
    [
        ("x" * 1000, 1000, 1100),
        (["y" * 1000 for _ in range(1000)], 1_000_000, 1_200_000),
        ({number: "z" * 100 for number in range(1000)}, 100_000, 400_000),
        (("a", (1, ["b" * 500])), 500, 1200),
    ],
)
def test_sizes_are_estimated_from_a_sample(value: Any, least: int, most: int) -> None:
    assert least < estimate_bytes(value) < most


def _texts(count: int) -> list[str]:
    return [f"{number:0200}" for number in range(count)]


def _alone(program: str) -> None:
    """Run a program in a process of its own: what earlier tests have left free in this one would be filled first."""
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2]), "PYPY_GC_NURSERY": "8M"}
    begin = "from tests.ops.test_spill import _texts\n"
    begin += "from weft._ops.memory import MemoryWatch, private_bytes, request_spill\n"
    done = subprocess.run([sys.executable, "-c", begin + program], capture_output=True, text=True, env=environment)
    assert (done.returncode, done.stderr) == (0, "")


def test_the_watch_sees_data_come_and_go() -> None:
    _alone("""
watch = MemoryWatch(32 << 20, private_bytes())
assert not watch.full()
assert watch.full(64 << 20)
data = _texts(300_000)
assert watch.full()
assert watch.used > 64 << 20
del data
watch.release()
assert not watch.full()
""")


def test_memory_that_stays_moves_the_mark_instead_of_spilling_each_time() -> None:
    _alone("""
watch = MemoryWatch(16 << 20, private_bytes())
kept = _texts(200_000)
assert watch.full()
watch.release()
assert not watch.full()
more = _texts(50_000)
assert watch.full()
del kept, more
""")


def test_a_request_to_spill_makes_memory_full_once_and_only_where_something_was_taken() -> None:
    _alone("""
watch = MemoryWatch(1 << 40)
request_spill()
assert not watch.full()
held = [b"x" * (1 << 20) for _ in range(16)]
assert not watch.full()
request_spill()
assert watch.full()
assert not watch.full()
del held
watch.release()
request_spill()
assert not watch.full()
held = [b"x" * (1 << 20) for _ in range(16)]
request_spill()
watch.release()  # whoever gives up memory before it is asked has done what was wanted
assert not watch.full()
assert len(held) == 16
""")


class Counted:
    """A record that knows how many of its kind there are."""

    alive = most = 0

    def __init__(self) -> None:
        Counted.alive += 1
        Counted.most = max(Counted.most, Counted.alive)

    def __del__(self) -> None:
        Counted.alive -= 1

    def __reduce__(self) -> Any:
        return int, (7,)


def test_an_output_of_one_partition_holds_few_records_at_a_time(tmp_path: Path) -> None:
    task = TaskScope(1 << 20, [str(tmp_path)], private_bytes())
    place = {"output": [str(tmp_path)], "mapId": "m", "partition": 0, "attempt": 0}
    sinks: Any = Sinks(None, None, task, place)  # type: ignore[arg-type]

    def records() -> Iterator[Counted]:
        for number in range(100_000):
            if number % 5_000 == 0:
                gc.collect()  # PyPy counts no references: what nobody holds is there until then
            yield Counted()

    done = sinks.run({"kind": "shuffle", "writer": "single"}, records())
    task.close()
    assert done["partitions"] == 1
    assert Counted.most < 30_000

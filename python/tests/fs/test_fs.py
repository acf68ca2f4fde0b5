"""weft.fs in the driver and in tasks: what it reads, writes, lists and refuses, beside what the machine itself says."""

from __future__ import annotations

import errno
import os
import pickle
import random
import threading
from collections.abc import Callable
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import fsspec
import pytest

import weft.fs
from weft import WeftContext

PLACES = ["driver", "task"]


@pytest.fixture(params=PLACES)
def here(request: pytest.FixtureRequest, sc: WeftContext) -> Callable[[Callable[[], Any]], Any]:
    """Runs a function in the driver, or in a task."""
    if request.param == "driver":
        return lambda work: work()
    return lambda work: sc.parallelize([0], 1).map(lambda _: work()).collect()[0]


def url(path: Path) -> str:
    return f"weft://file://{path}"


def random_bytes(size: int) -> bytes:
    return random.Random(size).randbytes(size)


def test_a_file_is_read_whole_in_pieces_and_from_anywhere(here: Any, tmp_path: Path) -> None:
    data = random_bytes(3_000_001)
    (tmp_path / "f").write_bytes(data)
    name = url(tmp_path / "f")

    def read() -> tuple[bytes, bytes, bytes, bytes, int]:
        fs = weft.fs.filesystem()
        with fs.open(name, "rb", block_size=1 << 17) as file:
            file.seek(2_999_990)
            tail = file.read()
            file.seek(1_000_000)
            middle = file.read(300_000)
            file.seek(0)
            pieces = b"".join(iter(lambda: file.read(7_777), b""))
            return fs.cat_file(name), pieces, middle, tail, file.size

    whole, pieces, middle, tail, size = here(read)
    assert whole == data
    assert pieces == data
    assert middle == data[1_000_000:1_300_000]
    assert tail == data[-11:]
    assert size == len(data)


@pytest.mark.parametrize("cache", ["readahead", "bytes", "blockcache", "none", "all", "mmap"])
def test_the_caches_of_fsspec_can_be_chosen(sc: WeftContext, tmp_path: Path, cache: str) -> None:
    (tmp_path / "f").write_bytes(random_bytes(500_000))
    with weft.fs.filesystem().open(url(tmp_path / "f"), "rb", cache_type=cache, block_size=65536) as file:
        file.seek(100_000)
        assert file.read(200_000) == random_bytes(500_000)[100_000:300_000]


def test_what_is_written_is_there_when_the_file_is_closed(here: Any, tmp_path: Path) -> None:
    name = url(tmp_path / "made" / "f")

    def write() -> int:
        with weft.fs.filesystem().open(name, "wb") as file:
            for size in (10, 5_000_000, 0, 1_048_575, 3):
                file.write(random_bytes(size))
            return int(file.tell())

    expected = b"".join(random_bytes(size) for size in (10, 5_000_000, 0, 1_048_575, 3))
    assert here(write) == len(expected)
    assert (tmp_path / "made" / "f").read_bytes() == expected
    assert os.listdir(tmp_path / "made") == ["f"]  # and no checksum file


def test_a_block_that_ends_by_an_exception_removes_its_file(here: Any, tmp_path: Path) -> None:
    name = url(tmp_path / "f")

    def fail() -> str:
        with pytest.raises(KeyError), weft.fs.filesystem().open(name, "wb") as file:
            file.write(b"x" * 3_000_000)
            raise KeyError("mine")
        return "failed"

    assert here(fail) == "failed"
    assert os.listdir(tmp_path) == []


def test_text_is_appended_to_and_created_exclusively(here: Any, tmp_path: Path) -> None:
    name = url(tmp_path / "f")

    def write() -> str:
        fs = weft.fs.filesystem()
        with fs.open(name, "x", encoding="utf-8") as file:
            file.write("ä\n")
        with fs.open(name, "a", encoding="utf-8") as file:
            file.write("b\n")
        with pytest.raises(FileExistsError):
            fs.open(name, "xb")
        return str(fs.read_text(name))

    assert here(write) == "ä\nb\n"
    assert (tmp_path / "f").read_text() == "ä\nb\n"


def test_names_sizes_and_times_are_those_of_the_files(here: Any, tmp_path: Path) -> None:
    (tmp_path / "d").mkdir()
    (tmp_path / "d" / "f 1%20+ä.csv").write_bytes(b"12345")
    os.utime(tmp_path / "d" / "f 1%20+ä.csv", (1_700_000_000, 1_700_000_000))
    (tmp_path / "d" / "e").mkdir()
    folder = f"file://{tmp_path}/d"

    def look() -> Any:
        fs = weft.fs.filesystem()
        entries = fs.ls(f"weft://{folder}/")
        file = f"{folder}/f 1%20+ä.csv"
        return (
            [(one["name"], one["type"], one["size"]) for one in entries],
            fs.ls(file, detail=False),
            fs.modified(file),
            (fs.isfile(file), fs.isdir(folder), fs.exists(folder + "/no"), fs.isdir(file), fs.isfile(folder)),
            fs.glob(f"{folder}/*.csv"),
            sorted(fs.find(f"file://{tmp_path}")),
            fs.du(f"file://{tmp_path}"),
            [(path, dirs, files) for path, dirs, files in fs.walk(folder)],
            fs.info(folder)["mode"] & 0o700,
        )

    listed, alone, time, kinds, globbed, found, size, walked, mode = here(look)
    csv = f"{folder}/f 1%20+ä.csv"
    assert listed == [(f"{folder}/e", "directory", 0), (csv, "file", 5)]
    assert alone == [csv]
    assert time == datetime.fromtimestamp(1_700_000_000, tz=timezone.utc)
    assert kinds == (True, True, False, False, False)
    assert globbed == found == [csv]
    assert size == 5
    assert walked == [(folder, ["e"], ["f 1%20+ä.csv"]), (f"{folder}/e", [], [])]
    assert mode == 0o700


def test_a_path_without_a_scheme_is_one_of_the_default_file_system(here: Any, tmp_path: Path) -> None:
    (tmp_path / "f").write_bytes(b"1")
    name = str(tmp_path / "f")
    assert here(lambda: fsspec.open(f"weft://{name}", "rb").open().read()) == b"1"
    assert here(lambda: weft.fs.filesystem().ls(os.path.dirname(name), detail=False)) == [name]


def test_files_and_folders_are_made_moved_copied_and_deleted(here: Any, tmp_path: Path) -> None:
    base = f"file://{tmp_path}"

    def work() -> None:
        fs = weft.fs.filesystem()
        fs.makedirs(f"{base}/a/b")
        fs.makedirs(f"{base}/a/b", exist_ok=True)
        fs.pipe_file(f"{base}/a/b/one", b"1")
        fs.touch(f"{base}/a/empty")
        fs.touch(f"{base}/a/b/one", truncate=False)
        fs.copy(f"{base}/a", f"{base}/copied", recursive=True)
        fs.mv(f"{base}/a/b/one", f"{base}/a/b/two")
        fs.pipe_file(f"{base}/a/b/three", b"3")
        fs.mv(f"{base}/a/b/three", f"{base}/a/b/two")
        fs.mv(f"{base}/a/empty", f"{base}/a/b")
        fs.mkdir(f"{base}/gone/with/all")
        fs.rm(f"{base}/gone", recursive=True)
        fs.mkdir(f"{base}/left")
        fs.rmdir(f"{base}/left")

    here(work)
    found = {str(path.relative_to(tmp_path)): path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    assert found == {"a/b/two": b"3", "a/b/empty": b"", "copied/b/one": b"1", "copied/empty": b""}
    assert sorted(os.listdir(tmp_path)) == ["a", "copied"]


def refusals(base: str) -> list[tuple[str, Callable[[Any], Any], type[BaseException], int]]:
    return [
        ("missing", lambda fs: fs.open(f"{base}/no", "rb"), FileNotFoundError, errno.ENOENT),
        ("ls", lambda fs: fs.ls(f"{base}/no"), FileNotFoundError, errno.ENOENT),
        ("info", lambda fs: fs.info(f"{base}/no"), FileNotFoundError, errno.ENOENT),
        ("rm", lambda fs: fs.rm(f"{base}/no", recursive=True), FileNotFoundError, errno.ENOENT),
        ("cat", lambda fs: fs.cat_file(f"{base}/no"), FileNotFoundError, errno.ENOENT),
        ("mv", lambda fs: fs.mv(f"{base}/no", f"{base}/x"), FileNotFoundError, errno.ENOENT),
        ("cp", lambda fs: fs.cp_file(f"{base}/no", f"{base}/x"), FileNotFoundError, errno.ENOENT),
        ("folder", lambda fs: fs.open(f"{base}/d", "rb"), IsADirectoryError, errno.EISDIR),
        ("over", lambda fs: fs.open(f"{base}/d", "wb"), IsADirectoryError, errno.EISDIR),
        ("rm folder", lambda fs: fs.rm(f"{base}/d"), IsADirectoryError, errno.EISDIR),
        ("rmdir", lambda fs: fs.rmdir(f"{base}/d"), OSError, errno.ENOTEMPTY),
        ("mkdir", lambda fs: fs.mkdir(f"{base}/d"), FileExistsError, errno.EEXIST),
        ("makedirs", lambda fs: fs.makedirs(f"{base}/d/f"), FileExistsError, errno.EEXIST),
        ("scheme", lambda fs: fs.ls("nosuch://host/x"), OSError, errno.ENOTSUP),
    ]


@pytest.mark.parametrize("number", range(14))
def test_a_refusal_is_pythons_own_and_names_the_path(here: Any, tmp_path: Path, number: int) -> None:
    (tmp_path / "d").mkdir()
    (tmp_path / "d" / "f").write_bytes(b"1")
    base = f"file://{tmp_path}"

    def refused() -> tuple[str, int, str]:
        try:
            refusals(base)[number][1](weft.fs.filesystem())
        except OSError as error:
            return type(error).__name__, int(error.errno or 0), str(error)
        return "", 0, ""

    what, _, kind, code = refusals(base)[number]
    name, found, text = here(refused)
    assert (name, found) == (kind.__name__, code), what
    assert "Exception" not in text and "\tat " not in text
    assert ("nosuch" if what == "scheme" else str(tmp_path)) in text


def test_ranges_of_many_files_come_by_one_question_and_failures_stand_among_them(here: Any, tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"0123456789")
    (tmp_path / "b").write_bytes(b"abcdef")
    base = f"file://{tmp_path}"

    def ask() -> Any:
        fs = weft.fs.filesystem()
        paths = [f"{base}/{name}" for name in "aaxbba"]
        found = fs.cat_ranges(paths, [0, -3, 0, 2, 4, 8], [2, None, 1, -1, 4, 100])
        return [one if isinstance(one, bytes) else type(one).__name__ for one in found]

    assert here(ask) == [b"01", b"789", "FileNotFoundError", b"cde", b"", b"89"]
    with pytest.raises(FileNotFoundError):
        weft.fs.filesystem().cat_ranges([f"{base}/x"], 0, 1, on_error="raise")


def test_a_transaction_gives_files_their_names_at_its_end(here: Any, tmp_path: Path) -> None:
    base = f"file://{tmp_path}"

    def work() -> list[str]:
        fs = weft.fs.filesystem()
        with fs.transaction:
            with fs.open(f"{base}/f", "wb") as file:
                file.write(b"1")
            before = [name for name in fs.ls(base, detail=False) if name.endswith("/f")]
        with pytest.raises(KeyError), fs.transaction:
            with fs.open(f"{base}/g", "wb") as file:
                file.write(b"2")
            raise KeyError
        return before

    assert here(work) == []
    assert os.listdir(tmp_path) == ["f"]


def test_files_that_threads_read_at_once_do_not_mix(here: Any, tmp_path: Path) -> None:
    for number in range(8):
        (tmp_path / str(number)).write_bytes(random_bytes(400_000 + number))
    base = f"file://{tmp_path}"

    def read() -> list[int]:
        fs = weft.fs.filesystem()
        right: list[int] = []

        def one(number: int) -> None:
            with fs.open(f"{base}/{number}", "rb", block_size=65536) as file:
                if b"".join(iter(lambda: file.read(10_000), b"")) == random_bytes(400_000 + number):
                    right.append(number)

        threads = [threading.Thread(target=one, args=(number,)) for number in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return sorted(right)

    assert here(read) == list(range(8))


def test_a_forked_process_opens_its_own_connections(here: Any, tmp_path: Path) -> None:
    (tmp_path / "f").write_bytes(random_bytes(300_000))
    name = f"file://{tmp_path}/f"

    def fork() -> tuple[int, bool]:
        fs = weft.fs.filesystem()
        file = fs.open(name, "rb")
        first = file.read(10)
        child = os.fork()
        if child == 0:
            good = (
                fs.cat_file(name) == random_bytes(300_000) and file.read(200_000) == random_bytes(300_000)[10:200_010]
            )
            os._exit(0 if good else 1)
        _, status = os.waitpid(child, 0)
        return status, first + file.read() == random_bytes(300_000)

    assert here(fork) == (0, True)


def test_the_file_system_goes_to_tasks_in_functions(sc: WeftContext, tmp_path: Path) -> None:
    fs = weft.fs.filesystem()
    assert isinstance(pickle.loads(pickle.dumps(fs)), weft.fs.WeftFileSystem)
    base = f"file://{tmp_path}"

    def save(index: int, numbers: Any) -> Any:
        with fs.open(f"{base}/part-{index}", "wb") as file:
            file.write(str(sum(numbers)).encode())
        yield index

    assert sc.parallelize(range(10), 2).mapPartitionsWithIndex(save).collect() == [0, 1]
    assert [(tmp_path / f"part-{index}").read_text() for index in range(2)] == ["10", "35"]


def test_names_of_other_schemes_are_ours_only_when_asked_for(sc: WeftContext) -> None:
    assert fsspec.get_filesystem_class("weft") is weft.fs.WeftFileSystem
    assert fsspec.get_filesystem_class("memory") is not weft.fs.WeftFileSystem
    weft.fs.register("viewfs")
    fs, path = fsspec.url_to_fs("viewfs://cluster/a/b/")
    assert (type(fs), path) == (weft.fs.WeftFileSystem, "viewfs://cluster/a/b")

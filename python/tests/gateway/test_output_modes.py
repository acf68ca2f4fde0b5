"""Saves that replace, add to, cut and sort out what they write; and what a reader sees meanwhile."""

from __future__ import annotations

import gzip
import os
import threading
from collections import Counter
from pathlib import Path

import pytest

from tests.contexts import contexts
from tests.gateway import scripts
from weft import WeftContext
from weft.errors import OutputExistsError

pytestmark = pytest.mark.local
GZIP = "org.apache.hadoop.io.compress.GzipCodec"

sc = contexts(["inline[2]", "local[2]"])


def content(folder: Path) -> dict[str, str]:
    """The lines of all files, by their names in the folder."""
    found = {}
    for path in sorted(folder.rglob("*")):
        if path.is_file() and not path.name.startswith("."):
            data = path.read_bytes()
            data = gzip.decompress(data) if path.suffix == ".gz" else data
            found[str(path.relative_to(folder))] = data.decode().replace("\n", "|")
    return found


def test_overwriting_replaces_and_appending_adds(sc: WeftContext, tmp_path: Path) -> None:
    out = tmp_path / "out"
    sc.parallelize(["a", "b"], 2).saveAsTextFile(str(out), mode="overwrite")
    sc.parallelize(["c"], 1).saveAsTextFile(str(out), mode="overwrite")
    assert content(out) == {"_SUCCESS": "", "part-00000": "c|"}
    sc.parallelize(["d", "e"], 2).saveAsTextFile(str(out), mode="append")
    assert sorted(content(out).values()) == ["", "c|", "d|", "e|"]
    with pytest.raises(OutputExistsError, match="out exists"):
        sc.parallelize(["f"]).saveAsTextFile(str(out))
    assert sorted(content(out).values()) == ["", "c|", "d|", "e|"]
    assert os.listdir(tmp_path) == ["out"]


def test_a_failed_overwrite_leaves_the_old_output(sc: WeftContext, tmp_path: Path) -> None:
    out = tmp_path / "out"
    sc.parallelize(["old"], 1).saveAsTextFile(str(out))
    with pytest.raises(ZeroDivisionError):
        sc.parallelize([1, 0], 2).map(lambda x: 1 // x).saveAsTextFile(str(out), mode="overwrite")
    assert content(out) == {"_SUCCESS": "", "part-00000": "old|"}
    assert os.listdir(tmp_path) == ["out"]


def test_files_end_at_their_target_size(sc: WeftContext, tmp_path: Path) -> None:
    lines = [f"{number:07d} {number * 7919 % 10007:050d}" for number in range(20_000)]
    sc.parallelize(lines, 1).saveAsTextFile(str(tmp_path / "out"), targetFileBytes=200_000)
    names = sorted(path.name for path in (tmp_path / "out").glob("part-*"))
    assert names == [f"part-00000-{number:05d}" for number in range(len(names))]
    sizes = [(tmp_path / "out" / name).stat().st_size for name in names]
    assert all(200_000 <= size <= 240_000 for size in sizes[:-1])
    assert sizes[-1] <= 240_000
    assert "".join((tmp_path / "out" / name).read_text() for name in names).splitlines() == lines


def test_each_key_has_its_folder_and_few_files_however_many_keys_there_are(sc: WeftContext, tmp_path: Path) -> None:
    pairs = [(f"k={number * 7919 % 500}", f"{number}") for number in range(20_000)]
    both = sc.parallelize(pairs[:10_000], 1).union(sc.parallelize(pairs[10_000:], 1))
    both.saveAsTextFilesByKey(str(tmp_path / "out"), GZIP)
    expected: dict[str, str] = {"_SUCCESS": ""}
    for part, some in enumerate((pairs[:10_000], pairs[10_000:])):
        for key, value in some:
            name = f"{key}/part-{part:05d}.gz"
            expected[name] = expected.get(name, "") + value + "|"
    assert content(tmp_path / "out") == expected


def test_keys_become_names_that_folders_can_have(sc: WeftContext, tmp_path: Path) -> None:
    keys = [("2024", "05"), "a/b", "_x", "..", "", None, "é", "a:b,c"]
    sc.parallelize([(key, number) for number, key in enumerate(keys)], 1).saveAsTextFilesByKey(str(tmp_path / "out"))
    names = ["2024/05", "a%2Fb", "%5Fx", "%2E.", "%", "None", "é", "a%3Ab%2Cc"]
    expected = {f"{name}/part-00000": f"{number}|" for number, name in enumerate(names)}
    assert content(tmp_path / "out") == {"_SUCCESS": "", **expected}


def test_a_wrong_mode_or_size_is_refused(sc: WeftContext, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="mode is 'replace'; there are 'error', 'overwrite', 'append'"):
        sc.parallelize([1]).saveAsTextFile(str(tmp_path / "x"), mode="replace")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="targetFileBytes is 0"):
        sc.parallelize([1]).saveAsTextFile(str(tmp_path / "x"), targetFileBytes=0)


def test_a_reader_sees_the_old_output_or_the_new_one_never_a_mixture(sc: WeftContext, tmp_path: Path) -> None:
    out = tmp_path / "out"
    seen: list[frozenset[tuple[str, bytes]]] = []
    ended = threading.Event()

    def look() -> None:
        while not ended.wait(0.002):
            try:
                folder = os.open(out, os.O_RDONLY)
            except FileNotFoundError:
                continue
            try:
                files = [(name, os.open(name, os.O_RDONLY, dir_fd=folder)) for name in os.listdir(folder)]
                seen.append(frozenset((name, os.read(file, 100)) for name, file in files))
                for _, file in files:
                    os.close(file)
            except FileNotFoundError:
                pass  # it was being removed: not the folder of that name any more
            finally:
                os.close(folder)

    def replace(round_: int) -> None:
        sc.parallelize([str(round_)] * 4, 4).saveAsTextFile(str(out), mode="overwrite")
        looks = len(seen)
        assert scripts.eventually(lambda: len(seen) >= looks + 2)

    reader = threading.Thread(target=look)
    reader.start()
    try:
        for round_ in range(12):
            replace(round_)
    finally:
        ended.set()
        reader.join()
    outputs = {
        frozenset([("_SUCCESS", b""), *((f"part-{part:05d}", b"%d\n" % round_) for part in range(4))])
        for round_ in range(12)
    }
    mixtures = Counter(seen) - Counter({one: len(seen) for one in outputs})
    assert set(mixtures) <= {one for one in mixtures if any(one < output for output in outputs)}
    assert outputs <= set(seen)

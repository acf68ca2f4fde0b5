"""The file of a broadcast gives back what was put into it, and large things lie in the map."""

from __future__ import annotations

import gc
import os
import pickle
import subprocess
import sys
import textwrap
import threading
from pathlib import Path
from typing import Any

import pytest

from weft import _broadcastfile, _mappedbytes

LARGE = bytes(range(256)) * 4096


def loaded(value: Any, path: Path) -> Any:
    _broadcastfile.write(value, str(path))
    return _broadcastfile.Mapped(str(path)).load()


@pytest.mark.parametrize(
    "value",
    [
        None,
        {"a": [1, 2.5, "é"], ("b", None): {3}},
        b"",
        b"short",
        LARGE,
        {"one": LARGE, "two": [b"short", (LARGE, bytearray(b"xyz"))]},
        [LARGE, LARGE[1:], LARGE],
    ],
    ids=lambda value: type(value).__name__,
)
def test_a_value_comes_back_as_it_was(value: Any, tmp_path: Path) -> None:
    found = loaded(value, tmp_path / "file")
    assert found == value
    assert type(found) is type(value)


def test_a_function_of_the_script_comes_back(tmp_path: Path) -> None:
    factor = 7
    assert loaded(lambda x: x * factor, tmp_path / "file")(6) == 42


def test_large_bytes_are_ordinary_objects_and_one_object_stays_one(tmp_path: Path) -> None:
    first, second = loaded([LARGE, LARGE], tmp_path / "file")
    assert first is second
    assert hash(first) == hash(LARGE) and {first: 1}[LARGE] == 1
    assert first[5:300] == LARGE[5:300] and first + b"!" == LARGE + b"!"
    assert pickle.loads(pickle.dumps(first)) == LARGE
    assert first.decode("latin-1") == LARGE.decode("latin-1")


def test_large_bytes_are_in_no_process_of_their_own(tmp_path: Path) -> None:
    code = """
        import sys
        from weft import _broadcastfile, _mappedbytes
        def own():
            return sum(int(line.split()[1]) for line in open("/proc/self/smaps_rollup") if line.startswith("Private"))
        mapped = _broadcastfile.Mapped(sys.argv[1])
        _mappedbytes._works()
        before = own()
        value = mapped.load()
        assert value.count(b"\\0") == 64 << 12, "every page was read"
        print(own() - before if _mappedbytes._works() else 0)
        """
    path = tmp_path / "file"
    _broadcastfile.write(LARGE * 64, str(path))
    script = tmp_path / "script.py"
    script.write_text("\n".join(line[8:] for line in code.split("\n")))
    with open(path, "rb") as kept:  # a page that one process alone maps counts as its own, too
        import mmap

        held = mmap.mmap(kept.fileno(), 0, access=mmap.ACCESS_READ)
        assert sum(held[at] for at in range(0, len(held), mmap.PAGESIZE)) >= 0
        environment = {**os.environ, "PYTHONPATH": os.path.dirname(os.path.dirname(_broadcastfile.__file__))}
        done = subprocess.run(
            [sys.executable, str(script), str(path)], capture_output=True, text=True, check=True, env=environment
        )
    assert int(done.stdout) < 4096, "kB, of 65,536"


def test_maps_of_bytes_that_nobody_holds_are_let_go(tmp_path: Path) -> None:
    value = loaded([LARGE], tmp_path / "file")
    kept = value[0]
    del value
    gc.collect()
    _mappedbytes._release_unused()
    assert kept == LARGE
    count = len(_mappedbytes._placed)
    if count:
        del kept
        _mappedbytes._release_unused()
        assert len(_mappedbytes._placed) < count


def test_a_program_may_end_while_it_holds_bytes_of_a_map(tmp_path: Path) -> None:
    code = """
        import sys
        from weft import _broadcastfile, _mappedbytes
        value = _broadcastfile.Mapped(sys.argv[1]).load()
        sys.held = value[0]
        class Holder: pass
        in_a_circle = Holder()
        in_a_circle.itself, in_a_circle.value = in_a_circle, value
        """
    path = tmp_path / "file"
    _broadcastfile.write([LARGE, "more"], str(path))
    environment = {**os.environ, "PYTHONPATH": os.path.dirname(os.path.dirname(_broadcastfile.__file__))}
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code), str(path)], capture_output=True, text=True, env=environment
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_arrays_lie_in_the_map_and_changes_stay_in_the_process(tmp_path: Path) -> None:
    numpy = pytest.importorskip("numpy")
    array = numpy.arange(100_000)
    first = loaded({"array": array, "again": array}, tmp_path / "file")
    second = _broadcastfile.Mapped(str(tmp_path / "file")).load()
    assert (first["array"] == array).all() and first["array"] is first["again"]
    assert not first["array"].flags.owndata
    first["array"][0] = 77
    assert second["array"][0] == 0
    frozen = numpy.arange(10_000)
    frozen.flags.writeable = False
    assert not loaded(frozen, tmp_path / "frozen").flags.writeable


def test_arrow_tables_lie_in_the_map(tmp_path: Path) -> None:
    arrow = pytest.importorskip("pyarrow")
    table = arrow.table({"numbers": list(range(10_000)), "words": ["a", None] * 5_000})
    before = arrow.total_allocated_bytes()
    assert loaded(table, tmp_path / "file").equals(table)
    assert arrow.total_allocated_bytes() - before < 10_000


def test_what_cannot_be_pickled_leaves_no_file(tmp_path: Path) -> None:
    with pytest.raises(TypeError, match="pickle"):
        _broadcastfile.write({"a": threading.Lock()}, str(tmp_path / "file"))
    assert list(tmp_path.iterdir()) == []


def test_what_is_cut_off_or_something_else_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "file"
    _broadcastfile.write([1, 2, 3], str(path))
    assert os.stat(path).st_mode & 0o777 == 0o600
    whole = path.read_bytes()
    for other in (whole[:-1], whole[:20], b"", b"x" * 100):
        path.write_bytes(other)
        with pytest.raises(ValueError, match="broadcast"):
            _broadcastfile.Mapped(str(path))


def test_sizes_tell_what_workers_unpickle_and_what_they_share(tmp_path: Path) -> None:
    sizes = _broadcastfile.write([LARGE, list(range(1000))], str(tmp_path / "file"))
    assert sizes.total > len(LARGE)
    assert 1000 < sizes.pickled < 10_000

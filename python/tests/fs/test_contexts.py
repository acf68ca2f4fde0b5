"""weft.fs before and after there is a context."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import weft.fs
from weft import WeftContext
from weft.errors import ContextError


@pytest.mark.parametrize("master", ["inline", pytest.param("local[1]", marks=pytest.mark.local)])
def test_without_a_context_it_says_so(tmp_path: Path, master: str) -> None:
    (tmp_path / "f").write_bytes(b"12")
    name = f"file://{tmp_path}/f"
    fs = weft.fs.filesystem()
    with WeftContext(master):
        assert fs.cat_file(name) == b"12"
        file = fs.open(name, "rb")
    with pytest.raises(ContextError, match=r"it was stopped at test_contexts.py:\d+\. Make a new one"):
        fs.exists(name)
    with pytest.raises(ContextError), fs.open(name, "wb"):
        pass
    file.close()
    assert (tmp_path / "f").read_bytes() == b"12"


def test_inline_names_what_it_cannot_reach() -> None:
    with (
        WeftContext("inline"),
        pytest.raises(OSError, match=r"reads and writes local files only, not those of hdfs://"),
    ):
        weft.fs.filesystem().ls("hdfs://host/x")


def test_fsspec_knows_the_scheme_when_there_is_a_context_and_is_not_loaded_for_it(tmp_path: Path) -> None:
    (tmp_path / "f").write_bytes(b"12")
    program = f"""
import sys
from weft import WeftContext
with WeftContext("inline") as sc:
    loaded = [name for name in sys.modules if name.startswith(("fsspec", "weft.fs"))]
    import fsspec
    print(loaded, "weft.fs" in sys.modules, type(sys.modules["fsspec.registry"].__loader__).__name__)
    print(fsspec.open("weft://{tmp_path}/f").open().read(), "weft.fs" in sys.modules)
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=False)
    assert done.stdout.splitlines() == ["[] False SourceFileLoader", "b'12' True"], done.stderr

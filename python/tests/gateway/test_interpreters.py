"""Workers of another Python are refused before anything runs."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tests.gateway import scripts
from weft._interpreter import worker_python
from weft.errors import InterpreterError


def fake_python(folder: Path, answer: str) -> str:
    """An executable that answers like a Python of another version."""
    path = folder / "python"
    path.write_text(f"#!/bin/sh\necho {answer}\n")
    path.chmod(0o755)
    return str(path)


def test_this_interpreter_is_taken_where_none_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("WEFT_PYTHON", raising=False)
    monkeypatch.delenv("PYSPARK_PYTHON", raising=False)
    assert worker_python() == sys.executable
    monkeypatch.setenv("PYSPARK_PYTHON", sys.executable)
    assert worker_python() == sys.executable


def test_another_minor_version_is_e07_and_another_patch_level_is_not(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    here = sys.version_info
    monkeypatch.setenv("WEFT_PYTHON", fake_python(tmp_path, f"{sys.implementation.name} 3.{here[1] + 1}.0"))
    with pytest.raises(InterpreterError) as caught:
        worker_python()
    assert caught.value.code == "E07" and caught.value.exit_code == 4
    assert f"the workers CPython 3.{here[1] + 1}.0 ({tmp_path}/python on localhost)" in str(caught.value)
    same = fake_python(tmp_path, f"{sys.implementation.name} 3.{here[1]}.99")
    monkeypatch.setenv("WEFT_PYTHON", same)
    assert worker_python() == same


def test_what_is_no_python_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WEFT_PYTHON", "/nonexistent/python")
    with pytest.raises(InterpreterError, match=r"/nonexistent/python \(from WEFT_PYTHON\)"):
        worker_python()


@pytest.mark.local
def test_a_python_without_the_packages_fails_the_job_in_one_line(tmp_path: Path) -> None:
    # answers for its version like the driver's own, and ends as soon as it shall serve
    version = "%d.%d.%d" % sys.version_info[:3]
    broken = fake_python(tmp_path, f"{sys.implementation.name} {version}")
    serving = '[ "$1" = -m ] && { echo "No module named x" >&2; exit 1; }'
    Path(broken).write_text(f"#!/bin/sh\n{serving}\necho {sys.implementation.name} {version}\n")
    code = """
        from weft import WeftContext

        sc = WeftContext("local[1]", "broken")
        try:
            sc.parallelize([1]).collect()
        except Exception as error:
            print(error)
        """
    out = scripts.run(tmp_path, code, WEFT_PYTHON=broken)
    assert "it said last: No module named x" in out

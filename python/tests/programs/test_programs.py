"""PySpark programs run unedited and print what they print with PySpark 4.3.0."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from tests.conform.record_programs import names, printed

pytestmark = pytest.mark.local

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[2]
NEEDS_NUMPY = {"k_means", "logistic_regression", "recommend"}
PROGRAMS = names()


def test_every_program_has_its_record() -> None:
    assert PROGRAMS == sorted(path.stem for path in (HERE / "expected").glob("*.txt"))
    assert len(PROGRAMS) >= 19
    assert {printed(name)[0] for name in PROGRAMS} == {"4.3.0"}


@pytest.mark.parametrize("name", PROGRAMS)
def test_a_program_prints_what_it_prints_with_pyspark(name: str, tmp_path: Path) -> None:
    if name in NEEDS_NUMPY:
        pytest.importorskip("numpy")
    done = subprocess.run(
        [str(ROOT / "bin" / "weft"), "run", "--pyspark", str(HERE / f"{name}.py")],
        cwd=tmp_path,
        env={**os.environ, "TMPDIR": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=180,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout == printed(name)[1]

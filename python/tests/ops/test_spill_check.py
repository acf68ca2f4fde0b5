"""Operators that spill hundreds of megabytes give the right answer within their memory (a third of the full size)."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[3] / "it" / "bench" / "spill_check.py"


@pytest.mark.local
@pytest.mark.parametrize(
    "case", ["map-combine", "map-pairs", "reduceByKey", "groupByKey", "sortBy", "sortBy-key", "join"]
)
def test_a_task_spills_and_stays_within_its_memory(case: str) -> None:
    ran = subprocess.run(
        [sys.executable, str(SCRIPT), "--scale", "35", "--memory", str(32 << 20), case],
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert "answer right" in ran.stdout

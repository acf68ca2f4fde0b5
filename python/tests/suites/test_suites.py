"""Test files that were written for PySpark run unedited, and each of their tests ends as it does with PySpark 4.3.0."""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path

import pytest

from tests.suites.outcomes import HERE, SUITES, expected_path, run_suite

pytestmark = pytest.mark.local
ROOT = HERE.parents[2]


@pytest.mark.parametrize("suite", SUITES)
def test_a_suite_ends_as_with_pyspark(suite: str, tmp_path: Path) -> None:
    command = [str(ROOT / "bin" / "weft"), "run", "--pyspark", *SUITES[suite]]
    found, output = run_suite(command, tmp_path, {**os.environ, "WEFT_PYTHON": sys.executable})
    assert found == expected_path(suite).read_text(), output


def test_a_suite_whose_conftest_activates_weft_needs_no_launcher(tmp_path: Path) -> None:
    suite = "test_with_pytest"
    paths = os.pathsep.join([str(ROOT / "python"), os.environ.get("PYTHONPATH", "")])
    found, output = run_suite([sys.executable, *SUITES[suite]], tmp_path, {**os.environ, "PYTHONPATH": paths})
    assert found == expected_path(suite).read_text(), output


@pytest.mark.parametrize("suite", SUITES)
def test_the_record_is_of_every_test_of_the_suite(suite: str) -> None:
    recorded = [line.split(" ")[0].partition("[")[0] for line in expected_path(suite).read_text().split("\n")[:-2]]
    written = re.findall(r"^ *def (test_\w+)", (HERE / "programs" / f"{suite}.py").read_text(), re.MULTILINE)
    assert set(written) <= set(recorded)
    assert expected_path(suite).read_text().endswith("exit code 0\n")

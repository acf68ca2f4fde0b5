"""The comparison with PySpark in YARN containers: one application that runs a chosen part of the recorded cases."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from test_yarn import assert_nothing_left

from yarnjobs import Jobs

pytestmark = pytest.mark.yarn

CONFORM = Path(__file__).resolve().parents[2] / "python" / "tests" / "conform"
MODULES = ("cases", "morecases", "sharedcases", "apicases", "cachecases", "record", "differ")


def test_cases_give_in_containers_what_pyspark_gives(
    jobs: Jobs, record_property: Callable[[str, object], None]
) -> None:
    ended = jobs.run(
        *("--num-executors", "2", "--executor-cores", "2", "--conf", f"weft.python={sys.executable}"),
        *("--py-files", ",".join(str(CONFORM / f"{name}.py") for name in MODULES)),
        *("--files", f"{CONFORM / 'recorded.json'},{CONFORM / 'DIFFERENCES.md'}"),
        str(Path(__file__).with_name("casesjob.py")),
    )
    printed = jobs.output(ended.application)
    assert re.findall("^differs .*", printed, re.MULTILINE) == []
    assert ended.code == 0, ended.errors
    [compared] = re.findall(r"^compared (\d+)$", printed, re.MULTILINE)
    assert int(compared) >= 300
    assert f"on {sys.implementation.name} {sys.version_info[0]}.{sys.version_info[1]}\n" in printed
    record_property("compared", compared)
    assert "own ones are right" in printed
    assert_nothing_left(jobs, ended.application)

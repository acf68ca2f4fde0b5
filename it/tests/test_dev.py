"""bin/dev counts what the reports say, and nothing twice."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import pytest
from matrixtable import failures, passed_by_place, property_of, replace, row, skips

from tally import Tally, failure, read

REPORT = """<testsuites><testsuite>
<testcase classname="a.B" name="passes"/>
<testcase classname="a.B" name="skips"><skipped message="no"/></testcase>
<testcase classname="a.B" name="fails"><failure message="1 is not 2&#10;more">stack</failure></testcase>
<testcase classname="a.B" name="breaks"><error>boom
at line 3</error></testcase>
</testsuite></testsuites>"""


def test_skipped_tests_count_as_neither_passed_nor_failed(tmp_path: Path) -> None:
    report = tmp_path / "report.xml"
    report.write_text(REPORT)
    assert read([report]) == Tally(1, 2, ["a.B.fails: 1 is not 2", "a.B.breaks: boom"], ["no"])


def test_tallies_add_up() -> None:
    assert Tally(2, 0) + failure("mypy") + Tally(3, 1, ["x"]) == Tally(5, 2, ["mypy", "x"])


@pytest.mark.parametrize(("seconds", "shown"), [(9.6, "10 s"), (99, "99 s"), (1080, "18 min")])
def test_durations_are_shown_in_seconds_or_minutes(seconds: float, shown: str) -> None:
    from main import _duration

    assert _duration(seconds) == shown


MATRIX = """<testsuites><testsuite>
<testcase classname="tests.conform.test_conform" name="test_a_case[inline[4]-of local[2]]"/>
<testcase classname="tests.conform.test_conform" name="test_a_case[local[4]-one]"/>
<testcase classname="tests.laws.test_laws_workers" name="test_a_law_holds[local-cluster[2,1,512]-one]"/>
<testcase classname="tests.laws.test_laws_workers" name="test_law[local[2]-one]"><failure message="x"/></testcase>
<testcase classname="tests.laws.test_laws_inline" name="test_a_law_holds[one]"/>
<testcase classname="tests.ops.test_keys" name="test_local_keys">
<properties><property name="compared" value="312"/></properties></testcase>
</testsuite></testsuites>"""


def test_the_matrix_counts_what_passed_by_master(tmp_path: Path) -> None:
    report = tmp_path / "report.xml"
    report.write_text(MATRIX)
    assert passed_by_place(report) == {"inline": 2, "local": 1, "local-cluster": 1, "no master": 1}
    assert property_of(report, "compared") == "312" and property_of(report, "other") == ""


def test_a_python_takes_the_place_of_its_own_row_in_the_matrix(tmp_path: Path) -> None:
    table, lock = tmp_path / "MATRIX.md", tmp_path / "lock"
    for title, passed in (("CPython 3.13.0", 7), ("PyPy 7.3.11 (Python 3.9.16)", 8), ("CPython 3.9.18", 9)):
        result = Tally(passed, 0, [], ["no numpy", "no numpy"])
        replace(table, [row(title, "C", Counter(local=passed), "", result, "3 min"), *skips(title, result)], lock)
    result = Tally(1_000, 1, ["a.B.fails: 1 is not 2"])
    newer = row("CPython 3.9.20", "C", Counter(local=1_000), "312", result, "3 min")
    replace(table, [newer, *failures("CPython 3.9.20", result)], lock)
    lines = table.read_text().splitlines()
    assert [line for line in lines if re.match(r"\| (CPython|PyPy)|- ", line)] == [
        "| CPython 3.9.20 | C | 0 | 1,000 | 0 | 0 | 312 | 1 | 0 | 3 min |",
        "| CPython 3.13.0 | C | 0 | 7 | 0 | 0 | — | 0 | 2 | 3 min |",
        "| PyPy 7.3.11 (Python 3.9.16) | C | 0 | 8 | 0 | 0 | — | 0 | 2 | 3 min |",
        "- CPython 3.9.20 failed: a.B.fails",
        "- CPython 3.13.0: 2: no numpy",
        "- PyPy 7.3.11 (Python 3.9.16): 2: no numpy",
    ]

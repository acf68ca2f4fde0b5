"""bin/dev counts what the reports say, and nothing twice."""

from __future__ import annotations

from pathlib import Path

import pytest

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

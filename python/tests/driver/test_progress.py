"""Progress and summary lines."""

from __future__ import annotations

import io
import time

import pytest

from weft._progress import Console, JobProgress, Totals

STAGE = {
    "id": 7,
    "position": 2,
    "of": 3,
    "name": "flatMap",
    "site": "etl.py:58",
    "tasks": 240,
    "done": 118,
    "running": 8,
    "failed": 0,
}


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_the_line_shows_stage_share_and_time_left() -> None:
    text = JobProgress(Console(io.StringIO())).text({"job": 3, "stages": [STAGE], "waiting": None})
    assert text == "[stage 2 of 3  flatMap etl.py:58  =====>        118+8/240  49%  ETA 0:00]"


def test_what_the_job_waits_for_is_shown() -> None:
    progress = JobProgress(Console(io.StringIO()))
    assert progress.text({"job": 3, "stages": [STAGE], "waiting": "queue root.etl is full"}) == "queue root.etl is full"


def test_a_terminal_gets_one_line_from_half_a_second_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm")
    out = Terminal()
    console = Console(out)
    console.show("early", time.monotonic())
    assert out.getvalue() == ""
    console.show("one", time.monotonic() - 1)
    console.show("other", time.monotonic() - 1)
    assert out.getvalue() == "one\r   \rother"
    console.clear()
    assert out.getvalue().endswith("\r     \r")


def test_elsewhere_a_line_comes_every_ten_seconds(monkeypatch: pytest.MonkeyPatch) -> None:
    out = io.StringIO()
    console = Console(out)
    start = time.monotonic()
    for second in (1, 5, 9.9, 10, 11, 15, 21, 25):
        monkeypatch.setattr(time, "monotonic", lambda now=start + second: now)
        console.show(f"at {second}", start)
    assert out.getvalue() == "at 10\nat 21\n"


def test_lines_of_others_go_above_the_progress_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm")
    out = Terminal()
    console = Console(out)
    console.show("[stage]", time.monotonic() - 1)
    console.write_line("from a worker")
    assert out.getvalue() == "[stage]\r       \rfrom a worker\n[stage]"


def test_the_summary_tells_what_was_done() -> None:
    totals = Totals()
    totals.add({"stages": 2, "tasks": 4, "bytesIn": 6144, "rowsIn": 134, "peakRss": 24 << 20, "compiled": True})
    assert totals.line(1.14) == "weft: 1 job, 2 stages, 4 tasks in 1.1 s; 134 rows, 6 KB in; peak worker memory 24 MB"


def test_the_summary_tells_retries_spills_and_pure_operators() -> None:
    totals = Totals()
    totals.add({"stages": 1, "tasks": 1, "retries": 1, "spilledBytes": 3 << 30, "compiled": False})
    totals.add({"stages": 1, "tasks": 1000, "retries": 0, "rowsOut": 5, "bytesOut": 10})
    assert totals.line(80) == (
        "weft: 2 jobs, 2 stages, 1,001 tasks, 1 retry in 1 min 20 s; 5 rows, 10 bytes out; 3.0 GB spilled; "
        "pure-Python operators"
    )


def test_the_summary_names_the_hottest_keys_that_joins_divided() -> None:
    totals = Totals()
    totals.add({"stages": 1, "tasks": 1, "compiled": True})
    totals.note_hot("-", 0.2)
    assert totals.line(1).endswith("; hot key divided: '-' 20%")
    for key, share in (("x" * 100, 0.3), ("-", 0.1), (7, 0.06), (None, 0.05)):
        totals.note_hot(key, share)
    assert totals.line(1).endswith(f"; hot keys divided: '{'x' * 38}… 30%, '-' 20%, 7 6%, 1 more")

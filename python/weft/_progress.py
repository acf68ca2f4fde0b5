"""What a person sees while jobs run, and at the end; all of it on standard error."""

from __future__ import annotations

import os
import shutil
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, TextIO

__all__ = ["Console", "Totals", "bytes_text", "duration_text"]

_FIRST_SECONDS = 0.5
_LINE_SECONDS = 10.0
_BAR = 12
_MOST_HOT = 3
_MOST_LETTERS = 40
_NAMED = 20
_SUMMED = ("stages", "tasks", "retries", "rowsIn", "bytesIn", "rowsOut", "bytesOut", "spilledBytes") + (
    "skippedFiles",
    "rejectedRecords",
)


def bytes_text(count: int) -> str:
    """Give a size for people.

    Examples
    --------
    >>> bytes_text(6144), bytes_text(1181116006), bytes_text(17)
    ('6 KB', '1.1 GB', '17 bytes')
    """
    for unit, name in ((1 << 40, "TB"), (1 << 30, "GB"), (1 << 20, "MB"), (1 << 10, "KB")):
        if count >= unit:
            value = count / unit
            return f"{value:.1f} {name}" if value < 10 and unit > 1 << 20 else f"{value:.0f} {name}"
    return f"{count} bytes"


def duration_text(seconds: float) -> str:
    """Give a time span for people.

    Examples
    --------
    >>> duration_text(1.123), duration_text(80), duration_text(7384)
    ('1.1 s', '1 min 20 s', '2 h 3 min')
    """
    if seconds < 60:
        return f"{seconds:.1f} s"
    whole = int(seconds)
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    return f"{whole // 3600} h {whole % 3600 // 60} min"


class Totals:
    """Sums over the jobs of an application; one thread at a time may add."""

    def __init__(self) -> None:
        self.jobs = 0
        self.sums: dict[str, int] = {}
        self.peak_rss = 0
        self.pure = False
        self.hot: dict[str, float] = {}
        self._left_out: set[str] = set()  # damaged files whose rest was not read
        self._lock = threading.Lock()

    def note_hot(self, key: Any, share: float) -> None:
        """Note a key that a join divides because it has so large a share of one side's pairs."""
        text = repr(key)
        text = text if len(text) <= _MOST_LETTERS else text[: _MOST_LETTERS - 1] + "…"
        with self._lock:
            self.hot[text] = max(share, self.hot.get(text, 0.0))

    def add(self, stats: dict[str, Any]) -> None:
        """Add the ``stats`` object of one job."""
        with self._lock:
            self.jobs += 1
            for name in _SUMMED:
                self.sums[name] = self.sums.get(name, 0) + int(stats.get(name) or 0)
            self.peak_rss = max(self.peak_rss, int(stats.get("peakRss") or 0))
            if stats.get("compiled") is False:
                self.pure = True

    def leave_out(self, files: dict[str, str]) -> list[str]:
        """Note damaged files whose rest was not read, and give a line for each that is new."""
        with self._lock:
            new = [path for path in files if path not in self._left_out]
            self._left_out.update(new)
        lines = [f"weft: the rest of {path} is left out: {files[path]}" for path in new[:_NAMED]]
        if len(new) > _NAMED:
            lines.append(f"weft: and that of {_counted(len(new) - _NAMED, 'file')} more.")
        return lines

    def line(self, seconds: float) -> str:
        """Give the summary line."""
        get = self.sums.get
        work = ", ".join(
            _counted(count, name)
            for count, name in ((self.jobs, "job"), (get("stages", 0), "stage"), (get("tasks", 0), "task"))
        )
        if get("retries", 0):
            work += ", " + ("1 retry" if get("retries") == 1 else f"{get('retries')} retries")
        parts = [f"{work} in {duration_text(seconds)}"]
        for rows, size, way in (("rowsIn", "bytesIn", "in"), ("rowsOut", "bytesOut", "out")):
            if get(size, 0) or get(rows, 0):
                parts.append(f"{_counted(get(rows, 0), 'row')}, {bytes_text(get(size, 0))} {way}")
        if get("spilledBytes", 0):
            parts.append(f"{bytes_text(get('spilledBytes', 0))} spilled")
        if get("rejectedRecords", 0):
            parts.append(f"{_counted(get('rejectedRecords', 0), 'record')} rejected")
        if get("skippedFiles", 0):
            parts.append(f"{_counted(get('skippedFiles', 0), 'hidden file')} skipped")
        if self.hot:
            hottest = sorted(self.hot.items(), key=lambda item: -item[1])
            named = [f"{key} {share:.0%}" for key, share in hottest[:_MOST_HOT]]
            more = [f"{len(hottest) - _MOST_HOT} more"] if len(hottest) > _MOST_HOT else []
            parts.append(f"{'hot key' if len(hottest) == 1 else 'hot keys'} divided: {', '.join(named + more)}")
        if self._left_out:
            parts.append(f"{_counted(len(self._left_out), 'damaged file')} left out")
        if self.peak_rss:
            parts.append(f"peak worker memory {bytes_text(self.peak_rss)}")
        if self.pure:
            parts.append("pure-Python operators")
        return "weft: " + "; ".join(parts)


def _counted(count: int, name: str) -> str:
    return f"{count:,} {name}" + ("" if count == 1 else "s")


class Console:
    """Draws the progress of running jobs on one line of a terminal, or as a line every ten seconds elsewhere.

    Thread-safe. Where jobs run at the same time, the one that reported last is shown.
    """

    def __init__(self, stream: TextIO | None = None, enabled: bool = True) -> None:
        self._stream = sys.stderr if stream is None else stream
        self._terminal = bool(getattr(self._stream, "isatty", bool)()) and os.environ.get("TERM") != "dumb"
        self._enabled = enabled
        self._shown = ""
        self._lock = threading.Lock()
        self._next_line = 0.0

    @property
    def terminal(self) -> bool:
        """Whether a person's terminal is at the other end."""
        return self._terminal

    @contextmanager
    def job(self) -> Iterator[JobProgress]:
        """Show one job while the block runs; the line is gone when it ends."""
        progress = JobProgress(self)
        try:
            yield progress
        finally:
            self.clear()

    def show(self, text: str, started: float) -> None:
        """Draw ``text``, for a job that began at ``started`` (monotonic seconds)."""
        now = time.monotonic()
        if not self._enabled or now - started < _FIRST_SECONDS:
            return
        with self._lock:
            if self._terminal:
                width = shutil.get_terminal_size().columns - 1
                self._erase()
                self._shown = text[:width]
                self._stream.write(self._shown)
                self._stream.flush()
            elif now - started >= _LINE_SECONDS and now >= self._next_line:
                self._next_line = now + _LINE_SECONDS
                self._stream.write(text + "\n")
                self._stream.flush()

    def clear(self) -> None:
        """Take the line away."""
        with self._lock:
            self._erase()
            self._stream.flush()

    def write_line(self, text: str) -> None:
        """Write a line of its own; a progress line moves below it."""
        with self._lock:
            shown = self._shown
            self._erase()
            self._stream.write(text + "\n" + shown)
            self._shown = shown
            self._stream.flush()

    def _erase(self) -> None:
        if self._shown:
            self._stream.write("\r" + " " * len(self._shown) + "\r")
            self._shown = ""


class JobProgress:
    """One running job; called with the object of each PROGRESS frame."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._started = time.monotonic()
        self._stage_started: dict[int, float] = {}

    def __call__(self, frame: dict[str, Any]) -> None:
        text = self.text(frame)
        if text:
            self._console.show(text, self._started)

    def text(self, frame: dict[str, Any]) -> str:
        """Give the line for a PROGRESS frame, empty if there is nothing to say."""
        waiting = frame.get("waiting")
        if waiting:
            return str(waiting)
        stages = frame.get("stages") or ()
        open_stages = [stage for stage in stages if stage["done"] < stage["tasks"]]
        running = [stage for stage in open_stages if stage["running"]] or open_stages
        if not running:
            return ""
        return self._stage_text(running[0])

    def _stage_text(self, stage: dict[str, Any]) -> str:
        done, tasks = stage["done"], stage["tasks"]
        part = done / tasks if tasks else 0.0
        filled = int(part * _BAR)
        bar = "=" * filled + (">" if filled < _BAR else "")
        began = self._stage_started.setdefault(stage["id"], time.monotonic())
        text = (
            f"[stage {stage['position']} of {stage['of']}  {stage['name']} {stage['site']}  "
            f"{bar:<{_BAR}}  {done}+{stage['running']}/{tasks}  {part:.0%}"
        )
        if stage.get("failed"):
            text += f"  {stage['failed']} failed"
        if done:
            left = (time.monotonic() - began) * (tasks - done) / done
            text += f"  ETA {int(left) // 60}:{int(left) % 60:02d}"
        return text + "]"

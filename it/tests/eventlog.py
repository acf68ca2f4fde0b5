"""What the ApplicationMaster's event log says, line by line; the tests count for themselves."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

_LAUNCH = re.compile(
    r"< LaunchTask\[id=(stage (\d+) task (\d+) attempt \d+), job=(\d+), runner=(\S+), slot=\d+, locality=(\w+)"
)
_ENDED = re.compile(r"> (?:TaskSucceeded|TaskFailed|TaskCancelled|FetchFailed)\[id=(stage \d+ task \d+ attempt \d+)")
_OUTPUT = re.compile(r"> TaskSucceeded\[id=(stage \d+ task \d+ attempt \d+), output=.*?MapOutput\[.*?runner=(\w+)")
_FETCH_FAILED = re.compile(r"> FetchFailed\[id=(stage \d+ task \d+ attempt \d+)")
_JOB_DONE = re.compile(r"< JobSucceeded\[job=(\d+)")
_ACCEPTED = re.compile(r"< TaskAccepted\[job=(\d+), attempt=(stage (\d+) task \d+ attempt \d+), resultStage=(\w+)")


@dataclass(frozen=True)
class Launch:
    """An attempt that was sent to a runner; `line` is its place in the log."""

    attempt: str
    stage: int
    partition: int
    job: int
    runner: str
    locality: str
    line: int


@dataclass(frozen=True)
class Loss:
    """What went with a runner.

    Attributes
    ----------
    running : list of str
        Attempts that ran there.
    held : list of str
        Attempts of jobs still running whose finished map outputs it held.
    readable : bool
        Whether those can still be read.
    fetches : list of str
        Attempts elsewhere that ended because they could not read an output.
    """

    running: list[str]
    held: list[str]
    readable: bool
    fetches: list[str]

    @property
    def attempts(self) -> int:
        """How many attempts must run again."""
        return len(self.running) + len(self.fetches) + (0 if self.readable else len(self.held))


class EventLog:
    """The lines written so far; a half-written last line is left out."""

    def __init__(self, text: str) -> None:
        self.lines = text.split("\n")[:-1]
        self.launches = [
            Launch(m[1], int(m[2]), int(m[3]), int(m[4]), m[5], m[6], number)
            for number, line in enumerate(self.lines)
            for m in [_LAUNCH.search(line)]
            if m
        ]

    @staticmethod
    def read(path: Path) -> EventLog:
        """Empty while there is no file."""
        return EventLog(path.read_text() if path.exists() else "")

    def hosts(self) -> dict[str, str]:
        """Runner -> its host."""
        found = (re.search(r"> RunnerRegistered\[runner=(\S+), host=(\S+), rack", line) for line in self.lines)
        return {m[1]: m[2] for m in found if m}

    def reading(self) -> list[Launch]:
        """Attempts of tasks that read a part of a file with known hosts."""
        return [launch for launch in self.launches if launch.locality in ("NODE", "RACK", "ANY")]

    def accepted(self, job: int, *, result: bool) -> int:
        """How many tasks of a job's result stage, or of its map stages, are done."""
        wanted = (str(job), str(result).lower())
        return sum((m[1], m[4]) == wanted for m in map(_ACCEPTED.search, self.lines) if m)

    def running_on(self, runner: str) -> list[str]:
        """Attempts that have been launched there and have not ended."""
        return self._running(runner, len(self.lines))

    def held_by(self, runner: str) -> list[str]:
        """Attempts of unfinished jobs whose accepted map outputs the runner has."""
        return self._held(runner, len(self.lines))

    def loss(self, runner: str) -> Loss:
        """What went with this runner, which must have been lost."""
        (at,) = [i for i, line in enumerate(self.lines) if f"> RunnerLost[runner={runner}," in line]
        fetches = [m[1] for m in map(_FETCH_FAILED.search, self.lines) if m]
        readable = "outputsReadable=true" in self.lines[at]
        return Loss(self._running(runner, at), self._held(runner, at), readable, fetches)

    def _running(self, runner: str, until: int) -> list[str]:
        ended = {m[1] for m in map(_ENDED.search, self.lines[:until]) if m}
        mine = (launch.attempt for launch in self.launches if launch.line < until and launch.runner == runner)
        return [attempt for attempt in mine if attempt not in ended]

    def _held(self, runner: str, until: int) -> list[str]:
        lines = self.lines[:until]
        done = {m[1] for m in map(_JOB_DONE.search, lines) if m}
        accepted = {m[2]: m[1] for m in map(_ACCEPTED.search, lines) if m}
        written = [m[1] for m in map(_OUTPUT.search, lines) if m and m[2] == runner]
        return [attempt for attempt in written if attempt in accepted and accepted[attempt] not in done]

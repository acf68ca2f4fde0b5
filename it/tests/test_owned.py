"""What bin/dev has started ends with it, whichever of the three processes of owned.py is killed."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import textwrap
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from realcluster import ROOT
from tests.gateway.scripts import eventually, is_running, none_running

SECONDS = 60.0
# a step that cleans up when it is interrupted, and a daemon that has a session of its own and heeds no SIGTERM
MAIN = """
    import os, subprocess, sys, time
    sys.path.insert(0, {dev!r})
    import owned

    owned.ENDING_SECONDS = 3
    command = os.getpid()
    owned.begin()
    step = subprocess.Popen([sys.executable, "-c", {step!r}])
    subprocess.run(["sh", "-c", "trap '' TERM; setsid sh -c 'echo $$ > part; mv part daemon; exec sleep 600' &"])
    while not (os.path.exists("step") and os.path.exists("daemon")):
        time.sleep(0.01)
    with open("daemon") as file, open("part", "w") as pids:
        print(command, os.getppid(), os.getpid(), step.pid, file.read(), file=pids)
    os.rename("part", "pids")
    if sys.argv[1:]:
        step.kill()
        sys.exit(7)
    step.wait()
"""
STEP = """
import time
try:
    open("step", "w").close()
    time.sleep(600)
finally:
    open("cleaned", "w").close()
"""


class Started:
    """A command at work."""

    def __init__(self, folder: Path, *arguments: str) -> None:
        main = folder / "main.py"
        main.write_text(textwrap.dedent(MAIN).format(dev=str(ROOT / "it" / "dev"), step=STEP))
        self.folder = folder
        command = [sys.executable, str(main), *arguments]
        self.process = subprocess.Popen(command, cwd=folder, start_new_session=True, stderr=subprocess.PIPE, text=True)
        assert eventually((folder / "pids").exists, SECONDS)
        self.pids = [int(pid) for pid in (folder / "pids").read_text().split()]
        self.command, self.keeper, self.worker, self.step, self.daemon = self.pids

    def said(self) -> str:
        """What it wrote on standard error until all that held it had ended."""
        return self.process.communicate(timeout=SECONDS)[1]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., Started]]:
    commands = []

    def one(*arguments: str) -> Started:
        commands.append(Started(tmp_path, *arguments))
        return commands[-1]

    yield one
    for command in commands:
        for pid in filter(is_running, command.pids):
            os.kill(pid, signal.SIGKILL)
        command.process.communicate(timeout=SECONDS)


@pytest.fixture
def started(start: Callable[..., Started]) -> Started:
    command = start()
    assert command.command == command.process.pid and all(map(is_running, command.pids))
    return command


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_with_the_command_all_ends_that_it_has_started(started: Started, number: int) -> None:
    os.killpg(started.command, number)  # as a terminal does it, or a machine that gives up on a run
    assert eventually(lambda: none_running(started.pids), SECONDS), started.pids
    assert (started.folder / "cleaned").exists()
    assert started.process.wait(SECONDS) == (-number if number == signal.SIGKILL else 128 + number)


def test_the_command_ends_all_when_the_keeper_is_killed(started: Started) -> None:
    os.kill(started.keeper, signal.SIGKILL)
    assert "the keeper was killed" in started.said()
    assert none_running(started.pids)
    assert (started.folder / "cleaned").exists()
    assert started.process.returncode == 128 + signal.SIGKILL


def test_all_ends_when_the_work_is_killed(started: Started) -> None:
    os.kill(started.worker, signal.SIGKILL)
    assert "ending what was left running" in started.said()
    assert none_running(started.pids)
    assert started.process.returncode == 128 + signal.SIGKILL


def test_what_the_work_leaves_running_is_named_and_ended_and_its_code_is_the_commands(
    start: Callable[..., Started],
) -> None:
    one = start("ends")
    assert re.findall("left running: (.*)", one.said()) == [f"{one.daemon} sleep 600 "]
    assert none_running(one.pids)
    assert one.process.returncode == 7

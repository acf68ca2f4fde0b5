"""Applications on the test cluster, submitted as a user does it, and what they leave behind."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Optional

from realcluster import ROOT, Cluster

SECONDS = 240


@dataclass
class Ended:
    """An application that has ended.

    Attributes
    ----------
    code : int
        The client's exit code.
    errors : str
        The client's standard error.
    application : str
        Its id.
    """

    code: int
    errors: str
    application: str


class Jobs:
    """Submits with `yarn jar` from a folder that holds the jar and the framework archive."""

    def __init__(self, cluster: Cluster, dist: Path) -> None:
        self.cluster = cluster
        self.dist = dist
        self._before: set[str] = set()

    def start(self, *arguments: str, user: str = "") -> subprocess.Popen[str]:
        """Submits, as another user where one is named; the caller waits."""
        environment = {**self.cluster.environment(), **({"HADOOP_USER_NAME": user} if user else {})}
        command = ["yarn", "jar", str(next(self.dist.glob("weft-*.jar"))), "submit", *arguments]
        return self.start_command(command, environment)

    def start_command(self, command: list[str], environment: dict[str, str]) -> subprocess.Popen[str]:
        """Starts a command that submits; the caller waits."""
        self._before = self._masters()
        return subprocess.Popen(
            command,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def wait(self, client: subprocess.Popen[str], seconds: float = SECONDS) -> Ended:
        """Waits for a client that `start` gave."""
        _, errors = client.communicate(timeout=seconds)
        found = re.search(r"application_\d+_\d+", errors)
        return Ended(client.returncode, errors, found.group() if found else "")

    def run(self, *arguments: str, user: str = "") -> Ended:
        """Submits, as another user where one is named, and waits."""
        return self.wait(self.start(*arguments, user=user))

    def running(self) -> str:
        """The id of the application that was started last, once its ApplicationMaster runs."""
        return poll(lambda: next(iter(self._masters() - self._before), None), "an ApplicationMaster")

    def _masters(self) -> set[str]:
        """Of this cluster: others may stand beside it on this machine."""
        found = set()
        for pid, command in processes():
            for application in re.findall(r"^weft-am.*-Dweft.application=(\S+)", command):
                try:
                    if Path(os.readlink(f"/proc/{pid}/cwd")).is_relative_to(self.cluster.home.resolve()):
                        found.add(application)
                except OSError:  # it has just ended
                    continue
        return found

    def output(self, application: str, name: str = "stdout") -> str:
        """What the ApplicationMaster's container has written."""
        logs = sorted(self.cluster.home.glob(f"data/node*/containers/{application}/*_000001/{name}"))
        return "".join(log.read_text() for log in logs)

    def events(self, application: str) -> str:
        """The event log of the ApplicationMaster, while it runs."""
        pattern = f"data/node*/local/usercache/*/appcache/{application}/*_000001/events.log"
        found = sorted(self.cluster.home.glob(pattern))
        text = ""
        for log in found:
            try:
                text += log.read_text()
            except FileNotFoundError:  # the application has just ended
                continue
        return text

    def left_over(self, application: str) -> list[str]:
        """Processes, staging and local folders of an ended application."""
        left = [command for _, command in processes() if application in command]
        left += [path for path in self.cluster.hdfs.below(".weft/staging") if application in path]
        left += [str(path) for path in self.cluster.home.glob(f"data/node*/local/usercache/*/appcache/{application}")]
        return left


def processes() -> list[tuple[int, str]]:
    """Pid and command line of every process."""
    found = []
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            try:
                command = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
            except OSError:
                continue
            found.append((int(folder.name), command))
    return found


def poll(probe: Callable[[], Optional[str]], what: str, seconds: float = 90) -> str:
    """What `probe` gives once it gives something."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        found = probe()
        if found:
            return found
        time.sleep(0.05)
    raise AssertionError(f"no {what} within {seconds} s")


def make_dist(folder: Path) -> Path:
    """The jar and the framework archive side by side, as `bin/dev dist` leaves them."""
    program = (
        "import sys; from weft import _install; _install.ensure_installed(); _install.link_dependencies();"
        "from weft._framework import ensure_framework; print(ensure_framework()); print(_install.lib_folder())"
    )
    environment = dict(os.environ, PYTHONPATH=str(ROOT / "python"))
    done = subprocess.run(
        [sys.executable, "-c", program], env=environment, capture_output=True, text=True, timeout=600, check=True
    )
    framework, lib = done.stdout.split()[-2:]
    jar = next(Path(lib).glob("weft-*.jar"))
    folder.mkdir(exist_ok=True)
    os.symlink(framework, folder / f"{jar.stem}-framework.tar.gz")
    os.symlink(jar, folder / jar.name)
    return folder

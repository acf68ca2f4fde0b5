"""What an ended application has left on the cluster and on this machine."""

from __future__ import annotations

import os
import re
import threading
import time
from pathlib import Path

from realcluster import Cluster

SHARED = ("/tmp", "/dev/shm")
EVERY_SECONDS = 0.25


class Watch:
    """Notes what an application's processes have open or mapped in /tmp and /dev/shm while it runs.

    Other programs write there too, so what is new there afterwards is not all the application's. With WEFT_IT_ALONE=1,
    on a machine where nothing else runs, every new entry counts.
    """

    def __init__(self, cluster: Cluster) -> None:
        self.cluster = cluster
        self.application = ""
        self._before = _entries()
        self._seen: set[str] = set()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)

    def start(self, application: str) -> None:
        self.application = application
        self._thread.start()

    def _look(self) -> None:
        while not self._stop.wait(EVERY_SECONDS):
            for pid, _ in processes_of(self._mark()):
                self._seen |= _shared_files(Path(f"/proc/{pid}"))

    def _mark(self) -> str:
        """What the ids of application and containers have in common."""
        return self.application.removeprefix("application_")

    def left_over(self, *outputs: str) -> list[str]:
        """A line for all: processes, staging, `_temporary` under `outputs`, nodes' folders, /tmp and /dev/shm."""
        left = [f"process {pid}: {command[:200]}" for pid, command in processes_of(self._mark())]
        left += [path for path in self.cluster.hdfs.below(".weft/staging") if self.application in path]
        for output in outputs:
            left += [path for path in self.cluster.hdfs.below(output) if "_temporary" in path]
        for pattern in ("usercache/*/appcache", "nmPrivate"):
            left += [str(path) for path in self.cluster.home.glob(f"data/node*/local/{pattern}/{self.application}")]
        new = _entries() - self._before
        if os.environ.get("WEFT_IT_ALONE") != "1":
            new = {path for path in new if path in self._seen or self._mark() in path}
        return left + sorted(new)

    def assert_nothing_left(self, *outputs: str, seconds: float = 60) -> None:
        """Waits until nothing is left, else fails with what is."""
        end = time.monotonic() + seconds
        left = self.left_over(*outputs)
        while left and time.monotonic() < end:
            time.sleep(0.1)
            left = self.left_over(*outputs)
        self._stop.set()
        assert not left, "\n".join([f"left behind by {self.application}:", *left])


def _entries() -> set[str]:
    """What stands in /tmp and /dev/shm, without the folders of tests and clusters."""
    every = (str(path) for folder in SHARED if Path(folder).is_dir() for path in Path(folder).iterdir())
    return {path for path in every if not path.startswith(("/tmp/pytest-of-", "/tmp/weft-it-"))}


def _shared_files(process: Path) -> set[str]:
    """The entries of /tmp and /dev/shm that a process has open, mapped, or as its working directory."""
    text = ""
    try:
        text = (process / "maps").read_text()
        text += "\n".join(os.readlink(link) for link in [process / "cwd", *(process / "fd").iterdir()])
    except OSError:  # it has ended
        pass
    return set(re.findall(r"(?:^|\s)(/(?:tmp|dev/shm)/[^/\s]+)", text))


def processes_of(mark: str) -> list[tuple[int, str]]:
    """Pid and command line of processes that name the application in their command line or environment."""
    found = []
    for folder in Path("/proc").iterdir():
        if not folder.name.isdigit() or int(folder.name) == os.getpid():
            continue
        try:
            command = (folder / "cmdline").read_bytes()
            if mark.encode() in command or mark.encode() in (folder / "environ").read_bytes():
                found.append((int(folder.name), command.replace(b"\0", b" ").decode(errors="replace")))
        except OSError:
            continue
    return found

"""A task to spill for, without a worker."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager


class TestScope:
    """Spills into the given folders and counts."""

    __test__ = False

    def __init__(self, spill_dirs: Sequence[str]) -> None:
        self.spilled_bytes = 0
        self.spills = 0
        self._spill_dirs = list(spill_dirs)
        self._actions: list[Callable[[], None]] = []

    @property
    def spill_dirs(self) -> Sequence[str]:
        return self._spill_dirs

    def on_close(self, action: Callable[[], None]) -> None:
        self._actions.append(action)

    def close(self) -> None:
        for action in self._actions:
            action()


@contextmanager
def scope(disks: int = 2) -> Iterator[TestScope]:
    """A task with some disks; fails if a file is left or a descriptor stays open."""
    before = open_files()
    with tempfile.TemporaryDirectory(prefix="weft-spill-") as root:
        folders = [os.path.join(root, f"disk{number}") for number in range(disks)]
        for folder in folders:
            os.mkdir(folder)
        task = TestScope(folders)
        try:
            yield task
        finally:
            task.close()
            assert [os.listdir(folder) for folder in folders] == [[]] * disks
            assert open_files() <= before


def open_files() -> set[str]:
    """The spill files that this process has open."""
    links = set()
    for name in os.listdir("/proc/self/fd"):
        try:
            link = os.readlink(f"/proc/self/fd/{name}")
        except OSError:
            continue
        if "weft-spill-" in link:
            links.add(name)
    return links

"""A reader that looks at a folder of HDFS every 20 ms, as a job does that waits for another one's output."""

from __future__ import annotations

import subprocess
import threading
import time
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Optional

from realcluster import Cluster

EVERY_MILLIS = 20
A_SECOND = 1000 // EVERY_MILLIS
"""How many looks a second has. Looks are counted, so that nothing comes of a machine that stands still for a while."""
PROGRAM = Path(__file__).with_name("PollReader.java")


@dataclass(frozen=True, order=True)
class File:
    """A file of a listing; ``number`` is HDFS's own, which no other file ever has."""

    name: str
    number: int
    length: int


Listing = Optional[frozenset[File]]
"""What stands in a folder; None while there is no folder."""


class Reader:
    """Notes each listing of a folder that differs from the one before. It is a JVM of its own, with HDFS's client.

    Attributes
    ----------
    seen : list
        At which look, counted from 0, and what.
    looks : int
        How often it has looked, about that until it has ended.
    """

    def __init__(self, cluster: Cluster, folder: str) -> None:
        self._cluster = cluster
        self._folder = folder
        self._ready = threading.Event()
        self._summary: list[int] = []
        self._seconds = 0.0
        self.seen: list[tuple[int, Listing]] = []
        self.looks = 0

    def __enter__(self) -> Reader:
        classes = self._cluster.must("hdfs", "classpath").strip()
        command = ["java", "-Xmx64m", "-cp", classes, str(PROGRAM), self._folder, str(EVERY_MILLIS)]
        self._process = subprocess.Popen(
            command, env=self._cluster.environment(), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        self._thread = threading.Thread(target=self._follow, daemon=True)
        self._thread.start()
        assert self._ready.wait(60), "the reader did not start"
        self._began = time.monotonic()
        return self

    def __exit__(self, *_: object) -> None:
        self._seconds = time.monotonic() - self._began
        assert self._process.stdin is not None
        self._process.stdin.write("end\n")
        self._process.stdin.close()
        self._thread.join(60)
        assert self._process.wait(60) == 0

    def _follow(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            when, *words = line.rstrip("\n").split("\t")
            if when == "ready":
                self._ready.set()
            elif when == "looked":
                self.looks = int(words[0])
            elif when == "looks":
                self._summary = [int(word) for word in words]
                self.looks = self._summary[0]
            elif words:
                self.seen.append((int(when), _listing(words)))

    def assert_often(self, least: int) -> None:
        """It has looked so often at least; a slow machine takes longer for its looks and what it looks at."""
        looks, middle, most, longest = self._summary
        print(
            f"\n{looks} looks in {self._seconds:.1f} s, {middle / 1000:.1f} ms apart in the middle, "
            f"{most / 1000:.1f} ms in 99 of 100, {longest / 1000:.1f} ms at most",
            flush=True,
        )
        assert looks >= least

    def last(self) -> frozenset[tuple[str, int]] | None:
        """The names and lengths that it has seen last; None for no folder, or before it has looked."""
        return None if not self.seen else _sizes(self.seen[-1][1])

    def mixtures(self, outputs: Collection[frozenset[tuple[str, int]]]) -> list[frozenset[tuple[str, int]]]:
        """What it has seen that is none of these sets of names and lengths."""
        return [one for one in map(_sizes, (seen for _, seen in self.seen)) if one is not None and one not in outputs]

    def longest_without(self) -> int:
        """How many looks one after the other found no folder at most, between two that found one."""
        longest = 0
        for (_, before), (gone, listing), (back, _) in zip(self.seen, self.seen[1:], self.seen[2:]):
            if listing is None and before is not None:
                longest = max(longest, back - gone)
        return longest


def _sizes(listing: Listing) -> frozenset[tuple[str, int]] | None:
    return None if listing is None else frozenset((file.name, file.length) for file in listing)


def _listing(words: list[str]) -> Listing:
    if words[0] == "none":
        return None
    files = (word.rsplit(" ", 2) for word in words[1:] if word)
    return frozenset(File(name, int(number), int(length)) for name, number, length in files)


def names(listing: Listing) -> set[str]:
    """The names of a listing's files."""
    return {file.name for file in listing or ()}

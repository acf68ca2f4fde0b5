"""A reader that looks at a folder of HDFS every 20 ms, as a job does that waits for another one's output."""

from __future__ import annotations

import json
import threading
import time
import urllib.error
import urllib.request

from realcluster import Cluster

EVERY_SECONDS = 0.02


class Reader:
    """Notes each listing of a folder that differs from the one before; None while there is no folder.

    A listing names each file with its number in HDFS, which no other file ever has.
    """

    def __init__(self, cluster: Cluster, folder: str) -> None:
        address = cluster.must("hdfs", "getconf", "-confKey", "dfs.namenode.http-address").strip()
        self._url = f"http://{address}/webhdfs/v1{folder}?op=LISTSTATUS"
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)
        self.seen: list[tuple[float, frozenset[tuple[str, int]] | None]] = []
        self.looks = 0

    def __enter__(self) -> Reader:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join(30)

    def _look(self) -> None:
        while not self._stop.wait(EVERY_SECONDS):
            try:
                listing = self.listing()
            except OSError:  # the NameNode is busy; a reader would try again
                continue
            self.looks += 1
            if not self.seen or self.seen[-1][1] != listing:
                self.seen.append((time.monotonic(), listing))

    def listing(self) -> frozenset[tuple[str, int]] | None:
        """What stands in the folder now."""
        try:
            with urllib.request.urlopen(self._url, timeout=10) as answer:
                entries = json.load(answer)["FileStatuses"]["FileStatus"]
        except urllib.error.HTTPError as problem:
            if problem.code == 404:
                return None
            raise
        return frozenset((entry["pathSuffix"], int(entry["fileId"])) for entry in entries)


def names(listing: frozenset[tuple[str, int]] | None) -> set[str]:
    """The names of a listing's files."""
    return {name for name, _ in listing or ()}

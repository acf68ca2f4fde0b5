"""The cluster's HDFS over HTTP, as the NameNode and the DataNodes serve it: no JVM is started for a listing."""

from __future__ import annotations

import getpass
import json
import re
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

SECONDS = 120
CHUNK = 1 << 20


class WebHdfs:
    """Works for the user who runs the tests; relative paths are below that user's home folder."""

    def __init__(self, conf: Path) -> None:
        text = (conf / "hdfs-site.xml").read_text()
        (address,) = re.findall(r"<name>dfs.namenode.http-address</name><value>([^<]+)", text)
        self._base = f"http://{address}/webhdfs/v1"
        self._user = getpass.getuser()

    def make(self, folder: str, **parameters: str) -> None:
        """A folder and those above it."""
        assert self._ask("PUT", folder, "MKDIRS", **parameters) == {"boolean": True}

    def remove(self, path: str) -> bool:
        """A file or a folder with all in it; whether there was one."""
        return bool(self._ask("DELETE", path, "DELETE", recursive="true")["boolean"])

    def below(self, folder: str) -> list[str]:
        """The paths of all that stands in a folder, at any depth, in order; none where there is no folder."""
        folder = self.absolute(folder)
        try:
            listed = self._ask("GET", folder, "LISTSTATUS")["FileStatuses"]["FileStatus"]
        except FileNotFoundError:
            return []
        found = []
        for one in sorted(listed, key=lambda status: str(status["pathSuffix"])):
            path = f"{folder.rstrip('/')}/{one['pathSuffix']}"
            found += [path, *(self.below(path) if one["type"] == "DIRECTORY" else [])]
        return found

    def chunks(self, path: str) -> Iterator[bytes]:
        """A file's bytes."""
        with self._open("GET", path, "OPEN") as answer:
            while chunk := answer.read(CHUNK):
                yield chunk

    def lines(self, folder: str) -> list[str]:
        """The lines of a saved folder's parts."""
        return "".join([b"".join(self.chunks(path)).decode() for path in self.parts(folder)]).splitlines()

    def parts(self, folder: str) -> list[str]:
        """The paths of a saved folder's parts, in order."""
        return [path for path in self.below(folder) if "/part-" in path]

    def absolute(self, path: str) -> str:
        return path if path.startswith("/") else f"/user/{self._user}/{path}"

    def _ask(self, method: str, path: str, operation: str, **parameters: str) -> Any:
        with self._open(method, path, operation, **parameters) as answer:
            return json.loads(answer.read())

    def _open(self, method: str, path: str, operation: str, **parameters: str) -> Any:
        asked = urllib.parse.urlencode({"op": operation, "user.name": self._user, **parameters})
        url = f"{self._base}{urllib.parse.quote(self.absolute(path))}?{asked}"
        try:
            return urllib.request.urlopen(urllib.request.Request(url, method=method), timeout=SECONDS)
        except urllib.error.HTTPError as error:
            with error:
                told = error.read().decode(errors="replace")
            if error.code == 404:
                raise FileNotFoundError(path) from None
            raise AssertionError(f"{operation} {path}: {error.code} {told[:500]}") from None

"""What goes to the workers beside the functions."""

from __future__ import annotations

import os
import sys

from weft._callsite import call_site
from weft._context.formats import Formats
from weft._rdd.core import path_text

__all__ = ["Files"]


class Files(Formats):
    """Files and modules for tasks."""

    _added_files: list[str]

    @property
    def listFiles(self) -> list[str]:
        """The files that were added, as URIs."""
        return list(self._added_files)

    def addFile(self, path: str) -> None:
        """Send a file to every task; :class:`WeftFiles` tells where it is.

        Parameters
        ----------
        path : str
            A local file, or a URI of a filesystem that Hadoop knows.
        """
        self._add_file(path, False)

    def addPyFile(self, path: str) -> None:
        """Send a module (.py) or package (.zip, .whl, .egg) to the workers, for tasks from now on, and import it here.

        Parameters
        ----------
        path : str
            A local file, or a URI of a filesystem that Hadoop knows.
        """
        path = self._add_file(path, True)
        local = path.removeprefix("file://")
        if os.path.exists(local):
            folder = os.path.abspath(local) if not local.endswith(".py") else os.path.dirname(os.path.abspath(local))
            if folder not in sys.path:
                sys.path.insert(1, folder)

    def _add_file(self, path: str, python: bool) -> str:
        method = "addPyFile" if python else "addFile"
        path = path_text(path, method, call_site())
        if "://" not in path:
            path = os.path.abspath(path)
            if not os.path.exists(path):
                raise FileNotFoundError(f"{path} does not exist ({method} at {call_site()})")
        self._jobs.control("addFile", path, python)
        known = path if "://" in path else f"file:{path}"
        if known not in self._added_files:
            self._added_files.append(known)
        return path

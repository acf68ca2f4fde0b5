"""What goes to the workers beside the functions."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile

from weft._callsite import call_site
from weft._context.formats import Formats
from weft._rdd.core import path_text
from weft._unpack import PACKED, unpack

__all__ = ["Files"]


class Files(Formats):
    """Files and modules for tasks."""

    _added_files: list[str]
    _archives: dict[str, str]  # by name, their URIs

    @property
    def listFiles(self) -> list[str]:
        """The files that were added, as URIs."""
        return list(self._added_files)

    @property
    def listArchives(self) -> list[str]:
        """The archives that were added, as URIs."""
        return list(self._archives.values())

    def addFile(self, path: str, recursive: bool = False) -> None:
        """Send a file to every task; :class:`WeftFiles` tells where it is.

        Parameters
        ----------
        path : str
            A local file, or a URI of a filesystem that Hadoop knows; with ``recursive`` also a local folder, of which
            later changes are not seen.
        recursive : bool
            Take a folder with all that is in it.

        Raises
        ------
        ValueError
            If it is a folder, and ``recursive`` is not set.
        TypeError
            If ``path`` is no str or path.
        FileNotFoundError
            If a local file does not exist.

        Notes
        -----
        Driver only. Containers fetch it before their next task.

        Examples
        --------
        >>> import os, tempfile
        >>> from weft import WeftFiles
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     path = os.path.join(folder, "limit.txt")
        ...     with open(path, "w") as file:
        ...         _ = file.write("2")
        ...     sc.addFile(path)
        >>> def below(x):
        ...     with open(WeftFiles.get("limit.txt")) as file:
        ...         return x < int(file.read())
        >>> sc.parallelize([1, 2, 3]).filter(below).collect()
        [1]
        """
        local = _local(path_text(path, "addFile", call_site()))
        if local is None or not os.path.isdir(local):
            self._add_file(path, False)
            return
        local = os.path.abspath(local)
        if not recursive:
            raise ValueError(f"{local} is a folder (addFile at {call_site()}); recursive=True takes one.")
        with tempfile.TemporaryDirectory(prefix="weft-") as folder:
            packed = shutil.make_archive(os.path.join(folder, "packed"), "tar", local)
            self._send_archive(packed, os.path.basename(local))
        self._added_files.append(f"file:{local}")

    def addArchive(self, path: str) -> None:
        """Send an archive to every task, which finds it unpacked; :class:`WeftFiles` tells in which folder.

        Parameters
        ----------
        path : str
            A .zip, .tar, .tar.gz, .tgz, .tar.bz2, .tar.xz or .jar, as for :meth:`addFile`. The folder has the archive's
            name, or what follows a ``#``.

        Raises
        ------
        TypeError
            If ``path`` is no str or path.
        FileNotFoundError
            If a local archive does not exist.
        ValueError
            If it is no archive, or another one was added under the same name.

        Notes
        -----
        Driver only. Containers fetch and unpack it before their next task.

        Examples
        --------
        >>> import os, tempfile, zipfile
        >>> from weft import WeftFiles
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     path = os.path.join(folder, "tables.zip")
        ...     with zipfile.ZipFile(path, "w") as archive:
        ...         archive.writestr("factor.txt", "10")
        ...     sc.addArchive(path + "#tables")
        >>> def scaled(x):
        ...     with open(os.path.join(WeftFiles.get("tables"), "factor.txt")) as file:
        ...         return x * int(file.read())
        >>> sc.parallelize([1, 2]).map(scaled).collect()
        [10, 20]
        """
        site = call_site()
        path, _, name = path_text(path, "addArchive", site).partition("#")
        path = _existing(path, "addArchive")
        name = name or os.path.basename(path.rstrip("/"))
        uri = f"{path if '://' in path else f'file:{path}'}#{name}"
        known = self._archives.get(name)
        if known is not None and known != uri:
            raise ValueError(f"{known} was added as {name} before {uri} (addArchive at {site}); name it after a #.")
        if known is None:
            self._send_archive(path, name)
            self._archives[name] = uri

    def _send_archive(self, path: str, name: str) -> None:
        self._jobs.control("addArchive", path, name)
        unpack(self._answer.info["files"], name + PACKED)

    def addPyFile(self, path: str) -> None:
        """Send a module (.py) or package (.zip, .whl, .egg) to the workers, for tasks from now on, and import it here.

        Parameters
        ----------
        path : str
            A local file, or a URI of a filesystem that Hadoop knows.

        Raises
        ------
        TypeError
            If ``path`` is no str or path.
        FileNotFoundError
            If a local file does not exist.

        Notes
        -----
        Driver only. Containers fetch it before their next task.

        Examples
        --------
        >>> import os, tempfile
        >>> path = os.path.join(tempfile.mkdtemp(), "twice_of.py")
        >>> with open(path, "w") as file:
        ...     _ = file.write("def twice(x): return 2 * x")
        >>> sc.addPyFile(path)
        >>> def twice(x):
        ...     import twice_of
        ...     return twice_of.twice(x)
        >>> sc.parallelize([1, 2]).map(twice).collect()
        [2, 4]
        """
        path = self._add_file(path, True)
        local = path.removeprefix("file://")
        if os.path.exists(local):
            folder = os.path.abspath(local) if not local.endswith(".py") else os.path.dirname(os.path.abspath(local))
            if folder not in sys.path:
                sys.path.insert(1, folder)

    def _add_file(self, path: str, python: bool) -> str:
        method = "addPyFile" if python else "addFile"
        path = _existing(path_text(path, method, call_site()), method)
        self._jobs.control("addFile", path, python)
        known = path if "://" in path else f"file:{path}"
        if known not in self._added_files:
            self._added_files.append(known)
        return path


def _local(path: str) -> str | None:
    """The path on this machine, None if it is elsewhere."""
    if path.startswith("file:"):
        return "/" + path[len("file:") :].lstrip("/")
    return None if "://" in path else path


def _existing(path: str, method: str) -> str:
    """The path, absolute if it is of this machine."""
    if "://" in path:
        return path
    path = os.path.abspath(_local(path) or path)
    if not os.path.exists(path):
        raise FileNotFoundError(f"{path} does not exist ({method} at {call_site()})")
    return path

"""``weft.fs``: Hadoop's file systems for pandas, pyarrow, polars, duckdb and whatever else opens files by fsspec.

Bytes go through the JVM beside the process, the driver's or the task's, with the job's credentials; no libhdfs is
needed. ``docs/fs.md`` shows it.

Examples
--------
>>> import weft.fs
>>> fs = weft.fs.filesystem()                                   # doctest: +SKIP
>>> with fs.open("hdfs://namenode/data/day.csv") as file:       # doctest: +SKIP
...     header = file.readline()
>>> pandas.read_csv("weft:///data/day.csv")                     # doctest: +SKIP
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import datetime, timezone
from glob import has_magic
from typing import Any
from uuid import uuid4

from weft._fs.door import Entry, storage
from weft._tables.needs import need

need("fsspec", "weft.fs")

import fsspec  # noqa: E402
from fsspec.spec import AbstractFileSystem  # noqa: E402
from fsspec.utils import stringify_path  # noqa: E402

from weft._fs.openfile import AHEAD, ReadFile, WriteFile  # noqa: E402

__all__ = ["WeftFileSystem", "filesystem", "register"]

_BLOCK = 4 << 20
_MODES = {"wb": "write", "xb": "exclusive", "ab": "append"}


class WeftFileSystem(AbstractFileSystem):  # type: ignore[misc]
    """All file systems that the job's Hadoop knows, as one of fsspec's.

    A path is ``hdfs://host/data/x``, of any scheme that Hadoop has a file system for, or ``/data/x`` on
    ``fs.defaultFS``; either may have ``weft://`` in front. It needs a running context, in the driver as in tasks, and
    keeps nothing itself: objects may be shared by threads, pickled, and used in processes that were forked.

    Errors are Python's own: FileNotFoundError, FileExistsError, PermissionError, IsADirectoryError, NotADirectoryError,
    OSError with an ``errno``; each names the path and the cause. Where no context runs it is ContextError (E19).

    Arguments are those of fsspec's interface; further ones are ignored.

    Examples
    --------
    >>> import tempfile
    >>> import weft.fs
    >>> fs, folder = weft.fs.filesystem(), tempfile.mkdtemp()
    >>> with fs.open(folder + "/a.txt", "w") as file:
    ...     _ = file.write("one two")
    >>> fs.exists(folder + "/b"), fs.isfile(folder + "/a.txt"), fs.isdir(folder), fs.info(folder + "/a.txt")["size"]
    (False, True, True, 7)
    >>> fs.cat_file(folder + "/a.txt", 4), fs.cat_ranges([folder + "/a.txt"] * 2, [0, 4], [3, 7])
    (b'two', [b'one', b'two'])
    >>> fs.created(folder + "/a.txt") == fs.modified(folder + "/a.txt")
    True
    >>> before = fs.ukey(folder + "/a.txt"), fs.checksum(folder + "/a.txt")
    >>> fs.touch(folder + "/a.txt")
    >>> before != (fs.ukey(folder + "/a.txt"), fs.checksum(folder + "/a.txt"))
    True
    >>> fs.mkdir(folder + "/in")
    >>> fs.makedirs(folder + "/in/deep", exist_ok=True)
    >>> fs.cp_file(folder + "/a.txt", folder + "/in/b.txt")
    >>> fs.mv(folder + "/a.txt", folder + "/in/deep/c.txt")
    >>> [name[len(folder):] for name in fs.ls(folder + "/in", detail=False)]
    ['/in/b.txt', '/in/deep']
    >>> fs.rm_file(folder + "/in/deep/c.txt")
    >>> fs.rmdir(folder + "/in/deep")
    >>> fs.rm(folder + "/in", recursive=True)
    >>> fs.ls(folder)
    []
    """

    protocol = "weft"
    root_marker = "/"

    @classmethod
    def _strip_protocol(cls, path: Any) -> Any:
        if isinstance(path, list):
            return [cls._strip_protocol(one) for one in path]
        path = stringify_path(path)
        if path.startswith("weft://"):
            path = path[len("weft://") :]
        root = _root(path)
        return root + path[len(root) :].rstrip("/") or cls.root_marker

    @classmethod
    def _parent(cls, path: str) -> str:
        path = cls._strip_protocol(path)
        root = _root(path)
        above: str = path[len(root) :].rpartition("/")[0]
        return root + above

    def info(self, path: str, **kwargs: Any) -> dict[str, Any]:
        """Tell what is known of a file or folder.

        Returns
        -------
        dict
            ``name``, ``size``, ``type`` ("file" or "directory"), ``mtime`` (seconds since 1970), ``owner``, ``group``,
            ``mode``, ``replication``, ``block_size``, ``uri`` (with its file system).

        Raises
        ------
        FileNotFoundError
            If it does not exist.
        """
        path = self._strip_protocol(path)
        return _described(path, storage().info(path))

    def ls(self, path: str, detail: bool = True, **kwargs: Any) -> list[Any]:
        """List a folder, or a file as itself.

        Returns
        -------
        list
            What :meth:`info` gives of each entry, or its name; sorted by name.

        Raises
        ------
        FileNotFoundError
            If it does not exist.
        """
        path = self._strip_protocol(path)
        entries, is_file = storage().list(path)
        below = path if path.endswith("/") or not path else path + "/"
        found = [_described(path if is_file else below + entry["path"], entry) for entry in entries]
        found.sort(key=lambda entry: str(entry["name"]))
        return found if detail else [entry["name"] for entry in found]

    def exists(self, path: str, **kwargs: Any) -> bool:
        """Tell whether there is a file or folder; what hinders an answer is raised.

        Returns
        -------
        bool
            True if there is one.
        """
        return self._type(path) is not None

    def isfile(self, path: str) -> bool:
        """Tell whether it is a file.

        Returns
        -------
        bool
            False for folders, and where there is nothing.
        """
        return self._type(path) == "file"

    def isdir(self, path: str) -> bool:
        """Tell whether it is a folder.

        Returns
        -------
        bool
            False for files, and where there is nothing.
        """
        return self._type(path) == "directory"

    def _type(self, path: str) -> str | None:
        try:
            return str(self.info(path)["type"])
        except (FileNotFoundError, NotADirectoryError):
            return None

    def created(self, path: str) -> datetime:
        """Tell when the file was last changed: Hadoop's file systems do not keep when it was made.

        Returns
        -------
        datetime
            In UTC.

        Raises
        ------
        FileNotFoundError
            If it does not exist.
        """
        return self.modified(path)

    def modified(self, path: str) -> datetime:
        """Tell when the file was last changed.

        Returns
        -------
        datetime
            In UTC.

        Raises
        ------
        FileNotFoundError
            If it does not exist.
        """
        return datetime.fromtimestamp(self.info(path)["mtime"], tz=timezone.utc)

    def ukey(self, path: str) -> str:
        """Give a text that changes with the file.

        Returns
        -------
        str
            Of its name, size and time.

        Raises
        ------
        FileNotFoundError
            If it does not exist.
        """
        entry = self.info(path)
        return hashlib.sha256(f"{entry['uri']} {entry['size']} {entry['mtime']}".encode()).hexdigest()

    def checksum(self, path: str) -> int:
        """Give a number that changes with the file: of the file system's checksum, where it keeps one.

        Returns
        -------
        int
            Of 64 bits.

        Raises
        ------
        FileNotFoundError
            If it does not exist.
        """
        path = self._strip_protocol(path)
        found = storage().command("sum", path=path)["sum"]
        return int(hashlib.sha256(str(found or self.ukey(path)).encode()).hexdigest()[:16], 16)

    def _open(
        self,
        path: str,
        mode: str = "rb",
        block_size: int | str | None = None,
        autocommit: bool = True,
        cache_options: dict[str, Any] | None = None,
        cache_type: str = AHEAD,
        replication: int = 0,
        file_block_size: int = 0,
        **kwargs: Any,
    ) -> ReadFile | WriteFile:
        path = self._strip_protocol(path)
        if mode == "rb":
            size = int(block_size) if isinstance(block_size, int) else 0
            reader = storage().open_reader(path)
            try:
                return ReadFile(self, path, reader, size or _BLOCK, cache_type, cache_options)
            except BaseException:
                reader.close()
                raise
        if mode not in _MODES:
            raise ValueError(f"mode {mode!r} of {path}; there are rb, {', '.join(_MODES)}, and those of text")
        hidden = None if autocommit or mode == "ab" else f"{self._parent(path).rstrip('/')}/.{uuid4().hex}.weft"
        if hidden is not None and mode == "xb" and self.exists(path):
            raise FileExistsError(17, "It exists already", path)
        writer = storage().open_writer(hidden or path, _MODES[mode], file_block_size, replication)
        return WriteFile(self, hidden or path, writer, mode, path if hidden else None)

    def cat_file(self, path: str, start: int | None = None, end: int | None = None, **kwargs: Any) -> bytes:
        """Give the bytes of a file, or a range of them; what is negative counts from the end.

        Returns
        -------
        bytes
            Fewer where the file ends before.

        Raises
        ------
        FileNotFoundError
            If it does not exist.
        """
        found: bytes = self._ranges([(self._strip_protocol(path), start, end)], "raise")[0]
        return found

    def cat_ranges(
        self,
        paths: list[str],
        starts: Any,
        ends: Any,
        max_gap: int | None = None,
        on_error: str = "return",
        **kwargs: Any,
    ) -> list[Any]:
        """Give ranges of files, all by one question to the JVM.

        Returns
        -------
        list of bytes
            In the order of ``paths``; with exceptions, see ``on_error``.

        Raises
        ------
        NotImplementedError
            If ``max_gap`` is given.
        ValueError
            If there are not as many starts and ends as paths.
        """
        if max_gap is not None:
            raise NotImplementedError("cat_ranges(max_gap=): leave it out, ranges are read one after the other at once")
        firsts = list(starts) if isinstance(starts, (list, tuple)) else [starts] * len(paths)
        lasts = list(ends) if isinstance(ends, (list, tuple)) else [ends] * len(paths)
        if len(firsts) != len(paths) or len(lasts) != len(paths):
            raise ValueError(f"cat_ranges: {len(paths)} paths, {len(firsts)} starts, {len(lasts)} ends")
        names = [self._strip_protocol(path) for path in paths]
        return self._ranges(list(zip(names, firsts, lasts)), on_error)

    @staticmethod
    def _ranges(ranges: Sequence[tuple[str, int | None, int | None]], on_error: str) -> list[Any]:
        found = []
        for one in storage().ranges(ranges):
            if isinstance(one, Exception) and on_error == "raise":
                raise one
            found.append(one)
        return found

    def mkdir(self, path: str, create_parents: bool = True, **kwargs: Any) -> None:
        """Make a folder.

        Raises
        ------
        FileExistsError
            If it is there.
        """
        storage().command("mkdir", path=self._strip_protocol(path), parents=create_parents, exist=False)

    def makedirs(self, path: str, exist_ok: bool = False) -> None:
        """Make a folder, and those that it lies in.

        Raises
        ------
        FileExistsError
            If it is there, and may not be.
        """
        storage().command("mkdir", path=self._strip_protocol(path), parents=True, exist=exist_ok)

    def rmdir(self, path: str) -> None:
        """Delete an empty folder.

        Raises
        ------
        OSError
            If it is not empty, or no folder.
        """
        storage().command("delete", path=self._strip_protocol(path), what="folder")

    def rm_file(self, path: str) -> None:
        """Delete a file.

        Raises
        ------
        FileNotFoundError
            If it does not exist.
        """
        storage().command("delete", path=self._strip_protocol(path), what="file")

    _rm = rm_file

    def rm(self, path: str | list[str], recursive: bool = False, maxdepth: int | None = None) -> None:
        """Delete files, and with ``recursive`` folders with all in them, each by one request.

        Raises
        ------
        FileNotFoundError
            If one does not exist.
        """
        if maxdepth is not None:
            super().rm(path, recursive=recursive, maxdepth=maxdepth)
            return
        for one in path if isinstance(path, list) else [path]:
            for name in self.expand_path(one) if has_magic(stringify_path(one)) else [one]:
                what = "tree" if recursive else "file"
                storage().command("delete", path=self._strip_protocol(name), what=what)

    def cp_file(self, path1: str, path2: str, **kwargs: Any) -> None:
        """Copy a file within the JVM; of a folder the folder alone.

        Raises
        ------
        FileNotFoundError
            If ``path1`` does not exist.
        """
        source, target = self._strip_protocol(path1), self._strip_protocol(path2)
        storage().command("copy", **{"from": source, "to": target})

    def mv(self, path1: str, path2: str, recursive: bool = False, maxdepth: int | None = None, **kwargs: Any) -> None:
        """Rename a file or folder; over a file that is there, and into a folder that is there.

        Another file system cannot be renamed to: copy, then delete.

        Raises
        ------
        FileNotFoundError
            If ``path1`` does not exist.
        """
        source, target = self._strip_protocol(path1), self._strip_protocol(path2)
        if source != target:
            storage().command("rename", **{"from": source, "to": target})

    def touch(self, path: str, truncate: bool = True, **kwargs: Any) -> None:
        """Make an empty file; without ``truncate`` one that is there is kept, with the time of now."""
        storage().command("touch", path=self._strip_protocol(path), truncate=truncate)


def _root(path: str) -> str:
    """The part of a path that has no name in it: ``/``, ``hdfs://host/``, or nothing."""
    scheme, found, rest = path.partition("://")
    if found and "/" not in scheme:
        host = rest.partition("/")[0]
        return f"{scheme}://{host}/"
    return "/" if path.startswith("/") else ""


def _described(name: str, entry: Entry) -> dict[str, Any]:
    return {
        "name": name,
        "size": entry["size"],
        "type": entry["type"],
        "mtime": entry["mtime"] / 1000,
        "owner": entry["owner"],
        "group": entry["group"],
        "mode": entry["mode"],
        "replication": entry["replication"],
        "block_size": entry["block"],
        "uri": entry["uri"],
    }


def filesystem() -> WeftFileSystem:
    """Give the file system; it serves whatever context runs when it is used.

    Returns
    -------
    WeftFileSystem
        fsspec keeps one for all.

    Examples
    --------
    >>> import weft.fs
    >>> weft.fs.filesystem() is weft.fs.filesystem()
    True
    """
    return WeftFileSystem()


def register(*protocols: str) -> None:
    """Have fsspec open paths of further schemes by this file system, such as ``hdfs://`` ones.

    Importing this module registers ``weft`` alone, since others may be registered for what reaches them without a
    context.

    Parameters
    ----------
    protocols : str
        Such as ``"hdfs"``.

    Examples
    --------
    >>> import weft.fs
    >>> weft.fs.register("hdfs")
    >>> import fsspec
    >>> fsspec.get_filesystem_class("hdfs").__name__
    'WeftFileSystem'
    """
    for protocol in protocols:
        fsspec.register_implementation(protocol, WeftFileSystem, clobber=True)


register("weft")

"""Files of this machine, for the master ``inline``: there is no JVM, and so no Hadoop."""

from __future__ import annotations

import errno
import os
import shutil
import stat
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from weft._fs.door import Buffer, Entry, Range

__all__ = ["LocalStorage"]


def _real(path: str) -> str:
    """The path without its scheme."""
    scheme, found, rest = path.partition("://")
    if not found:
        return os.path.abspath(path)
    if scheme != "file":
        message = f'The master "inline" reads and writes local files only, not those of {scheme}://; use local[N]'
        raise OSError(errno.ENOTSUP, message, path)
    return os.path.abspath("/" + rest.partition("/")[2])


def _entry(path: str) -> Entry:
    status = os.stat(path)
    folder = stat.S_ISDIR(status.st_mode)
    return {
        "path": os.path.basename(path),
        "uri": "file:" + path,
        "type": "directory" if folder else "file",
        "size": 0 if folder else status.st_size,
        "mtime": int(status.st_mtime * 1000),
        "atime": int(status.st_atime * 1000),
        "owner": str(status.st_uid),
        "group": str(status.st_gid),
        "mode": stat.S_IMODE(status.st_mode),
        "replication": 1,
        "block": 32 << 20,
    }


class LocalStorage:
    """What :class:`~weft._fs.remote.RemoteStorage` is to Hadoop's file systems."""

    def info(self, path: str) -> Entry:
        """What is known of a file or folder."""
        return _entry(_real(path))

    def list(self, path: str) -> tuple[list[Entry], bool]:
        """What is in a folder; of a file the file itself, and True."""
        real = _real(path)
        if not os.path.isdir(real):
            return [_entry(real)], True
        return [_entry(os.path.join(real, name)) for name in os.listdir(real)], False

    def command(self, op: str, **fields: Any) -> dict[str, Any]:
        """Do a request that moves no bytes."""
        commands: dict[str, Callable[..., None]] = {
            "mkdir": _mkdir,
            "delete": _delete,
            "rename": _rename,
            "copy": _copy,
            "touch": _touch,
        }
        if op == "sum":  # a local file system keeps none
            _entry(_real(fields["path"]))
            return {"sum": None}
        commands[op](*fields.values())
        return {}

    def ranges(self, ranges: Sequence[Range]) -> Iterator[bytes | Exception]:
        """The bytes of each range, or why there are none."""
        for path, start, stop in ranges:
            try:
                yield _range(_real(path), start, stop)
            except OSError as error:
                yield error

    def open_reader(self, path: str) -> LocalReader:
        """Open a file for reading."""
        return LocalReader(_real(path))

    def open_writer(self, path: str, mode: str, block: int, replication: int) -> LocalWriter:
        """Open a file for writing; blocks and copies are a matter of HDFS."""
        return LocalWriter(_real(path), mode)

    def close(self) -> None:
        """There is nothing to close."""


def _mkdir(path: str, parents: bool, exist: bool) -> None:
    if parents:
        os.makedirs(_real(path), exist_ok=exist)
    else:
        os.mkdir(_real(path))


def _delete(path: str, what: str) -> None:
    real = _real(path)
    if what == "tree" and os.path.isdir(real):
        shutil.rmtree(real)
    elif what == "folder":
        os.rmdir(real)
    elif os.path.isdir(real):
        raise IsADirectoryError(errno.EISDIR, "It is a folder; delete it by recursive=True, or rmdir", path)
    else:
        os.remove(real)


def _rename(source: str, target: str) -> None:
    origin, place = _real(source), _real(target)
    _entry(origin)
    if os.path.isdir(place):
        place = os.path.join(place, os.path.basename(origin))
    os.makedirs(os.path.dirname(place), exist_ok=True)
    os.rename(origin, place)


def _copy(source: str, target: str) -> None:
    origin, place = _real(source), _real(target)
    if os.path.isdir(origin):
        os.makedirs(place, exist_ok=True)
        return
    _entry(origin)
    if os.path.isdir(place):
        raise IsADirectoryError(errno.EISDIR, "It is a folder, where a file is to be written", target)
    os.makedirs(os.path.dirname(place), exist_ok=True)
    shutil.copyfile(origin, place)


def _touch(path: str, truncate: bool) -> None:
    real = _real(path)
    if truncate or not os.path.exists(real):
        os.makedirs(os.path.dirname(real), exist_ok=True)
        with open(real, "wb"):
            pass
    else:
        os.utime(real)


def _range(path: str, start: int | None, stop: int | None) -> bytes:
    with open(path, "rb") as file:
        size = os.fstat(file.fileno()).st_size
        first = 0 if start is None else max(0, size + start) if start < 0 else start
        last = size if stop is None else max(0, size + stop) if stop < 0 else min(stop, size)
        file.seek(first)
        return file.read(max(0, last - first))


class LocalReader:
    """A file that is open for reading."""

    def __init__(self, path: str) -> None:
        self.entry = _entry(path)
        self._file = open(path, "rb", buffering=0)
        self._asked = (0, 0)

    def ask(self, start: int, stop: int) -> None:
        """Ask for a range."""
        self._asked = (start, stop)

    def take(self) -> bytes:
        """The range that was asked for."""
        start, stop = self._asked
        return os.pread(self._file.fileno(), stop - start, start)

    def close(self) -> None:
        """Close the file."""
        self._file.close()


class LocalWriter:
    """A file that is being written."""

    def __init__(self, path: str, mode: str) -> None:
        self._path = path
        self._appends = mode == "append"
        os.makedirs(os.path.dirname(path), exist_ok=True)
        self._file = open(path, {"write": "wb", "exclusive": "xb", "append": "ab"}[mode])
        self.at = self._file.tell()

    def write(self, data: Buffer) -> None:
        """Add bytes."""
        self._file.write(data)

    def finish(self) -> None:
        """Complete the file."""
        self._file.close()

    def abort(self) -> None:
        """Remove the file."""
        self._file.close()
        if not self._appends:
            os.remove(self._path)

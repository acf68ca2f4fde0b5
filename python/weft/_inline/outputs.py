"""Folders of files, complete or not there: what the ApplicationMaster's staged outputs are, on a local filesystem."""

from __future__ import annotations

import bz2
import gzip
import os
import shutil
import uuid
import zlib
from typing import IO, Any

from weft.errors import AccessError, NotSupportedError, OutputExistsError

__all__ = ["Part", "TextOutput"]

_CODECS = {"GzipCodec": ".gz", "BZip2Codec": ".bz2", "DefaultCodec": ".deflate", "DeflateCodec": ".deflate"}
_SUCCESS = "_SUCCESS"


class TextOutput:
    """One job's output folder, made beside its place.

    Parameters
    ----------
    body : dict
        ``SaveText`` of a plan.
    site : str
        Such as ``saveAsTextFile at etl.py:88``.

    Raises
    ------
    OutputExistsError
        If the folder exists, and must not.
    AccessError
        If it cannot be made.
    """

    def __init__(self, body: dict[str, Any], site: str) -> None:
        path, codec = body["path"], body["codec"]
        name = path[len("file:") :] if path.startswith("file:") else path
        if "://" in name:
            raise NotSupportedError(f"{path} is not local ({site}); inline writes local files only.", "E18", 2)
        self.path = os.path.abspath("/" + name.lstrip("/") if path.startswith("file:") else name)
        self.suffix = body["suffix"]
        self.packing = ""
        if codec is not None:
            found = _CODECS.get(codec.rpartition(".")[2])
            if found is None:
                raise NotSupportedError(f"inline cannot write {codec} ({site}); it has {', '.join(_CODECS)}.", "E18", 2)
            self.packing = found
        self.target_bytes: int = body["targetBytes"]
        self.by_key: bool = body["byKey"]
        self._mode = body["mode"]
        self._folder = os.path.join(os.path.dirname(self.path), f".{os.path.basename(self.path)}.weft")
        self._recover()
        if os.path.lexists(self.path) and (self._mode == "error" or not os.path.isdir(self.path)):
            raise OutputExistsError(
                f"file:{self.path} exists ({site}); nothing was run. Delete it, choose another path, "
                'or save with mode="overwrite" or "append".',
                "E03",
                3,
            )
        self._name = f"inline_{os.getpid()}~{uuid.uuid4().hex[:8]}"
        self.unique = f"-{self._name[-8:]}" if self._mode == "append" else ""
        self.work = os.path.join(self._folder, self._name + ".new")
        try:
            os.makedirs(self.work)
        except OSError as error:
            raise AccessError(f"file:{self.path} cannot be written ({site}): {error.strerror}", "E16", 3) from None

    def open(self, partition: int) -> Part:
        """Begin the files of one task."""
        return Part(self, partition)

    def commit(self) -> None:
        """Have the folder appear, complete, with its ``_SUCCESS``."""
        with open(os.path.join(self.work, _SUCCESS), "wb"):
            pass
        if self._mode in ("append", "merge") and os.path.isdir(self.path):
            complete = os.path.join(self._folder, f"{self._name}.{self._mode}")
            os.rename(self.work, complete)
            self._move_in(complete)
        else:
            old = os.path.join(self._folder, self._name + ".old")
            if self._mode == "overwrite" and os.path.isdir(self.path):
                os.rename(self.path, old)
            os.rename(self.work, self.path)
            shutil.rmtree(old, ignore_errors=True)
        self._leave()

    def abort(self) -> None:
        """Leave nothing of it."""
        shutil.rmtree(self.work, ignore_errors=True)
        self._leave()

    def _leave(self) -> None:
        if os.path.isdir(self._folder) and not os.listdir(self._folder):
            os.rmdir(self._folder)

    def _move_in(self, complete: str) -> None:
        marker = os.path.join(self.path, _SUCCESS)
        if os.path.exists(marker):
            os.unlink(marker)
        for folder, _, names in sorted(os.walk(complete)):
            there = os.path.join(self.path, os.path.relpath(folder, complete))
            os.makedirs(there, exist_ok=True)
            for name in sorted(set(names) - {_SUCCESS}):
                os.rename(os.path.join(folder, name), os.path.join(there, name))
        with open(marker, "wb"):
            pass
        shutil.rmtree(complete)

    def _recover(self) -> None:
        """Bring to an end what a process has left that died."""
        for name in sorted(os.listdir(self._folder)) if os.path.isdir(self._folder) else ():
            left = os.path.join(self._folder, name)
            if name.endswith(".old"):
                made = left[: -len(".old")] + ".new"
                if not os.path.exists(self.path):
                    os.rename(made if os.path.exists(os.path.join(made, _SUCCESS)) else left, self.path)
                shutil.rmtree(left, ignore_errors=True)
            elif name.endswith((".append", ".merge")):
                os.makedirs(self.path, exist_ok=True)
                self._move_in(left)
        self._leave()


class Part:
    """The files of one task."""

    def __init__(self, output: TextOutput, partition: int) -> None:
        self._output = output
        self._partition = partition
        self._open: dict[str, tuple[str, IO[bytes]]] = {}
        self._counts: dict[str, int] = {}
        self._current: IO[bytes] | None = None
        if not output.by_key:
            self.place("", last=False)

    def __enter__(self) -> Part:
        return self

    def __exit__(self, *_: object) -> None:
        for folder in list(self._open):
            self._close(folder)

    def write(self, data: memoryview) -> None:
        """Take the next bytes of the file at hand."""
        assert self._current is not None
        self._current.write(data)

    def place(self, folder: str, *, last: bool) -> None:
        """Go on with a folder of the output; a file of it may end here, and ends if no more comes for it."""
        if folder in self._open and (last or self._is_full(folder)):
            self._close(folder)
        if not last and folder not in self._open:
            self._open[folder] = self._create(folder)
        self._current = None if last else self._open[folder][1]

    def _is_full(self, folder: str) -> bool:
        most = self._output.target_bytes
        return 0 < most <= os.path.getsize(self._open[folder][0])

    def _close(self, folder: str) -> None:
        self._open.pop(folder)[1].close()

    def _create(self, folder: str) -> tuple[str, IO[bytes]]:
        output = self._output
        number = self._counts[folder] = self._counts.get(folder, -1) + 1
        numbered = f"-{number:05d}" if number or output.target_bytes else ""
        name = f"part-{self._partition:05d}{numbered}{output.unique}{output.suffix}{output.packing}"
        path = os.path.join(output.work, folder, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        if output.packing == ".gz":
            return path, gzip.open(path, "wb")  # type: ignore[return-value]
        if output.packing == ".bz2":
            return path, bz2.open(path, "wb")
        file = open(path, "wb", buffering=0)  # closed with the part
        return path, _Deflated(file) if output.packing else file  # type: ignore[return-value]


class _Deflated:
    """A file in zlib's format, as Hadoop's DefaultCodec writes it."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self._packer: Any = zlib.compressobj()

    def write(self, data: bytes) -> None:
        self._file.write(self._packer.compress(data))

    def close(self) -> None:
        self._file.write(self._packer.flush())
        self._file.close()

"""Folders of text files, complete or not there: what FileOutputCommitter does on a local filesystem."""

from __future__ import annotations

import bz2
import gzip
import os
import shutil
import zlib
from typing import IO, Any

from weft.errors import AccessError, OutputExistsError, UnsupportedError

__all__ = ["TextOutput"]

_CODECS = {"GzipCodec": ".gz", "BZip2Codec": ".bz2", "DefaultCodec": ".deflate", "DeflateCodec": ".deflate"}


class TextOutput:
    """One job's output folder.

    Raises
    ------
    OutputExistsError
        If the folder exists.
    AccessError
        If it cannot be made.
    """

    def __init__(self, path: str, codec: str | None, site: str, suffix: str = "") -> None:
        name = path[len("file:") :] if path.startswith("file:") else path
        if "://" in name:
            raise UnsupportedError(f"{path} is not local ({site}); inline writes local files only.", "E18", 2)
        self.path = os.path.abspath("/" + name.lstrip("/") if path.startswith("file:") else name)
        self._suffix = suffix
        if codec is not None:
            found = _CODECS.get(codec.rpartition(".")[2])
            if found is None:
                raise UnsupportedError(f"inline cannot write {codec} ({site}); it has {', '.join(_CODECS)}.", "E18", 2)
            self._suffix = found
        if os.path.lexists(self.path):
            raise OutputExistsError(
                f"file:{self.path} exists ({site}); nothing was run. Delete it or choose another path.", "E03", 3
)
        self._work = os.path.join(self.path, "_temporary")
        try:
            os.makedirs(self._work)
        except OSError as error:
            raise AccessError(f"file:{self.path} cannot be written ({site}): {error.strerror}", "E16", 3) from None

    def open(self, partition: int) -> IO[bytes]:
        """Open the file of one task."""
        path = os.path.join(self._work, f"part-{partition:05d}{self._suffix}")
        if self._suffix == ".gz":
            return gzip.open(path, "wb")  # type: ignore[return-value]
        if self._suffix == ".bz2":
            return bz2.open(path, "wb")
        if self._suffix == ".deflate":
            return _Deflated(open(path, "wb"))  # type: ignore[return-value]  # noqa: SIM115 - the task closes it
        return open(path, "wb")

    def commit(self) -> None:
        """Move all files to their place and say so by ``_SUCCESS``."""
        for name in sorted(os.listdir(self._work)):
            os.replace(os.path.join(self._work, name), os.path.join(self.path, name))
        os.rmdir(self._work)
        with open(os.path.join(self.path, "_SUCCESS"), "wb"):
            pass

    def abort(self) -> None:
        """Leave nothing."""
        shutil.rmtree(self.path, ignore_errors=True)


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

    def __enter__(self) -> _Deflated:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

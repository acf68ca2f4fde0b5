"""Archives beside the files of ``addFile``: who needs one first unpacks it."""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import tarfile
import tempfile
import zipfile

__all__ = ["PACKED", "unpack"]

PACKED = ".weft-archive"
"""How the name of a file ends that is unpacked to a folder of the rest of the name."""


def unpack(folder: str, packed: str) -> str:
    """Unpack the archive ``packed`` in ``folder``, unless it was; any number of processes may do it at once.

    Returns
    -------
    str
        The folder that holds what was in it.

    Raises
    ------
    ValueError
        If it is no archive, or holds names that lead out of the folder.
    """
    target = os.path.join(folder, packed[: -len(PACKED)])
    if os.path.isdir(target):
        return target
    with open(os.path.join(folder, f".{packed}.lock"), "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not os.path.isdir(target):
            temporary = tempfile.mkdtemp(prefix=".unpack-", dir=folder)
            try:
                _extract(os.path.join(folder, packed), temporary)
                os.chmod(temporary, 0o755)
                os.rename(temporary, target)
            except BaseException:
                shutil.rmtree(temporary, ignore_errors=True)
                raise
    return target


def _extract(path: str, target: str) -> None:
    if zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as archive:
            archive.extractall(target)  # leaves out what leads out of the folder
            for entry in archive.infolist():
                mode = entry.external_attr >> 16 & 0o777
                if mode and not entry.is_dir():
                    with contextlib.suppress(FileNotFoundError):
                        os.chmod(os.path.join(target, entry.filename), mode)
    elif tarfile.is_tarfile(path):
        with tarfile.open(path) as archive:
            _check(archive, target)
            archive.extractall(target)  # its names were looked at
    else:
        raise ValueError(f"{os.path.basename(path)[: -len(PACKED)]} is neither a zip nor a tar archive")


def _check(archive: tarfile.TarFile, target: str) -> None:
    """Refuse members that would be written outside; links may lead anywhere, as those of environments do."""
    root = os.path.realpath(target)
    for member in archive:
        place = os.path.normpath(os.path.join(root, member.name))
        if place != root and not place.startswith(root + os.sep):
            raise ValueError(f"{archive.name!r} holds {member.name!r}, which leads out of its folder")
        if not (member.isfile() or member.isdir() or member.issym() or member.islnk()):
            raise ValueError(f"{archive.name!r} holds {member.name!r}, which is neither file, folder nor link")

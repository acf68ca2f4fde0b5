"""The framework archive: everything of Weft that a YARN container needs, as one compressed tar file.

Its bytes depend on its content alone, so that the copy on the cluster, named by their hash, serves until Weft changes.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Iterator
from pathlib import Path

from weft import _install

__all__ = ["ensure_framework", "write_digest"]

_PACKAGES = ("py4j", "cloudpickle", "fastavro")
_SKIPPED = ("__pycache__", "tests")
# A jar's time must stay what it is on every node, or no class data archive would fit it.
_MODIFIED = 1_600_000_000


def ensure_framework() -> Path:
    """The archive's path; it is made when its content has changed.

    Raises
    ------
    InstallError
        When the jars were not built yet.
    """
    entries = list(_entries())
    digest = hashlib.sha256()
    for name, path in entries:
        seen = os.stat(path)
        digest.update(f"{name}\0{seen.st_size}\0{seen.st_mtime_ns}\n".encode("utf-8", "surrogateescape"))
    target = _install.state_folder() / f"framework-{digest.hexdigest()[:16]}.tar.gz"
    if not target.exists():
        part = target.with_name(f".{target.name}.{os.getpid()}")
        # Level 1: the class data archive shrinks to a third, and jars not at all. No name and no time in the header.
        with open(part, "wb") as file, gzip.GzipFile("", "wb", 1, file, mtime=0) as packed:
            with tarfile.open(fileobj=packed, mode="w") as archive:
                _fill(archive, entries)
        part.replace(target)
        write_digest(target)
        for old in target.parent.glob("framework-*.tar*"):
            if not old.name.startswith(target.name):
                old.unlink()
    return target


def _fill(archive: tarfile.TarFile, entries: list[tuple[str, Path]]) -> None:
    for name, path in entries:
        _add(archive, name, path)
    with tempfile.TemporaryDirectory(prefix="weft-") as scratch:
        classes = _record_classes(Path(scratch))
        if classes is not None:
            _add(archive, "lib/weft.jsa", classes)


def write_digest(archive: Path) -> None:
    """Writes the hash of `archive` beside it, with size and time, so that a submit need not read the archive."""
    digest = hashlib.sha256()
    with open(archive, "rb") as file:
        for block in iter(lambda: file.read(1 << 20), b""):
            digest.update(block)
    seen = os.stat(archive)
    text = f"{digest.hexdigest()} {seen.st_size} {seen.st_mtime_ns // 1_000_000}\n"
    archive.with_name(archive.name + ".sha256").write_text(text)


def _record_classes(scratch: Path) -> Path | None:
    """The class data archive for the containers' JVMs, recorded over the very paths and times that they will see.

    It serves nodes with this build of Java and is passed over elsewhere; without it they start more slowly.
    """
    lib = scratch / "weft" / "lib"
    lib.mkdir(parents=True)
    jars = sorted(_install.lib_folder().glob("*.jar"))
    for jar in jars:
        shutil.copyfile(jar, lib / jar.name)
        os.utime(lib / jar.name, (_MODIFIED, _MODIFIED))
    found = scratch / "weft.jsa"
    text = scratch / "words.txt"
    text.write_text("the quick brown fox jumps over the lazy dog\n" * 100)
    environment = dict(os.environ, WEFT_DUMP_CLASSES=str(found), WEFT_DUMP_LIB="weft/lib")
    environment["PYTHONPATH"] = str(Path(__file__).resolve().parent.parent)
    for name in ("HADOOP_CONF_DIR", "YARN_CONF_DIR"):
        environment.pop(name, None)
    command = [sys.executable, "-m", "weft._archive_job", str(text), str(scratch / "out")]
    quiet = subprocess.DEVNULL
    try:
        subprocess.run(
            command, cwd=scratch, env=environment, stdin=quiet, stdout=quiet, stderr=quiet, timeout=120, check=False
        )
    except subprocess.TimeoutExpired:
        pass
    if found.exists():
        return found
    print(
        "weft: the containers' class data could not be recorded; they will start more slowly. "
        f"To try again, remove {_install.state_folder()}/framework-*.tar.gz and submit again.",
        file=sys.stderr,
    )
    return None


def _entries() -> Iterator[tuple[str, Path]]:
    """Names in the archive and files, in a fixed order."""
    package = Path(__file__).resolve().parent
    yield "bin/weft-container", _script(package)
    for jar in sorted(_install.lib_folder().glob("*.jar")):
        yield f"lib/{jar.name}", jar
    yield "lib/log4j.properties", _install.lib_folder() / "log4j.properties"
    yield from _tree("python/weft", package)
    for name in _PACKAGES:
        found = _site(name)
        yield from _tree(f"site-packages/{name}", found)


def _script(package: Path) -> Path:
    beside = package / "_bin" / "weft-container"
    return beside if beside.exists() else _install.home() / "bin" / "weft-container"


def _site(name: str) -> Path:
    import importlib

    module = importlib.import_module(name)
    assert module.__file__ is not None
    return Path(module.__file__).resolve().parent


def _tree(prefix: str, folder: Path) -> Iterator[tuple[str, Path]]:
    for root, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if name not in _SKIPPED and not name.startswith("_lib"))
        for name in sorted(names):
            if not name.endswith((".pyc", ".pyx", ".c")):
                path = Path(root, name)
                yield f"{prefix}/{path.relative_to(folder)}", path


def _add(archive: tarfile.TarFile, name: str, path: Path) -> None:
    data = path.read_bytes()
    entry = tarfile.TarInfo(name)
    entry.size = len(data)
    entry.mtime = _MODIFIED
    entry.mode = 0o755 if os.access(path, os.X_OK) else 0o644
    archive.addfile(entry, io.BytesIO(data))

"""Builds what a checkout needs on first use: jars, packages, compiled operators, class data archive.

Everything is made beside its place and renamed into it, under one file lock: two first runs at once both succeed, and
an interrupted one leaves nothing that looks whole. Maven works in a copy of the sources, so the checkout's own target
folders are never touched.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import shutil
import subprocess
import sys
import sysconfig
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from weft import _install
from weft._install import InstallError

__all__ = ["install", "install_packages"]

Log = Callable[[str], None]
_KEPT_BUILDS = 3


def install(log: Log) -> None:
    """Does the missing steps, one line each.

    Raises
    ------
    InstallError
        A step cannot be done here; the text names the package or the variable.
    """
    state = _install.state_folder()
    with _locked(state, log):
        _remove_remains(state)
        lib = state / f"lib-{_content_digest()[:16]}"
        _check_java(lib)
        _check_python()
        _packages(log)
        _jars(state, lib, log)
        _native_operators(log)
        _class_archive(log)


def install_packages(log: Log) -> None:
    """Does the steps that need no Java.

    Raises
    ------
    InstallError
        As :func:`install`.
    """
    state = _install.state_folder()
    with _locked(state, log):
        _check_python()
        _packages(log)
        _native_operators(log)


@contextmanager
def _locked(state: Path, log: Log) -> Iterator[None]:
    """Holds the installation's lock; says so when another process has it."""
    try:
        state.mkdir(parents=True, exist_ok=True)
        lock = open(state / "install.lock", "w")
    except OSError as failure:
        raise InstallError(
            f"{state} cannot be written ({failure.strerror}); make the checkout writable, "
            "or set WEFT_HOME to a folder that is."
        ) from None
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            log("weft: waiting for another first run in this checkout")
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _check_java(lib: Path) -> None:
    """Refuses before the first step when a later one cannot succeed."""
    _install.find_java(compiler=not lib.is_dir())
    if not lib.is_dir() and shutil.which("mvn") is None:
        raise InstallError("Weft builds its jars with Maven, and mvn is not on the PATH. Install maven.")


def _check_python() -> None:
    """Refuses where no virtual environment can be made."""
    if _install.packages_ready():
        return
    try:
        import ensurepip  # noqa: F401
        import venv  # noqa: F401
    except ImportError as failure:
        raise InstallError(
            f"{sys.executable} has no module {failure.name}; install python{sys.version_info[0]}."
            f"{sys.version_info[1]}-venv, or set WEFT_PYTHON to a Python that has it."
        ) from None


def _remove_remains(state: Path) -> None:
    """Removes what interrupted runs left; nobody else works here while the lock is held."""
    for folder in state.glob("build-*"):
        shutil.rmtree(folder, ignore_errors=True)
    for file in state.glob("part-*"):
        file.unlink(missing_ok=True)


def _packages(log: Log) -> None:
    """Makes the private virtual environment of this interpreter."""
    target = _install.venv_folder()
    if _install.packages_ready():
        return
    shutil.rmtree(target, ignore_errors=True)
    log(f"weft: fetching {', '.join(r.split('=')[0].split('>')[0] for r in _install.REQUIREMENTS)} into {target}")
    environment = {k: v for k, v in os.environ.items() if k not in ("PYTHONPATH", "PYTHONHOME", "PIP_TARGET")}
    _run([sys.executable, "-m", "venv", str(target)], environment, "Python's venv failed; install python3-venv")
    python = str(target / "bin" / "python")
    pip = [python, "-m", "pip", "install", "-q", "--no-input", "--disable-pip-version-check"]
    _run([*pip, *_install.REQUIREMENTS], environment, "pip failed; PIP_INDEX_URL names the index that it asks")
    (target / "weft-packages").write_text("\n".join(_install.REQUIREMENTS))


def _run(command: list[str], environment: dict[str, str], blame: str) -> None:
    """Runs a step; a failure becomes one line that ends with the step's own last words."""
    pipe, null = subprocess.PIPE, subprocess.DEVNULL
    done = subprocess.run(command, env=environment, stdin=null, stdout=pipe, stderr=subprocess.STDOUT, check=False)
    if done.returncode:
        lines = [line.strip() for line in done.stdout.decode(errors="replace").splitlines() if line.strip()]
        telling = [line for line in lines if line.startswith(("ERROR", "[ERROR]", "Error"))] or lines[-1:]
        raise InstallError(f"{blame}: {telling[0] if telling else f'exit code {done.returncode}'}")


def _jars(state: Path, lib: Path, log: Log) -> None:
    """Builds the jars unless these very sources were built before."""
    stamp = _install.source_stamp()
    if not lib.is_dir():
        _build(state, lib, log)
    _publish(state / "installed.json", json.dumps({"stamp": stamp, "lib": lib.name}))
    _forget_old(state, keep=lib.name)


def _content_digest() -> str:
    root = _install.home()
    digest = hashlib.sha256()
    for path in _install.source_files():
        digest.update(f"{path.relative_to(root)}\0".encode("utf-8", "surrogateescape"))
        digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()


def _build(state: Path, target: Path, log: Log) -> None:
    java = _install.find_java(compiler=True)
    log("weft: building the jars with Maven (the first time it fetches Hadoop's client and Maven's plugins, 180 MB)")
    work = Path(tempfile.mkdtemp(prefix="build-", dir=state))
    try:
        root = _install.home()
        for path in _install.source_files():
            copy = work / path.relative_to(root)
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(path, copy)
        environment = dict(os.environ, JAVA_HOME=str(java.home))
        # without the checks, which are for those who change Weft: bin/dev check
        command = ["mvn", "-B", "-q", "-f", str(work / "pom.xml"), "-Dweft.quick", "-Dmaven.test.skip=true", "package"]
        began = time.monotonic()
        _run(command, environment, "Maven could not build the jars")
        lib = work / "app-master" / "target" / "lib"
        shutil.copy2(root / "conf" / "log4j.properties", lib / "log4j.properties")
        lib.rename(target)
        log(f"weft: the jars are built, in {time.monotonic() - began:.0f} s")
    finally:
        shutil.rmtree(work, ignore_errors=True)


def _publish(path: Path, text: str) -> None:
    part = path.with_suffix(".part")
    part.write_text(text)
    part.replace(path)


def _forget_old(state: Path, *, keep: str) -> None:
    """Removes builds of older sources; the latest few stay, as a running job may use one."""
    builds = sorted(state.glob("lib-*"), key=lambda folder: folder.stat().st_mtime, reverse=True)
    for folder in builds[_KEPT_BUILDS:]:
        if folder.name != keep:
            shutil.rmtree(folder, ignore_errors=True)
    archives = sorted(state.glob("classes-*"), key=lambda file: file.stat().st_mtime, reverse=True)
    for file in archives[_KEPT_BUILDS:]:
        file.unlink()


def _native_operators(log: Log) -> None:
    """Compiles the operators where a C compiler and Python's headers are; without, the pure-Python twin serves."""
    if _install.operators_ready():
        return
    marker, content = _install.operators_marker()
    sources = [source for source in _install.operators_sources() if source.suffix == ".c"]
    if sources and sys.implementation.name == "cpython":
        _compile(sources, log)
    marker.write_text(content)


def _compile(sources: list[Path], log: Log) -> None:
    target = sources[0].with_name("_native" + sysconfig.get_config_var("EXT_SUFFIX"))
    compiler = shutil.which(os.environ.get("CC") or "cc") or shutil.which("gcc") or shutil.which("clang")
    include = Path(sysconfig.get_paths()["include"])
    if compiler is None or not (include / "Python.h").exists():
        what = "C compiler" if compiler is None else "Python.h (python3-dev)"
        log(f"weft: no {what} here: the pure-Python operators will serve")
        return
    log(f"weft: compiling the operators for Python {sys.version_info[0]}.{sys.version_info[1]}")
    try:
        part = target.with_name(f".{target.name}.{os.getpid()}")
        command = [compiler, "-O2", "-fPIC", "-shared", f"-I{include}", *map(str, sources), "-o", str(part), "-lm"]
        _run(command, dict(os.environ), "the compiler failed")
        part.replace(target)
    except (InstallError, OSError) as failure:
        log(f"weft: the operators were not compiled ({failure}): the pure-Python ones will serve")


def _class_archive(log: Log) -> None:
    """Runs a short job in a JVM that writes its loaded classes to an archive: later JVMs start in half the time.

    A failure costs speed only; it is reported in one line and not tried again with the same jars.
    """
    archive = _install.archive_path(_install.find_java())
    failed = archive.with_suffix(".failed")
    if archive.exists() or failed.exists():
        return
    log("weft: recording the class data archive")
    part = archive.with_name(f"part-{os.getpid()}-{archive.name}")
    environment = dict(os.environ, WEFT_DUMP_CLASSES=str(part), PYTHONPATH=str(Path(__file__).resolve().parent.parent))
    for name in ("HADOOP_CONF_DIR", "YARN_CONF_DIR"):
        environment.pop(name, None)
    with tempfile.TemporaryDirectory(prefix="weft-") as scratch:
        text = Path(scratch, "words.txt")
        text.write_text("the quick brown fox jumps over the lazy dog\n" * 100)
        command = [sys.executable, "-m", "weft._archive_job", str(text), str(Path(scratch, "out"))]
        try:
            done = subprocess.run(
                command, env=environment, stdin=subprocess.DEVNULL, capture_output=True, timeout=120, check=False
            )
            said = done.stderr.decode(errors="replace").strip().splitlines()
            succeeded = done.returncode == 0
        except subprocess.TimeoutExpired:
            said = ["it did not end within 120 s"]
            succeeded = False
    if succeeded and part.exists():
        part.replace(archive)
    else:
        part.unlink(missing_ok=True)
        failed.touch()
        log(f"weft: no archive was written ({said[-1] if said else 'no message'}); Java starts more slowly")

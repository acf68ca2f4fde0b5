"""Where Weft's own pieces are: jars, Java, Python packages. Standard library only, and quick when all is there.

Two layouts are known. In a checkout the jars are built on first use into `.weft/` (see `_setup`); in an installed
wheel they lie in the package's folder `_lib`, and pip has brought the packages.
"""

from __future__ import annotations

import hashlib
import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
import zlib
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, Optional

__all__ = [
    "InstallError",
    "Java",
    "ensure_installed",
    "ensure_packages",
    "find_java",
    "home",
    "interpreter",
    "java_command",
    "lib_folder",
    "link_dependencies",
    "python_path",
    "state_folder",
]

OLDEST_JAVA = 17
# what a checkout's jars are built from, relative to home()
JAR_SOURCES = ("pom.xml", ".mvn", "app-master/pom.xml", "container-runner/pom.xml", "conf/log4j.properties")
JAR_SOURCE_TREES = ("app-master/src/main", "container-runner/src/main")
# files of the Python side that the jars carry
SHARED_SOURCES = ("python/weft/plan.avsc", "python/weft/spark-keys.tsv")
REQUIREMENTS = ("py4j==0.10.9.9", "cloudpickle==3.1.2", "fastavro>=1.9,<2")
# serial collector and small stacks: many small JVMs stand on one machine. One compiler: the second one takes half
# of the processor from the first second of a program, and reading text is no faster with it
JVM_FLAGS = (
    "-XX:TieredStopAtLevel=1",
    "-XX:+UseSerialGC",
    "-XX:-UsePerfData",
    "-Xshare:auto",
    "-Xss512k",
    "-Xlog:disable",
    "-Xlog:all=error:stderr",
    "-Xlog:cds*=off:stderr",
    "-Djava.awt.headless=true",
    "-Djava.net.preferIPv4Stack=true",
)


class InstallError(Exception):
    """Something that Weft needs is missing; the text is one line and names the package or variable. Exit code 4."""

    code = 4


class Java:
    """A `java` command and its version.

    Attributes
    ----------
    command : Path
        The executable.
    version : str
        As in "17.0.15" or "1.8.0_392".
    origin : str
        Where it was found: "JAVA_HOME", "PATH" or "/usr/lib/jvm".
    """

    def __init__(self, command: Path, version: str, origin: str) -> None:
        self.command = command
        self.version = version
        self.origin = origin

    @property
    def home(self) -> Path:
        """The folder to set as JAVA_HOME."""
        return self.command.resolve().parent.parent

    @property
    def major(self) -> int:
        """8, 11, 17, ..., 0 when the version cannot be read."""
        match = re.match(r"(?:1\.)?(\d+)", self.version)
        return int(match.group(1)) if match else 0

    @property
    def has_compiler(self) -> bool:
        """Whether it is a JDK."""
        return os.access(self.home / "bin" / "javac", os.X_OK)


def home() -> Path:
    """The checkout; in an installed wheel the package's own folder."""
    package = Path(__file__).resolve().parent
    return package if (package / "_lib").is_dir() else package.parent.parent


def _is_wheel() -> bool:
    return (Path(__file__).resolve().parent / "_lib").is_dir()


def state_folder() -> Path:
    """Where this installation keeps what it builds: WEFT_HOME, else `.weft` in the checkout, else the user's cache."""
    given = os.environ.get("WEFT_HOME")
    if given:
        return Path(given).absolute()
    if _is_wheel():
        return Path(os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")) / "weft"
    return home() / ".weft"


def interpreter() -> str:
    """The Python of the workers: WEFT_PYTHON, else PYSPARK_PYTHON, else the one that runs this.

    A relative path that is not here is one inside an archive for the cluster's nodes, and says nothing of this machine.
    """
    for named in (os.environ.get("WEFT_PYTHON"), os.environ.get("PYSPARK_PYTHON")):
        if named and (os.sep not in named or os.path.isabs(named) or os.path.exists(named)):
            return named
    return sys.executable


def python_tag() -> str:
    """Names this interpreter, so that every one has packages of its own: "cpython-3.11.7-1f0a77c2"."""
    version = ".".join(str(part) for part in sys.version_info[:3])
    return f"{sys.implementation.name}-{version}-{zlib.crc32(os.fsencode(sys.base_prefix)):08x}"


def venv_folder() -> Path:
    """The private virtual environment that holds Weft's packages for this interpreter."""
    return state_folder() / f"venv-{python_tag()}"


def site_packages() -> Path:
    """The folder of the packages in :func:`venv_folder`."""
    name = "pypy" if sys.implementation.name == "pypy" else "python"
    return venv_folder() / "lib" / f"{name}{sys.version_info[0]}.{sys.version_info[1]}" / "site-packages"


def link_dependencies() -> None:
    """Makes py4j, cloudpickle and fastavro importable.

    The user's own come first; the private ones are appended, so that nothing of the user's is shadowed.
    """
    folder = str(site_packages())
    if folder in sys.path:
        return
    if any(importlib.util.find_spec(name) is None for name in ("cloudpickle", "py4j", "fastavro")):
        if os.path.isdir(folder):
            sys.path.append(folder)
            from weft._pypy import import_cloudpickle

            import_cloudpickle()


def python_path() -> list[str]:
    """What PYTHONPATH must hold in a worker on this machine: the package's parent, and the private packages."""
    return [str(Path(__file__).resolve().parent.parent), str(site_packages())]


def _java_candidates() -> Iterator[tuple[Path, str]]:
    if os.environ.get("JAVA_HOME"):
        yield Path(os.environ["JAVA_HOME"]) / "bin" / "java", "JAVA_HOME"
    on_path = shutil.which("java")
    if on_path:
        yield Path(on_path), "PATH"
    folders = Path(os.environ.get("WEFT_JVM_FOLDER", "/usr/lib/jvm"))
    if folders.is_dir():
        for folder in sorted(folders.iterdir()):
            yield folder / "bin" / "java", str(folders)


def _java_version(command: Path) -> str:
    """Reads the JDK's `release` file, which costs no process; asks the command when there is none."""
    try:
        text = (command.resolve().parent.parent / "release").read_text(errors="replace")
        match = re.search(r'^JAVA_VERSION="([^"]+)"', text, re.MULTILINE)
        if match:
            return match.group(1)
    except OSError:
        pass
    try:
        done = subprocess.run([str(command), "-version"], capture_output=True, text=True, timeout=60, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return "0"
    match = re.search(r'version "([^"]+)"', done.stderr)
    return match.group(1) if match else "0"


def find_java(*, compiler: bool = False) -> Java:
    """The first Java of JAVA_HOME, PATH and /usr/lib/jvm that is new enough.

    Parameters
    ----------
    compiler : bool
        Whether it must be a JDK.

    Raises
    ------
    InstallError
        E14: there is none, or only older ones.
    """
    refused = ""
    for command, origin in _java_candidates():
        if not os.access(command, os.X_OK):
            continue
        java = Java(command, _java_version(command), origin)
        if java.major < OLDEST_JAVA:
            refused = refused or f"{java.home} (from {origin}) is {java.version}"
        elif compiler and not java.has_compiler:
            refused = refused or f"{java.home} (from {origin}) has no compiler"
        else:
            return java
    kind, package = ("a JDK", "openjdk-17-jdk-headless") if compiler else ("Java", "openjdk-17-jre-headless")
    why = refused or "no java is on the PATH"
    raise InstallError(f"Weft needs {kind} {OLDEST_JAVA} or newer; {why}. Install {package}, or set JAVA_HOME.")


def lib_folder() -> Path:
    """The folder of the jars.

    Raises
    ------
    InstallError
        When they were not built yet.
    """
    if _is_wheel():
        return home() / "_lib"
    installed = _installed()
    folder = state_folder() / str(installed.get("lib"))
    if not installed or not folder.is_dir():
        raise InstallError(f"Weft's jars are not built yet; run {home()}/bin/weft setup.")
    return folder


def _installed() -> dict[str, Any]:
    """What `_setup` published: {"stamp", "digest", "lib"}; empty when nothing was."""
    try:
        value = json.loads((state_folder() / "installed.json").read_text())
    except (OSError, ValueError):
        return {}
    return value if isinstance(value, dict) else {}


def source_files() -> list[Path]:
    """All and only the files that the jars are built from, in a fixed order."""
    root = home()
    files = [root / name for name in SHARED_SOURCES]
    for name in JAR_SOURCES:
        path = root / name
        files += sorted(path.iterdir()) if path.is_dir() else [path] if path.exists() else []
    for tree in JAR_SOURCE_TREES:
        for folder, folders, names in os.walk(root / tree):
            folders.sort()
            files += [Path(folder, name) for name in sorted(names)]
    return files


def source_stamp() -> str:
    """Changes when a source was touched; costs a stat per file."""
    root = str(home())
    digest = hashlib.sha256()
    for name in JAR_SOURCES + SHARED_SOURCES:
        _stamp_entry(digest, os.path.join(root, name))
    for tree in JAR_SOURCE_TREES:
        _stamp_tree(digest, os.path.join(root, tree))
    return digest.hexdigest()


def _stamp_entry(digest: Any, path: str) -> None:
    try:
        seen = os.stat(path)
        digest.update(f"{path}\0{seen.st_size}\0{seen.st_mtime_ns}\n".encode("utf-8", "surrogateescape"))
    except FileNotFoundError:
        pass


def _stamp_tree(digest: Any, folder: str) -> None:
    try:
        entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
    except FileNotFoundError:
        return
    for entry in entries:
        if entry.is_dir():
            _stamp_tree(digest, entry.path)
        else:
            _stamp_entry(digest, entry.path)


def ensure_installed(log: Optional[Callable[[str], None]] = None) -> None:
    """Builds what is missing or out of date; returns in milliseconds when nothing is.

    Parameters
    ----------
    log : callable
        Is given one line a step, without a newline; standard error when left out.

    Raises
    ------
    InstallError
        Something is missing that cannot be built here.
    """
    if _is_wheel() or os.environ.get("WEFT_DUMP_CLASSES"):
        return  # the job that records the class archive runs inside the set-up, when all else is done
    if packages_ready() and operators_ready() and _installed().get("stamp") == source_stamp():
        return
    from weft import _setup

    _setup.install(log or _log)


def ensure_packages(log: Optional[Callable[[str], None]] = None) -> None:
    """Does of :func:`ensure_installed` what needs no Java, for masters that run in the driver's process."""
    if _is_wheel() or (packages_ready() and operators_ready()):
        return
    from weft import _setup

    _setup.install_packages(log or _log)


def packages_ready() -> bool:
    """Whether the private packages are those that this version wants."""
    try:
        return (venv_folder() / "weft-packages").read_text() == "\n".join(REQUIREMENTS)
    except OSError:
        return False


def operators_marker() -> tuple[Path, str]:
    """The file that says for which source the operators were compiled (or could not be), and its right content."""
    marker = state_folder() / f"operators-{python_tag()}"
    sources = operators_sources()
    if not sources:
        return marker, "no source"
    seen = [(source, os.stat(source)) for source in sources]
    return marker, "\n".join(f"{source} {stat.st_size} {stat.st_mtime_ns}" for source, stat in seen)


def operators_sources() -> list[Path]:
    """The operators' files in C, headers too; none where the package was installed without them."""
    return sorted((home() / "python" / "weft" / "_ops").glob("_native*.[ch]"))


def operators_ready() -> bool:
    """Whether the compiled operators were made, or found impossible, for this source and this Python."""
    marker, content = operators_marker()
    try:
        return marker.read_text() == content
    except OSError:
        return False


def _log(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def archive_path(java: Java) -> Path:
    """The class data archive of this Java and these jars; it may not exist."""
    seen = os.stat(java.command.resolve())
    key = f"{java.command.resolve()}\0{java.version}\0{seen.st_mtime_ns}\0{lib_folder()}"
    return state_folder() / f"classes-{hashlib.sha256(os.fsencode(key)).hexdigest()[:16]}.jsa"


def conf_folder() -> Optional[str]:
    """The cluster's configuration: HADOOP_CONF_DIR, else YARN_CONF_DIR, else none."""
    return os.environ.get("HADOOP_CONF_DIR") or os.environ.get("YARN_CONF_DIR") or None


def java_command(
    main_class: str, *, heap: str = "256m", extra: Sequence[str] = (), jars: Sequence[str] = ()
) -> list[str]:
    """The command that runs a class of Weft's in a JVM.

    The class path lists the jars one by one in a fixed order, the configuration folder last: only then is the class
    data archive accepted.

    Parameters
    ----------
    main_class : str
        As in "io.weft.master.app.GatewayMain".
    heap : str
        For -Xmx.
    extra : sequence of str
        Further JVM flags.
    jars : sequence of str
        The program's own, which come last.

    Raises
    ------
    InstallError
        No Java, or no jars.
    """
    java = find_java()
    lib = lib_folder()
    own = sorted((str(jar) for jar in lib.glob("*.jar")), key=lambda jar: ("/weft-" not in jar, jar))
    conf = conf_folder()
    flags = [*JVM_FLAGS, f"-Xmx{heap}", f"-Dlog4j.configuration={(lib / 'log4j.properties').as_uri()}"]
    if java.major >= 24:
        flags.append("--enable-native-access=ALL-UNNAMED")
    dump = os.environ.get("WEFT_DUMP_CLASSES")
    archive = archive_path(java)
    containers = os.environ.get("WEFT_DUMP_LIB")
    if dump and containers:  # the class path of a container, seen from its working directory; see _framework
        own = [f"{containers}/{name}" for name in sorted(os.path.basename(jar) for jar in own)]
        conf = "weft-conf"
        weft = next(jar for jar in own if "/weft-" in jar)
        extra = [*extra, f"-Dweft.jar={weft}"]
        main_class = "io.weft.master.app.RecorderMain"
    if dump:
        flags.append(f"-XX:ArchiveClassesAtExit={dump}")
    elif archive.exists():
        flags.append(f"-XX:SharedArchiveFile={archive}")
    return [str(java.command), *flags, *extra, "-cp", ":".join([*own, *([conf] if conf else []), *jars]), main_class]


if __name__ == "__main__":
    try:
        ensure_installed()
    except InstallError as failure:
        print(f"weft: {failure}", file=sys.stderr)
        sys.exit(failure.code)

"""The daemons' jars, resolved once by Maven, and the Java that runs them."""

from __future__ import annotations

import fcntl
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Iterator

from .settings import ClusterError

DEPENDENCY_PLUGIN = "org.apache.maven.plugins:maven-dependency-plugin:3.8.1"
OLDEST_JAVA = 17


def find_java() -> str:
    """The first `java` of JAVA_HOME, PATH and /usr/lib/jvm that is new enough."""
    seen = []
    for candidate in _java_candidates():
        if not os.access(candidate, os.X_OK):
            continue
        major = _java_major(candidate)
        if major >= OLDEST_JAVA:
            return str(candidate)
        seen.append(f"{candidate} is {major}")
    found = f" ({', '.join(seen)})" if seen else ""
    raise ClusterError(
        f"weft-cluster: needs Java {OLDEST_JAVA} or newer{found}; install openjdk-17-jdk-headless, or set JAVA_HOME.",
        code=4,
    )


def _java_candidates() -> Iterator[Path]:
    if os.environ.get("JAVA_HOME"):
        yield Path(os.environ["JAVA_HOME"]) / "bin" / "java"
    on_path = shutil.which("java")
    if on_path:
        yield Path(on_path)
    if Path("/usr/lib/jvm").is_dir():
        for folder in sorted(Path("/usr/lib/jvm").iterdir()):
            yield folder / "bin" / "java"


def _java_major(java: Path) -> int:
    shown = subprocess.run([str(java), "-version"], capture_output=True, text=True, check=False).stderr
    match = re.search(r'version "(?:1\.)?(\d+)', shown)
    return int(match.group(1)) if match else 0


def resolve(checkout: Path) -> Path:
    """The folder that holds the daemons' jars; filled by Maven when it is not there yet.

    The folder is named by the content of the pom, filled beside its place and then renamed: two first starts at
    once both succeed, and an interrupted one leaves nothing that looks whole.
    """
    given = os.environ.get("WEFT_CLUSTER_JARS")
    if given:
        if not any(Path(given).glob("hadoop-hdfs-*.jar")):
            raise ClusterError(f"weft-cluster: WEFT_CLUSTER_JARS={given} holds no hadoop-hdfs jar.", code=2)
        return Path(given)
    pom = checkout / "it" / "cluster" / "pom.xml"
    version = re.search(r"<hadoop.version>(.*?)</hadoop.version>", pom.read_text())
    if version is None:
        raise ClusterError(f"weft-cluster: {pom} names no hadoop.version.")
    target = checkout / ".weft" / f"hadoop-{version.group(1)}"
    if target.is_dir():
        return target
    target.parent.mkdir(parents=True, exist_ok=True)
    with open(target.parent / "hadoop.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not target.is_dir():
            _copy_dependencies(pom, target)
    return target


def _copy_dependencies(pom: Path, target: Path) -> None:
    mvn = shutil.which("mvn")
    if mvn is None:
        raise ClusterError("weft-cluster: needs Maven (mvn) on the PATH to fetch Hadoop; install maven.", code=4)
    print("weft-cluster: fetching Hadoop's daemons (190 jars, 110 MB) with Maven", file=sys.stderr, flush=True)
    part = Path(tempfile.mkdtemp(prefix="hadoop-", dir=target.parent))
    command = [mvn, "-B", "-q", "-f", str(pom), f"{DEPENDENCY_PLUGIN}:copy-dependencies"]
    command += ["-DincludeScope=runtime", f"-DoutputDirectory={part}"]
    # what earlier builds left in the local repository suffices most of the time; only else the network is asked
    for flags in (["-o"], []):
        done = subprocess.run(command + flags, capture_output=True, text=True, check=False)
        if done.returncode == 0:
            part.chmod(0o755)
            part.rename(target)
            return
    shutil.rmtree(part, ignore_errors=True)
    errors = [line for line in done.stdout.splitlines() if "[ERROR]" in line]
    raise ClusterError("weft-cluster: Maven could not fetch Hadoop's jars: " + (errors or ["no output"])[0], code=4)

"""A copy of this checkout and a machine with only the commands that a test names."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Optional

ROOT = Path(__file__).resolve().parent.parent.parent.parent
PARTS = ("pom.xml", ".mvn", "app-master/pom.xml", "container-runner/pom.xml", "app-master/src/main")
PARTS += ("container-runner/src/main", "conf", "bin", "python/weft", "python/examples")
# what bin/weft itself, venv and Maven's script call
TOOLS = ("bash", "readlink", "env", "dirname", "basename", "uname", "ls", "cat", "expr", "sed", "sh", "tr", "rm")


def copy_checkout(target: Path) -> Path:
    """Copies what a first run needs, nothing that was built."""
    for part in PARTS:
        source, copy = ROOT / part, target / part
        copy.parent.mkdir(parents=True, exist_ok=True)
        if source.is_dir():
            shutil.copytree(source, copy, ignore=shutil.ignore_patterns("__pycache__", "*.so", "_lib"))
        elif source.exists():
            shutil.copy2(source, copy)
    return target


def machine(folder: Path, *commands: str) -> dict[str, str]:
    """An environment whose PATH has the tools above, this Python, and the commands named; no other Java."""
    path = folder / "path"
    path.mkdir()
    for name in TOOLS + commands:
        found = shutil.which(name)
        if found:
            (path / name).symlink_to(found)
    (path / "python3").symlink_to(sys.executable)
    empty = folder / "no-jvms"
    empty.mkdir()
    return {"PATH": str(path), "HOME": str(folder), "WEFT_JVM_FOLDER": str(empty), "LANG": "C.UTF-8"}


def fake_java(folder: Path, version: str) -> Path:
    """A Java home as JDK 8 or 11 would leave it, with a compiler."""
    (folder / "bin").mkdir(parents=True)
    for name in ("java", "javac"):
        command = folder / "bin" / name
        command.write_text(f"#!/bin/sh\necho 'openjdk version \"{version}\"' >&2\n")
        command.chmod(0o755)
    (folder / "release").write_text(f'JAVA_VERSION="{version}"\n')
    return folder


def weft(
    checkout: Path, environment: dict[str, str], *arguments: str, seconds: float = 600, cwd: Optional[Path] = None
) -> subprocess.CompletedProcess[str]:
    """Runs bin/weft of a checkout."""
    return subprocess.run(
        [str(checkout / "bin" / "weft"), *arguments],
        env=environment,
        cwd=cwd or checkout,
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=seconds,
        check=False,
    )


def own_environment() -> dict[str, str]:
    """This process's environment without what names a cluster, an installation or an interpreter."""
    dropped = {"HADOOP_CONF_DIR", "YARN_CONF_DIR", "WEFT_HOME", "WEFT_PYTHON", "PYSPARK_PYTHON", "PYTHONPATH"}
    return {name: value for name, value in os.environ.items() if name not in dropped}

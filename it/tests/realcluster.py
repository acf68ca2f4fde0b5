"""A running cluster as the tests see it."""

from __future__ import annotations

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Optional

from webhdfs import WebHdfs

ROOT = Path(__file__).resolve().parent.parent.parent


@dataclass(frozen=True)
class Cluster:
    """A running cluster.

    Attributes
    ----------
    conf : Path
        To set as HADOOP_CONF_DIR.
    bin : Path
        Holds the hadoop, hdfs and yarn commands.
    home : Path
        The cluster's folder; `data/node<i>/containers` holds the containers' logs.
    """

    conf: Path
    bin: Path
    home: Path

    @property
    def hdfs(self) -> WebHdfs:
        """Its filesystem, without a JVM for each question."""
        return WebHdfs(self.conf)

    def environment(self) -> dict[str, str]:
        """For programs that work on the cluster."""
        path = f"{self.bin}:{os.environ['PATH']}"
        return dict(
            os.environ, HADOOP_CONF_DIR=str(self.conf), PATH=path, HADOOP_ROOT_LOGGER="WARN,console", LANG="C.UTF-8"
        )

    def run(self, *command: str, seconds: float = 180, given: Optional[str] = None) -> subprocess.CompletedProcess[str]:
        """Runs a command on the cluster and returns its output as text; the exit code is for the caller to judge."""
        return subprocess.run(
            command, env=self.environment(), input=given, capture_output=True, text=True, timeout=seconds, check=False
        )

    def must(self, *command: str, seconds: float = 180, given: Optional[str] = None) -> str:
        """Runs a command that must succeed and returns what it wrote to standard output."""
        done = self.run(*command, seconds=seconds, given=given)
        assert done.returncode == 0, f"{' '.join(command)} ended with {done.returncode}:\n{done.stderr[-4000:]}"
        return done.stdout

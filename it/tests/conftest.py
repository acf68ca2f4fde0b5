"""The cluster of the it ring: real HDFS and YARN daemons, started once for all tests and stopped after the last."""

from __future__ import annotations

import getpass
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from realcluster import ROOT, Cluster
from yarnjobs import Jobs, make_dist

# its three nodes take a minute to start, and it needs a driver that is not among the tests' requirements
collect_ignore = [] if os.environ.get("WEFT_IT_SCALE") == "full" else ["test_cassandra.py"]


@pytest.fixture(scope="session")
def cluster() -> Iterator[Cluster]:
    """Three nodes, blocks of 16 MB, one copy; WEFT_IT_CLUSTER names the folder of one that runs already."""
    running = os.environ.get("WEFT_IT_CLUSTER")
    if running:
        yield _cluster(Path(running))
        return
    home = Path(tempfile.mkdtemp(prefix="weft-it-"))
    command = [str(ROOT / "bin" / "weft-cluster")]
    environment = dict(os.environ, WEFT_CLUSTER_DIR=str(home / "cluster"))
    try:
        start = [*command, "start", "--nodes", "3", "--node-memory", "6g"]
        started = subprocess.run(start, env=environment, capture_output=True, text=True, timeout=900, check=False)
        assert started.returncode == 0, started.stderr
        yield _cluster(home / "cluster")
    finally:
        stopped = subprocess.run(
            [*command, "stop"], env=environment, capture_output=True, text=True, timeout=120, check=False
        )
        shutil.rmtree(home, ignore_errors=True)
        assert stopped.returncode == 0, stopped.stderr


@pytest.fixture(scope="session")
def jobs(cluster: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Jobs:
    """Submits scripts with a distribution as `bin/dev dist` makes it, for a user who has a home folder."""
    cluster.hdfs.make(f"/user/{getpass.getuser()}")
    return Jobs(cluster, make_dist(tmp_path_factory.mktemp("dist") / "d"))


def _cluster(home: Path) -> Cluster:
    return Cluster(conf=home / "conf", bin=home / "bin", home=home)

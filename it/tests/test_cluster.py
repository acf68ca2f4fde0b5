"""bin/weft-cluster: three nodes with hosts of their own, HDFS and YARN that work, a clean stop."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from realcluster import ROOT, Cluster
from tests.gateway.scripts import eventually, is_running, none_running

pytestmark = pytest.mark.yarn


def test_three_nodes_with_distinct_hosts_are_running(cluster: Cluster) -> None:
    hosts = re.findall(r"(127\.0\.0\.\d+):\d+\s+RUNNING", cluster.must("yarn", "node", "-list"))
    assert sorted(hosts) == ["127.0.0.2", "127.0.0.3", "127.0.0.4"]


def _blocks(cluster: Cluster) -> set[Path]:
    return {node for node in cluster.home.glob("data/node*/blocks/**/blk_*") if not node.suffix}


def test_blocks_are_read_back_as_written_and_lie_on_several_nodes(cluster: Cluster, tmp_path: Path) -> None:
    local = tmp_path / "random"
    local.write_bytes(os.urandom(20 << 20))
    before = _blocks(cluster)  # of other tests, some of which are being deleted
    for copy in range(4):
        cluster.must("hdfs", "dfs", "-put", str(local), f"/tmp/random-{copy}")
    cluster.must("hdfs", "dfs", "-get", "/tmp/random-2", str(tmp_path / "back"))
    assert (tmp_path / "back").read_bytes() == local.read_bytes()
    used = _blocks(cluster) - before
    assert len(used) == 8
    holders = {node.relative_to(cluster.home).parts[1] for node in used}
    assert len(holders) >= 2
    cluster.must("hdfs", "dfs", "-rm", "-r", "-skipTrash", "/tmp/random-*")


def test_the_etl_queue_takes_applications(cluster: Cluster) -> None:
    assert re.search(r"State : RUNNING", cluster.must("yarn", "queue", "-status", "etl"))


def test_a_second_start_in_the_same_folder_is_refused(cluster: Cluster) -> None:
    done = subprocess.run(
        [str(ROOT / "bin" / "weft-cluster"), "start"],
        env=dict(os.environ, WEFT_CLUSTER_DIR=str(cluster.home)),
        capture_output=True,
        text=True,
        timeout=180,
        check=False,
    )
    assert done.returncode == 1
    assert "a cluster runs already" in done.stderr and "weft-cluster stop" in done.stderr


def test_stop_leaves_no_process_and_no_folder(tmp_path: Path) -> None:
    home = tmp_path / "own"
    environment = dict(os.environ, WEFT_CLUSTER_DIR=str(home))
    command = str(ROOT / "bin" / "weft-cluster")
    subprocess.run([command, "start"], env=environment, capture_output=True, timeout=300, check=True)
    status = subprocess.run([command, "status"], env=environment, capture_output=True, text=True, check=True).stdout
    pids = [int(pid) for pid in re.findall(r"pid (\d+)", status)]
    assert len(pids) == 4
    subprocess.run([command, "stop"], env=environment, capture_output=True, timeout=120, check=True)
    assert not home.exists()
    assert none_running(pids)


OWNER = """
    import subprocess, sys
    sys.path.insert(0, sys.argv[1])
    import owned

    owned.begin()
    subprocess.run([sys.argv[2], "start"], check=True)
    sys.stdin.read()
"""


def test_daemons_end_with_the_test_command_that_is_killed(tmp_path: Path) -> None:
    home = tmp_path / "own"
    arguments = [str(ROOT / "it" / "dev"), str(ROOT / "bin" / "weft-cluster")]
    program = [sys.executable, "-c", textwrap.dedent(OWNER), *arguments]
    environment = dict(os.environ, WEFT_CLUSTER_DIR=str(home))
    command = subprocess.Popen(program, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert command.stdout is not None
    assert command.stdout.readline().startswith("export HADOOP_CONF_DIR=")
    pids = [process["pid"] for process in json.loads((home / "cluster.json").read_text())["processes"]]
    assert len(pids) == 4 and all(map(is_running, pids))
    command.kill()
    assert eventually(lambda: none_running(pids), 90)
    command.communicate(timeout=60)

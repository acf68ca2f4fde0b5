"""Any process of an application may be killed: one clear line, the right exit code, nothing left."""

from __future__ import annotations

import os
import re
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from leftovers import Watch, processes_of

from realcluster import ROOT
from yarnjobs import Ended, Jobs, poll

pytestmark = pytest.mark.yarn

TASKS = 40
FREE = 6
SLOW = f"""
import os, subprocess, sys, time
from weft import WeftContext

go = sys.argv[1]

def slow(number):  # the nodes are this machine
    if number % 8 in (0, {FREE}):
        subprocess.Popen(["sleep", "600"], start_new_session=True)
    while number >= {FREE} and not os.path.exists(go):
        time.sleep(0.05)
    return number

with WeftContext() as sc:
    pairs = sc.parallelize(range({TASKS}), {TASKS}).map(slow).map(lambda number: (number % 7, number))
    print("TOTAL", pairs.reduceByKey(lambda a, b: a + b, 3).map(lambda kv: kv[1]).sum(), flush=True)
"""
TOTAL = f"TOTAL {sum(range(TASKS))}"


class Victim:
    """A running application with the means to kill parts of it; it has ended some tasks, and the others wait."""

    def __init__(self, jobs: Jobs, folder: Path) -> None:
        self.jobs = jobs
        self.watch = Watch(jobs.cluster)
        (folder / "slow.py").write_text(SLOW)
        self._go = folder / "go"
        self.client = jobs.start("--num-executors", "2", str(folder / "slow.py"), str(self._go))
        self.application = jobs.running()
        self.watch.start(self.application)
        poll(lambda: "yes" if jobs.events(self.application).count("TaskAccepted[") >= 4 else None, "four tasks' end")

    def processes(self, begins: str) -> list[int]:
        """Pids of the application's processes whose command line begins so."""
        mark = self.application.removeprefix("application_")
        return sorted(pid for pid, command in processes_of(mark) if re.match(begins, command))

    def kill(self, begins: str) -> None:
        """SIGKILL to the first one."""
        os.kill(self.processes(begins)[0], signal.SIGKILL)

    def go_on(self) -> None:
        """Has the tasks that wait go on."""
        self._go.touch()

    def end(self) -> Ended:
        return self.jobs.wait(self.client)


@pytest.fixture
def victim(jobs: Jobs, tmp_path: Path) -> Iterator[Victim]:
    found = Victim(jobs, tmp_path)
    yield found
    if found.client.poll() is None:
        found.client.kill()
        found.client.communicate(timeout=60)


def last_line(ended: Ended) -> str:
    print(f"\nexit {ended.code}\n{ended.errors}")
    return ended.errors.strip().splitlines()[-1]


def test_yarn_application_kill_is_said_in_one_line(victim: Victim) -> None:
    victim.jobs.cluster.must("yarn", "application", "-kill", victim.application)
    ended = victim.end()
    assert ended.code == 6
    assert last_line(ended).startswith(f"{victim.application} was killed")
    victim.watch.assert_nothing_left()


def test_a_killed_application_master_is_said_in_one_line(victim: Victim) -> None:
    victim.kill("weft-am")
    ended = victim.end()
    assert ended.code == 7
    after = ended.errors[ended.errors.index("accepted by queue") :].splitlines()[1:]
    said = [line for line in after if not re.match(r"application_\d+_\d+ running, ", line)]
    assert said == [
        f"The ApplicationMaster of {victim.application} was killed by signal 9; "
        f"all of it: yarn logs -applicationId {victim.application}"
    ]
    victim.watch.assert_nothing_left()


def test_a_killed_driver_gives_137(victim: Victim) -> None:
    victim.kill("weft-driver|.*-u -c")
    ended = victim.end()
    assert ended.code == 128 + signal.SIGKILL
    assert "exit code 137" in last_line(ended)
    victim.watch.assert_nothing_left()


def test_a_killed_worker_costs_an_attempt_alone(victim: Victim) -> None:
    victim.kill("weft-worker")
    victim.go_on()
    ended = victim.end()
    assert ended.code == 0, ended.errors
    assert TOTAL in victim.jobs.output(victim.application)
    last_line(ended)
    victim.watch.assert_nothing_left()


def test_a_runner_killed_with_its_fork_server_leaves_nothing_of_users_code(victim: Victim) -> None:
    worker = victim.processes("weft-worker")[0]
    server = _parent(worker)
    runner = _parent(server)
    assert victim.processes("sleep 600")
    os.kill(runner, signal.SIGSTOP)  # it shall not see the end of the other one
    os.kill(server, signal.SIGKILL)
    os.kill(runner, signal.SIGKILL)
    victim.go_on()
    ended = victim.end()
    assert ended.code == 0, ended.errors
    assert TOTAL in victim.jobs.output(victim.application)
    victim.watch.assert_nothing_left()


def _parent(process: int) -> int:
    return int(Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[1])


def test_without_its_client_an_application_ends_well_and_cleans_up(victim: Victim) -> None:
    victim.client.kill()
    victim.client.communicate(timeout=60)
    victim.go_on()
    poll(lambda: "yes" if TOTAL in victim.jobs.output(victim.application) else None, "the result")
    victim.watch.assert_nothing_left()


def test_a_killed_node_manager_costs_no_answer(victim: Victim) -> None:
    cluster = victim.jobs.cluster
    host = next(m[1] for m in re.finditer(r"LaunchTask\[.*runner=(\w+)", victim.jobs.events(victim.application)))
    node = master = ""
    for folder in sorted(cluster.home.glob("data/node*")):
        holds = {path.name for path in folder.glob(f"containers/{victim.application}/container_*")}
        node = folder.name if host in holds else node
        master = folder.name if any(name.endswith("_000001") for name in holds) else master
    if node == master:
        pytest.skip("the runner shares the ApplicationMaster's node")
    index = node.removeprefix("node")
    command = [str(ROOT / "bin" / "weft-cluster")]
    environment = dict(os.environ, WEFT_CLUSTER_DIR=str(cluster.home))
    status = subprocess.check_output([*command, "status"], env=environment, text=True, timeout=60)
    (pid,) = re.findall(rf"nodemanager{index} +pid (\d+)", status)
    try:
        os.kill(int(pid), signal.SIGKILL)
        victim.go_on()
        ended = victim.end()
        assert ended.code == 0, ended.errors
        assert TOTAL in victim.jobs.output(victim.application)
        last_line(ended)
    finally:
        subprocess.run([*command, "restart", f"nodemanager{index}"], env=environment, timeout=120, check=True)
    victim.watch.assert_nothing_left()

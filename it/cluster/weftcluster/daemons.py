"""Starts, watches and ends the daemons' JVMs.

The state file lists all and only the processes that were started here, each with the kernel's start time, so that a
pid which the kernel gave to another program later is never signalled.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
import urllib.error
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Callable, Optional

from . import conffiles
from .settings import ClusterError, Layout, Process, State

READY_SECONDS = 120.0
STOP_SECONDS = 30.0
JVM_FLAGS = [
    "-XX:+UseSerialGC",
    "-XX:TieredStopAtLevel=1",
    "-Xss512k",
    "-XX:-UsePerfData",
    "--add-opens=java.base/java.lang=ALL-UNNAMED",
    "-Djava.net.preferIPv4Stack=true",
    "-Dhadoop.root.logger=INFO,console",
]


@dataclass(frozen=True)
class Daemon:
    """A JVM to start: `conf` is its configuration folder, `heap_mib` its -Xmx."""

    name: str
    main_class: str
    conf: Path
    heap_mib: int


def masters(layout: Layout) -> list[Daemon]:
    return [
        Daemon("namenode", "org.apache.hadoop.hdfs.server.namenode.NameNode", layout.conf, 384),
        Daemon("resourcemanager", "org.apache.hadoop.yarn.server.resourcemanager.ResourceManager", layout.conf, 384),
    ]


def node_daemons(layout: Layout, index: int) -> list[Daemon]:
    """The DataNode and the NodeManager of node `index`, from 1."""
    conf = conffiles.node_conf(layout, index)
    return [
        Daemon(f"datanode{index}", "org.apache.hadoop.hdfs.server.datanode.DataNode", conf, 256),
        Daemon(f"nodemanager{index}", "org.apache.hadoop.yarn.server.nodemanager.NodeManager", conf, 320),
    ]


def java_command(layout: Layout, state: State, daemon: Daemon) -> list[str]:
    return [
        state.java,
        f"-Xmx{daemon.heap_mib}m",
        *JVM_FLAGS,
        f"-Dweft.cluster.daemon={daemon.name}",
        f"-Dhadoop.log.dir={layout.logs}",
        "-cp",
        f"{daemon.conf}:{layout.webapps}:{state.jars}/*",
        daemon.main_class,
    ]


def format_namenode(layout: Layout, state: State) -> None:
    """Makes an empty filesystem."""
    command = [*java_command(layout, state, masters(layout)[0]), "-format", "-nonInteractive"]
    with open(layout.logs / "format.log", "wb") as log:
        done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, check=False)
    if done.returncode:
        raise ClusterError(f"weft-cluster: formatting the NameNode failed; see {layout.logs / 'format.log'}")


def make_webapps(layout: Layout) -> None:
    """The daemons refuse to start without these folders on the class path; their pages are not in the jars."""
    for name in ("hdfs", "datanode", "static", "secondary", "cluster", "node"):
        folder = layout.webapps / "webapps" / name / "WEB-INF"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "web.xml").write_text("<web-app></web-app>\n")


def launch(layout: Layout, state: State, daemon: Daemon) -> Process:
    """Starts a daemon in a process group of its own and records it before anything else can fail."""
    environment = dict(os.environ, HADOOP_CONF_DIR=str(daemon.conf), LANG="C.UTF-8")
    environment["JAVA_HOME"] = str(Path(state.java).resolve().parent.parent)
    with open(layout.logs / f"{daemon.name}.log", "ab") as log:
        child = subprocess.Popen(
            java_command(layout, state, daemon),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            cwd=layout.home,
            env=environment,
            start_new_session=True,
        )
    process = Process(daemon.name, child.pid, start_ticks(child.pid) or 0)
    state.processes = [p for p in state.processes if p.name != daemon.name] + [process]
    state.save(layout)
    return process


def start_ticks(pid: int) -> Optional[int]:
    """When process `pid` started, in the kernel's ticks since boot; None when it is gone or a zombie."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return None
    after_name = text.rpartition(")")[2].split()
    return None if after_name[0] in "ZX" else int(after_name[19])


def alive(process: Process) -> bool:
    return start_ticks(process.pid) == process.start_ticks


def end(processes: list[Process], *, seconds: float = STOP_SECONDS) -> None:
    """Sends TERM, waits for the exits, sends KILL to what is left and waits again. Ends nothing else."""
    for process in processes:
        if alive(process):
            os.kill(process.pid, signal.SIGTERM)
    deadline = time.monotonic() + seconds
    while any(alive(p) for p in processes) and time.monotonic() < deadline:
        _reap()
        time.sleep(0.05)
    for process in processes:
        if alive(process):
            os.kill(process.pid, signal.SIGKILL)
    while any(alive(p) for p in processes):
        _reap()
        time.sleep(0.02)


def _reap() -> None:
    try:
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
    except ChildProcessError:
        pass


def get_json(url: str) -> Any:
    with urllib.request.urlopen(url, timeout=5) as answer:
        return json.loads(answer.read())


def put(url: str) -> None:
    with urllib.request.urlopen(urllib.request.Request(url, method="PUT"), timeout=20) as answer:
        answer.read()


def namenode_state(state: State) -> dict[str, Any]:
    """The NameNode's own account: FSState, NumLiveDataNodes, CapacityRemaining."""
    url = f"http://{state.address('namenode.http')}/jmx?qry=Hadoop:service=NameNode,name=FSNamesystemState"
    beans: list[dict[str, Any]] = get_json(url)["beans"]
    return beans[0] if beans else {}


def running_nodes(state: State) -> list[dict[str, Any]]:
    """The NodeManagers that the ResourceManager calls RUNNING."""
    nodes = get_json(f"http://{state.address('rm.web')}/ws/v1/cluster/nodes?states=RUNNING")["nodes"]
    return list(nodes["node"]) if nodes else []


def wait_until(what: str, ready: Callable[[], bool], layout: Layout, processes: list[Process]) -> None:
    """Polls `ready` until it is true; fails when a daemon ends, or after READY_SECONDS, naming its log."""
    deadline = time.monotonic() + READY_SECONDS
    while True:
        try:
            if ready():
                return
        except (OSError, urllib.error.URLError, ValueError, KeyError):
            pass  # not listening yet
        _reap()
        for process in processes:
            if not alive(process):
                raise ClusterError(
                    f"weft-cluster: {process.name} ended while starting; the end of {layout.logs / process.name}.log:\n"
                    + tail(layout.logs / f"{process.name}.log")
                )
        if time.monotonic() > deadline:
            raise ClusterError(f"weft-cluster: {what} after {READY_SECONDS:.0f} s; logs are in {layout.logs}")
        time.sleep(0.1)


def tail(path: Path, lines: int = 12) -> str:
    try:
        return "\n".join("  " + line for line in path.read_text(errors="replace").splitlines()[-lines:])
    except FileNotFoundError:
        return "  (no log)"

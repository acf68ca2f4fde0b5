"""What a cluster is made of: addresses, ports and folders. Written once at start, read by stop and status."""

from __future__ import annotations

import json
import random
import socket
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any


class ClusterError(Exception):
    """A failure with a text for the person at the terminal; `code` is the exit code."""

    def __init__(self, message: str, *, code: int = 1) -> None:
        super().__init__(message)
        self.code = code


@dataclass(frozen=True)
class Options:
    """What the command line asked for; sizes as the flags name them."""

    nodes: int = 1
    block_size_bytes: int = 16 * 1024 * 1024
    replication: int = 1
    node_memory_mib: int = 8192
    node_vcores: int = 8
    vmem_check: bool = False
    log_aggregation: bool = False


MASTER_HOST = "127.0.0.1"

MASTER_PORTS = (
    "namenode.rpc",
    "namenode.http",
    "rm.client",
    "rm.scheduler",
    "rm.tracker",
    "rm.admin",
    "rm.web",
    "history.rpc",
)
NODE_PORTS = ("dn.data", "dn.ipc", "dn.http", "nm.rpc", "nm.localizer", "nm.web", "nm.collector", "nm.shuffle")


def node_host(index: int) -> str:
    """The host of node `index`, from 1: every node has a loopback address of its own, which is its name too.

    Locality and remote reads are therefore real, and neither /etc/hosts nor a name server is involved.
    """
    return f"127.0.0.{index + 1}"


@dataclass(frozen=True)
class Layout:
    """Folders of one cluster below its directory."""

    home: Path

    @property
    def conf(self) -> Path:
        return self.home / "conf"

    @property
    def bin(self) -> Path:
        return self.home / "bin"

    @property
    def data(self) -> Path:
        return self.home / "data"

    @property
    def logs(self) -> Path:
        return self.home / "logs"

    @property
    def webapps(self) -> Path:
        return self.home / "web"

    @property
    def state_file(self) -> Path:
        return self.home / "cluster.json"


@dataclass(frozen=True)
class Process:
    """One daemon. `start_ticks` tells it from a later process that was given the same pid."""

    name: str
    pid: int
    start_ticks: int


@dataclass
class State:
    """The content of cluster.json."""

    options: Options
    ports: dict[str, int]
    java: str
    jars: str
    processes: list[Process] = field(default_factory=list)

    def address(self, port_name: str) -> str:
        return f"{MASTER_HOST}:{self.ports[port_name]}"

    def save(self, layout: Layout) -> None:
        """Writes the file under a temporary name and renames it, so that a reader never sees half of it."""
        part = layout.state_file.with_suffix(".part")
        part.write_text(json.dumps(asdict(self), indent=1))
        part.replace(layout.state_file)

    @staticmethod
    def load(layout: Layout) -> State:
        """Reads the file; FileNotFoundError when no cluster was started there."""
        raw: dict[str, Any] = json.loads(layout.state_file.read_text())
        return State(
            options=Options(**raw["options"]),
            ports=raw["ports"],
            java=raw["java"],
            jars=raw["jars"],
            processes=[Process(**p) for p in raw["processes"]],
        )


def free_ports(nodes: int) -> dict[str, int]:
    """Finds a free port for every daemon: all are held at once, so that no two are equal, then let go.

    They lie below the range from which the kernel takes the ports of outgoing connections (one of those could else
    come in between), and are free on all addresses, since the shuffle service listens on all.
    """
    names = list(MASTER_PORTS) + [f"node{index}.{name}" for index in range(1, nodes + 1) for name in NODE_PORTS]
    first, last = 15000, _ephemeral_start() - 1
    candidates = random.SystemRandom().sample(range(first, last), min(2000, last - first))
    held: list[socket.socket] = []
    ports: dict[str, int] = {}
    try:
        for port in candidates:
            s = socket.socket()
            held.append(s)
            try:
                s.bind(("0.0.0.0", port))
            except OSError:
                continue
            ports[names[len(ports)]] = port
            if len(ports) == len(names):
                return ports
    finally:
        for s in held:
            s.close()
    raise ClusterError(f"weft-cluster: fewer than {len(names)} free ports between {first} and {last}.")


def _ephemeral_start() -> int:
    try:
        with open("/proc/sys/net/ipv4/ip_local_port_range") as f:
            return max(16000, int(f.read().split()[0]))
    except OSError:
        return 32768

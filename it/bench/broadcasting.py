"""What a broadcast costs on 3 nodes with 4 workers each: bytes over the network and memory, seen from outside.

    python it/bench/broadcasting.py [--megabytes 2048] [--kinds numpy,arrow,bytes]

Starts a cluster of three NodeManagers for itself, unless WEFT_IT_CLUSTER names one whose nodes are large enough, and
submits a program for each kind of value, in cluster mode: every worker reads the whole value, and stays until it was
looked at. Nothing here is counted by Weft:

- bytes that the processes of a node's containers received, and that the ApplicationMaster's container sent, are those
  of the kernel's counters of their TCP connections (`ss -ti`), asked for again and again;
- what the loopback device carried meanwhile (/proc/net/dev) includes everything else on the machine;
- memory is Pss of /proc/PID/smaps_rollup, less that of the same workers before, when they had imported what the value
  needs; and the Rss that a NodeManager adds up.

Needs numpy and pyarrow in the interpreter that runs it, and 5 times the value's size of memory and disk. The budget:
1.1 times the value into each node, 2 times out of the driver (and 2 % of frames and other traffic), and 1.15 times the
value added to the Pss of a node's four workers together.
"""

from __future__ import annotations

import argparse
import os
import re
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections import defaultdict
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
sys.path[:0] = [str(ROOT / "it" / "tests"), str(ROOT / "it" / "bench")]

from yarn import cluster, say  # noqa: E402

from realcluster import Cluster  # noqa: E402 - found by the line above

NODES, WORKERS = 3, 4
SECONDS = 400
MIB = 1 << 20

PROGRAM = f"""
import os, sys, time
from weft import WeftContext

folder, kind, size = sys.argv[1], sys.argv[2], int(sys.argv[3]) << 20

def value(size):
    import numpy
    array = numpy.arange(size // 8, dtype=numpy.int64)
    if kind == "bytes":
        return array.tobytes()
    if kind == "arrow":
        import pyarrow
        return pyarrow.table({{"numbers": array}})
    return array

def touch(data):
    "A number of every page."
    if kind == "bytes":
        return sum(data[4096 * 8 :: 4096])
    if kind == "arrow":
        data = data.column("numbers").chunk(0).to_numpy()
    return int(data[::512].sum())

def note(name):
    open(f"{{folder}}/{{name}}", "w").close()

def load(index, _records):
    import numpy
    if kind == "arrow":
        import pyarrow
    touch(value(4096))
    note(f"loaded-{{os.getpid()}}")
    wait("looked")
    yield index

def wait(name):
    while not os.path.exists(f"{{folder}}/{{name}}"):
        time.sleep(0.05)

def hold(index, _records):
    began = time.time()
    found = touch(shared.value)
    note(f"read-{{os.getpid()}}")
    wait("go")
    yield found, began, os.environ["NM_HOST"]

with WeftContext() as sc:
    wanted = {NODES * WORKERS}
    sc.parallelize(range(wanted), wanted).mapPartitionsWithIndex(load).collect()
    made = value(size)
    start = time.time()
    shared = sc.broadcast(made)
    note("sent")
    right, written = touch(made), time.time() - start
    found = sc.parallelize(range(wanted), wanted).mapPartitionsWithIndex(hold).collect()
    assert {{one[0] for one in found}} == {{right}}
    print(f"written by the driver in {{written:.1f}} s", flush=True)
"""


class Watch:
    """The containers of one application: their processes, connections and memory."""

    def __init__(self) -> None:
        self._containers: dict[int, tuple[str, str]] = {}
        self._bytes: dict[tuple[str, str], tuple[tuple[str, str], int, int]] = {}
        self._began = loopback()
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)
        self._thread.start()

    def _look(self) -> None:
        while not self._ended.wait(0.05):
            self.look()

    def look(self) -> None:
        """Ask for the counters of all connections; they are gone with the connection."""
        listed = subprocess.run(
            ["ss", "-tinpHO"], capture_output=True, text=True, check=True
        ).stdout
        for line in listed.splitlines():
            ends = line.split()[3:5]
            found = {
                name: int(number)
                for name, number in re.findall(
                    r"\b(bytes_sent|bytes_received):(\d+)", line
                )
            }
            owners = [
                self.container(int(pid)) for pid in re.findall(r"pid=(\d+)", line)
            ]
            if (
                owners and owners[0][1]
            ):  # a process that is being started has its parent's sockets for a moment
                known = self._bytes.get((ends[0], ends[1]))
                owner = known[0] if known else owners[0]
                self._bytes[ends[0], ends[1]] = (
                    owner,
                    found.get("bytes_sent", 0),
                    found.get("bytes_received", 0),
                )

    def container(self, pid: int) -> tuple[str, str]:
        """Node and container of a process; two empty texts if it is in none, or has gone unseen."""
        if pid not in self._containers:
            try:
                environment = (
                    Path(f"/proc/{pid}/environ")
                    .read_bytes()
                    .decode(errors="replace")
                    .split("\0")
                )
            except OSError:
                return "", ""
            values = dict(entry.partition("=")[::2] for entry in environment)
            self._containers[pid] = (
                values.get("NM_HOST", ""),
                values.get("CONTAINER_ID", ""),
            )
        return self._containers[pid]

    def processes(self) -> dict[int, tuple[str, str]]:
        """The living processes in containers."""
        pids = [int(name) for name in os.listdir("/proc") if name.isdigit()]
        return {pid: self.container(pid) for pid in pids if self.container(pid)[1]}

    def end(self) -> tuple[dict[str, int], int, int]:
        """Bytes received by each node's containers, sent by the ApplicationMaster's, and over the loopback device."""
        self._ended.set()
        self._thread.join()
        self.look()
        received: dict[str, int] = defaultdict(int)
        sent = 0
        for (node, container), out, came in self._bytes.values():
            received[node] += came
            sent += out if container.endswith("_000001") else 0
        return dict(received), sent, loopback() - self._began


def loopback() -> int:
    """Bytes that the loopback device has received."""
    lines = Path("/proc/net/dev").read_text().splitlines()
    return next(
        int(line.split(":")[1].split()[0])
        for line in lines
        if line.strip().startswith("lo:")
    )


def memory(pid: int, name: str) -> int:
    """A value of smaps_rollup in bytes; 0 if the process has gone."""
    try:
        rollup = Path(f"/proc/{pid}/smaps_rollup").read_text()
    except OSError:
        return 0
    return int(re.findall(rf"^{name}: +(\d+)", rollup, re.MULTILINE)[0]) << 10


def workers_memory(watch: Watch, name: str) -> dict[str, int]:
    """A value of smaps_rollup, added up over the workers of each node."""
    total: dict[str, int] = defaultdict(int)
    for pid, (node, _) in watch.processes().items():
        total[node] += memory(pid, name) if is_worker(pid) else 0
    return total


def is_worker(pid: int) -> bool:
    """Whether it is a Python worker, or the server that forks them."""
    try:
        return (
            Path(f"/proc/{pid}/cmdline")
            .read_bytes()
            .startswith((b"weft-worker", b"weft-forkserver"))
        )
    except OSError:
        return False


def run(on: Cluster, scratch: Path, kind: str, megabytes: int) -> list[str]:
    """Submit the program for one kind of value; the lines to print."""
    folder = scratch / kind
    folder.mkdir()
    (folder / "program.py").write_text(PROGRAM)
    command = [
        str(ROOT / "bin" / "weft"),
        "submit",
        "--master",
        "yarn",
        "--deploy-mode",
        "cluster",
    ]
    command += ["--num-executors", str(NODES), "--executor-cores", str(WORKERS)]
    command += ["--executor-memory", f"{executor_mebibytes(megabytes)}m"]
    command += [
        "--driver-memory",
        f"{driver_mebibytes(megabytes)}m",
        "--conf",
        f"weft.python={sys.executable}",
    ]
    command += [str(folder / "program.py"), str(folder), kind, str(megabytes)]
    environment = {**on.environment(), "WEFT_PYTHON": sys.executable}
    environment.pop("PYTHONPATH", None)
    with open(folder / "client", "w") as log:
        client = subprocess.Popen(command, env=environment, stdout=log, stderr=log)
        try:
            wait(
                client,
                lambda: len(list(folder.glob("loaded-*"))) == NODES * WORKERS,
                "all workers to start",
            )
            watch = Watch()
            before = workers_memory(watch, "Pss")
            (folder / "looked").touch()
            wait(client, lambda: (folder / "sent").exists(), "the broadcast's file")
            began = time.monotonic()
            wait(
                client,
                lambda: len(list(folder.glob("read-*"))) == NODES * WORKERS,
                "all workers",
            )
            seconds = time.monotonic() - began
            received, sent, carried = watch.end()
            shared, files = (
                workers_memory(watch, "Pss"),
                workers_memory(watch, "Pss_File"),
            )
            counted: dict[str, int] = defaultdict(int)
            for pid, (_, container) in watch.processes().items():
                counted[container] += memory(pid, "Rss")
            (folder / "go").touch()
            code = client.wait(SECONDS)
        finally:
            (folder / "go").touch()
            if client.poll() is None:
                client.kill()
                client.wait()
    if code:
        raise SystemExit((folder / "client").read_text()[-3000:])
    runners = [
        size for container, size in counted.items() if not container.endswith("_000001")
    ]
    whole = megabytes * MIB
    into, held = max(received.values()), max(shared.values())
    added = max(size - before[node] for node, size in shared.items())
    kept = into <= 1.1 * whole and sent <= 2.04 * whole and added <= 1.15 * whole
    return [
        f"{kind:6} {megabytes:,} MB to {len(shared)} nodes x {WORKERS} workers in {seconds:.1f} s",
        f"       network into a node at most {into / MIB:,.0f} MB ({into / whole:.2f} x), out of the driver's container "
        f"{sent / MIB:,.0f} MB ({sent / whole:.2f} x), loopback in all {carried / MIB:,.0f} MB",
        f"       Pss of a node's workers at most {held / MIB:,.0f} MB, {added / MIB:,.0f} MB more than before "
        f"({added / whole:.2f} x), of files at most "
        f"{max(files.values()) / MIB:,.0f} MB; Rss as YARN counts it at most {max(runners) / MIB:,.0f} MB a container",
        f"       {'within the budget' if kept else 'OVER THE BUDGET'}",
    ]


def wait(client: subprocess.Popen[bytes], condition: object, what: str) -> None:
    """Poll until it holds."""
    deadline = time.monotonic() + SECONDS
    while not condition():  # type: ignore[operator]
        if client.poll() is not None or time.monotonic() > deadline:
            raise SystemExit(
                f"broadcasting: waiting for {what}; the client's exit code: {client.poll()}"
            )
        time.sleep(0.02)


def executor_mebibytes(megabytes: int) -> int:
    """What docs/broadcast.md says a container needs."""
    return 300 + WORKERS * (150 + megabytes)


def driver_mebibytes(megabytes: int) -> int:
    """The value, twice while it is made, and the rest."""
    return 2 * megabytes + 1024


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--megabytes", type=int, default=2048)
    parser.add_argument("--kinds", default="numpy,arrow,bytes")
    given = parser.parse_args()
    signal.signal(
        signal.SIGTERM, lambda *_: sys.exit(143)
    )  # so that the cluster is stopped
    # so that a node holds one of the three, and beside it the ApplicationMaster
    node = (
        executor_mebibytes(given.megabytes) + driver_mebibytes(given.megabytes) + 1024
    )
    with (
        cluster(f"{node}m") as on,
        tempfile.TemporaryDirectory(prefix="weft-broadcasting-") as scratch,
    ):
        over = False
        for kind in given.kinds.split(","):
            say(f"{kind}, {given.megabytes} MB")
            lines = run(on, Path(scratch), kind, given.megabytes)
            over = over or "OVER" in lines[-1]
            print("\n".join(lines), flush=True)
    return int(over)


if __name__ == "__main__":
    sys.exit(main())

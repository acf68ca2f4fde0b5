"""bin/weft-cluster: start, stop, status, and restart of a single daemon for fault tests."""

from __future__ import annotations

import argparse
import getpass
import hashlib
import os
import shutil
import sys
import tempfile
import time
from pathlib import Path

from . import conffiles, daemons, jars, launchers
from .lock import locked
from .settings import ClusterError, Layout, Options, State, free_ports, node_host


def main(arguments: list[str]) -> int:
    options = _parser().parse_args(arguments)
    layout = Layout(_home(Path(options.checkout)))
    try:
        if options.verb == "status":
            return _status(layout)
        with locked(layout.home):
            if options.verb == "start":
                _start(layout, Path(options.checkout), options)
            elif options.verb == "stop":
                _stop(layout, keep=options.keep)
            else:
                _restart(layout, options.daemon)
    except ClusterError as failure:
        print(failure, file=sys.stderr)
        return failure.code
    except OSError as failure:
        print(f"weft-cluster: {failure}", file=sys.stderr)
        return 1
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="weft-cluster",
        description="A real HDFS and YARN cluster on this machine, each daemon a JVM of its own.",
        epilog="WEFT_CLUSTER_DIR: the cluster's folder (default: .weft/cluster in the checkout). "
        "WEFT_CLUSTER_JARS: a folder with the daemons' jars, instead of fetching them.",
    )
    parser.add_argument("--checkout", required=True, help=argparse.SUPPRESS)
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="start|stop|status|restart")
    start = verbs.add_parser("start", help="start a cluster and wait until it is ready")
    start.add_argument("--nodes", type=int, default=1, choices=range(1, 10), metavar="N", help="1 to 9 (default 1)")
    start.add_argument("--block-size", type=_bytes, default="16m", metavar="SIZE", help="HDFS block size (default 16m)")
    start.add_argument("--replication", type=int, default=1, metavar="N", help="copies of a block (default 1)")
    start.add_argument("--node-memory", type=_bytes, default="8g", metavar="SIZE", help="a node's memory (default 8g)")
    start.add_argument("--node-vcores", type=int, default=8, metavar="N", help="a node's vcores (default 8)")
    start.add_argument("--vmem-check", action="store_true", help="also check the containers' virtual memory")
    start.add_argument("--log-aggregation", action="store_true", help="collect container logs in HDFS (/tmp/logs)")
    stop = verbs.add_parser("stop", help="stop the cluster and remove its folder")
    stop.add_argument("--keep", action="store_true", help="keep data and logs")
    verbs.add_parser("status", help="say what runs; exit 0 when all of it does, else 3")
    restart = verbs.add_parser("restart", help="start a daemon again that has ended, or end and start it")
    restart.add_argument("daemon", help="namenode, resourcemanager, datanode<i>, nodemanager<i>")
    return parser


def _bytes(text: str) -> int:
    """'16m' -> 16777216; a number alone is bytes."""
    units = {"k": 1 << 10, "m": 1 << 20, "g": 1 << 30}
    try:
        unit = units.get(text[-1:].lower())
        return int(text[:-1]) * unit if unit else int(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not a size; write 64m or 2g") from None


def _home(checkout: Path) -> Path:
    """The cluster's folder. Hadoop does not stand blanks in paths, so a checkout with one gets a folder in /tmp."""
    given = os.environ.get("WEFT_CLUSTER_DIR")
    if given:
        return Path(given).absolute()
    if any(c.isspace() or c in ",%" for c in str(checkout)):
        digest = hashlib.sha256(str(checkout).encode()).hexdigest()[:12]
        return Path(tempfile.gettempdir()) / f"weft-cluster-{os.getuid()}-{digest}"
    return checkout / ".weft" / "cluster"


def _start(layout: Layout, checkout: Path, chosen: argparse.Namespace) -> None:
    if layout.state_file.exists():
        running = [p for p in State.load(layout).processes if daemons.alive(p)]
        if running:
            raise ClusterError(
                f"weft-cluster: a cluster runs already in {layout.home} ({len(running)} daemons); "
                "stop it first: bin/weft-cluster stop, or set WEFT_CLUSTER_DIR to another folder."
            )
        shutil.rmtree(layout.home)
    began = time.monotonic()
    options = Options(
        nodes=chosen.nodes,
        block_size_bytes=chosen.block_size,
        replication=chosen.replication,
        node_memory_mib=chosen.node_memory >> 20,
        node_vcores=chosen.node_vcores,
        vmem_check=chosen.vmem_check,
        log_aggregation=chosen.log_aggregation,
    )
    java, jar_folder = jars.find_java(), jars.resolve(checkout)
    for folder in (layout.conf, layout.bin, layout.data, layout.logs):
        folder.mkdir(parents=True, exist_ok=True)
    state = State(options=options, ports=free_ports(options.nodes), java=java, jars=str(jar_folder))
    state.save(layout)
    conffiles.write_all(layout, state)
    launchers.write_all(layout, state)
    daemons.make_webapps(layout)
    try:
        _bring_up(layout, state)
    except BaseException:
        daemons.end(list(state.processes))
        raise
    hosts = ", ".join(node_host(i) for i in range(1, options.nodes + 1))
    print(
        f"weft-cluster: {options.nodes} node{'s' if options.nodes > 1 else ''} ({hosts}) "
        f"ready in {time.monotonic() - began:.1f} s; logs in {layout.logs}",
        file=sys.stderr,
    )
    print(f"export HADOOP_CONF_DIR={layout.conf}")
    print(f"export PATH={layout.bin}:$PATH")


def _bring_up(layout: Layout, state: State) -> None:
    namenode, resourcemanager = daemons.masters(layout)
    daemons.launch(layout, state, resourcemanager)
    daemons.format_namenode(layout, state)
    daemons.launch(layout, state, namenode)
    for index in range(1, state.options.nodes + 1):
        for daemon in daemons.node_daemons(layout, index):
            daemons.launch(layout, state, daemon)
    wanted = state.options.nodes

    def hdfs_ready() -> bool:
        seen = daemons.namenode_state(state)
        return seen.get("FSState") == "Operational" and seen.get("NumLiveDataNodes") == wanted

    daemons.wait_until("HDFS is not ready", hdfs_ready, layout, state.processes)
    web = f"http://{state.address('namenode.http')}/webhdfs/v1"
    user = getpass.getuser()
    for path, mode in (("/tmp", "1777"), ("/user", "755"), (f"/user/{user}", "755")):
        daemons.put(f"{web}{path}?op=MKDIRS&permission={mode}&user.name={user}")
    daemons.wait_until(
        "YARN is not ready", lambda: len(daemons.running_nodes(state)) == wanted, layout, state.processes
    )


def _stop(layout: Layout, *, keep: bool) -> None:
    try:
        state = State.load(layout)
    except FileNotFoundError:
        print(f"weft-cluster: no cluster in {layout.home}", file=sys.stderr)
        return
    # the NodeManagers first: they end their containers while the ResourceManager still answers
    for prefixes in (("nodemanager",), ("resourcemanager", "datanode"), ("namenode",)):
        daemons.end([p for p in state.processes if p.name.startswith(prefixes)])
    if keep:
        state.processes = []
        state.save(layout)
    else:
        shutil.rmtree(layout.home)
    kept = f"; data and logs are kept in {layout.home}" if keep else ""
    print(f"weft-cluster: stopped{kept}", file=sys.stderr)


def _status(layout: Layout) -> int:
    try:
        state = State.load(layout)
    except FileNotFoundError:
        print(f"weft-cluster: no cluster in {layout.home}", file=sys.stderr)
        return 3
    all_alive = bool(state.processes)
    for process in state.processes:
        up = daemons.alive(process)
        all_alive = all_alive and up
        print(f"{process.name:16} {'pid ' + str(process.pid) if up else 'not running'}")
    if all_alive:
        try:
            hdfs, nodes = daemons.namenode_state(state), daemons.running_nodes(state)
            print(f"hdfs             hdfs://{state.address('namenode.rpc')}, {hdfs.get('NumLiveDataNodes')} datanodes")
            print(f"yarn             {state.address('rm.client')}, {len(nodes)} nodes running")
            print(f"web              http://{state.address('rm.web')}/ws/v1/cluster")
        except (OSError, ValueError) as failure:
            print(f"weft-cluster: the daemons run but do not answer: {failure}", file=sys.stderr)
            all_alive = False
    print(f"export HADOOP_CONF_DIR={layout.conf}")
    print(f"export PATH={layout.bin}:$PATH")
    return 0 if all_alive else 3


def _restart(layout: Layout, name: str) -> None:
    try:
        state = State.load(layout)
    except FileNotFoundError:
        raise ClusterError(f"weft-cluster: no cluster in {layout.home}") from None
    every = daemons.masters(layout)
    for index in range(1, state.options.nodes + 1):
        every += daemons.node_daemons(layout, index)
    wanted = [d for d in every if d.name == name]
    if not wanted:
        raise ClusterError(f"weft-cluster: no daemon '{name}'; there are: {', '.join(d.name for d in every)}", code=2)
    daemons.end([p for p in state.processes if p.name == name])
    daemons.launch(layout, state, wanted[0])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

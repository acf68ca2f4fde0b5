"""Settings -> Hadoop's configuration files. One folder for the clients and the masters, one per node."""

from __future__ import annotations

from pathlib import Path
from typing import Mapping
from xml.sax.saxutils import escape

from .settings import MASTER_HOST, Layout, State, node_host

LOG4J = """\
log4j.rootLogger=${hadoop.root.logger}
hadoop.root.logger=INFO,console
log4j.appender.console=org.apache.log4j.ConsoleAppender
log4j.appender.console.target=System.err
log4j.appender.console.layout=org.apache.log4j.PatternLayout
log4j.appender.console.layout.ConversionPattern=%d{ISO8601} %p %c{2}: %m%n
log4j.logger.org.apache.hadoop.util.NativeCodeLoader=ERROR
log4j.logger.org.eclipse.jetty=WARN
log4j.logger.org.glassfish=ERROR
"""


def write_all(layout: Layout, state: State) -> None:
    """Writes conf/ (clients, NameNode, ResourceManager) and conf-node<i>/ (the daemons of one node)."""
    _write_folder(layout.conf, layout, state, node_index=0)
    for index in range(1, state.options.nodes + 1):
        _write_folder(node_conf(layout, index), layout, state, node_index=index)


def node_conf(layout: Layout, index: int) -> Path:
    """The configuration folder of node `index`, from 1."""
    return layout.home / f"conf-node{index}"


def _write_folder(folder: Path, layout: Layout, state: State, *, node_index: int) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    data = layout.data / (f"node{node_index}" if node_index else "master")
    _write(folder / "core-site.xml", _core(layout, state, data))
    hdfs, yarn = _hdfs(layout, state), _yarn(layout, state)
    if node_index:
        hdfs.update(_datanode(state, data, node_index))
        yarn.update(_nodemanager(state, data, node_index))
    _write(folder / "hdfs-site.xml", hdfs)
    _write(folder / "yarn-site.xml", yarn)
    _write(folder / "mapred-site.xml", _mapred(state, node_index))
    _write(folder / "capacity-scheduler.xml", _queues())
    (folder / "log4j.properties").write_text(LOG4J)


def _core(layout: Layout, state: State, data: Path) -> dict[str, str]:
    return {
        "fs.defaultFS": f"hdfs://{state.address('namenode.rpc')}",
        "hadoop.tmp.dir": str(data / "tmp"),
        "ipc.client.connect.max.retries": "10",
        "ipc.client.connect.retry.interval": "200",
        # the masters' pages and metrics answer anybody on this machine; nothing listens elsewhere
        "hadoop.http.staticuser.user": "weft",
    }


def _hdfs(layout: Layout, state: State) -> dict[str, str]:
    options = state.options
    return {
        "dfs.namenode.rpc-address": state.address("namenode.rpc"),
        "dfs.namenode.http-address": state.address("namenode.http"),
        "dfs.namenode.name.dir": (layout.data / "master" / "name").as_uri(),
        # datanodes connect from one address and listen on another: names decide, not the peer's address
        "dfs.namenode.datanode.registration.ip-hostname-check": "false",
        "dfs.client.use.datanode.hostname": "true",
        "dfs.datanode.use.datanode.hostname": "true",
        "dfs.replication": str(options.replication),
        "dfs.blocksize": str(options.block_size_bytes),
        "dfs.namenode.fs-limits.min-block-size": "1024",
        "dfs.namenode.safemode.extension": "0",
        "dfs.namenode.safemode.min.datanodes": str(options.nodes),
        # a stopped node is noticed after 2 * 5 s + 10 * 1 s, not after ten minutes
        "dfs.heartbeat.interval": "1",
        "dfs.namenode.heartbeat.recheck-interval": "5000",
        "dfs.namenode.handler.count": "8",
        "dfs.client.block.write.replace-datanode-on-failure.best-effort": "true",
    }


def _datanode(state: State, data: Path, index: int) -> dict[str, str]:
    host = node_host(index)
    port = {name: state.ports[f"node{index}.dn.{name}"] for name in ("data", "ipc", "http")}
    return {
        "dfs.datanode.hostname": host,
        "dfs.datanode.address": f"{host}:{port['data']}",
        "dfs.datanode.ipc.address": f"{host}:{port['ipc']}",
        "dfs.datanode.http.address": f"{host}:{port['http']}",
        "dfs.datanode.data.dir": (data / "blocks").as_uri(),
        "dfs.datanode.handler.count": "4",
        "dfs.datanode.du.reserved": "0",
    }


def _yarn(layout: Layout, state: State) -> dict[str, str]:
    options = state.options
    return {
        "yarn.resourcemanager.hostname": MASTER_HOST,
        "yarn.resourcemanager.address": state.address("rm.client"),
        "yarn.resourcemanager.scheduler.address": state.address("rm.scheduler"),
        "yarn.resourcemanager.resource-tracker.address": state.address("rm.tracker"),
        "yarn.resourcemanager.admin.address": state.address("rm.admin"),
        "yarn.resourcemanager.webapp.address": state.address("rm.web"),
        "yarn.resourcemanager.scheduler.class": "org.apache.hadoop.yarn.server.resourcemanager.scheduler.capacity"
        ".CapacityScheduler",
        # a lost node is noticed in 20 s, not in ten minutes
        "yarn.nm.liveness-monitor.expiry-interval-ms": "20000",
        "yarn.resourcemanager.nm.liveness-monitor.interval-ms": "1000",
        "yarn.scheduler.minimum-allocation-mb": "128",
        "yarn.scheduler.maximum-allocation-mb": str(options.node_memory_mib),
        "yarn.scheduler.maximum-allocation-vcores": str(options.node_vcores),
        "yarn.log-aggregation-enable": str(options.log_aggregation).lower(),
        "yarn.nodemanager.remote-app-log-dir": "/tmp/logs",
        "yarn.application.classpath": f"{layout.conf},{state.jars}/*",
    }


def _nodemanager(state: State, data: Path, index: int) -> dict[str, str]:
    host = node_host(index)
    port = {name: state.ports[f"node{index}.nm.{name}"] for name in ("rpc", "localizer", "web", "collector")}
    options = state.options
    return {
        "yarn.nodemanager.hostname": host,
        "yarn.nodemanager.bind-host": host,
        "yarn.nodemanager.address": f"{host}:{port['rpc']}",
        "yarn.nodemanager.localizer.address": f"{host}:{port['localizer']}",
        "yarn.nodemanager.webapp.address": f"{host}:{port['web']}",
        "yarn.nodemanager.collector-service.address": f"{host}:{port['collector']}",
        "yarn.nodemanager.aux-services": "mapreduce_shuffle",
        "yarn.nodemanager.aux-services.mapreduce_shuffle.class": "org.apache.hadoop.mapred.ShuffleHandler",
        "yarn.nodemanager.local-dirs": str(data / "local"),
        "yarn.nodemanager.log-dirs": str(data / "containers"),
        "yarn.nodemanager.resource.memory-mb": str(options.node_memory_mib),
        "yarn.nodemanager.resource.cpu-vcores": str(options.node_vcores),
        "yarn.nodemanager.pmem-check-enabled": "true",
        "yarn.nodemanager.vmem-check-enabled": str(options.vmem_check).lower(),
        "yarn.nodemanager.container-monitor.interval-ms": "1000",
        "yarn.nodemanager.disk-health-checker.max-disk-utilization-per-disk-percentage": "99.9",
        "yarn.nodemanager.disk-health-checker.min-free-space-per-disk-mb": "0",
        "yarn.nodemanager.localizer.cache.target-size-mb": "2048",
    }


def _mapred(state: State, node_index: int) -> dict[str, str]:
    values = {"mapreduce.framework.name": "yarn"}
    if node_index:
        # only here: mapred-default.xml is loaded after yarn-site.xml and would win over it
        values["mapreduce.shuffle.port"] = str(state.ports[f"node{node_index}.nm.shuffle"])
    return values


def _queues() -> dict[str, str]:
    prefix = "yarn.scheduler.capacity"
    return {
        f"{prefix}.root.queues": "default,etl",
        f"{prefix}.root.default.capacity": "50",
        f"{prefix}.root.default.maximum-capacity": "100",
        f"{prefix}.root.default.user-limit-factor": "10",
        f"{prefix}.root.etl.capacity": "50",
        f"{prefix}.root.etl.maximum-capacity": "100",
        f"{prefix}.root.etl.user-limit-factor": "10",
        f"{prefix}.maximum-am-resource-percent": "0.6",
        f"{prefix}.resource-calculator": "org.apache.hadoop.yarn.util.resource.DominantResourceCalculator",
    }


def _write(path: Path, values: Mapping[str, str]) -> None:
    lines = [
        f"  <property><name>{escape(name)}</name><value>{escape(value)}</value></property>"
        for name, value in sorted(values.items())
    ]
    path.write_text("\n".join(['<?xml version="1.0"?>', "<configuration>", *lines, "</configuration>", ""]))

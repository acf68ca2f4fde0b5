"""Real Cassandra nodes of their own on this machine's loopback addresses, as long as they are needed."""

from __future__ import annotations

import contextlib
import fcntl
import os
import re
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

from realcluster import ROOT

__all__ = ["jars", "running"]

_POM = ROOT / "it" / "cassandra" / "pom.xml"
_PLUGIN = "org.apache.maven.plugins:maven-dependency-plugin:3.8.1"
_START_SECONDS = 300  # a node needs a tenth of it, alone on its machine
_EXPORTS = "java.base/jdk.internal.misc java.base/jdk.internal.ref java.base/sun.nio.ch java.rmi/sun.rmi.registry "
_EXPORTS += "java.management.rmi/com.sun.jmx.remote.internal.rmi java.rmi/sun.rmi.server java.sql/java.sql"
_OPENS = "java.base/java.io java.base/java.lang java.base/java.lang.module java.base/java.lang.reflect "
_OPENS += "java.base/java.nio java.base/java.util java.base/java.util.concurrent java.base/jdk.internal.loader "
_OPENS += "java.base/jdk.internal.math java.base/jdk.internal.module java.base/jdk.internal.ref "
_OPENS += "java.base/jdk.internal.reflect java.base/jdk.internal.util.jar java.base/sun.nio.ch "
_OPENS += "jdk.management/com.sun.management.internal"
_SETTINGS = """
cluster_name: weft
partitioner: org.apache.cassandra.dht.Murmur3Partitioner
num_tokens: {count}
initial_token: '{tokens}'
auto_bootstrap: false
seed_provider:
  - class_name: org.apache.cassandra.locator.SimpleSeedProvider
    parameters:
      - seeds: "{seeds}"
listen_address: {address}
rpc_address: {address}
storage_port: {storage}
native_transport_port: {port}
endpoint_snitch: SimpleSnitch
commitlog_sync: periodic
commitlog_sync_period: 10s
commitlog_segment_size: 4MiB
commitlog_directory: {folder}/commitlog
data_file_directories: [{folder}/data]
saved_caches_directory: {folder}/saved
hints_directory: {folder}/hints
cdc_raw_directory: {folder}/cdc
concurrent_reads: 4
concurrent_writes: 4
"""

_LOGGING = """
<configuration>
  <appender name="OUT" class="ch.qos.logback.core.ConsoleAppender">
    <encoder><pattern>%d %-5level %msg%n</pattern></encoder>
  </appender>
  <root level="WARN"><appender-ref ref="OUT"/></root>
</configuration>
"""


def jars() -> Path:
    """The folder of Cassandra's jars; Maven fetches them when they are first asked for (66 MB)."""
    version = re.search(r"<cassandra.version>(.*?)</cassandra.version>", _POM.read_text())
    assert version is not None, _POM
    target = ROOT / ".weft" / f"cassandra-{version.group(1)}"
    target.parent.mkdir(exist_ok=True)
    with open(target.parent / "cassandra.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not target.is_dir():
            part = tempfile.mkdtemp(prefix="cassandra-", dir=target.parent)
            command = ["mvn", "-B", "-q", "-f", str(_POM), f"{_PLUGIN}:copy-dependencies"]
            command += ["-DincludeScope=runtime", f"-DoutputDirectory={part}"]
            done = subprocess.run(command, capture_output=True, text=True, timeout=500, check=False)
            assert done.returncode == 0, f"Maven could not fetch Cassandra: {done.stdout[-2000:]}"
            os.rename(part, target)
    return target


@contextlib.contextmanager
def running(nodes: Mapping[str, list[int]]) -> Iterator[int]:
    """Give the port of a new, empty ring, of which each node has an address and tokens; it ends with the block."""
    lib = jars()
    folder = Path(tempfile.mkdtemp(prefix="weft-cassandra-"))
    daemons: list[subprocess.Popen[bytes]] = []
    try:
        port, storage = _free(nodes), _free(nodes)
        seeds = ",".join(f"{address}:{storage}" for address in nodes)  # all, so that none waits for another
        for address, tokens in nodes.items():
            home = folder / address
            home.mkdir()
            text = _SETTINGS.format(
                address=address, port=port, storage=storage, folder=home, count=len(tokens), seeds=seeds,
                tokens=",".join(map(str, tokens)),
            )  # fmt: skip
            (home / "cassandra.yaml").write_text(text)
            (home / "logback.xml").write_text(_LOGGING)
            with open(home / "log", "wb") as log:
                daemons.append(subprocess.Popen(_command(lib, home), cwd=home, stdout=log, stderr=log))
        for address, daemon in zip(nodes, daemons):
            _until_open(address, port, daemon, folder / address / "log")
        yield port
    finally:
        for daemon in daemons:
            daemon.terminate()
        for daemon in daemons:
            try:
                daemon.wait(20)
            except subprocess.TimeoutExpired:
                daemon.kill()
                daemon.wait()
        shutil.rmtree(folder, ignore_errors=True)


def _command(lib: Path, home: Path) -> list[str]:
    command = ["java", "-Xmx256m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Djdk.attach.allowAttachSelf=true"]
    command += [f"--add-exports={name}=ALL-UNNAMED" for name in _EXPORTS.split()]
    command += [f"--add-opens={name}=ALL-UNNAMED" for name in _OPENS.split()]
    command += [f"-Dcassandra.config={(home / 'cassandra.yaml').as_uri()}", f"-Dcassandra.storagedir={home}"]
    command += [f"-Dlogback.configurationFile={home / 'logback.xml'}"]
    # all tokens are given: there is nothing to wait for, and nothing to stream
    command += ["-Dcassandra.ring_delay_ms=1000", "-Dcassandra.skip_wait_for_gossip_to_settle=0"]
    command += ["-Dcassandra-foreground=yes", "-cp", f"{lib}/*", "org.apache.cassandra.service.CassandraDaemon"]
    return command


def _free(addresses: Mapping[str, object]) -> int:
    """A port that is free on all the addresses."""
    for _ in range(50):
        with contextlib.ExitStack() as held:
            port = 0
            try:
                for address in addresses:
                    found = held.enter_context(socket.socket())
                    found.bind((address, port))
                    port = found.getsockname()[1]
                return port
            except OSError:
                continue
    raise AssertionError(f"no port is free on all of {', '.join(addresses)}")


def _until_open(address: str, port: int, daemon: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while True:
        try:
            socket.create_connection((address, port), 1).close()
            return
        except OSError:
            if time.monotonic() > deadline or daemon.poll() is not None:
                raise AssertionError(f"Cassandra did not start: {log.read_text(errors='replace')[-4000:]}") from None
            time.sleep(0.1)

"""The hadoop, hdfs and yarn commands of the local cluster: same arguments as Hadoop's own scripts."""

from __future__ import annotations

import shlex

from .settings import Layout, State

_COMMON: dict[str, str] = {
    "fs": "org.apache.hadoop.fs.FsShell",
    "jar": "org.apache.hadoop.util.RunJar",
    "version": "org.apache.hadoop.util.VersionInfo",
    "conf": "org.apache.hadoop.conf.ConfTool",
}
_HDFS: dict[str, str] = {
    "dfs": "org.apache.hadoop.fs.FsShell",
    "dfsadmin": "org.apache.hadoop.hdfs.tools.DFSAdmin",
    "fsck": "org.apache.hadoop.hdfs.tools.DFSck",
    "getconf": "org.apache.hadoop.hdfs.tools.GetConf",
    "balancer": "org.apache.hadoop.hdfs.server.balancer.Balancer",
    "version": "org.apache.hadoop.util.VersionInfo",
}
_YARN: dict[str, str] = {
    "jar": "org.apache.hadoop.util.RunJar",
    "application": "org.apache.hadoop.yarn.client.cli.ApplicationCLI",
    "app": "org.apache.hadoop.yarn.client.cli.ApplicationCLI",
    "applicationattempt": "org.apache.hadoop.yarn.client.cli.ApplicationCLI",
    "container": "org.apache.hadoop.yarn.client.cli.ApplicationCLI",
    "node": "org.apache.hadoop.yarn.client.cli.NodeCLI",
    "queue": "org.apache.hadoop.yarn.client.cli.QueueCLI",
    "logs": "org.apache.hadoop.yarn.client.cli.LogsCLI",
    "rmadmin": "org.apache.hadoop.yarn.client.cli.RMAdminCLI",
    "version": "org.apache.hadoop.util.VersionInfo",
}
# these classes want their own verb back as the first argument
_KEEPS_VERB = {"application", "app", "applicationattempt", "container"}


def write_all(layout: Layout, state: State) -> None:
    """Writes the three commands into bin/. HADOOP_OPTS, HADOOP_CLASSPATH and HADOOP_CONF_DIR work as usual."""
    layout.bin.mkdir(parents=True, exist_ok=True)
    for name, verbs in (("hadoop", _COMMON), ("hdfs", _HDFS), ("yarn", _YARN)):
        path = layout.bin / name
        path.write_text(_script(name, verbs, layout, state))
        path.chmod(0o755)


def _script(name: str, verbs: dict[str, str], layout: Layout, state: State) -> str:
    cases = []
    for verb, main_class in verbs.items():
        keep = f"set -- {verb} \"$@\"; " if verb in _KEEPS_VERB else ""
        cases.append(f"    {verb}) {keep}main={main_class} ;;")
    known = " ".join(verbs)
    return f"""#!/usr/bin/env bash
set -euo pipefail
conf=${{HADOOP_CONF_DIR:-{shlex.quote(str(layout.conf))}}}
export HADOOP_CONF_DIR=$conf
class_path="$conf${{HADOOP_CLASSPATH:+:$HADOOP_CLASSPATH}}:"{shlex.quote(state.jars + "/*")}
verb=${{1:-help}}
[ $# -gt 0 ] && shift
case "$verb" in
    classpath) echo "$class_path"; exit 0 ;;
{chr(10).join(cases)}
    *) echo "{name}: no command '$verb' here; there are: classpath {known}" >&2; exit 2 ;;
esac
java=${{JAVA_HOME:+$JAVA_HOME/bin/java}}
exec "${{java:-{shlex.quote(state.java)}}}" -Xmx512m -XX:+UseSerialGC -XX:TieredStopAtLevel=1 \\
    --add-opens=java.base/java.lang=ALL-UNNAMED -Dhadoop.root.logger=${{HADOOP_ROOT_LOGGER:-INFO,console}} \\
    ${{HADOOP_OPTS:-}} ${{HADOOP_CLIENT_OPTS:-}} -cp "$class_path" "$main" "$@"
"""

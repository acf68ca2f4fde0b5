"""Broadcasts, accumulators and files between real containers."""

from __future__ import annotations

from pathlib import Path

import pytest
from test_yarn import assert_nothing_left, script

from yarnjobs import Jobs

pytestmark = pytest.mark.yarn


def test_containers_of_a_node_share_one_copy_of_a_broadcast_and_count_each_partition_once(
    jobs: Jobs, tmp_path: Path
) -> None:
    text = """
        import glob, os, signal, sys, time, zlib
        from weft import TaskContext, WeftContext, WeftFiles

        with WeftContext() as sc:
            value, marks = os.urandom(40_000_000), sys.argv[1]
            shared, seen = sc.broadcast(value), sc.accumulator(0)
            with open("factor.txt", "w") as file:
                file.write("3")
            sc.addFile("factor.txt")
            with open(WeftFiles.get("factor.txt")) as file:
                assert file.read() == "3"

            def look(index, records):
                seen.add(1)
                if index == 5 and TaskContext.get().attemptNumber() == 0:
                    os.kill(os.getpid(), signal.SIGKILL)
                node = os.path.dirname(os.environ["LOCAL_DIRS"].split(",")[0])
                open(f"{marks}/{zlib.crc32(node.encode())}-{os.environ['CONTAINER_ID']}", "w").close()
                deadline = time.monotonic() + 60
                while time.monotonic() < deadline:  # until two containers of a node, and another node, have tasks
                    found = os.listdir(marks)
                    if len(found) > len({mark.partition("-")[0] for mark in found}) > 1:
                        break
                    time.sleep(0.01)
                with open(WeftFiles.get("factor.txt")) as file:
                    factor = int(file.read())
                file = glob.glob(os.environ["LOCAL_DIRS"].split(",")[0] + "/broadcasts/broadcast-*")
                yield node, os.environ["CONTAINER_ID"], zlib.crc32(shared.value), factor, tuple(file)

            found = sc.parallelize(range(24), 24).mapPartitionsWithIndex(look).collect()
            assert {(one[2], one[3]) for one in found} == {(zlib.crc32(value), 3)}
            containers, nodes = {one[1] for one in found}, {one[0] for one in found}
            assert len(containers) > len(nodes) > 1, (containers, nodes)
            assert all(len(one[4]) == 1 for one in found), "one whole file on a node, whichever container looks"
            assert seen.value == 24, seen
            print(len(containers), "containers,", len(nodes), "nodes", flush=True)
    """
    marks = tmp_path / "marks"
    marks.mkdir()
    ended = jobs.run(
        *("--num-executors", "6", "--executor-cores", "2", "--executor-memory", "800m"),
        script(tmp_path, "shared.py", text),
        str(marks),
    )
    assert ended.code == 0, ended.errors
    assert "nodes" in jobs.output(ended.application)
    assert_nothing_left(jobs, ended.application)

"""Avro and Parquet files on real HDFS, read and written by YARN containers."""

from __future__ import annotations

import sys
import textwrap
from pathlib import Path

import pytest

from yarnjobs import Jobs

pytestmark = pytest.mark.yarn

AVRO = """
    import sys
    from weft import WeftContext

    rows = [{"id": i, "name": f"row {i}", "part": [i % 7, None]} for i in range(200_000)]
    with WeftContext() as sc:
        sc.parallelize(rows, 3).saveAsAvroFile("avro", codec="deflate", syncInterval=20_000)
        back = sc.avroFile("avro", minPartitions=24)
        print("partitions", back.getNumPartitions() >= 24)
        sums = back.map(lambda row: (1, row["id"], row["part"][0])).reduce(lambda a, b: tuple(map(sum, zip(a, b))))
        print("sums", sums == (200_000, sum(range(200_000)), sum(i % 7 for i in range(200_000))))
        print("order", back.map(lambda row: row["id"]).take(5), back.filter(lambda row: row["id"] == 123_456).collect())
        where = sc.source([0, 1], lambda split: [split], hosts=lambda split: ["127.0.0.3"])
        print("source", where.collect())
"""
PARQUET = """
    import pyarrow as pa
    import pyarrow.compute as pc
    from weft import WeftContext

    with WeftContext() as sc:
        table = pa.table({"id": range(300_000), "x": [i / 2 for i in range(300_000)], "s": ["text"] * 300_000})
        sc.fromArrow(table, 3).saveAsParquetFile("parquet", rowGroupBytes=200_000)
        back = sc.parquetFile("parquet", columns=["id", "x"], minPartitions=12)
        print("partitions", back.getNumPartitions() >= 12)
        print("table", back.toArrow().sort_by("id").equals(table.select(["id", "x"])))
        large = back.mapBatches(lambda batch: batch.filter(pc.greater(batch["x"], 149_999)))
        print("large", sorted(row["id"] for row in large.collect()))
"""


def run(jobs: Jobs, tmp_path: Path, text: str) -> list[str]:
    script = tmp_path / "tables.py"
    script.write_text(textwrap.dedent(text))
    python = f"weft.python={sys.executable}"  # the nodes are this machine, and this Python has pyarrow
    ended = jobs.run("--num-executors", "2", "--conf", python, str(script))
    assert ended.code == 0, ended.errors
    return jobs.output(ended.application).splitlines()


def test_avro_files_on_hdfs_are_written_and_read_in_splits(jobs: Jobs, tmp_path: Path) -> None:
    jobs.cluster.hdfs.remove("avro")
    printed = run(jobs, tmp_path, AVRO)
    assert printed[:2] == ["partitions True", "sums True"]
    assert printed[2] == "order [0, 1, 2, 3, 4] [{'id': 123456, 'name': 'row 123456', 'part': [4, None]}]"
    assert printed[3] == "source [0, 1]"
    names = [path.rpartition("/")[2] for path in jobs.cluster.hdfs.below("avro")]
    assert names == ["_SUCCESS", *(f"part-0000{i}.avro" for i in range(3))]


def test_parquet_files_on_hdfs_are_written_and_read_by_columns(jobs: Jobs, tmp_path: Path) -> None:
    pytest.importorskip("pyarrow")
    jobs.cluster.hdfs.remove("parquet")
    printed = run(jobs, tmp_path, PARQUET)
    assert printed == ["partitions True", "table True", "large [299999]"]


HOSTS = """
    import os, re, sys, time
    from weft import WeftContext

    NODES = {"127.0.0.2": "node1", "127.0.0.3": "node2", "127.0.0.4": "node3"}
    MARKS = sys.argv[1]

    def here():
        return re.search("/data/(node[0-9])/", os.getcwd()).group(1)

    def marked(name):
        return len([mark for mark in os.listdir(MARKS) if mark.startswith(name)])

    def until(true):
        deadline = time.monotonic() + 60
        while not true() and time.monotonic() < deadline:
            time.sleep(0.01)

    def all_nodes(_):
        open(f"{MARKS}/up-{here()}", "w").close()
        until(lambda: marked("up-") == 3)
        yield here()

    def node(number):
        # the hosts' tasks go in step, so that no slot is idle while another's tasks wait
        open(f"{MARKS}/began-{number % 3}-{number}", "w").close()
        until(lambda: all(marked(f"began-{host}-") > number // 3 for host in range(3)))
        yield here()

    with WeftContext() as sc:
        assert len(set(sc.source(range(9), all_nodes).collect())) == 3
        wanted = list(NODES) * 4
        found = sc.source(range(12), node, hosts=lambda number: [wanted[number]]).collect()
        print("local", sum(NODES[host] == ran for host, ran in zip(wanted, found)), "of", len(wanted))
"""


def test_the_tasks_of_a_source_run_on_the_hosts_that_it_names(jobs: Jobs, tmp_path: Path) -> None:
    script = tmp_path / "hosts.py"
    script.write_text(textwrap.dedent(HOSTS))
    marks = tmp_path / "marks"
    marks.mkdir()
    ended = jobs.run("--num-executors", "3", "--executor-cores", "1", str(script), str(marks))
    assert ended.code == 0, ended.errors
    words = jobs.output(ended.application).split()
    assert words[0] == "local"
    assert int(words[1]) >= 10, f"by chance 4 of 12 would: {words}"

"""weft.fs on real HDFS: files of several blocks, refusals in Python's words, and what killed tasks leave."""

from __future__ import annotations

import getpass
import os
import random
import signal
import sys
import textwrap
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from realcluster import Cluster
from tests.fs.suite import Suite
from weft import WeftConf, WeftContext
from yarnjobs import Jobs

pytestmark = pytest.mark.yarn
FOLDER = "/test-fs"
MIB = 1 << 20


@pytest.fixture(scope="module")
def sc(cluster: Cluster) -> Iterator[WeftContext]:
    cluster.hdfs.remove(FOLDER)
    cluster.hdfs.make(FOLDER)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HADOOP_CONF_DIR", str(cluster.conf))
        with WeftContext(conf=WeftConf().setMaster("local-cluster[2,1,1024]")) as made:
            yield made


@pytest.fixture
def fs(sc: WeftContext) -> Any:
    import weft.fs

    return weft.fs.filesystem()


class TestOnHdfs(Suite):
    @pytest.fixture
    def fs_path(self, fs: Any) -> Iterator[str]:
        folder = f"{FOLDER}/abstract"
        fs.makedirs(folder, exist_ok=True)
        yield folder
        fs.rm(folder, recursive=True)


def test_a_file_of_several_blocks_comes_as_it_was_written(
    sc: WeftContext, fs: Any, cluster: Cluster, tmp_path: Path
) -> None:
    data = random.Random(7).randbytes(10 * MIB + 12_345)
    path = f"{FOLDER}/blocks"
    with fs.open(path, "wb", file_block_size=MIB, replication=2) as file:
        for start in range(0, len(data), 700_001):
            file.write(data[start : start + 700_001])
    entry = fs.info(path)
    assert (entry["size"], entry["block_size"], entry["replication"]) == (len(data), MIB, 2)
    assert cluster.must("hdfs", "fsck", path, "-files", "-blocks").count("blk_") >= 11
    cluster.must("hdfs", "dfs", "-get", path, str(tmp_path / "got"))
    assert (tmp_path / "got").read_bytes() == data

    def read(seed: int) -> bool:
        numbers = random.Random(seed)
        with fs.open(path, "rb") as file:
            good = file.read() == data
            for _ in range(50):
                start = numbers.randrange(len(data))
                size = numbers.randrange(2 * MIB)
                file.seek(start)
                good = good and file.read(size) == data[start : start + size]
        return good

    assert read(1)
    assert sc.parallelize(range(2, 6), 4).map(read).collect() == [True] * 4


def test_a_file_is_appended_to_and_renamed_over_another(fs: Any) -> None:
    fs.pipe_file(f"{FOLDER}/a", b"1")
    before = fs.checksum(f"{FOLDER}/a"), fs.ukey(f"{FOLDER}/a")
    with fs.open(f"{FOLDER}/a", "ab") as file:
        file.write(b"2")
        assert file.tell() == 2
    assert fs.cat_file(f"{FOLDER}/a") == b"12"
    assert fs.checksum(f"{FOLDER}/a") != before[0] and fs.ukey(f"{FOLDER}/a") != before[1]
    fs.pipe_file(f"{FOLDER}/b", b"old")
    fs.mv(f"{FOLDER}/a", f"{FOLDER}/b")
    assert fs.cat_file(f"{FOLDER}/b") == b"12"
    assert not fs.exists(f"{FOLDER}/a")


def test_a_folder_of_many_files_is_listed_whole(fs: Any, cluster: Cluster) -> None:
    names = [f"{number:05d}" for number in range(1_234)]  # more than HDFS lists in one answer
    fs.makedirs(f"{FOLDER}/many")
    for name in names:
        fs.touch(f"{FOLDER}/many/{name}")
    assert fs.ls(f"{FOLDER}/many", detail=False) == [f"{FOLDER}/many/{name}" for name in names]
    uri = cluster.must("hdfs", "getconf", "-confKey", "fs.defaultFS").strip()
    assert fs.ls(f"weft://{uri}{FOLDER}/many", detail=False)[-1] == f"{uri}{FOLDER}/many/01233"
    assert fs.ls(f"{uri}/", detail=False) == [uri + name for name in fs.ls("/", detail=False)]


def test_what_a_killed_task_was_writing_is_removed(sc: WeftContext, fs: Any) -> None:
    path = f"{FOLDER}/cut"

    def write(_: int) -> None:
        file = fs.open(path, "wb")
        file.write(b"x" * (3 * MIB))
        os.kill(os.getpid(), signal.SIGKILL)

    with pytest.raises(Exception, match="SIGKILL"):
        sc.parallelize([0], 1).foreach(write)
    deadline = time.monotonic() + 60
    while fs.exists(path) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not fs.exists(path)


PROGRAM = """
    import pandas
    import weft.fs
    from weft import WeftContext

    with WeftContext() as sc:
        fs = weft.fs.filesystem()
        base = fs.info("/")["uri"].rstrip("/") + "/test-fs/yarn"
        if fs.exists(base):
            fs.rm(base, recursive=True)

        def write(number):
            frame = pandas.DataFrame({"n": range(number * 1000, number * 1000 + 1000)})
            frame.to_parquet(f"weft://{base}/{number}.parquet")
            return number

        print(sc.parallelize(range(4), 4).map(write).collect())
        read = lambda path: int(pandas.read_parquet("weft://" + path).n.sum())
        print(sum(sc.parallelize(fs.glob(base + "/*.parquet"), 2).map(read).collect()))
        print(int(pandas.read_parquet(f"weft://{base}").n.sum()))
        pandas.DataFrame({"a": [1, 2]}).to_csv(f"weft://{base}/driver.csv", index=False)
        print(fs.read_text(base + "/driver.csv").split(), fs.info(base + "/driver.csv")["owner"])
"""


def test_driver_and_tasks_on_yarn_share_files(jobs: Jobs, tmp_path: Path) -> None:
    script = tmp_path / "program.py"
    script.write_text(textwrap.dedent(PROGRAM))
    python = f"weft.python={sys.executable}"  # the nodes are this machine, and this Python has the libraries
    ended = jobs.run("--num-executors", "2", "--conf", python, str(script))
    assert ended.code == 0, ended.errors
    total = sum(range(4000))
    assert jobs.output(ended.application).splitlines() == [
        "[0, 1, 2, 3]",
        str(total),
        str(total),
        f"['a', '1', '2'] {getpass.getuser()}",
    ]

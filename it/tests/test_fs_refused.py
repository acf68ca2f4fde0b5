"""What real HDFS refuses weft.fs, in Python's words."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from realcluster import Cluster
from weft import WeftConf, WeftContext

pytestmark = pytest.mark.yarn
pytest.importorskip("fsspec")
FOLDER = "/test-fs-refused"


@pytest.fixture(scope="module")
def sc(cluster: Cluster) -> Iterator[WeftContext]:
    """A context of a user who owns one folder."""
    cluster.must("hdfs", "dfs", "-rm", "-r", "-f", "-skipTrash", FOLDER)
    cluster.must("hdfs", "dfs", "-mkdir", "-p", f"{FOLDER}/closed", f"{FOLDER}/own")
    cluster.must("hdfs", "dfs", "-chmod", "700", f"{FOLDER}/closed")
    cluster.must("hdfs", "dfs", "-chown", "alice", f"{FOLDER}/own")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HADOOP_CONF_DIR", str(cluster.conf))
        patch.setenv("HADOOP_USER_NAME", "alice")
        made = WeftContext(conf=WeftConf().setMaster("local[1]"))
    with made:
        yield made
    cluster.must("hdfs", "dfs", "-rm", "-r", "-skipTrash", FOLDER)


@pytest.fixture
def fs(sc: WeftContext) -> Any:
    import weft.fs

    return weft.fs.filesystem()


def refused(work: Callable[[], Any]) -> OSError:
    with pytest.raises(OSError) as told:
        work()
    text = str(told.value)
    assert "Exception" not in text and "\tat " not in text, text
    print(text, flush=True)
    return told.value


def test_another_users_files_are_refused_with_their_permissions(sc: WeftContext, fs: Any) -> None:
    for work in (
        lambda: fs.open(f"{FOLDER}/closed/f", "rb"),
        lambda: fs.open(f"{FOLDER}/f", "wb"),
        lambda: fs.ls(f"{FOLDER}/closed"),
        lambda: fs.rm(f"{FOLDER}/closed", recursive=True),
        lambda: fs.mkdir(f"{FOLDER}/d"),
        lambda: fs.exists(f"{FOLDER}/closed/f"),
    ):
        error = refused(work)
        assert isinstance(error, PermissionError)
        assert "user=alice" in str(error) and FOLDER in str(error)

    def in_a_task(_: int) -> str:
        try:
            fs.ls(f"{FOLDER}/closed")
        except PermissionError as error:
            return str(error)
        return ""

    assert "user=alice" in sc.parallelize([0], 1).map(in_a_task).collect()[0]


def test_what_is_missing_is_told(fs: Any) -> None:
    error = refused(lambda: fs.open(f"{FOLDER}/own/no", "rb"))
    assert isinstance(error, FileNotFoundError) and error.filename == f"{FOLDER}/own/no"

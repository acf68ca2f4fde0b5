"""What `weft run` prints when the machine, a cluster or a filesystem refuses, and its exit code: docs/errors.md."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from .printed import HEADER, assert_prints, masked, weft

pytestmark = pytest.mark.local


def test_e14_java_is_too_old(tmp_path: Path) -> None:
    java = tmp_path / "java-8" / "bin" / "java"
    java.parent.mkdir(parents=True)
    java.write_text("#!/bin/sh\n")
    java.chmod(0o755)
    (tmp_path / "java-8" / "release").write_text('JAVA_VERSION="1.8.0_392"\n')
    assert_prints(
        tmp_path,
        """
        WeftContext("local[1]")
        """,
        4,
        """
        Weft needs Java 17 or newer; FOLDER/java-8 (from JAVA_HOME) is 1.8.0_392. Install openjdk-17-jre-headless, or \
set JAVA_HOME.
        """,
        JAVA_HOME=str(tmp_path / "java-8"),
        PATH=str(tmp_path),
        WEFT_JVM_FOLDER=str(tmp_path),
    )


def test_e15_no_cluster_is_configured(tmp_path: Path) -> None:
    (tmp_path / "etl.py").touch()
    done = weft(tmp_path, "submit", "--master", "yarn", "etl.py")
    assert (done.returncode, done.stderr) == (
        4,
        "master is yarn, but neither HADOOP_CONF_DIR nor YARN_CONF_DIR is set, and /etc/hadoop/conf does not exist.\n",
    )


def test_e15_the_filesystem_does_not_answer(tmp_path: Path) -> None:
    assert_prints(
        tmp_path,
        """
        sc = WeftContext("local[1]")
        sc.textFile("hdfs://localhost:1/logs").count()
        """,
        5,
        """
        hdfs://localhost:1/logs cannot be reached (textFile at etl.py:4): connection refused. Check the address of its \
file system, and whether it runs.
        """,
    )


def test_e16_a_codec_is_unknown(tmp_path: Path) -> None:
    assert_prints(
        tmp_path,
        """
        sc = WeftContext("local[1]")
        sc.parallelize([1]).saveAsTextFile("out", "org.example.NopeCodec")
        """,
        3,
        """
        org.example.NopeCodec is not on the class path (saveAsTextFile at etl.py:4); nothing was run.
          Give the full name of one, such as org.apache.hadoop.io.compress.GzipCodec, BZip2Codec or ZStandardCodec.
        """,
    )
    assert not (tmp_path / "out").exists()


@pytest.mark.skipif(shutil.which("setpriv") is None, reason="without setpriv(1) nothing is refused to root")
@pytest.mark.parametrize(
    ("name", "text"),
    [
        (
            "file",
            "file:FOLDER/file may not be read: permission denied\n"
            "  stage 1 (count, etl.py:4), task N of 1; failed on localhost",
        ),
        ("folder", "folder may not be read (textFile at etl.py:4): FOLDER/folder: Permission denied"),
    ],
)
def test_e16_an_input_may_not_be_read(tmp_path: Path, name: str, text: str) -> None:
    (tmp_path / "file").write_text("one line\n")
    (tmp_path / "folder").mkdir()
    (tmp_path / "etl.py").write_text(f'{HEADER}sc = WeftContext("local[1]")\nsc.textFile("{name}", 1).count()\n')
    (tmp_path / name).chmod(0)
    try:
        done = weft(tmp_path, "run", "etl.py", before=["setpriv", "--bounding-set=-dac_override,-dac_read_search"])
    finally:
        (tmp_path / name).chmod(0o700)
    assert (done.returncode, masked(done.stderr, tmp_path)) == (3, text + "\n")


def test_e16_an_output_folder_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    assert_prints(
        tmp_path,
        """
        sc = WeftContext("local[1]")
        sc.parallelize([1], 1).saveAsTextFile("file/out")
        """,
        3,
        """
        file:FOLDER/file/out cannot be written (saveAsTextFile at etl.py:4; nothing was run): Not a directory: \
FOLDER/file/out
        """,
    )

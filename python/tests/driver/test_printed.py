"""What `weft run` prints on standard error when a script fails, and its exit code: docs/errors.md."""

from __future__ import annotations

import gzip
import os
import subprocess
import sys
from pathlib import Path

import pytest

from weft._ops import native

from .printed import HEADER, PACKAGES, assert_prints, masked, weft

pytestmark = pytest.mark.local


def test_e01_a_user_function_raises(tmp_path: Path) -> None:
    (tmp_path / "in.txt").write_text("1\t2.5\n2\tn/a\n")
    assert_prints(
        tmp_path,
        """
        def parse(line):
            return float(line.split("\\t")[1])

        def main():
            with WeftContext("local[1]") as sc:
                print(sc.textFile("in.txt", 1).map(parse).sum())

        main()
        """,
        1,
        """
          File "etl.py", line 10: main()
          File "etl.py", line 8, in main: print(sc.textFile("in.txt", 1).map(parse).sum())
          File "etl.py", line 4, in parse: return float(line.split("\\t")[1])           (in a worker)
        ValueError: could not convert string to float: 'n/a'
          record: '2\\tn/a' (5 characters)  of file:FOLDER/in.txt, after byte N
          stage 1 (map, etl.py:8), task N of 1; failed on localhost
        """.replace("\\\\", "\\"),
    )


def test_e02_an_input_is_missing(tmp_path: Path) -> None:
    assert_prints(
        tmp_path,
        """
        sc = WeftContext("local[1]")
        sc.textFile("nothing").count()
        """,
        3,
        """
        file:FOLDER/nothing does not exist (textFile at etl.py:4).
          Its folder file:FOLDER has 1 entry, etl.py
        """,
    )


def test_e02_a_pattern_matches_nothing(tmp_path: Path) -> None:
    (tmp_path / "logs").mkdir()
    for day in ("01", "02"):
        (tmp_path / "logs" / f"2024-05-{day}").touch()
    assert_prints(
        tmp_path,
        """
        sc = WeftContext("local[1]")
        sc.textFile("logs/2023*").count()
        """,
        3,
        """
        The pattern file:FOLDER/logs/2023* matches no file (textFile at etl.py:4).
          Its folder file:FOLDER/logs has 2 entries, e.g. 2024-05-01
        """,
    )


def test_e03_an_output_exists(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    assert_prints(
        tmp_path,
        """
        sc = WeftContext("local[1]")
        sc.parallelize([1]).saveAsTextFile("out")
        """,
        3,
        """
        file:FOLDER/out exists (saveAsTextFile at etl.py:4); nothing was run.
          Delete it, choose another path, or save with mode="overwrite" or "append".
        """,
    )


def test_e04_a_closure_cannot_be_pickled(tmp_path: Path) -> None:
    assert_prints(
        tmp_path,
        """
        sc = WeftContext("local[1]")
        lock = threading.Lock()
        sc.parallelize([1]).map(lambda x: (x, lock)).count()
        """,
        1,
        """
        The function given to map at etl.py:5 cannot be sent to workers: its variable `lock` is a _thread.lock object, \
which cannot be pickled.
          Make it in the worker instead: mapPartitions(lambda records: use(make_lock(), records)).
        """,
    )


def test_e05_an_rdd_inside_a_function(tmp_path: Path) -> None:
    assert_prints(
        tmp_path,
        """
        sc = WeftContext("local[1]")
        lookup = sc.parallelize([(1, 2)])
        sc.parallelize([1]).map(lambda x: lookup.collectAsMap()[x]).count()
        """,
        1,
        """
        The function given to map at etl.py:5 uses `lookup`, an RDD (line 4). Only the driver can use RDDs.
          Use join, or collect it first and use the result: lookup.collectAsMap().
        """,
    )


def test_e06_a_module_is_missing_on_the_workers(tmp_path: Path) -> None:
    assert_prints(
        tmp_path,
        """
        sc = WeftContext("local[1]")
        def locate(x):
            import geoip2
        sc.parallelize([1], 1).map(locate).count()
        """,
        4,
        """
        No module named 'geoip2' on the workers (imported by etl.py:5 for map at etl.py:6).
          Ship it: --py-files, or sc.addPyFile("…").
          record: 1 (1 character)
          stage 1 (map, etl.py:6), task N of 1; failed on localhost
        """,
    )


def test_e07_the_workers_python_is_another_one(tmp_path: Path) -> None:
    other = tmp_path / "python3.9"
    other.write_text("#!/bin/sh\necho cpython 3.9.18\n")
    other.chmod(0o755)
    here = "%d.%d.%d" % sys.version_info[:3]
    assert_prints(
        tmp_path,
        """
        WeftContext("local[1]")
        """,
        4,
        f"""
        The driver runs CPython {here}, the workers CPython 3.9.18 (FOLDER/python3.9 on localhost): functions cannot \
be exchanged.
          Set WEFT_PYTHON to the driver's interpreter, {sys.executable}, or unset it.
        """,
        WEFT_PYTHON=str(other),
    )


def test_e08_a_worker_dies_in_native_code(tmp_path: Path) -> None:
    compiled = " in _ctypes (native code)" if native.module() is not None else ""
    assert_prints(
        tmp_path,
        """
        import ctypes
        sc = WeftContext("local[1]")
        def decode(x):
            return ctypes.string_at(0)
        sc.parallelize([1], 1).map(decode).collect()
        """,
        1,
        f"""
        The Python worker of stage 1 task N died by SIGSEGV{compiled}; the last Python line was etl.py:6 in decode
          stage 1 (map, etl.py:7), task N of 1; failed on localhost
        """,
    )


def test_e08_a_worker_is_sent_a_signal(tmp_path: Path) -> None:
    assert_prints(
        tmp_path,
        """
        sc = WeftContext("local[1]")
        sc.parallelize([1], 1).map(lambda x: os.kill(os.getpid(), 11)).collect()
        """,
        1,
        """
        The Python worker of stage 1 task N died by SIGSEGV; the last Python line was etl.py:4 in <lambda>
          stage 1 (map, etl.py:4), task N of 1; failed on localhost
        """,
    )


def test_e08_a_worker_is_killed(tmp_path: Path) -> None:
    assert_prints(
        tmp_path,
        """
        sc = WeftContext("local[1]")
        sc.parallelize([1], 1).map(lambda x: os.kill(os.getpid(), 9)).collect()
        """,
        1,
        """
        The Python worker of stage 1 task N was killed from outside (SIGKILL)
          The kernel does so when the machine has no memory left: give fewer slots, or more partitions.
          stage 1 (map, etl.py:4), task N of 1; failed on localhost
        """,
    )


def test_e17_a_setting_is_unknown(tmp_path: Path) -> None:
    assert_prints(
        tmp_path,
        """
        WeftContext(conf=WeftConf().set("weft.task.maxFailurs", "1"))
        """,
        2,
        """
        weft.task.maxFailurs is not a setting. Nearest: weft.task.maxFailures. All: weft conf --list
        """,
    )


def test_e17_a_flag_is_unknown(tmp_path: Path) -> None:
    (tmp_path / "etl.py").touch()
    done = weft(tmp_path, "submit", "--executor-memry", "1g", "etl.py", HADOOP_CONF_DIR=str(tmp_path))
    assert (done.returncode, done.stderr) == (2, "unknown option --executor-memry; nearest: --executor-memory\n")


def test_e18_a_master_that_weft_does_not_run_on(tmp_path: Path) -> None:
    assert_prints(
        tmp_path,
        """
        WeftContext()
        """,
        2,
        """
        spark://host:7077: Weft runs on YARN, local[N] and local-cluster[C,S,MB] only.
        """,
        "--master",
        "spark://host:7077",
    )


def test_e18_a_name_that_is_not_in_weft(tmp_path: Path) -> None:
    assert_prints(
        tmp_path,
        """
        sc = WeftContext("local[1]")
        sc.parallelize([1]).toDF()
        """,
        2,
        """
        RDD.toDF (etl.py:4) is not in Weft. Instead: pandas.DataFrame(rdd.collect()), or pandas in mapPartitions.
        """,
    )


def test_e19_a_second_context(tmp_path: Path) -> None:
    assert_prints(
        tmp_path,
        """
        sc = WeftContext("local[1]")
        WeftContext()
        """,
        1,
        """
        A context is already running (APPLICATION, made at etl.py:3).
          Use WeftContext.getOrCreate(), or stop it first.
        """,
    )


def test_e19_a_stopped_context(tmp_path: Path) -> None:
    assert_prints(
        tmp_path,
        """
        with WeftContext("local[1]") as sc:
            pass
        sc.parallelize([1])
        """,
        1,
        """
        This context was stopped at etl.py:3. Make a new one: WeftContext().
        """,
    )


def test_e20_a_result_is_too_large(tmp_path: Path) -> None:
    assert_prints(
        tmp_path,
        """
        sc = WeftContext("local[1]")
        sc.parallelize(["x" * 65536], 1).collect()
        """,
        1,
        """
        collect at etl.py:4 would bring at least N KiB to the driver; the limit is 10 KiB (weft.driver.maxResultSize). \
Use take(n) or saveAsTextFile, or raise it.
        """,
        "--conf",
        "weft.driver.maxResultSize=10k",
    )


def test_e21_a_gzip_file_is_cut(tmp_path: Path) -> None:
    text = b"".join(b"%d line\n" % number for number in range(100_000))
    stored = gzip.compress(text)
    (tmp_path / "a.gz").write_bytes(stored[: len(stored) // 2])
    assert_prints(
        tmp_path,
        """
        sc = WeftContext("local[1]")
        sc.textFile("a.gz").count()
        """,
        1,
        """
        file:FOLDER/a.gz is damaged: gzip stream ends early after N bytes of text.
          Replace it, or leave it out of the input.
          stage 1 (count, etl.py:4), task N of 1; failed on localhost
        """,
    )


@pytest.mark.parametrize("content", ["", "hi\n", "a longer text, of more than eighteen bytes\n"])
def test_e21_a_file_is_not_what_its_name_says(tmp_path: Path, content: str) -> None:
    (tmp_path / "b.gz").write_text("x" + content)
    found = "78" if not content else "78 " + content.encode()[:1].hex()
    assert_prints(
        tmp_path,
        """
        sc = WeftContext("local[1]")
        sc.textFile("b.gz").count()
        """,
        1,
        f"""
        file:FOLDER/b.gz is not a gzip file, as its name says: it begins with bytes {found}, not 1f 8b.
          Rename it if it is plain text, or leave it out of the input.
          stage 1 (count, etl.py:4), task N of 1; failed on localhost
        """,
    )


def test_e22_a_key_without_a_stable_hash(tmp_path: Path) -> None:
    assert_prints(
        tmp_path,
        """
        class User:
            pass
        sc = WeftContext("local[1]")
        sc.parallelize([1], 1).map(lambda x: (User(), x)).reduceByKey(max).count()
        """,
        1,
        """
        reduceByKey at etl.py:6 was given a key of class __main__.User, whose hash differs from process to process \
(object's own). Give the class __eq__ and __hash__ over its values, or key by a tuple.
          stage 1 (map, etl.py:6), task N of 1; failed on localhost
        """,
    )


def test_e25_the_scripts_own_exit_code_is_kept(tmp_path: Path) -> None:
    assert_prints(
        tmp_path,
        """
        sc = WeftContext("local[1]")
        sc.parallelize([1], 1).count()
        sys.exit(3)
        """,
        3,
        """
        weft: 1 job, 1 stage, 1 task in TIME
        """,
    )


def test_e25_a_plain_python_keeps_the_scripts_exit_code(tmp_path: Path) -> None:
    (tmp_path / "etl.py").write_text(
        HEADER + 'sc = WeftContext("local[1]")\nsc.parallelize([1], 1).count()\nsys.exit("no data for 2024-05-01")\n'
    )
    environment = {**os.environ, "PYTHONPATH": PACKAGES}
    done = subprocess.run(
        [sys.executable, "etl.py"], cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
    )
    assert (done.returncode, masked(done.stderr, tmp_path)) == (
        1,
        "no data for 2024-05-01\nweft: 1 job, 1 stage, 1 task in TIME\n",
    )


def test_a_plain_python_prints_and_exits_alike(tmp_path: Path) -> None:
    (tmp_path / "etl.py").write_text(HEADER + 'WeftContext("local[1]").textFile("nothing").count()\n')
    environment = {**os.environ, "PYTHONPATH": PACKAGES}
    done = subprocess.run(
        [sys.executable, "etl.py"], cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
    )
    assert (done.returncode, masked(done.stderr, tmp_path)) == (
        3,
        "file:FOLDER/nothing does not exist (textFile at etl.py:3).\n  Its folder file:FOLDER has 1 entry, etl.py\n",
    )

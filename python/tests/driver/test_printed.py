"""What `weft run` prints on standard error when a script fails, and its exit code: docs/errors.md."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

pytestmark = pytest.mark.local

HEADER = "import os, sys, threading\nfrom weft import WeftConf, WeftContext\n"
BUILDING = ("weft: the jars", "weft: building", "weft: recording", "weft: compiling", "weft: fetching")
PACKAGES = str(Path(__file__).resolve().parents[2])


def _run(folder: Path, script: str, *options: str) -> tuple[int, str]:
    """Run a script by `weft run`; its first line is line 3. Gives the exit code and stderr, ids masked."""
    (folder / "etl.py").write_text(HEADER + textwrap.dedent(script).lstrip("\n"))
    environment = {key: value for key, value in os.environ.items() if not key.startswith(("WEFT_", "HADOOP", "YARN"))}
    for kept in ("WEFT_HOME",):
        if kept in os.environ:
            environment[kept] = os.environ[kept]
    environment["PYTHONPATH"] = PACKAGES
    done = subprocess.run(
        [sys.executable, "-m", "weft._cli", "run", *options, "etl.py"],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    return done.returncode, _masked(done.stderr, folder)


def _masked(text: str, folder: Path) -> str:
    text = text.replace(str(folder), "FOLDER")
    text = re.sub(r"local_\d+_\d+", "APPLICATION", text)
    text = re.sub(r"(weft: .* in )[\d.]+ s;.*", r"\1TIME", text)
    text = re.sub(r"task \d+", "task N", text)
    text = re.sub(r"after byte [\d,]+", "after byte N", text)
    return "".join(line for line in text.splitlines(True) if not line.startswith(BUILDING))


def _assert_prints(folder: Path, script: str, code: int, expected: str, *options: str) -> None:
    found_code, found = _run(folder, script, *options)
    assert found == textwrap.dedent(expected).lstrip("\n")
    assert found_code == code


def test_e01_a_user_function_raises(tmp_path: Path) -> None:
    (tmp_path / "in.txt").write_text("1\t2.5\n2\tn/a\n")
    _assert_prints(
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
    _assert_prints(
        tmp_path,
        """
        sc = WeftContext("local[1]")
        sc.textFile("nothing").count()
        """,
        3,
        """
        file:FOLDER/nothing does not exist (textFile at etl.py:4).
        """,
    )


def test_e03_an_output_exists(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    _assert_prints(
        tmp_path,
        """
        sc = WeftContext("local[1]")
        sc.parallelize([1]).saveAsTextFile("out")
        """,
        3,
        """
        file:FOLDER/out exists (saveAsTextFile at etl.py:4); nothing was run. Delete it or choose another path.
        """,
    )


def test_e04_a_closure_cannot_be_pickled(tmp_path: Path) -> None:
    _assert_prints(
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
    _assert_prints(
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
    _assert_prints(
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


def test_e08_a_worker_dies_by_a_signal(tmp_path: Path) -> None:
    code, text = _run(
        tmp_path,
        """
        sc = WeftContext("local[1]")
        sc.parallelize([1], 1).map(lambda x: os.kill(os.getpid(), 11)).collect()
        """,
    )
    assert code == 1
    assert text.splitlines()[-2:] == [
        "The Python worker of stage 1 task N died by SIGSEGV; the last Python line was etl.py:4 in <lambda>",
        "  stage 1 (map, etl.py:4), task N of 1; failed on localhost",
    ]
    assert "_worker" not in text


def test_e17_a_setting_is_unknown(tmp_path: Path) -> None:
    _assert_prints(
        tmp_path,
        """
        WeftContext(conf=WeftConf().set("weft.task.maxFailurs", "1"))
        """,
        2,
        """
        weft.task.maxFailurs is not a setting. Nearest: weft.task.maxFailures. All: weft conf --list
        """,
    )


def test_e18_a_master_that_weft_does_not_run_on(tmp_path: Path) -> None:
    _assert_prints(
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
    _assert_prints(
        tmp_path,
        """
        sc = WeftContext("local[1]")
        sc.parallelize([1]).cache()
        """,
        2,
        """
        RDD.cache (etl.py:4) is not in Weft. Instead: jobs reuse the shuffles of earlier ones; nothing else is kept.
        """,
    )


def test_e19_a_second_context(tmp_path: Path) -> None:
    _assert_prints(
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
    _assert_prints(
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
    code, text = _run(
        tmp_path,
        """
        sc = WeftContext("local[1]")
        sc.parallelize(range(100), 1).map(lambda x: str(x) * 1000).collect()
        """,
        "--conf",
        "weft.driver.maxResultSize=10k",
    )
    assert code == 1
    assert re.match(r"collect at etl.py:4 would bring .* to the driver; the limit is 10 KiB", text)


def test_e22_a_key_without_a_stable_hash(tmp_path: Path) -> None:
    code, text = _run(
        tmp_path,
        """
        class User:
            pass
        sc = WeftContext("local[1]")
        sc.parallelize([1], 1).map(lambda x: (User(), x)).reduceByKey(max).count()
        """,
    )
    assert code == 1
    assert text.splitlines()[0] == (
        "reduceByKey at etl.py:6 was given a key of class __main__.User, whose hash differs from process to process "
        "(object's own). Give the class __eq__ and __hash__ over its values, or key by a tuple."
    )


def test_e25_the_scripts_own_exit_code_is_kept(tmp_path: Path) -> None:
    _assert_prints(
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


def test_an_exception_of_the_driver_has_the_scripts_frames_only(tmp_path: Path) -> None:
    code, text = _run(
        tmp_path,
        """
        sc = WeftContext("local[1]")
        sc.emptyRDD().first()
        """,
    )
    assert code == 1
    assert [line for line in text.splitlines() if line.startswith("  File")] == ['  File "etl.py", line 4, in <module>']
    assert text.endswith("ValueError: RDD is empty\n")


def test_verbose_shows_all_frames_of_the_worker(tmp_path: Path) -> None:
    _, text = _run(
        tmp_path,
        """
        sc = WeftContext("local[1]")
        sc.parallelize([1], 1).map(lambda x: 1 // 0).count()
        """,
        "--verbose",
    )
    assert "_worker" in text


def test_a_plain_python_prints_and_exits_alike(tmp_path: Path) -> None:
    (tmp_path / "etl.py").write_text(HEADER + 'WeftContext("local[1]").textFile("nothing").count()\n')
    environment = {**os.environ, "PYTHONPATH": PACKAGES}
    done = subprocess.run(
        [sys.executable, "etl.py"], cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
    )
    assert (done.returncode, _masked(done.stderr, tmp_path)) == (
        3,
        "file:FOLDER/nothing does not exist (textFile at etl.py:3).\n",
    )

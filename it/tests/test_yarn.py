"""Scripts on real HDFS and YARN, submitted by `yarn jar`."""

from __future__ import annotations

import signal
import textwrap
from pathlib import Path

import pytest

from yarnjobs import Jobs, poll

pytestmark = pytest.mark.yarn


def script(folder: Path, name: str, text: str) -> str:
    path = folder / name
    path.write_text(textwrap.dedent(text))
    return str(path)


def assert_nothing_left(jobs: Jobs, application: str) -> None:
    poll(lambda: "gone" if not jobs.left_over(application) else None, f"clean end of {application}", 60)


def test_the_exit_code_is_the_scripts_and_arguments_arrive_as_typed(jobs: Jobs, tmp_path: Path) -> None:
    text = "import sys\nprint(sys.argv[1:], flush=True)\nsys.exit(3)\n"
    odd = ["$(id)", "`id`", 'a "b" c', "it's", "$HOME", "--name"]
    ended = jobs.run(script(tmp_path, "args.py", text), *odd)
    assert ended.code == 3, ended.errors
    assert repr(odd) in jobs.output(ended.application)
    status = jobs.cluster.must("yarn", "application", "-status", ended.application)
    assert "exit 3:" in status
    assert_nothing_left(jobs, ended.application)


def test_a_signal_n_gives_128_and_n(jobs: Jobs, tmp_path: Path) -> None:
    text = "import os, signal\nos.kill(os.getpid(), signal.SIGSEGV)\n"
    assert jobs.run(script(tmp_path, "dies.py", text)).code == 128 + signal.SIGSEGV


def test_the_users_exception_is_the_last_word(jobs: Jobs, tmp_path: Path) -> None:
    text = """
        from weft import WeftContext
        sc = WeftContext()
        sc.parallelize(["1", "n/a"], 2).map(float).sum()
    """
    ended = jobs.run(script(tmp_path, "bad.py", text))
    assert ended.code == 1
    assert "ValueError: could not convert string to float: 'n/a'" in ended.errors
    assert "\tat " not in ended.errors
    status = jobs.cluster.must("yarn", "application", "-status", ended.application)
    assert "exit 1: ValueError" in status and "n/a" not in status
    assert_nothing_left(jobs, ended.application)


def test_what_can_never_fit_is_refused_before_it_is_submitted(jobs: Jobs, tmp_path: Path) -> None:
    ended = jobs.run("--executor-memory", "900g", script(tmp_path, "big.py", "pass"))
    assert ended.code == 5
    assert ended.errors.startswith("Asked: ") and "Nothing was submitted" in ended.errors
    assert not ended.application


def test_a_task_that_fits_into_no_container_is_refused_before_it_is_submitted(jobs: Jobs, tmp_path: Path) -> None:
    cpus = ("--executor-cores", "2", "--conf", "spark.task.cpus=3")
    ended = jobs.run(*cpus, script(tmp_path, "wide.py", "pass"))
    assert (ended.code, ended.application) == (2, "")
    assert ended.errors.startswith("weft.task.cpus is 3, and each container has 2 processors (--executor-cores): no")


def test_a_mistyped_option_names_the_nearest(jobs: Jobs, tmp_path: Path) -> None:
    ended = jobs.run("--executor-memry", "1g", script(tmp_path, "x.py", "pass"))
    assert (ended.code, ended.errors) == (2, "unknown option --executor-memry; nearest: --executor-memory\n")

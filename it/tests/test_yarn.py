"""Scripts on real HDFS and YARN, submitted by `yarn jar`."""

from __future__ import annotations

import collections
import os
import random
import re
import signal
import subprocess
import textwrap
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from userenv import environment_archive

from realcluster import Cluster
from yarnjobs import Jobs, make_dist, poll, processes

pytestmark = pytest.mark.yarn

FILES, LINES = 6, 120_000
THREE_JOBS = """
    import sys
    from weft import WeftContext
    from cleaning import clean          # from the zip of --py-files

    def sized(word):
        import fastsize                 # the C extension of the archived environment
        return word, fastsize.size(word)

    source, target = sys.argv[1:]
    with WeftContext() as sc:
        words = sc.textFile(source).flatMap(lambda line: clean(line).split(" "))
        counts = words.map(lambda word: (word, 1)).reduceByKey(lambda a, b: a + b, 4)
        counts.map(lambda kv: f"{kv[0]}\\t{kv[1]}").saveAsTextFile(target + "/counts")
        sc.textFile(source).sortBy(lambda line: line, numPartitions=4).saveAsTextFile(target + "/sorted")
        sizes = words.distinct(4).map(sized)
        joined = counts.join(sizes, 4)
        joined.map(lambda kv: f"{kv[0]}\\t{kv[1][0]}\\t{kv[1][1]}").saveAsTextFile(target + "/joined")
"""
SLOW_COUNT = """
    import sys, time
    from weft import WeftContext

    def slow(lines):
        for number, line in enumerate(lines):
            if number % 20000 == 0:
                time.sleep(0.4)
            yield line

    with WeftContext() as sc:
        words = sc.textFile(sys.argv[1]).mapPartitions(slow).flatMap(str.split)
        counts = words.map(lambda word: (word, 1)).reduceByKey(lambda a, b: a + b, 6)
        print("TOTAL", counts.map(lambda kv: kv[1]).sum(), counts.count(), flush=True)
"""


@pytest.fixture(scope="module")
def jobs(cluster: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Jobs:
    cluster.must("hdfs", "dfs", "-mkdir", "-p", f"/user/{_user()}")
    return Jobs(cluster, make_dist(tmp_path_factory.mktemp("dist") / "d"))


@pytest.fixture(scope="module")
def lines(cluster: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[str]]:
    """Lines of words, in HDFS under /yarn/in in blocks of 4 MB, and under /yarn/near in blocks of 512 KB."""
    rng = random.Random(7)
    vocabulary = [f"w{rng.randrange(10 ** 6)}" for _ in range(3000)]
    folder = tmp_path_factory.mktemp("in")
    every: list[str] = []
    for number in range(FILES):
        some = [" ".join(rng.choices(vocabulary, k=rng.randrange(4, 10))) for _ in range(LINES)]
        (folder / f"part{number}").write_text("\n".join(some) + "\n")
        every += some
    paths = [str(path) for path in sorted(folder.iterdir())]
    cluster.must("hdfs", "dfs", "-mkdir", "-p", "/yarn/in", "/yarn/near")
    for target, block in (("/yarn/in", 4 << 20), ("/yarn/near", 512 << 10)):
        put = ["-D", f"dfs.blocksize={block}", "-D", "dfs.replication=1", "-put", *paths, target]
        cluster.must("hdfs", "dfs", *put)
    yield every
    cluster.run("hdfs", "dfs", "-rm", "-r", "-skipTrash", "/yarn")


def _user() -> str:
    import getpass

    return getpass.getuser()


def script(folder: Path, name: str, text: str) -> str:
    path = folder / name
    path.write_text(textwrap.dedent(text))
    return str(path)


def saved(cluster: Cluster, path: str) -> list[str]:
    return cluster.must("hdfs", "dfs", "-cat", f"{path}/part-*").splitlines()


def assert_nothing_left(jobs: Jobs, application: str) -> None:
    poll(lambda: "gone" if not jobs.left_over(application) else None, f"clean end of {application}", 60)


def test_word_count_sort_and_join_equal_plain_python(jobs: Jobs, lines: list[str], tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "deps.zip", "w") as deps:
        deps.writestr("cleaning.py", "def clean(line):\n    return line.strip()\n")
    ended = jobs.run(
        "--num-executors", "3", "--executor-cores", "1", "--py-files", str(tmp_path / "deps.zip"),
        "--archives", environment_archive(tmp_path), "--conf", "weft.python=./env/bin/python",
        script(tmp_path, "three.py", THREE_JOBS), "/yarn/in", "/yarn/out",
    )  # fmt: skip
    assert ended.code == 0, ended.errors
    counts = collections.Counter(word for line in lines for word in line.split(" "))
    cluster = jobs.cluster
    assert sorted(saved(cluster, "/yarn/out/counts")) == sorted(f"{word}\t{n}" for word, n in counts.items())
    assert saved(cluster, "/yarn/out/sorted") == sorted(lines)
    joined = sorted(f"{word}\t{n}\t{len(word)}" for word, n in counts.items())
    assert sorted(saved(cluster, "/yarn/out/joined")) == joined
    assert "_temporary" not in cluster.must("hdfs", "dfs", "-ls", "-R", "/yarn/out")
    assert_nothing_left(jobs, ended.application)


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


@pytest.mark.parametrize("stage", ["map", "reduce"])
def test_a_killed_runner_costs_no_answer(jobs: Jobs, lines: list[str], tmp_path: Path, stage: str) -> None:
    client = jobs.start("--num-executors", "3", script(tmp_path, f"slow_{stage}.py", SLOW_COUNT), "/yarn/in")
    application = jobs.running()
    maps = FILES * 2
    enough = 0.4 * maps if stage == "map" else maps + 1
    poll(lambda: "yes" if jobs.events(application).count("TaskAccepted[") >= enough else None, f"progress in {stage}")
    victims = [pid for pid, command in processes() if command.startswith("weft-runner") and application in command]
    assert len(victims) == 3
    os.kill(victims[0], signal.SIGKILL)
    ended = jobs.wait(client)
    assert ended.code == 0, ended.errors
    words = collections.Counter(word for line in lines for word in line.split())
    assert f"TOTAL {sum(words.values())} {len(words)}" in jobs.output(application)
    assert_nothing_left(jobs, application)


def test_a_killed_application_leaves_nothing(jobs: Jobs, lines: list[str], tmp_path: Path) -> None:
    client = jobs.start("--num-executors", "2", script(tmp_path, "killed.py", SLOW_COUNT), "/yarn/in")
    application = jobs.running()
    poll(lambda: "yes" if "TaskAccepted[" in jobs.events(application) else None, "a task's end")
    jobs.cluster.must("yarn", "application", "-kill", application)
    ended = jobs.wait(client)
    assert ended.code == 6, ended.errors
    assert_nothing_left(jobs, application)


def test_a_killed_master_fails_with_its_own_code(jobs: Jobs, lines: list[str], tmp_path: Path) -> None:
    client = jobs.start("--num-executors", "2", script(tmp_path, "headless.py", SLOW_COUNT), "/yarn/in")
    application = jobs.running()
    poll(lambda: "yes" if "TaskAccepted[" in jobs.events(application) else None, "a task's end")
    (master,) = [pid for pid, command in processes() if command.startswith("weft-am") and application in command]
    os.kill(master, signal.SIGKILL)
    ended = jobs.wait(client)
    assert ended.code == 7, ended.errors
    assert_nothing_left(jobs, application)


def test_what_can_never_fit_is_refused_before_it_is_submitted(jobs: Jobs, tmp_path: Path) -> None:
    ended = jobs.run("--executor-memory", "900g", script(tmp_path, "big.py", "pass"))
    assert ended.code == 5
    assert ended.errors.startswith("Asked: ") and "Nothing was submitted" in ended.errors
    assert not ended.application


def test_a_mistyped_option_names_the_nearest(jobs: Jobs, tmp_path: Path) -> None:
    ended = jobs.run("--executor-memry", "1g", script(tmp_path, "x.py", "pass"))
    assert (ended.code, ended.errors) == (2, "unknown option --executor-memry; nearest: --executor-memory\n")


def launches(jobs: Jobs, client: subprocess.Popen[str], application: str) -> collections.Counter[str]:
    """How near the tasks of the first stage ran to their input, by the ApplicationMaster's event log."""
    log = ""
    while client.poll() is None:
        log = jobs.events(application) or log
    return collections.Counter(re.findall(r"LaunchTask\[.*locality=(NODE|RACK|ANY)", log))


@pytest.mark.parametrize(("setting", "least", "most"), [("true", 0.9, 1.0), ("false", 0.0, 0.5)])
def test_tasks_run_where_their_blocks_are_unless_told_otherwise(
    jobs: Jobs, lines: list[str], tmp_path: Path, setting: str, least: float, most: float
) -> None:
    client = jobs.start(
        "--num-executors", "3", "--conf", f"weft.locality.enabled={setting}",
        "--conf", "weft.locality.wait=60s",  # HDFS dealt the blocks by chance: the fullest node's tasks wait for it
        script(tmp_path, f"near_{setting}.py", SLOW_COUNT), "/yarn/near",
    )  # fmt: skip
    application = jobs.running()
    found = launches(jobs, client, application)  # about 66 tasks; by chance a third of them would be near
    ended = jobs.wait(client)
    assert ended.code == 0, ended.errors
    assert sum(found.values()) >= FILES * 8, found
    assert least <= found["NODE"] / sum(found.values()) <= most, found

"""master="inline": tasks in the driver's own process."""

from __future__ import annotations

import gzip
import os
import random
import re
import subprocess
import sys
import textwrap
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from weft import WeftConf, WeftContext
from weft.errors import (
    AccessError,
    InputDamagedError,
    JobCancelledError,
    NotSupportedError,
    OutputExistsError,
    ResultTooLargeError,
    SettingError,
)

PACKAGE = str(Path(__file__).resolve().parents[2])


@pytest.fixture
def sc() -> Iterator[WeftContext]:
    with WeftContext("inline[3]") as made:
        yield made


def settings(**values: str) -> WeftConf:
    return WeftConf().setMaster("inline").setAll([("weft." + k.replace("_", "."), v) for k, v in values.items()])


def run(code: str, tmp_path: Path, **more: Any) -> subprocess.CompletedProcess[str]:
    """Run a script with an empty PATH: no java can be found."""
    script = tmp_path / "script.py"
    script.write_text(textwrap.dedent(code))
    environment = {"PATH": "/nowhere", "PYTHONPATH": PACKAGE, "WEFT_JVM_FOLDER": "/nowhere", "HOME": str(tmp_path)}
    environment.update({name: os.environ[name] for name in ("WEFT_HOME",) if name in os.environ})
    environment["TMPDIR"] = str(tmp_path)
    return subprocess.run(
        [sys.executable, str(script)], env=environment, capture_output=True, text=True, timeout=120, **more
    )


def test_a_job_needs_no_java_and_starts_no_process(tmp_path: Path) -> None:
    done = run(
        """
        import os, subprocess, sys
        from operator import add
        from weft import WeftContext

        def no_process(event, arguments):
            if event in ("subprocess.Popen", "os.fork", "os.posix_spawn", "os.system", "socket.connect"):
                raise SystemExit(f"{event} {arguments}")

        sc = WeftContext("inline")
        sys.addaudithook(no_process)
        pids = sc.parallelize(range(8), 4).map(lambda _: os.getpid()).distinct().collect()
        print(pids == [os.getpid()])
        print(sorted(sc.parallelize("abca").map(lambda c: (c, 1)).reduceByKey(add).collect()))
        sc.stop()
        print(sorted(os.listdir(os.environ["TMPDIR"])))
        """,
        tmp_path,
    )
    assert done.stdout == "True\n[('a', 2), ('b', 1), ('c', 1)]\n['script.py']\n", done.stderr


def test_a_breakpoint_in_a_lambda_stops_there(tmp_path: Path) -> None:
    done = run(
        """
        from weft import WeftContext

        def f(record):
            breakpoint()
            return record

        with WeftContext("inline") as sc:
            print(sc.parallelize([7], 1).map(f).collect())
        """,
        tmp_path,
        input="p record + 100\nc\n",
    )
    assert "-> return record" in done.stdout
    assert "107" in done.stdout
    assert done.stdout.rstrip().endswith("[7]")


def test_a_breakpoint_in_a_lambda_stops_in_a_test_of_the_plugin(tmp_path: Path) -> None:
    (tmp_path / "test_mine.py").write_text(
        "def test_it(sc):\n    assert sc.parallelize([7], 1).map(lambda x: breakpoint() or x).collect() == [7]\n"
    )
    done = run(
        f"""
        import pytest
        raise SystemExit(pytest.main(
            ["-s", "-p", "no:cacheprovider", "-p", "weft.pytest_plugin", {str(tmp_path / "test_mine.py")!r}]
        ))
        """,
        tmp_path,
        input="p x + 100\nc\n",
    )
    assert "test_mine.py(2)<lambda>()" in done.stdout
    assert "107" in done.stdout
    assert "1 passed" in done.stdout, done.stdout + done.stderr


def test_what_a_killed_process_left_is_removed_by_the_next(tmp_path: Path) -> None:
    killed = run(
        """
        import os, signal
        from weft import WeftContext
        sc = WeftContext("inline")
        sc.parallelize([1]).foreach(lambda _: os.kill(os.getpid(), signal.SIGKILL))
        """,
        tmp_path,
    )
    assert killed.returncode == -9
    assert [name for name in os.listdir(tmp_path) if name.startswith("weft-inline-")]
    run("from weft import WeftContext\nWeftContext('inline').stop()", tmp_path)
    assert [name for name in os.listdir(tmp_path) if name.startswith("weft-inline-")] == []


def test_records_are_copies_between_steps_of_different_stages(sc: WeftContext) -> None:
    mine = [1]
    (theirs,) = sc.parallelize([mine]).repartition(1).collect()
    assert theirs == mine
    assert theirs is not mine


def model_of_splits(data: bytes, starts: list[int]) -> list[list[str]]:
    """Lines by the split in which they begin: at or before its end, after its start (Hadoop's rule)."""
    ends = [*starts[1:], len(data)]
    splits: list[list[str]] = [[] for _ in starts]
    at = 0
    for found in re.finditer(rb"([^\r\n]*)(\r\n|\r|\n|$)", data):
        if found.start() < at or found.start() == len(data):
            continue
        number = next(n for n, end in enumerate(ends) if found.start() <= end)
        splits[number].append(found.group(1).decode())
        at = found.end()
    return splits


@pytest.mark.parametrize("seed", range(40))
def test_every_line_is_in_the_split_that_hadoop_puts_it_in(seed: int, sc: WeftContext, tmp_path: Path) -> None:
    rng = random.Random(seed)
    ends = rng.choice([["\n"], ["\r\n"], ["\r"], ["\n", "\r\n", "\r"]])
    data = "".join("ab" * rng.randrange(4) + rng.choice(ends) for _ in range(rng.randrange(1, 60)))
    data += rng.choice(["", "tail"])
    (tmp_path / "in.txt").write_bytes(data.encode())
    wanted = rng.randrange(1, 9)
    size = len(data) // wanted or 1
    starts, left = [], len(data)
    while left / size > 1.1:
        starts.append(len(data) - left)
        left -= size
    if left:
        starts.append(len(data) - left)
    found = sc.textFile(str(tmp_path / "in.txt"), wanted).glom().collect()
    assert found == model_of_splits(data.encode(), starts)


def test_lines_across_blocks_of_a_large_file_are_whole(sc: WeftContext, tmp_path: Path) -> None:
    lines = [str(n) * (n % 50) for n in range(150_000)]
    (tmp_path / "large.txt").write_bytes("\r\n".join(lines).encode())
    assert sc.textFile(str(tmp_path / "large.txt"), 3).collect() == lines


def test_a_truncated_gzip_file_fails_with_its_name(sc: WeftContext, tmp_path: Path) -> None:
    whole = gzip.compress(b"".join(b"%d\n" % n for n in range(10_000)))
    (tmp_path / "cut.gz").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(InputDamagedError, match="cut.gz cannot be read to its end"):
        sc.textFile(str(tmp_path / "cut.gz")).count()


def test_output_is_whole_or_not_there(sc: WeftContext, tmp_path: Path) -> None:
    out = tmp_path / "out"
    sc.parallelize(["a", "b", "c"], 2).saveAsTextFile(str(out), "org.apache.hadoop.io.compress.GzipCodec")
    assert sorted(os.listdir(out)) == ["_SUCCESS", "part-00000.gz", "part-00001.gz"]
    assert gzip.decompress((out / "part-00001.gz").read_bytes()) == b"b\nc\n"
    before = (out / "part-00000.gz").read_bytes()
    with pytest.raises(OutputExistsError):
        sc.parallelize(["x"]).saveAsTextFile(str(out))
    assert (out / "part-00000.gz").read_bytes() == before
    with pytest.raises(ZeroDivisionError):
        sc.parallelize([1, 0], 2).map(lambda x: 1 // x).saveAsTextFile(str(tmp_path / "failed"))
    assert not (tmp_path / "failed").exists()


def test_what_it_cannot_reach_is_refused_with_the_other_way(sc: WeftContext, tmp_path: Path) -> None:
    with pytest.raises(NotSupportedError, match=r"local\[2\]"):
        sc.textFile("hdfs://nn/x").count()
    with pytest.raises(NotSupportedError, match="SnappyCodec"):
        sc.parallelize([1]).saveAsTextFile(str(tmp_path / "x"), "org.apache.hadoop.io.compress.SnappyCodec")
    (tmp_path / "file").touch()
    with pytest.raises(AccessError, match="cannot be written"):
        sc.parallelize([1]).saveAsTextFile(str(tmp_path / "file" / "below"))


def test_a_task_that_starts_a_job_is_told_so(sc: WeftContext) -> None:
    import builtins

    builtins.hidden_context = sc  # type: ignore[attr-defined]  # as a module's global would be
    try:
        with pytest.raises(RuntimeError, match="only the driver can"):
            sc.parallelize([1]).map(lambda _: hidden_context.range(3).count()).collect()  # type: ignore[name-defined] # noqa: F821
    finally:
        del builtins.hidden_context  # type: ignore[attr-defined]
    assert sc.range(3).count() == 3


def test_another_thread_can_cancel(sc: WeftContext) -> None:
    import builtins

    started = builtins.started_event = threading.Event()  # type: ignore[attr-defined]

    def endless(_index: int, _records: Any) -> Iterator[bytes]:
        started_event.set()  # type: ignore[name-defined] # noqa: F821
        while True:
            yield bytes(100_000)

    def cancel() -> None:
        started.wait(30)
        sc.cancelJobGroup("mine")

    try:
        sc.setJobGroup("mine", "to be cancelled")
        thread = threading.Thread(target=cancel)
        thread.start()
        with pytest.raises(JobCancelledError):
            sc.parallelize([1], 1).mapPartitionsWithIndex(endless).saveAsTextFile("/dev/shm/weft-inline-cancelled")
        thread.join()
    finally:
        del builtins.started_event  # type: ignore[attr-defined]
    assert not os.path.exists("/dev/shm/weft-inline-cancelled")


def test_an_interrupt_ends_the_job_and_the_next_runs(sc: WeftContext) -> None:
    def interrupt(_: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        sc.parallelize([1]).foreach(interrupt)
    assert sc.range(4).sum() == 6


def test_jobs_of_several_threads_do_not_mix(sc: WeftContext) -> None:
    results: dict[int, list[tuple[int, int]]] = {}

    def job(number: int) -> None:
        pairs = sc.range(200).map(lambda x: (x % 5, x * number))
        results[number] = sorted(pairs.reduceByKey(lambda a, b: a + b).collect())

    threads = [threading.Thread(target=job, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    sums = [sum(range(key, 200, 5)) for key in range(5)]
    assert results == {number: [(key, sums[key] * number) for key in range(5)] for number in range(6)}


def test_a_task_over_its_memory_spills_and_leaves_no_file() -> None:
    with WeftContext(conf=settings(python_worker_memory="8m")) as sc:
        pairs = sc.range(200_000, numSlices=1).map(lambda x: (x, str(x) * 10))
        found = pairs.reduceByKey(lambda a, b: a + b, 2).map(lambda pair: len(pair[1])).sum()
        assert found == sum(len(str(x)) * 10 for x in range(200_000))
        assert sc._jobs._totals.sums["spilledBytes"] > 1 << 20


def test_settings_are_checked_as_elsewhere() -> None:
    with pytest.raises(SettingError, match="weft.python.worker.memry is not a setting. Nearest: weft.python.worker.me"):
        WeftContext(conf=settings(python_worker_memry="8m"))
    with pytest.raises(SettingError, match="a size such as 512m"):
        WeftContext(conf=settings(python_worker_memory="much"))
    with WeftContext(conf=settings(driver_maxResultSize="1k", default_parallelism="5")) as sc:
        assert sc.parallelize(range(10)).getNumPartitions() == 5
        with pytest.raises(ResultTooLargeError, match="maxResultSize"):
            sc.range(100_000).collect()


def test_environment_and_files_are_there_in_tasks_only(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("hello")
    with WeftContext("inline", environment={"WEFT_TEST_OF_MINE": "1"}) as sc:
        sc.addFile(str(tmp_path / "mine.txt"))
        variables = sc.parallelize([1]).map(lambda _: (os.environ["WEFT_TEST_OF_MINE"], os.environ["WEFT_FILES"]))
        value, folder = variables.first()
        assert value == "1"
        assert (Path(folder) / "mine.txt").read_text() == "hello"
        assert "WEFT_TEST_OF_MINE" not in os.environ


def test_the_plugin_gives_a_context_without_java(tmp_path: Path) -> None:
    (tmp_path / "test_mine.py").write_text(
        textwrap.dedent(
            """
            import pytest

            @pytest.mark.parametrize("n", range(100))
            def test_sums(sc, n):
                sums = sc.parallelize(range(n), 3).map(lambda x: (x % 2, x)).reduceByKey(lambda a, b: a + b)
                assert sum(sums.values().collect()) == n * (n - 1) // 2

            def test_group_is_set(sc):
                sc.setJobGroup("g", "d")

            def test_group_is_gone(sc):
                assert sc.getLocalProperty("weft.job.group") is None
            """
        )
    )
    code = (
        "import sys, pytest; sys.exit(pytest.main(['-q', '-p', 'no:cacheprovider', '-p', 'weft.pytest_plugin', "
        f"{str(tmp_path)!r}]))"
    )
    done = run(code, tmp_path)
    assert "102 passed" in done.stdout, done.stdout + done.stderr

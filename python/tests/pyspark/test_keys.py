"""What Spark's settings do, in jobs on a local cluster."""

from __future__ import annotations

import gzip
import re
import subprocess
import textwrap
from pathlib import Path

import pytest

from tests.gateway import scripts

CLUSTER = pytest.param("local-cluster[2,1,512]", marks=[pytest.mark.local, pytest.mark.cluster])
BOTH = ["inline", CLUSTER]


def run(folder: Path, code: str, **settings: object) -> tuple[str, str]:
    """Run a PySpark program; gives what it printed on standard output and on standard error."""
    text = ", ".join(f"({name.replace('__', '.')!r}, {value!r})" for name, value in settings.items())
    begin = f"""
        import weft
        weft.activate()
        from pyspark import SparkConf, SparkContext

        sc = SparkContext(conf=SparkConf().setAll([{text}]))
        """
    process = scripts.start(folder, textwrap.dedent(begin) + textwrap.dedent(code))
    try:
        printed, told = process.communicate(timeout=scripts.SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        raise
    assert process.returncode == 0, told
    return printed, told


@pytest.fixture
def logs(tmp_path: Path) -> Path:
    """A good file, one whose packing ends early, and one that is no gzip at all."""
    folder = tmp_path / "logs"
    folder.mkdir()
    (folder / "a.gz").write_bytes(gzip.compress(b"".join(b"a%d\n" % n for n in range(1000))))
    whole = gzip.compress(b"".join(b"%032x\n" % (n * 2654435761 % 2**32) for n in range(20_000)))
    (folder / "b.gz").write_bytes(whole[: len(whole) // 2])
    (folder / "c.gz").write_bytes(b"no gzip\n")
    (folder / "d.txt").write_text("d\n")
    return folder


@pytest.mark.parametrize("master", BOTH)
def test_the_rest_of_a_damaged_file_is_left_out_and_named(tmp_path: Path, logs: Path, master: str) -> None:
    code = f"""
        lines = sc.textFile({str(logs)!r}).collect()
        print(len([one for one in lines if one.startswith("a")]) >= 1000, lines[-1])
        cut = lines[1000:-1]
        print(cut == ["%032x" % (n * 2654435761 % 2**32) for n in range(len(cut))], 0 < len(cut) < 20_000)
        texts = dict(sc.wholeTextFiles({str(logs)!r}).collect())
        print(sorted(path.rpartition("/")[2] for path in texts))
        """
    printed, told = run(tmp_path, code, spark__master=master, spark__files__ignoreCorruptFiles="true")
    assert printed.splitlines() == ["True d", "True True", "['a.gz', 'd.txt']"]
    named = re.findall(r"^weft: the rest of \S+/(\S+) is left out: ", told, re.MULTILINE)
    assert sorted(named) == ["b.gz", "c.gz"]
    assert "2 damaged files left out" in told


@pytest.mark.parametrize("master", BOTH)
def test_a_damaged_file_fails_the_job_unless_the_program_says_otherwise(
    tmp_path: Path, logs: Path, master: str
) -> None:
    code = f"""
        try:
            sc.textFile({str(logs)!r}).count()
        except Exception as error:
            print(error.code)
        """
    assert run(tmp_path, code, spark__master=master)[0] == "E21\n"


@pytest.mark.local
@pytest.mark.cluster
def test_the_rest_of_a_damaged_sequence_file_is_left_out(tmp_path: Path) -> None:
    code = """
        import os
        sc.parallelize([(n, "x" * 100) for n in range(20_000)], 2).saveAsSequenceFile("pairs")
        os.truncate("pairs/part-00001", os.path.getsize("pairs/part-00001") // 2)
        os.unlink("pairs/.part-00001.crc") if os.path.exists("pairs/.part-00001.crc") else None
        found = sc.sequenceFile("pairs").keys().collect()
        print(found == list(range(len(found))), 10_000 < len(found) < 20_000)
        """
    settings = {"spark__master": "local-cluster[2,1,512]", "spark__files__ignoreCorruptFiles": "true"}
    printed, told = run(tmp_path, code, **settings)
    assert printed == "True True\n"
    assert "part-00001 is left out" in told and "1 damaged file left out" in told


@pytest.mark.parametrize("master", BOTH)
def test_files_go_among_those_that_are_there_when_outputs_are_not_validated(tmp_path: Path, master: str) -> None:
    code = """
        import os
        sc.parallelize(["old"] * 3, 3).saveAsTextFile("out")
        sc.parallelize(["new"] * 2, 2).saveAsTextFile("out")
        print(sorted(os.listdir("out")), [open(f"out/part-0000{n}").read() for n in range(3)])
        print(sorted(name for name in os.listdir(".") if "weft" in name))
        """
    printed, _ = run(tmp_path, code, spark__master=master, spark__hadoop__validateOutputSpecs="false")
    assert printed.splitlines() == [
        "['_SUCCESS', 'part-00000', 'part-00001', 'part-00002'] ['new\\n', 'new\\n', 'old\\n']",
        "[]",
    ]


@pytest.mark.local
@pytest.mark.cluster
def test_pairs_go_among_those_that_are_there_as_well(tmp_path: Path) -> None:
    code = """
        sc.parallelize([(1, "old")] * 3, 3).saveAsSequenceFile("pairs")
        sc.parallelize([(2, "new")] * 2, 2).saveAsSequenceFile("pairs")
        print(sorted(sc.sequenceFile("pairs").collect()))
        """
    settings = {"spark__master": "local-cluster[2,1,512]", "spark__hadoop__validateOutputSpecs": "false"}
    assert run(tmp_path, code, **settings)[0] == "[(1, 'old'), (2, 'new'), (2, 'new')]\n"


@pytest.mark.local
@pytest.mark.cluster
@pytest.mark.parametrize(
    ("master", "reuse", "processes"),
    [("local-cluster[1,1,512]", "False", 6), ("local[1]", "false", 6), ("local-cluster[1,1,512]", "true", 1)],
)
def test_each_task_has_a_process_of_its_own_unless_workers_are_reused(
    tmp_path: Path, master: str, reuse: str, processes: int
) -> None:
    code = """
        import os
        print(len(set(sc.range(6, numSlices=6).map(lambda _: os.getpid()).collect())))
        """
    printed, _ = run(tmp_path, code, spark__master=master, spark__python__worker__reuse=reuse)
    assert printed == f"{processes}\n"


@pytest.mark.local
@pytest.mark.cluster
def test_changes_of_hadoops_configuration_reach_later_jobs_in_containers_that_run(tmp_path: Path) -> None:
    (tmp_path / "text").write_text("one|two\nthree|")
    code = """
        import glob
        text, long = "org.apache.hadoop.io.Text", "org.apache.hadoop.io.LongWritable"
        conf, key = sc._jsc.hadoopConfiguration(), "textinputformat.record.delimiter"
        separator = "mapreduce.output.textoutputformat.separator"

        def records():
            one = sc.newAPIHadoopFile("text", "org.apache.hadoop.mapreduce.lib.input.TextInputFormat", long, text)
            return one.values().collect(), sc.textFile("text").collect()

        def saved(name):
            output = "org.apache.hadoop.mapreduce.lib.output.TextOutputFormat"
            sc.parallelize([("a", "b")], 1).saveAsNewAPIHadoopFile(name, output, text, text)
            return open(glob.glob(f"{name}/part-*")[0]).read()

        print(records(), saved("plain"))
        conf.set(key, "|")
        conf.set(separator, "=")
        print(records(), saved("changed"))
        before = sc.textFile("text")
        conf.unset(key)
        print(records(), before.collect(), saved("still"))
        conf.set("mapreduce.input.fileinputformat.split.minsize", "1000000")
        print(sc.textFile("text", 8).getNumPartitions())
        conf.unset("mapreduce.input.fileinputformat.split.minsize")
        print(sc.textFile("text", 7).getNumPartitions())
        """
    lines = run(tmp_path, code, spark__master="local-cluster[2,1,512]")[0].splitlines()
    plain, split = ["one|two", "three|"], ["one", "two\nthree"]
    assert lines == [
        f"({plain}, {plain}) a\tb",
        "",
        f"({split}, {split}) a=b",
        "",
        f"({plain}, {plain}) {split} a=b",
        "",
        "1",
        "7",
    ]


@pytest.mark.local
@pytest.mark.cluster
def test_a_job_keeps_the_configuration_that_it_began_with(tmp_path: Path) -> None:
    (tmp_path / "text").write_text("a|b\nc\n" * 3)
    code = """
        import os, threading, time
        text, long = "org.apache.hadoop.io.Text", "org.apache.hadoop.io.LongWritable"
        conf, key = sc._jsc.hadoopConfiguration(), "textinputformat.record.delimiter"
        conf.set(key, "|")
        folder = os.getcwd()

        def wait(part):
            open(f"{folder}/began-{part}", "w").close()
            while not os.path.exists(f"{folder}/go"):
                time.sleep(0.02)
            return []

        def slow():
            first = sc.parallelize(range(1), 1).mapPartitionsWithIndex(lambda part, _: wait(part))
            source = sc.newAPIHadoopFile("text", "org.apache.hadoop.mapreduce.lib.input.TextInputFormat", long, text)
            found.append(first.union(source.values()).collect())

        found = []
        thread = threading.Thread(target=slow)
        thread.start()
        while not os.path.exists("began-0"):
            time.sleep(0.02)
        conf.set(key, "c")
        open("go", "w").close()
        thread.join()
        print(found)
        """
    printed, _ = run(tmp_path, code, spark__master="local-cluster[1,1,512]")
    assert printed == "[['a', 'b\\nc\\na', 'b\\nc\\na', 'b\\nc\\n']]\n"


@pytest.mark.local
@pytest.mark.cluster
def test_hadoops_settings_of_the_program_reach_containers(tmp_path: Path) -> None:
    code = """
        import glob
        text, output = "org.apache.hadoop.io.Text", "org.apache.hadoop.mapreduce.lib.output.TextOutputFormat"
        sc.parallelize([("a", "b")], 1).saveAsNewAPIHadoopFile("out", output, text, text)
        print(open(glob.glob("out/part-*")[0]).read(), end="")
        """
    key = "spark__hadoop__mapreduce__output__textoutputformat__separator"
    assert run(tmp_path, code, **{"spark__master": "local-cluster[1,1,512]", key: "="})[0] == "a=b\n"


_ELASTIC = {
    "spark__master": "local-cluster[3,1,512]",
    "spark__dynamicAllocation__enabled": "true",
    "spark__dynamicAllocation__minExecutors": 1,
    "spark__dynamicAllocation__schedulerBacklogTimeout": "100ms",
    "spark__dynamicAllocation__executorIdleTimeout": "1",
}

_COUNT = """
        import os, time

        def runners():
            return len(sc.statusTracker().getExecutorInfos())

        def until(count, seconds=60):
            end = time.monotonic() + seconds
            while runners() != count and time.monotonic() < end:
                time.sleep(0.05)
            return runners()

        def together(n):
            # as many tasks as runners, each of which waits for the others
            folder = os.path.abspath(f"together-{time.time_ns()}")
            os.mkdir(folder)

            def wait(part, _):
                open(os.path.join(folder, str(part)), "w").close()
                end = time.monotonic() + 60
                while len(os.listdir(folder)) < n and time.monotonic() < end:
                    time.sleep(0.02)
                return [len(os.listdir(folder))]

            return sc.range(n, numSlices=n).mapPartitionsWithIndex(wait).collect()
        """


@pytest.mark.local
@pytest.mark.cluster
def test_containers_come_while_tasks_wait_and_go_when_they_are_idle(tmp_path: Path) -> None:
    code = (
        _COUNT
        + """
        print(until(1), together(3), runners())
        print(until(1), together(3))
        """
    )
    assert run(tmp_path, code, **_ELASTIC)[0].splitlines() == ["1 [3, 3, 3] 3", "1 [3, 3, 3]"]


@pytest.mark.local
@pytest.mark.cluster
def test_a_container_stays_while_it_keeps_partitions_or_outputs_that_are_needed(tmp_path: Path) -> None:
    code = (
        _COUNT
        + """
        import gc
        counted = sc.accumulator(0)

        def count(x):
            counted.add(1)
            return (x % 2, x)

        print(together(3))
        reduced = sc.range(12, numSlices=3).map(count).reduceByKey(lambda a, b: a + b, 2)
        print(sorted(reduced.collect()), counted.value, until(1, 3) > 1)
        print(sorted(reduced.collect()), counted.value)
        del reduced
        gc.collect()
        sc.range(1).count()
        print(until(1))
        print(together(3))
        kept = sc.range(12, numSlices=3).map(count).cache()
        print(kept.count(), counted.value, until(1, 3) > 1, kept.count(), counted.value)
        kept.unpersist()
        print(until(1))
        """
    )
    lines = run(tmp_path, code, **_ELASTIC)[0].splitlines()
    assert lines == [
        "[3, 3, 3]",
        "[(0, 30), (1, 36)] 12 True",
        "[(0, 30), (1, 36)] 12",
        "1",
        "[3, 3, 3]",
        "12 24 True 12 24",
        "1",
    ]


_LOOK = """
        import os, operator

        FOLDER = os.path.abspath("disk")
        MARK = b"in the clear"

        def files_with_the_mark():
            found = 0
            for folder, _, names in os.walk(FOLDER):
                for name in names:
                    with open(os.path.join(folder, name), "rb") as file:
                        found += MARK in file.read()
            return found

        def of_open_files():
            found = 0
            for descriptor in os.listdir("/proc/self/fd"):
                path = f"/proc/self/fd/{descriptor}"
                if os.path.realpath(path).startswith(FOLDER):
                    with open(path, "rb") as file:
                        found += MARK in file.read()
            return found

        texts = sc.range(40_000, numSlices=4).map(lambda n: (n % 4000, "%s %d" % (MARK.decode(), n)))
        kept = texts.cache()
        kept.count()
        grouped = kept.groupByKey(3)

        def look(groups):
            rows = sum(len(list(values)) for _, values in groups)
            yield rows, files_with_the_mark() + of_open_files() > 0

        seen = grouped.mapPartitions(look).collect()
        print(sum(rows for rows, _ in seen), any(marked for _, marked in seen))
        ordered = texts.map(lambda pair: (-pair[0], pair[1])).sortByKey().collect()
        print(len(ordered), ordered[0][0], ordered == sorted(ordered, key=operator.itemgetter(0)))
        print(sorted(texts.mapValues(len).reduceByKey(max).values().distinct().collect()))
        big = sc.parallelize([(1, "x" * (40 << 20)), (2, "y")], 2).partitionBy(2).values().map(len)
        print(sorted(big.collect()))
        """


def on_disk(folder: Path, code: str, **settings: object) -> str:
    """What a program prints that looks at its files, which lie in the folder `disk`."""
    pytest.importorskip("cryptography")
    (folder / "disk").mkdir()
    return run(folder, code, spark__local__dir=str(folder / "disk"), **settings)[0]


@pytest.mark.parametrize("master", [pytest.param("local[2]", marks=pytest.mark.local), CLUSTER])
@pytest.mark.parametrize("encrypted", [True, False])
def test_what_workers_write_to_local_disks_is_encrypted(tmp_path: Path, master: str, encrypted: bool) -> None:
    settings = {"spark__io__encryption__enabled": encrypted, "weft__python__worker__memory": "2m"}
    lines = on_disk(tmp_path, _LOOK, spark__master=master, **settings).splitlines()
    assert lines == [f"40000 {not encrypted}", "40000 -3999 True", "[18]", f"[1, {40 << 20}]"]


def test_encryption_without_its_library_says_what_to_install(tmp_path: Path) -> None:
    (tmp_path / "cryptography.py").write_text("raise ModuleNotFoundError('none', name='cryptography')")
    code = """
        import weft
        weft.activate()
        from pyspark import SparkConf, SparkContext
        try:
            SparkContext("inline", conf=SparkConf().set("spark.io.encryption.enabled", True))
        except Exception as error:
            print(error.code, str(error).split(". ")[1])
        """
    printed = scripts.run(tmp_path, code)
    assert printed.startswith("E06 Install it (pip install 'weft[encryption]')")

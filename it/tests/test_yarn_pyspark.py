"""PySpark programs on real YARN: unedited, with Spark's settings as spark-submit takes them."""

from __future__ import annotations

import textwrap
from pathlib import Path

import pytest

from tests.conform.record_programs import PROGRAMS, printed
from yarnjobs import Jobs

pytestmark = pytest.mark.yarn

# the program reads what it wrote with open(); all nodes are on this machine
ON_LOCAL_FILES = ("--conf", "spark.hadoop.fs.defaultFS=file:///")


@pytest.mark.parametrize(
    ("name", "options"),
    [("page_rank", ()), ("sessions", ()), ("delete_output", ()), ("by_session", ON_LOCAL_FILES)],
)
def test_a_program_prints_what_it_prints_with_pyspark(jobs: Jobs, name: str, options: tuple[str, ...]) -> None:
    ended = jobs.run("--pyspark", *options, str(PROGRAMS / f"{name}.py"))
    assert ended.code == 0, ended.errors
    assert printed(name)[1] in jobs.output(ended.application)


def test_sparks_settings_do_what_they_do_in_spark_submit(jobs: Jobs, tmp_path: Path) -> None:
    program = tmp_path / "settings.py"
    program.write_text(
        textwrap.dedent(
            """
            import os
            from pyspark import SparkContext

            def look(_):
                from pyspark import TaskContext
                return os.environ["OF_TASKS"], os.environ.get("OF_DRIVER"), TaskContext.get().cpus()

            sc = SparkContext()
            print("driver", os.environ["OF_DRIVER"])
            print("tasks", sorted(set(sc.range(4, numSlices=4).map(look).collect())))
            print("conf", sc.getConf().get("spark.executor.cores"), sc.getConf().get("my.own"), sc.defaultParallelism)
            print("name", sc.appName)
            """
        )
    )
    settings = {
        "spark.executor.instances": "1",
        "spark.executor.cores": "3",
        "spark.executor.memory": "900m",
        "spark.task.cpus": "2",
        "spark.app.name": "by settings",
        "spark.executorEnv.OF_TASKS": "t",
        "spark.yarn.appMasterEnv.OF_DRIVER": "d",
        "my.own": "kept",
    }
    options = [part for key, value in settings.items() for part in ("--conf", f"{key}={value}")]
    ended = jobs.run("--pyspark", *options, str(program))
    assert ended.code == 0, ended.errors
    printed = jobs.output(ended.application)
    assert "driver d\n" in printed
    assert "tasks [('t', None, 2)]\n" in printed
    assert "conf 3 kept 3\n" in printed
    assert "name by settings\n" in printed
    assert "without effect" not in jobs.output(ended.application, "stderr")
    assert "by settings" in jobs.cluster.must("yarn", "application", "-status", ended.application)


def test_a_slow_task_runs_again_on_another_node_and_counts_once(jobs: Jobs, tmp_path: Path) -> None:
    program = tmp_path / "slow.py"
    program.write_text(
        textwrap.dedent(
            """
            import time
            from pyspark import SparkContext, TaskContext

            sc = SparkContext()
            seen = sc.accumulator(0)

            def hang_at_first(index, numbers):
                context = TaskContext.get()
                if index == 5 and context.attemptNumber() == 0:
                    time.sleep(600)
                for number in numbers:
                    seen.add(1)
                    yield number % 3, 1

            pairs = sc.range(60, numSlices=6).mapPartitionsWithIndex(hang_at_first)
            print("sums", sorted(pairs.reduceByKey(lambda a, b: a + b).collect()), "seen", seen.value)
            """
        )
    )
    options = ["--num-executors", "3", "--conf", "spark.speculation=true", "--conf", "spark.speculation.quantile=0.5"]
    ended = jobs.run("--pyspark", *options, str(program))
    assert ended.code == 0, ended.errors
    assert "sums [(0, 20), (1, 20), (2, 20)] seen 60\n" in jobs.output(ended.application)


def test_settings_of_the_program_itself_count_as_they_do_in_cluster_mode(jobs: Jobs, tmp_path: Path) -> None:
    program = tmp_path / "own.py"
    program.write_text(
        textwrap.dedent(
            """
            import os

            import weft

            weft.activate()
            from pyspark import SparkConf, SparkContext, TaskContext

            conf = SparkConf().setAll([
                ("spark.default.parallelism", 5), ("spark.task.maxFailures", 7), ("spark.local.dir", "/nowhere"),
                ("spark.hadoop.textinputformat.record.delimiter", "|"), ("spark.executorEnv.OF_TASKS", "1"),
            ])
            sc = SparkContext(conf=conf)

            def fails_often(part, records):
                if TaskContext.get().attemptNumber() < 6:
                    raise ValueError("again")
                return records

            def look(_):
                from pyspark import TaskContext
                return os.environ["OF_TASKS"], TaskContext.get() is not None

            print("parallelism", sc.parallelize(range(10)).getNumPartitions())
            print("tasks", sorted(set(sc.range(4, numSlices=4).map(look).collect())))
            print("attempts", sc.parallelize([1], 1).mapPartitionsWithIndex(fails_often).collect())
            """
        )
    )
    ended = jobs.run(str(program))
    assert ended.code == 0, ended.errors
    printed = jobs.output(ended.application)
    assert "parallelism 5\n" in printed and "attempts [1]\n" in printed
    assert "tasks [('1', True)]\n" in printed
    assert "without effect, as containers have started: weft.local.dir." in jobs.output(ended.application, "stderr")


def test_changes_of_hadoops_configuration_reach_containers_that_run(jobs: Jobs, tmp_path: Path) -> None:
    program = tmp_path / "changes.py"
    program.write_text(
        textwrap.dedent(
            """
            from pyspark import SparkContext

            sc = SparkContext()
            conf = sc._jsc.hadoopConfiguration()
            fs = sc._jvm.org.apache.hadoop.fs.FileSystem.get(conf)
            folder = sc._jvm.org.apache.hadoop.fs.Path("changes-in")
            fs.delete(folder, True)
            sc.parallelize(["one|two", "three"], 1).saveAsTextFile("changes-in")
            text, long = "org.apache.hadoop.io.Text", "org.apache.hadoop.io.LongWritable"

            def records():
                name = "org.apache.hadoop.mapreduce.lib.input.TextInputFormat"
                return sc.newAPIHadoopFile("changes-in", name, long, text).values().collect()

            print("before", records(), sc.textFile("changes-in", 4).getNumPartitions())
            conf.set("textinputformat.record.delimiter", "|")
            conf.set("mapreduce.input.fileinputformat.split.minsize", "1000")
            lines = sc.textFile("changes-in").collect()
            print("after", records(), lines, sc.textFile("changes-in", 4).getNumPartitions())
            conf.unset("textinputformat.record.delimiter")
            print("again", records())
            fs.delete(folder, True)
            """
        )
    )
    ended = jobs.run("--pyspark", str(program))
    assert ended.code == 0, ended.errors
    printed = jobs.output(ended.application)
    assert "before ['one|two', 'three'] 5\n" in printed
    assert "after ['one', 'two\\nthree\\n'] ['one', 'two\\nthree\\n'] 1\n" in printed
    assert "again ['one|two', 'three']\n" in printed


def test_containers_come_and_go_with_the_work_and_their_outputs_stay(jobs: Jobs, tmp_path: Path) -> None:
    program = tmp_path / "elastic.py"
    program.write_text(
        textwrap.dedent(
            """
            import os, sys, threading, time
            from pyspark import SparkContext

            several = sys.argv[1]
            sc = SparkContext()
            made = sc.accumulator(0)

            def runners():
                return len(sc.statusTracker().getExecutorInfos())

            def until(condition):
                end = time.monotonic() + 90
                while not condition(runners()) and time.monotonic() < end:
                    time.sleep(0.1)
                return condition(runners())

            def slow(x):  # the nodes are this machine, and until there are several containers no task ends
                while not os.path.exists(several):
                    time.sleep(0.1)
                made.add(1)
                return (x % 2, x)

            def look():
                print("many", until(lambda n: n > 1), flush=True)
                open(several, "w").close()

            print("few", until(lambda n: n <= 1))
            threading.Thread(target=look).start()
            sums = sc.parallelize(range(12), 12).map(slow).reduceByKey(lambda a, b: a + b, 2)
            print("sums", sorted(sums.collect()), made.value)
            print("fewer", until(lambda n: n == 0))
            print("again", sorted(sums.collect()), made.value)
            """
        )
    )
    settings = {
        "spark.dynamicAllocation.enabled": "true",
        "spark.dynamicAllocation.maxExecutors": "3",
        "spark.dynamicAllocation.executorIdleTimeout": "4s",
        "spark.dynamicAllocation.schedulerBacklogTimeout": "1",
        "spark.executor.memory": "512m",
    }
    options = [part for key, value in settings.items() for part in ("--conf", f"{key}={value}")]
    ended = jobs.run("--pyspark", *options, str(program), str(tmp_path / "several"))
    assert ended.code == 0, ended.errors
    printed = jobs.output(ended.application)
    assert "few True\n" in printed and "many True\n" in printed and "fewer True\n" in printed
    assert "sums [(0, 30), (1, 36)] 12\n" in printed
    assert "again [(0, 30), (1, 36)] 12\n" in printed

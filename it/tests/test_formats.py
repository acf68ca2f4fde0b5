"""Hadoop's formats on HDFS and YARN: sequence files, whole files, and a program's own classes from a jar."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from test_yarn import assert_nothing_left, script

from realcluster import ROOT
from yarnjobs import Jobs

pytestmark = [pytest.mark.yarn, pytest.mark.skipif(shutil.which("javac") is None, reason="no javac")]


def test_formats_and_classes_of_a_jar_work_in_containers_and_hadoop_reads_what_they_write(
    jobs: Jobs, tmp_path: Path
) -> None:
    sys.path.insert(0, str(ROOT / "python"))
    from tests.conform.test_jars import build_jar

    text = """
        from array import array
        from weft import WeftContext

        with WeftContext() as sc:
            pairs = [(f"key {i:03}", i) for i in range(200)]
            sc.parallelize(pairs, 4).saveAsSequenceFile("formats/pairs", "org.apache.hadoop.io.compress.GzipCodec")
            assert sorted(sc.sequenceFile("formats/pairs", keyConverter="example.Upper").collect()) == [
                (key.upper(), value) for key, value in pairs
            ]
            sc.parallelize(range(500), 4).saveAsPickleFile("formats/pickles")
            assert sorted(sc.pickleFile("formats/pickles").collect()) == list(range(500))
            name = "org.apache.hadoop.mapred.SequenceFileOutputFormat"
            doubles = sc.parallelize([("a", array("d", [1.5, 2.5]))], 2)
            doubles.saveAsHadoopFile("formats/doubles", name, valueConverter="example.ToDoubles")
            assert sc.sequenceFile("formats/doubles").collect() == [("a", (1.5, 2.5))]
            sc.parallelize(["one", "two"], 2).saveAsTextFile("formats/lines")
            found = dict(sc.wholeTextFiles("formats/lines").collect())
            assert sorted(found.values()) == ["one\\n", "two\\n"], found
            assert all(path.startswith("hdfs://") for path in found), found
            io = "org.apache.hadoop.io."
            squares = sc.newAPIHadoopRDD("example.Squares", io + "IntWritable", io + "LongWritable")
            assert squares.collect() == [(0, 0), (1, 1)]
            print("formats are well", flush=True)
    """
    ended = jobs.run("--jars", build_jar(tmp_path / "jar"), script(tmp_path, "formats.py", text))
    assert ended.code == 0, ended.errors
    assert "formats are well" in jobs.output(ended.application)
    environment = jobs.cluster.environment()
    shown = subprocess.run(
        ["hadoop", "fs", "-text", "formats/pairs/part-*"], env=environment, capture_output=True, text=True, timeout=180
    )
    assert sorted(shown.stdout.splitlines()) == [f"key {i:03}\t{i}" for i in range(200)], shown.stderr
    assert jobs.cluster.hdfs.remove("formats")
    assert_nothing_left(jobs, ended.application)

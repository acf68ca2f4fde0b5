"""Sequence files that Hadoop's own writer wrote, and Hadoop's own reader over ours."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from weft import WeftContext
from weft._ops.marshalled import dump_pairs
from weft._ops.objectfile import ObjectFileError, load_pickles, pickles_in_tens

IO = "org.apache.hadoop.io."


@pytest.fixture(scope="module")
def sc() -> Iterator[WeftContext]:
    with WeftContext("local[2]") as made:
        yield made


def _class(sc: WeftContext, name: str) -> Any:
    return sc._jvm.java.lang.Class.forName(IO + name)


def _write(sc: WeftContext, path: Path, packing: str, pairs: list[tuple[Any, Any]]) -> str:
    io, conf = sc._jvm.org.apache.hadoop.io, sc._jsc.hadoopConfiguration()
    target = sc._jvm.org.apache.hadoop.fs.Path(f"file:{path}")
    key, value = (sc._jvm.java.lang.Class.forName(one.getClass().getName()) for one in pairs[0])
    kind = getattr(io.SequenceFile.CompressionType, packing)
    writer = io.SequenceFile.createWriter(target.getFileSystem(conf), conf, target, key, value, kind)
    for one, other in pairs:
        writer.append(one, other)
    writer.close()
    return str(path)


@pytest.mark.local
@pytest.mark.parametrize("packing", ["NONE", "RECORD", "BLOCK"])
def test_what_hadoops_writer_wrote_is_read(sc: WeftContext, tmp_path: Path, packing: str) -> None:
    io = sc._jvm.org.apache.hadoop.io
    inner, outer = io.MapWritable(), io.MapWritable()
    inner.put(io.Text("é"), io.BytesWritable(b"\x00\xff"))
    outer.put(io.IntWritable(1), inner)
    outer.put(io.Text("none"), io.NullWritable.get())
    cases: dict[str, tuple[list[tuple[Any, Any]], list[tuple[Any, Any]]]] = {
        "float": ([(io.FloatWritable(1.5), io.BooleanWritable(True))], [(1.5, True)]),
        "map": ([(io.LongWritable(2**40), outer)], [(2**40, {1: {"é": bytearray(b"\x00\xff")}, "none": None})]),
        "text": (
            [(io.Text("x" * n), io.IntWritable(n)) for n in (0, 255, 256, 70000)],
            [("x" * n, n) for n in (0, 255, 256, 70000)],
        ),
        "other": ([(io.IntWritable(1), io.VIntWritable(5))], [(1, "5")]),
    }
    for name, (pairs, expected) in cases.items():
        assert sc.sequenceFile(_write(sc, tmp_path / name, packing, pairs), minSplits=1).collect() == expected


@pytest.mark.local
def test_hadoops_reader_reads_what_is_written_also_from_the_middle(sc: WeftContext, tmp_path: Path) -> None:
    folder = tmp_path / "out"
    sc.parallelize([(i, f"value {i}") for i in range(5000)], 1).saveAsSequenceFile(str(folder))
    io, conf = sc._jvm.org.apache.hadoop.io, sc._jsc.hadoopConfiguration()
    path = sc._jvm.org.apache.hadoop.fs.Path(f"file:{folder}/part-00000")
    reader = io.SequenceFile.Reader(path.getFileSystem(conf), path, conf)
    key, value = io.IntWritable(), io.Text()
    assert (reader.getKeyClassName(), reader.getValueClassName()) == (IO + "IntWritable", IO + "Text")
    assert reader.next(key, value)
    assert (key.get(), value.toString()) == (0, "value 0")
    reader.sync(60_000)
    assert reader.next(key, value)
    assert value.toString() == f"value {key.get()}"
    reader.close()


def test_a_pickle_file_whose_bytes_are_no_array_of_pickles_says_so() -> None:
    ((_, value),) = pickles_in_tens(2)(0, iter([1, 2, 3]))
    assert list(load_pickles(0, iter([value]))) == [1, 2, 3]
    for wrong, reason in [
        (b"text", "no serialized Java object"),
        (value[:-1], "ends within a pickle"),
        (value.replace(b"[[B", b"[[J"), r"is a Java \[\[J; saveAsPickleFile writes a \[\[B"),
    ]:
        with pytest.raises(ObjectFileError, match=reason):
            list(load_pickles(0, iter([wrong])))


def test_a_value_that_no_writable_is_made_of_is_named() -> None:
    for record, reason in [
        (("a", object()), "holds a object, which no Writable is made of"),
        (["a", 1], r"is a list and not a tuple of a key and a value: \['a', 1\]"),
        (("a", 1, 2), "is a tuple and not a tuple of a key and a value"),
    ]:
        with pytest.raises(TypeError, match=reason):
            list(dump_pairs(iter([record])))

"""Files of Hadoop's formats beside PySpark: the cases, and under PySpark their recorder.

usage: /path/to/pyspark/python tests/conform/formats.py [CASE ...]    from the folder python/; writes formats.json

Without cases all are recorded, and the files are written anew.
"""

from __future__ import annotations

import bz2
import gzip
import json
import os
import sys
import tempfile
from collections.abc import Callable
from typing import Any

__all__ = ["CASES", "FOLDER", "RECORD"]

Case = Callable[[Any], Any]
CASES: dict[str, Case] = {}
FOLDER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "formatfiles")
"""Files that PySpark wrote."""
RECORD = os.path.join(os.path.dirname(os.path.abspath(__file__)), "formats.json")

_GZIP = "org.apache.hadoop.io.compress.GzipCodec"

PAIRS: dict[str, list[tuple[Any, Any]]] = {
    "text and int": [("a", 1), ("b", -2), ("é日😀", 3), ("", 2**31 - 1)],
    "int and text": [(1, "a"), (-(2**31), "b")],
    "long and long": [(2**40, -(2**40)), (2**63 - 1, -(2**63))],
    "float and bool": [(1.5, True), (float("inf"), False)],
    "bytes and bytearray": [(b"k", bytearray(b"v")), (b"\xff" * 300, b"")],
    "none and text": [(None, "x" * 300), (None, "")],
    "dict": [("a", {"x": 1, "y": "z", "n": None}), ("b", {})],
    "nested dict": [("a", {"x": {"y": 1.5, "z": {"b": b"b"}}})],
}


def _folder() -> str:
    return os.path.join(tempfile.mkdtemp(prefix="conform-"), "out")


def _names(folder: str) -> list[str]:
    return sorted(name for name in os.listdir(folder) if not name.startswith("."))


def _round_trip(sc: Any, pairs: list[Any], codec: str | None = None) -> Any:
    folder = _folder()
    sc.parallelize(pairs, 2).saveAsSequenceFile(folder, codec)
    return [
        _names(folder),
        sc.sequenceFile(folder).getNumPartitions(),
        sorted(sc.sequenceFile(folder).collect(), key=repr),
    ]


def _pickled(sc: Any, records: list[Any], *batch_size: int) -> Any:
    folder = _folder()
    sc.parallelize(records, 3).saveAsPickleFile(folder, *batch_size)
    read = sc.pickleFile(folder, 3)
    return [_names(folder), read.getNumPartitions(), sorted(read.collect(), key=repr)]


def _in_parts(sc: Any) -> Any:
    folder = _folder()
    sc.parallelize([(i, "x" * 90) for i in range(400)], 1).saveAsSequenceFile(folder)
    return [sc.sequenceFile(folder, minSplits=n).glom().map(len).collect() for n in (1, 2, 5)]


def _saved(save: Callable[[Any, str], Any]) -> Any:
    def run(sc: Any) -> Any:
        return save(sc, _folder())

    return run


def _add(name: str, case: Case) -> None:
    CASES[name] = case


for _what, _pairs in PAIRS.items():
    _add(f"sequence file of {_what}", lambda sc, pairs=_pairs: _round_trip(sc, pairs))
_add("sequence file in gzip", lambda sc: _round_trip(sc, PAIRS["text and int"] * 50, _GZIP))
_add("sequence file in parts", _in_parts)
_add("sequence file of an empty partition", lambda sc: _round_trip(sc, [("a", 1)]))
for _what in [*PAIRS, "in gzip"]:
    _add(
        f"sequence file of {_what} that PySpark wrote",
        lambda sc, what=_what: sc.sequenceFile(os.path.join(FOLDER, what.replace(" ", "-"))),
    )
_add("pickle file", lambda sc: _pickled(sc, [1, "a", (2.0, None), {"k": [1]}, b"x"] * 7))
_add("pickle file in threes", lambda sc: _pickled(sc, list(range(100)), 3))
_add("pickle file in batches that suit", lambda sc: _pickled(sc, list(range(1000)), 0))
_add("pickle file of single records", lambda sc: _pickled(sc, list(range(25)), 1))
_add("pickle file of nothing", lambda sc: _pickled(sc, []))
_add("pickle file that PySpark wrote", lambda sc: sc.pickleFile(os.path.join(FOLDER, "pickles")))
_add("save an empty RDD", _saved(lambda sc, to: sc.parallelize([], 2).saveAsSequenceFile(to)))
_add("save lists", _saved(lambda sc, to: sc.parallelize([["a", 1]], 2).saveAsSequenceFile(to)))
_add("save no pairs", _saved(lambda sc, to: sc.parallelize([1, 2], 2).saveAsSequenceFile(to)))
_add("save a list as value", _saved(lambda sc, to: sc.parallelize([("a", [1])], 1).saveAsSequenceFile(to)))
_add("save an integer of 70 bits", _saved(lambda sc, to: sc.parallelize([("a", 2**70)], 1).saveAsSequenceFile(to)))
_add(
    "save integers of two sizes", _saved(lambda sc, to: sc.parallelize([(1, 1), (1, 2**40)], 1).saveAsSequenceFile(to))
)
_add("save with an unknown codec", _saved(lambda sc, to: sc.parallelize([(1, 1)], 1).saveAsSequenceFile(to, "no.Such")))
_add("save where something is", lambda sc: sc.parallelize([(1, 1)], 1).saveAsSequenceFile(tempfile.mkdtemp()))
_add("read an unknown class", lambda sc: sc.sequenceFile(os.path.join(FOLDER, "dict"), "no.Such").collect())
_add("read what is not there", lambda sc: sc.sequenceFile(os.path.join(FOLDER, "none-such")).collect())
_add("read a tuple", lambda sc: _round_trip(sc, [("a", (1, 2.5))]))


_MAPRED, _MAPREDUCE = "org.apache.hadoop.mapred.", "org.apache.hadoop.mapreduce.lib."
_IO = "org.apache.hadoop.io."
_INPUT, _OUTPUT = "mapreduce.input.fileinputformat.inputdir", "mapreduce.output.fileoutputformat.outputdir"


def _tree(files: dict[str, bytes]) -> str:
    folder = tempfile.mkdtemp(prefix="conform-")
    for name, content in files.items():
        os.makedirs(os.path.dirname(os.path.join(folder, name)), exist_ok=True)
        with open(os.path.join(folder, name), "wb") as file:
            file.write(content)
    return folder


SMALL = {f"f{i:02}": bytes([97 + i]) * 50 for i in range(12)}  # of one size: folders are listed in any order
LARGE = {f"f{i}": bytes([97 + i]) * 3000000 for i in range(9)}
ODD = {
    "bad": b"a\xff\xfeb\r\nc\n",
    "empty": b"",
    "packed.gz": gzip.compress("é\n".encode(), mtime=0),
    "packed.bz2": bz2.compress(b"two\n"),
    "_hidden": b"h",
    ".hidden": b"h",
}


def _named(pair: Any) -> Any:
    """The name without the folder, and long content as its length."""
    path, content = pair
    text = isinstance(path, str)
    assert path.startswith("file:/" if text else b"file:/")
    return path.rpartition("/" if text else b"/")[2], content if len(content) < 100 else len(content)


def _length(records: Any) -> Any:
    yield sum(1 for _ in records)


def _layouts(sc: Any, method: str, files: dict[str, bytes], *partitions: Any) -> Any:
    folder = _tree(files)
    layouts = [getattr(sc, method)(folder, count).map(_named).glom().collect() for count in partitions]
    return [(list(map(len, layout)), sorted(sum(layout, []))) for layout in layouts]


_add("whole text files", lambda sc: _layouts(sc, "wholeTextFiles", SMALL, None, 1, 2, 3, 5, 12, 100))
_add("whole odd text files", lambda sc: sorted(sc.wholeTextFiles(_tree(ODD), 1).map(_named).collect()))
_add(
    "whole text files as bytes",
    lambda sc: sorted(sc.wholeTextFiles(_tree(ODD), 1, use_unicode=False).map(_named).collect()),
)
_add(
    "whole text files of a pattern", lambda sc: sc.wholeTextFiles(_tree(SMALL) + "/f0[1-3]", 2).map(_named).sortByKey()
)
_add("whole text files of nothing", lambda sc: sc.wholeTextFiles(_tree({"_hidden": b""})).map(_named))
_add("whole text files that are missing", lambda sc: sc.wholeTextFiles("/nowhere/at/all").collect())
_add("binary files", lambda sc: _layouts(sc, "binaryFiles", SMALL, None, 1, 5, 20))
_add("large binary files", lambda sc: _layouts(sc, "binaryFiles", LARGE, None, 1, 7, 50))
_add(
    "odd binary files",
    lambda sc: sorted(sc.binaryFiles(_tree({k: v for k, v in ODD.items() if "." not in k})).map(_named).collect()),
)
_add("binary files that are missing", lambda sc: sc.binaryFiles("/nowhere/at/all").collect())
_add("binary records", lambda sc: sc.binaryRecords(_tree({"a": b"aabbcc"}), 2))
_add("binary records of types", lambda sc: sc.binaryRecords(_tree({"a": b"ab"}), 1).map(type).map(str))
_add("binary records with a rest", lambda sc: sc.binaryRecords(_tree({"a": b"aabbc"}), 2).collect())
_add("binary records in gzip", lambda sc: sc.binaryRecords(_tree({"a.gz": ODD["packed.gz"]}), 1).collect())
_add("binary records in parts", lambda sc: sc.binaryRecords(_tree({"a": b"abc" * 25000000}), 3).mapPartitions(_length))

LINES = {"a": "one\té\ntwo\t2\n".encode() * 20 + b"three\n"}  # one file: folders are listed in any order


def _old(sc: Any, name: str, key: str, value: str, **options: Any) -> Any:
    return sc.hadoopFile(_tree(LINES), _MAPRED + name, _IO + key, _IO + value, **options)


def _new(sc: Any, name: str, key: str, value: str, **options: Any) -> Any:
    return sc.newAPIHadoopFile(_tree(LINES), _MAPREDUCE + name, _IO + key, _IO + value, **options)


_SEPARATOR = {"mapreduce.input.keyvaluelinerecordreader.key.value.separator": "e"}
_add("hadoopFile of lines", lambda sc: _old(sc, "TextInputFormat", "LongWritable", "Text"))
_add("hadoopFile of pairs", lambda sc: _old(sc, "KeyValueTextInputFormat", "Text", "Text"))
_add("hadoopFile with settings", lambda sc: _old(sc, "KeyValueTextInputFormat", "Text", "Text", conf=_SEPARATOR))
_add("hadoopFile of no class", lambda sc: _old(sc, "NoSuchFormat", "Text", "Text").collect())
_add("newAPIHadoopFile of lines", lambda sc: _new(sc, "input.TextInputFormat", "LongWritable", "Text"))
_add("newAPIHadoopFile of pairs", lambda sc: _new(sc, "input.KeyValueTextInputFormat", "Text", "Text"))
_add(
    "newAPIHadoopFile in parts",
    lambda sc: _new(
        sc,
        "input.TextInputFormat",
        "LongWritable",
        "Text",
        conf={"mapreduce.input.fileinputformat.split.maxsize": "40"},
        batchSize=3,
    ),
)
_add(
    "hadoopRDD of lines",
    lambda sc: sc.hadoopRDD(
        _MAPRED + "TextInputFormat", _IO + "LongWritable", _IO + "Text", conf={_INPUT: _tree(LINES)}
    ),
)
_add(
    "newAPIHadoopRDD of lines",
    lambda sc: sc.newAPIHadoopRDD(
        _MAPREDUCE + "input.TextInputFormat", _IO + "LongWritable", _IO + "Text", conf={_INPUT: _tree(LINES)}
    ),
)


def _text_of(sc: Any, folder: str) -> Any:
    return [_names(folder), sorted(sc.textFile(folder).collect())]


def _save_old(sc: Any, name: str, *arguments: Any, **options: Any) -> Any:
    folder = _folder()
    sc.parallelize([("a", 1), ("b", 2), (None, 3)][:2], 2).saveAsHadoopFile(
        folder, _MAPRED + name, *arguments, **options
    )
    return folder


def _save_new(sc: Any, name: str, *arguments: Any, **options: Any) -> Any:
    folder = _folder()
    sc.parallelize([("a", 1), ("b", 2)], 2).saveAsNewAPIHadoopFile(folder, _MAPREDUCE + name, *arguments, **options)
    return folder


def _dataset(sc: Any, new: bool) -> Any:
    folder = _folder()
    format_name = "mapreduce.job.outputformat.class" if new else "mapred.output.format.class"
    conf = {
        format_name: (_MAPREDUCE + "output." if new else _MAPRED) + "SequenceFileOutputFormat",
        "mapreduce.job.output.key.class": _IO + "Text",
        "mapreduce.job.output.value.class": _IO + "IntWritable",
        _OUTPUT: folder,
    }
    pairs = sc.parallelize([("a", 1), ("b", 2)], 2)
    (pairs.saveAsNewAPIHadoopDataset if new else pairs.saveAsHadoopDataset)(conf)
    return [_names(folder), sorted(sc.sequenceFile(folder).collect())]


_add("saveAsHadoopFile as text", lambda sc: _text_of(sc, _save_old(sc, "TextOutputFormat")))
_add(
    "saveAsHadoopFile in gzip",
    lambda sc: _text_of(sc, _save_old(sc, "TextOutputFormat", compressionCodecClass=_GZIP)),
)
_add(
    "saveAsHadoopFile with settings",
    lambda sc: _text_of(
        sc, _save_old(sc, "TextOutputFormat", conf={"mapreduce.output.textoutputformat.separator": "="})
    ),
)
_add(
    "saveAsHadoopFile of given classes",
    lambda sc: sc.sequenceFile(_save_old(sc, "SequenceFileOutputFormat", _IO + "Text", _IO + "IntWritable")),
)
_add(
    "saveAsHadoopFile of wrong classes",
    lambda sc: sc.sequenceFile(_save_old(sc, "SequenceFileOutputFormat", _IO + "Text", _IO + "Text")),
)
_add("saveAsHadoopFile of no class", lambda sc: _save_old(sc, "NoSuchFormat"))
_add("saveAsNewAPIHadoopFile as text", lambda sc: _text_of(sc, _save_new(sc, "output.TextOutputFormat")))
_add(
    "saveAsNewAPIHadoopFile in gzip",
    lambda sc: _text_of(
        sc,
        _save_new(
            sc,
            "output.TextOutputFormat",
            conf={
                "mapreduce.output.fileoutputformat.compress": "true",
                "mapreduce.output.fileoutputformat.compress.codec": _GZIP,
            },
        ),
    ),
)
_add("saveAsHadoopDataset", lambda sc: _dataset(sc, False))
_add("saveAsNewAPIHadoopDataset", lambda sc: _dataset(sc, True))


def _write_files(sc: Any) -> None:
    import shutil

    shutil.rmtree(FOLDER, ignore_errors=True)
    for what, pairs in PAIRS.items():
        sc.parallelize(pairs, 1).saveAsSequenceFile(os.path.join(FOLDER, what.replace(" ", "-")))
    sc.parallelize(PAIRS["text and int"] * 50, 1).saveAsSequenceFile(os.path.join(FOLDER, "in-gzip"), _GZIP)
    sc.parallelize([1, "a", (2.0, None), {"k": [1]}] * 10, 1).saveAsPickleFile(os.path.join(FOLDER, "pickles"))
    for folder, _, names in os.walk(FOLDER):
        for name in names:
            if name.startswith(("_", ".")):
                os.unlink(os.path.join(folder, name))


def _record(chosen: list[str]) -> None:
    """Write the files, and what PySpark makes of each case."""
    import pyspark
    from pyspark import SparkConf, SparkContext
    from record import measure  # type: ignore[import-not-found, unused-ignore]

    conf = SparkConf().setMaster("local[4]").set("spark.ui.enabled", "false").set("spark.task.maxFailures", "1")
    sc = SparkContext(conf=conf.set("spark.ui.showConsoleProgress", "false"))
    sc.setLogLevel("OFF")
    if not chosen:
        _write_files(sc)
    measured = {name: measure(case, sc, lambda: 0) for name, case in CASES.items() if not chosen or name in chosen}
    sc.stop()
    if chosen:
        with open(RECORD, encoding="utf-8") as known:
            measured = {**json.load(known)["cases"], **measured}
    with open(RECORD, "w", encoding="utf-8") as out:
        recorded = {"pyspark": pyspark.__version__, "python": sys.version.partition(" ")[0], "cases": measured}
        json.dump(recorded, out, indent=1, ensure_ascii=False, sort_keys=True)
        out.write("\n")


if __name__ == "__main__":
    sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
    _record(sys.argv[1:])

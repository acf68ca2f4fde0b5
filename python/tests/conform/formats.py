"""Files of Hadoop's formats beside PySpark: the cases, and under PySpark their recorder.

usage: /path/to/pyspark/python tests/conform/formats.py      from the folder python/; writes formats.json
"""

from __future__ import annotations

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
    return [_names(folder), sc.sequenceFile(folder).getNumPartitions(), sorted(sc.sequenceFile(folder).collect(), key=repr)]


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
_add("save integers of two sizes", _saved(lambda sc, to: sc.parallelize([(1, 1), (1, 2**40)], 1).saveAsSequenceFile(to)))
_add("save with an unknown codec", _saved(lambda sc, to: sc.parallelize([(1, 1)], 1).saveAsSequenceFile(to, "no.Such")))
_add("save where something is", lambda sc: sc.parallelize([(1, 1)], 1).saveAsSequenceFile(tempfile.mkdtemp()))
_add("read an unknown class", lambda sc: sc.sequenceFile(os.path.join(FOLDER, "dict"), "no.Such").collect())
_add("read what is not there", lambda sc: sc.sequenceFile(os.path.join(FOLDER, "none-such")).collect())
_add("read a tuple", lambda sc: _round_trip(sc, [("a", (1, 2.5))]))


def _record() -> None:
    """Write the files, and what PySpark makes of each case."""
    import shutil

    from pyspark import SparkConf, SparkContext
    from record import canonical, measure  # type: ignore[import-not-found, unused-ignore]

    assert canonical
    conf = SparkConf().setMaster("local[4]").set("spark.ui.enabled", "false").set("spark.task.maxFailures", "1")
    sc = SparkContext(conf=conf.set("spark.ui.showConsoleProgress", "false"))
    sc.setLogLevel("OFF")
    shutil.rmtree(FOLDER, ignore_errors=True)
    for what, pairs in PAIRS.items():
        sc.parallelize(pairs, 1).saveAsSequenceFile(os.path.join(FOLDER, what.replace(" ", "-")))
    sc.parallelize(PAIRS["text and int"] * 50, 1).saveAsSequenceFile(os.path.join(FOLDER, "in-gzip"), _GZIP)
    sc.parallelize([1, "a", (2.0, None), {"k": [1]}] * 10, 1).saveAsPickleFile(os.path.join(FOLDER, "pickles"))
    for folder, _, names in os.walk(FOLDER):
        for name in names:
            if name.startswith(("_", ".")):
                os.unlink(os.path.join(folder, name))
    measured = {name: measure(case, sc, lambda: 0) for name, case in CASES.items()}
    sc.stop()
    with open(RECORD, "w", encoding="utf-8") as out:
        json.dump(measured, out, indent=1, ensure_ascii=False, sort_keys=True)
        out.write("\n")


if __name__ == "__main__":
    sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
    _record()

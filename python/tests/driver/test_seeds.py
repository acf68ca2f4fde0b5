"""Keys fall into the same partitions, in the same order, whatever seed the environment gives to Python's hashes."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.local

SCRIPT = """
import datetime, decimal, enum, fractions, sys, uuid
from collections import namedtuple
from dataclasses import dataclass
from weft import WeftContext

class Colour(enum.Enum):
    RED = 1
    BLUE = 2

@dataclass(frozen=True)
class Point:
    x: int
    y: object

Pair = namedtuple("Pair", "a b")
KEYS = [
    "a", "é", b"bytes", 1, 1.0, True, decimal.Decimal(1), fractions.Fraction(1), float("nan"), None, (None, "x", 2.5),
    datetime.date(2024, 5, 1), datetime.datetime(2024, 5, 1, 12), uuid.UUID(int=7), Colour.RED, Colour.BLUE,
    frozenset(["x", "y", "z"]), Pair("p", None), Point(1, None), Point(2, "z"), 2**70, -1, ("deep", ("er", ("est",))),
]
with WeftContext("local[2]") as sc:
    pairs = sc.parallelize([(key, number) for number, key in enumerate(KEYS * 3)], 5)
    groups = pairs.groupByKey(7).map(lambda group: (repr(group[0]), list(group[1])))
    groups.saveAsTextFile(sys.argv[1] + "/groups")
    words = sc.parallelize(["w%d" % (n * 7919 % 1000) for n in range(5000)], 4).map(lambda word: (word, 1))
    words.reduceByKey(lambda a, b: a + b, 5).saveAsTextFile(sys.argv[1] + "/words")
    words.keys().distinct(3).saveAsTextFile(sys.argv[1] + "/distinct")
    words.repartition(3).saveAsTextFile(sys.argv[1] + "/dealt")
    words.sortByKey(numPartitions=3).saveAsTextFile(sys.argv[1] + "/sorted")
    words.join(words.mapValues(str).filter(lambda pair: pair[0] < "w2"), 4).saveAsTextFile(sys.argv[1] + "/joined")
"""


def _parts(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("part-*"))}


def test_part_files_are_the_same_bytes_under_any_seed(tmp_path: Path) -> None:
    script = tmp_path / "keys.py"
    script.write_text(SCRIPT)
    found = []
    for seed in ("1", "2", "random"):
        out = tmp_path / seed
        environment = {**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": str(Path(__file__).resolve().parents[2])}
        subprocess.run([sys.executable, str(script), str(out)], env=environment, check=True, timeout=240)
        found.append(_parts(out))
    assert len(found[0]) == 7 + 5 + 3 + 3 + 3 + 4
    assert found[0] == found[1] == found[2]
    nans = [text for text in found[0].values() if b"('nan'" in text]
    assert len(nans) == 1
    assert [line for line in nans[0].splitlines() if line.startswith(b"('nan'")] == [b"('nan', [8, 31, 54])"]
    ones = [line for text in found[0].values() for line in text.splitlines() if line.startswith(b"('1'")]
    assert ones == [b"('1', [3, 4, 5, 6, 7, 26, 27, 28, 29, 30, 49, 50, 51, 52, 53])"]

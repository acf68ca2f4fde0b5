"""Submitted by test_yarn_cases.py: runs cases of the comparison with PySpark and prints what differs from the record.

The modules of python/tests/conform come with `--py-files`, the record and the list of differences with `--files`.
"""

from __future__ import annotations

import json
import os
import re
import sys
from collections import Counter
from typing import Any

import apicases  # type: ignore[import-not-found, unused-ignore]
import cachecases  # type: ignore[import-not-found, unused-ignore]
import cases  # type: ignore[import-not-found, unused-ignore]
import differ  # type: ignore[import-not-found, unused-ignore]
import morecases  # type: ignore[import-not-found, unused-ignore]
import record  # type: ignore[import-not-found, unused-ignore]
import sharedcases  # type: ignore[import-not-found, unused-ignore]

from weft import WeftContext, WeftFiles

ALL = {**cases.CASES, **morecases.MORE, **sharedcases.SHARED, **apicases.API, **cachecases.CACHED}
# each operation on one or two kinds of records, and what else runs tasks in containers
CHOSEN = re.compile(
    r"records: .* of (mixed|sparse)|records: sortBy itself of ints|numbers: .* of floats"
    r"|pairs: .* of (int keys|None values)|partitioner: after .*|context: an? (archive|named archive|folder)"
    r"|(union|sorting|accumulator|task|file|broadcast|approximate|status|tags|names|persist|localCheckpoint): .*"
    r"|failing: (map|filter|reduce|foreach).*"
    r"|more: (pipe|sample|cartesian|tree|toLocal|nan|two|word|zip|large|randomSplit|takeSample|groupWith|local prop).*"
)
# the containers' Python need not have numpy; PyPy pickles locks
LOCKS = "|of a lock" if sys.implementation.name == "pypy" else ""
ELSEWHERE = re.compile(rf"broadcast: (of numpy arrays|changed in a task{LOCKS})")


def compare(sc: WeftContext) -> dict[str, dict[str, str]]:
    """What differs, by case, but for the differences that are meant."""
    with open("recorded.json", encoding="utf-8") as file:
        record_of = json.load(file)
    recorded: dict[str, Any] = record_of["cases"]
    # text and bytes hash otherwise before CPython 3.11, so that they fall into other partitions than in the record
    hashed = sys.hash_info.algorithm != record_of["hash"][0] or sys.implementation.name != "cpython"
    differ.HERE = os.getcwd()
    meant = differ.read_meant()
    assert meant
    chosen = [name for name in ALL if CHOSEN.fullmatch(name) and not ELSEWHERE.fullmatch(name)]
    found = {}
    for name in chosen:
        different = differ.differences(recorded[name], record.measure(ALL[name], sc, lambda: sc._jobs.count))
        for aspect in list(different):
            free = aspect in ("layout", "order") and (hashed or recorded[name].get("unstable"))
            if free or any(row.covers(name, aspect) for row in meant):
                del different[aspect]
        if different:
            found[name] = different
    print("compared", len(chosen), flush=True)
    workers = sc.parallelize(range(4), 4).map(lambda _: (sys.implementation.name, sys.version_info[:2])).distinct()
    for kind, version in workers.collect():
        print("on", kind, ".".join(map(str, version)), flush=True)
    return found


def what_pyspark_has_not(sc: WeftContext) -> None:
    """Joins of skewed keys, maps that are shared, lines by key: against plain lists."""
    left = [("hot" if i % 3 else f"k{i % 7}", i) for i in range(600)]
    right = [("hot", "h"), *((f"k{i}", i) for i in range(5))]
    joined = Counter((key, (x, y)) for key, x in left for other, y in right if key == other)
    outer = joined + Counter((key, (x, None)) for key, x in left if key not in dict(right))
    a, b = sc.parallelize(left, 6), sc.parallelize(right, 2)
    assert Counter(a.skewJoin(b, 4).collect()) == joined
    assert Counter(a.skewLeftOuterJoin(b, 4, hot=["hot"], pieces=3).collect()) == outer
    assert Counter(a.broadcastJoin(b).collect()) == joined
    assert Counter(a.broadcastLeftOuterJoin(b, shared=True).collect()) == outer
    assert a.hotKeys(1)[0][:2] == ("hot", 400)
    table = sc.broadcastMap(dict(right))
    assert a.map(lambda pair: pair[0] in table.value).countByValue() == Counter(key in dict(right) for key, _ in left)
    folder = "cases-by-key"
    a.mapValues(str).saveAsTextFilesByKey(folder, mode="overwrite")
    assert sorted(map(int, sc.textFile(folder + "/k3").collect())) == [i for key, i in left if key == "k3"]
    sc.parallelize(["sent"], 1).saveAsTextFile(folder, mode="overwrite")
    with open("sent.txt", "w") as file:
        file.write("a file")
    sc.addFile("sent.txt")
    assert sc.range(4, numSlices=4).map(lambda _: open(WeftFiles.get("sent.txt")).read()).collect() == ["a file"] * 4
    print("own ones are right", flush=True)


if __name__ == "__main__":
    with WeftContext() as sc:
        differences = compare(sc)
        for name, aspects in differences.items():
            print("differs", name, aspects, flush=True)
        what_pyspark_has_not(sc)
    sys.exit(1 if differences else 0)

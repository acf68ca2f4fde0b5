"""Counts words; the comments are the types that mypy shall reveal."""

from __future__ import annotations

import sys
from operator import add

from weft import WeftConf, WeftContext


def main(path: str) -> None:
    conf = WeftConf().setAppName("count").setExecutorEnv("LANG", "C.UTF-8")
    reveal_type(conf.get("weft.app.name"))  # Union[str, None]
    reveal_type(conf.get("weft.app.name", "none"))  # str
    with WeftContext(conf=conf) as sc:
        lines = sc.textFile(path)
        seen = sc.accumulator(0)

        def words(line: str) -> list[str]:
            seen.add(1)
            return line.split()

        counts = lines.flatMap(words).map(lambda word: (word, 1)).reduceByKey(add)
        reveal_type(counts)  # weft.rdd.RDD[tuple[str, int]]
        reveal_type(counts.collectAsMap())  # dict[str, int]
        reveal_type(counts.takeOrdered(3, key=lambda pair: -pair[1]))  # list[tuple[str, int]]
        reveal_type(counts.values().sum())  # int
        reveal_type(counts.values().max())  # int
        reveal_type(counts.sortByKey().first())  # tuple[str, int]
        reveal_type(seen.value)  # int
        counts.saveAsTextFile(path + ".counts")


if __name__ == "__main__":
    main(sys.argv[1])

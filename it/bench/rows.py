"""The rows of the benchmark, on either engine; each runs in a process of its own.

usage: rows.py weft|pyspark PATH REPEATS ROW[,ROW…]     prints a JSON object a line: row, seconds, result, border
"""

from __future__ import annotations

import json
import re
import sys
import time

started = time.time()

import random  # noqa: E402 - the clock starts first
from collections.abc import Callable  # noqa: E402
from operator import add  # noqa: E402
from typing import Any  # noqa: E402

import api_rows  # noqa: E402


def find_words(line: str) -> list[str]:
    """The words of a line, by a regular expression."""
    return re.findall(r"\w+", line)


def third_field(line: str) -> str:
    """The sort key of the honesty row."""
    fields = line.split(" ", 3)
    return fields[2] if len(fields) > 2 else ""


def context(engine: str) -> Any:
    """A context on two local cores."""
    if engine == "weft":
        from weft import WeftContext

        return WeftContext("local[2]", "bench")
    from pyspark import SparkConf, SparkContext

    conf = SparkConf().setMaster("local[2]").setAppName("bench")
    conf.set("spark.ui.enabled", "false").set("spark.ui.showConsoleProgress", "false")
    sc = SparkContext(conf=conf)
    sc.setLogLevel("ERROR")
    return sc


def rows(sc: Any, path: str) -> dict[str, Callable[[], Any]]:
    """Every row's job; what it returns is compared between the engines."""
    return {
        "empty": lambda: sc.parallelize(range(2), 2).count(),
        "wordcount": lambda: len(
            sc.textFile(path)
            .flatMap(lambda line: line.split(" "))
            .map(lambda word: (word, 1))
            .reduceByKey(add)
            .collectAsMap()
        ),
        "sort": lambda: sc.textFile(path).sortBy(lambda line: line, True).count(),
        "stats": lambda: round(sc.parallelize(range(1024), 20).flatMap(lambda _: range(5024)).stats().stdev(), 6),
        "wordcount-findall": lambda: len(
            sc.textFile(path)
            .flatMap(find_words)
            .map(lambda word: (word, 1))
            .reduceByKey(lambda a, b: a + b)
            .collectAsMap()
        ),
        "sort-field": lambda: sc.textFile(path).sortBy(third_field).count(),
        "stats-text": lambda: round(sc.textFile(path + ".numbers").map(float).stats().mean(), 6),
    }


def write_numbers(path: str) -> None:
    """Two million floats as text, beside the words."""
    rng = random.Random(7)
    with open(path, "w") as out:
        for _ in range(2000):
            out.write("".join(f"{rng.gauss(100, 15):.6f}\n" for _ in range(1000)))


def main() -> None:
    engine, path, repeats, names = sys.argv[1], sys.argv[2], int(sys.argv[3]), sys.argv[4].split(",")
    sc = context(engine)
    border = weft_border() if engine == "weft" else None
    jobs = {**rows(sc, path), **{f"api/{name}": job for name, job in api_rows.rows(sc, path).items()}}
    jobs["empty"]()
    say("context and first job", time.time() - started, 2, None)
    for name in names:
        for _ in range(repeats):
            if border is not None:
                border.clear()
            at = time.time()
            result = jobs[name]()
            say(name, time.time() - at, result, None if border is None else sum(border))
            sys.stdin.readline()  # the parent looks at the workers before the next job or the end
    sc.stop()


def weft_border() -> list[int]:
    """What each of Weft's jobs moved over its workers' sockets, as its statistics tell."""
    from weft._progress import Totals

    moved: list[int] = []
    add_stats = Totals.add

    def add_and_note(totals: Totals, stats: dict[str, Any]) -> None:
        moved.append(int(stats.get("border") or 0))
        add_stats(totals, stats)

    Totals.add = add_and_note  # type: ignore[method-assign]
    return moved


def say(row: str, seconds: float, result: Any, border: int | None) -> None:
    print(json.dumps({"row": row, "seconds": round(seconds, 4), "result": result, "border": border}), flush=True)


if __name__ == "__main__":
    main()

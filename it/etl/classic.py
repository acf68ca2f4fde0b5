"""The nightly job with what PySpark's RDDs have, for a comparison: an unedited PySpark program.

usage: classic.py DAY SOURCE TARGET [--reduces N]

It runs under PySpark, and under Weft by `weft run --pyspark` or `weft submit --pyspark`. Rows are written as text.
"""

from __future__ import annotations

import io
import operator
import sys
from collections.abc import Iterator
from typing import Any

from pyspark import SparkContext
from pyspark.rdd import portable_hash
from weblogsteps import (
    BYTES,
    MILLIS,
    TIME,
    URL,
    USER,
    Counts,
    Row,
    asked,
    cell,
    counted_rows,
    last_version,
    parsed,
    record,
    rejected,
    report_lines,
    sessions,
    with_country,
    with_user,
)  # fmt: skip


def users_of(file: tuple[str, bytes]) -> Iterator[tuple[str, tuple[int, str, str]]]:
    """The users of an Avro file by name: version, plan, segment."""
    import fastavro

    row: Any
    for row in fastavro.reader(io.BytesIO(file[1])):
        yield row["user"], (row["version"], row["plan"], row.get("segment") or "")


def rank(values: list[int], part: float) -> int:
    """The value of which so large a part of all is not larger."""
    return sorted(values)[max(0, -int(-part * len(values) // 1) - 1)]


def cells(rows: Any, reduces: int) -> Any:
    """A line a cell, as etl.py writes it, its percentiles exact."""
    sums = rows.map(lambda row: (cell(row), (1, row[BYTES]))).reduceByKey(
        lambda one, other: (one[0] + other[0], one[1] + other[1]), reduces
    )
    named = rows.filter(lambda row: row[USER] != "-").map(lambda row: (cell(row), row[USER]))
    users = named.distinct(reduces).map(lambda pair: (pair[0], 1)).reduceByKey(operator.add, reduces)
    times = rows.map(lambda row: (cell(row), row[MILLIS])).groupByKey(reduces)
    ranks = times.mapValues(list).mapValues(lambda values: (rank(values, 0.5), rank(values, 0.95)))
    joined = sums.leftOuterJoin(users, reduces).join(ranks, reduces).sortByKey(numPartitions=1)
    return joined.map(
        lambda found: "\t".join(map(str, (*found[0], *found[1][0][0], found[1][0][1] or 0, *found[1][1])))
    )


def line(row: Row) -> str:
    """A row as text."""
    return "|".join([str(value if value is not None else "") for value in record(row).values()])


def run(sc: SparkContext, day: str, source: str, target: str, reduces: int) -> None:
    """Runs the jobs."""
    counts = Counts(sc)
    folder = f"{target}/{day}"
    lines = sc.textFile(f"{source}/logs/*[gz2]", use_unicode=False)
    lines.mapPartitions(rejected(lambda: ("", 0))).saveAsTextFile(f"{folder}/rejects")
    once = lines.mapPartitions(parsed(counts)).reduceByKey(lambda row, _same: row, reduces).values()
    placed = once.map(with_country(sc, f"{source}/countries.csv")).map(lambda row: (row[USER], row))
    users = sc.binaryFiles(f"{source}/users").flatMap(users_of).reduceByKey(last_version, reduces)
    rows = placed.leftOuterJoin(users, reduces).map(with_user).mapPartitions(counted_rows(counts)).persist()
    rows.map(line).saveAsTextFile(f"{folder}/rows")
    cells(rows, reduces).saveAsTextFile(f"{folder}/cells")
    requests = rows.map(lambda row: ((row[USER], row[TIME]), row[BYTES]))
    ordered = requests.repartitionAndSortWithinPartitions(reduces, lambda key: portable_hash(key[0]))
    ordered.mapPartitions(sessions(counts)).saveAsTextFile(f"{folder}/sessions")
    hits = rows.map(lambda row: (row[URL], 1)).reduceByKey(operator.add, reduces)
    urls = hits.takeOrdered(100, key=lambda pair: (-pair[1], pair[0]))
    sc.parallelize(report_lines(day, urls, counts.report()), 1).saveAsTextFile(f"{folder}/report")


def main(arguments: list[str]) -> None:
    given = asked((__doc__ or "").splitlines()[0], arguments)
    sc = SparkContext(appName=f"etl {given.day}")
    run(sc, given.day, given.source, given.target, given.reduces)
    sc.stop()


if __name__ == "__main__":
    main(sys.argv[1:])

"""The nightly job over a web log: parse, clean, join, and write what a night's reports are made of.

usage: etl.py DAY SOURCE TARGET [--reduces N]

weblogsteps.py goes along with it (--py-files). SOURCE has what generate.py writes: logs, users, countries.csv.
TARGET/DAY gets, in place of what an earlier run has written there,

    rows/       the rows that count, with country and user, as Avro by day
    sessions/   visits without a gap of 30 minutes
    cells/      requests, bytes, users, p50, p95 by day, hour and country
    rejects/    lines that could not be parsed, as dead letters
    report/     the hundred commonest URLs, and counts; its _SUCCESS says that all of it is there
"""

from __future__ import annotations

import operator
import sys
from collections.abc import Callable
from typing import Any

from weblogsteps import (
    BYTES,
    DAY,
    MILLIS,
    TIME,
    URL,
    USER,
    Counts,
    Row,
    asked,
    by_request,
    cell,
    counted_rows,
    date_text,
    fields,
    last_version,
    record,
    report_lines,
    sessions,
    with_country,
    with_user,
)  # fmt: skip

from weft import BadRecords, WeftContext
from weft.rdd import RDD, portable_hash

FILE_BYTES, ROW_BYTES = 64_000_000, 43  # of a row in an Avro file

ROW_SCHEMA = {
    "type": "record",
    "name": "Request",
    "namespace": "etl",
    "fields": [
        {"name": "request", "type": "string"},
        {"name": "time", "type": "long"},
        {"name": "user", "type": "string"},
        {"name": "country", "type": "string"},
        {"name": "plan", "type": ["null", "string"], "default": None},
        {"name": "segment", "type": ["null", "string"], "default": None},
        {"name": "url", "type": "string"},
        {"name": "status", "type": "int"},
        {"name": "bytes", "type": "long"},
        {"name": "millis", "type": "int"},
    ],
}
USER_SCHEMA = {
    "type": "record",
    "name": "User",
    "namespace": "etl",
    "fields": [
        {"name": "user", "type": "string"},
        {"name": "plan", "type": "string"},
        {"name": "version", "type": "int"},
        {"name": "segment", "type": ["null", "string"], "default": None},
    ],
}


def cells(rows: RDD[Row], reduces: int) -> RDD[str]:
    """A line a cell: day, hour, country, requests, bytes, users, p50, p95; sorted."""
    sums = rows.map(lambda row: (cell(row), (1, row[BYTES]))).reduceByKey(
        lambda one, other: (one[0] + other[0], one[1] + other[1]), reduces
    )
    named = rows.filter(lambda row: row[USER] != "-").map(lambda row: (cell(row), row[USER]))
    users = named.distinct(reduces).map(lambda pair: (pair[0], 1)).reduceByKey(operator.add, reduces)
    times = rows.map(lambda row: (cell(row), row[MILLIS])).percentilesByKey([0.5, 0.95], 0.002, reduces)
    whole = times.mapValues(lambda found: [round(value) for value in found])  # as milliseconds are
    joined = sums.leftOuterJoin(users, reduces).join(whole, reduces).sortByKey(numPartitions=1)
    return joined.map(
        lambda found: "\t".join(map(str, (*found[0], *found[1][0][0], found[1][0][1] or 0, *found[1][1])))
    )


def run(sc: WeftContext, day: str, source: str, target: str, reduces: int) -> dict[str, int]:
    """Runs the jobs, and gives what was counted."""
    counts = Counts(sc)
    folder = f"{target}/{day}"
    lines = sc.textFile(f"{source}/logs", use_unicode=False)
    good = lines.map(fields(counts), errors=BadRecords(ratio=0.02, deadLetters=f"{folder}/rejects"))
    once = good.mapPartitions(by_request(counts)).reduceByKey(lambda row, _same: row, reduces).values()
    placed = once.map(with_country(sc, f"{source}/countries.csv")).map(lambda row: (row[USER], row))
    users = read_users(sc, f"{source}/users").reduceByKey(last_version, reduces)
    rows = placed.leftOuterJoin(users, reduces).map(with_user).mapPartitions(counted_rows(counts)).persist()
    save_rows(rows, f"{folder}/rows")
    cells(rows, reduces).saveAsTextFile(f"{folder}/cells", mode="overwrite")
    requests = rows.map(lambda row: ((row[USER], row[TIME]), row[BYTES]))
    ordered = requests.repartitionAndSortWithinPartitions(reduces, lambda key: portable_hash(key[0]))
    ordered.mapPartitions(sessions(counts)).saveAsTextFile(f"{folder}/sessions", mode="overwrite")
    hits = rows.map(lambda row: (row[URL], 1)).reduceByKey(operator.add, reduces)
    urls = hits.takeOrdered(100, key=lambda pair: (-pair[1], pair[0]))
    found = counts.report()
    sc.parallelize(report_lines(day, urls, found), 1).saveAsTextFile(f"{folder}/report", mode="overwrite")
    return found


def save_rows(rows: RDD[Row], folder: str) -> None:
    """Writes the rows as Avro, a folder a day, in files of about 64 MB."""
    for day, count in sorted(rows.map(lambda row: row[TIME] // DAY).countByValue().items()):
        mine = rows.filter(of_day(day)).map(record).repartition(max(1, round(count * ROW_BYTES / FILE_BYTES)))
        mine.saveAsAvroFile(f"{folder}/day={date_text(day)}", ROW_SCHEMA, mode="overwrite")


def of_day(day: int) -> Callable[[Row], bool]:
    """Whether a row is of that day."""
    return lambda row: bool(row[TIME] // DAY == day)


def read_users(sc: WeftContext, folder: str) -> RDD[tuple[str, tuple[int, str, str]]]:
    """The users' rows by name: version, plan, segment; of older files without segment."""
    rows: RDD[dict[str, Any]] = sc.avroFile(folder, USER_SCHEMA)
    return rows.map(lambda row: (row["user"], (row["version"], row["plan"], row["segment"] or "")))


def main(arguments: list[str]) -> None:
    given = asked((__doc__ or "").splitlines()[0], arguments)
    with WeftContext(appName=f"etl {given.day}") as sc:
        found = run(sc, given.day, given.source, given.target, given.reduces)
    for name, count in found.items():
        print(name, count, sep="\t")


if __name__ == "__main__":
    main(sys.argv[1:])

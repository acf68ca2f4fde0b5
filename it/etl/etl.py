"""The nightly job over a web log: parse, clean, join, and write what a night's reports are made of.

usage: etl.py DAY SOURCE TARGET [--reduces N]

SOURCE has what generate.py writes: logs, users, countries.csv. TARGET/DAY gets

    rows/       the rows that count, with country and user, as Avro by day
    sessions/   visits without a gap of 30 minutes
    cells/      requests, bytes, users, p50, p95 by day, hour and country
    rejects/    lines that could not be parsed
    report/     the hundred commonest URLs, and counts; its _SUCCESS says that all of it is there
"""

from __future__ import annotations

import argparse
import bisect
import datetime
import operator
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from weft import WeftContext
from weft.rdd import RDD, portable_hash

GAP = 30 * 60 * 1000
HOUR = 3_600_000
DAY = 24 * HOUR
FILE_BYTES, ROW_BYTES = 64_000_000, 43  # of a row in an Avro file
NO_COUNTRY = "ZZ"
REASONS = ("truncated", "fields", "date", "number", "utf8", "nul")

# a row: request, time, user, address, url, status, bytes, millis; enriched: country, plan and segment behind it
REQUEST, TIME, USER, ADDRESS, URL, STATUS, BYTES, MILLIS, COUNTRY, PLAN, SEGMENT = range(11)
Row = tuple[Any, ...]

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


class Counts:
    """The job's accumulators, by name."""

    def __init__(self, sc: WeftContext) -> None:
        names = ("lines", "parsed", *REASONS, "rows", "known_country", "known_user", "sessions")
        self.by_name = {name: sc.accumulator(0) for name in names}

    def add(self, counted: dict[str, int]) -> None:
        for name, count in counted.items():
            self.by_name[name].add(count)

    def report(self) -> dict[str, int]:
        found = {name: accumulator.value for name, accumulator in self.by_name.items()}
        found["rejected"] = sum(found[reason] for reason in REASONS)
        found["duplicates"] = found["parsed"] - found["rows"]
        return found


def parsed(counts: Counts) -> Callable[[Iterator[bytes]], Iterator[tuple[str, Row]]]:
    """Rows by request id; what is broken is counted."""

    def parse_lines(lines: Iterator[bytes]) -> Iterator[tuple[str, Row]]:
        from weblogparse import parse

        found: Counter[str] = Counter()
        for line in lines:
            row = parse(line)
            if type(row) is tuple:
                found["parsed"] += 1
                yield row[REQUEST], row
            else:
                found[row] += 1
        found["lines"] = sum(found.values())
        counts.add(found)

    return parse_lines


def rejected(lines: Iterator[bytes]) -> Iterator[str]:
    """The reason for each broken line, its size, and how it begins."""
    from weblogparse import parse

    for line in lines:
        reason = parse(line)
        if type(reason) is str:
            yield f"{reason}\t{len(line)}\t{line[:200]!r}"


def with_country(sc: WeftContext, path: str) -> Callable[[Row], Row]:
    """Adds the country of the address, from ranges that every worker looks up."""
    ranges = sc.textFile(path).map(lambda line: line.split(",")).map(lambda r: (int(r[0]), int(r[1]), r[2]))
    table = sc.broadcast(tuple(zip(*sorted(ranges.collect()))))

    def add(row: Row) -> Row:
        starts, ends, countries = table.value
        place = bisect.bisect_right(starts, row[ADDRESS]) - 1
        inside = place >= 0 and row[ADDRESS] <= ends[place]
        return (*row, countries[place] if inside else NO_COUNTRY)

    return add


def last_version(one: tuple[int, str, str], other: tuple[int, str, str]) -> tuple[int, str, str]:
    """Of two rows of a user the one that counts."""
    return max(one, other)


def with_user(pair: tuple[str, tuple[Row, tuple[int, str, str] | None]]) -> Row:
    """Adds plan and segment, empty where the user is unknown."""
    row, user = pair[1]
    return (*row, "", "") if user is None else (*row, user[1], user[2])


def counted_rows(counts: Counts) -> Callable[[Iterator[Row]], Iterator[Row]]:
    """The rows as they are, counted."""

    def count(rows: Iterator[Row]) -> Iterator[Row]:
        found: Counter[str] = Counter()
        for row in rows:
            found["rows"] += 1
            found["known_country"] += row[COUNTRY] != NO_COUNTRY
            found["known_user"] += row[PLAN] != ""
            yield row
        counts.add(found)

    return count


def cell(row: Row) -> tuple[str, int, str]:
    """Day, hour and country."""
    day, hour = divmod(row[TIME] // HOUR, 24)
    return date_text(day), hour, row[COUNTRY]


def date_text(day: int) -> str:
    """The date of a day counted from 1970-01-01."""
    return (datetime.date(1970, 1, 1) + datetime.timedelta(days=day)).isoformat()


def cells(rows: RDD[Row], reduces: int) -> RDD[str]:
    """A line a cell: day, hour, country, requests, bytes, users, p50, p95; sorted."""
    sums = rows.map(lambda row: (cell(row), (1, row[BYTES]))).reduceByKey(
        lambda one, other: (one[0] + other[0], one[1] + other[1]), reduces
    )
    named = rows.filter(lambda row: row[USER] != "-").map(lambda row: (cell(row), row[USER]))
    users = named.distinct(reduces).map(lambda pair: (pair[0], 1)).reduceByKey(operator.add, reduces)
    times = rows.map(lambda row: (cell(row), row[MILLIS])).percentilesByKey([0.5, 0.95], 0.005, reduces)
    joined = sums.leftOuterJoin(users, reduces).join(times, reduces).sortByKey(numPartitions=1)
    return joined.map(
        lambda found: "\t".join(map(str, (*found[0], *found[1][0][0], found[1][0][1] or 0, *found[1][1])))
    )


def sessions(counts: Counts) -> Callable[[Iterator[tuple[tuple[str, int], int]]], Iterator[str]]:
    """A line a visit, of requests that are sorted by user and time: user, first, last, requests, bytes."""

    def visits(requests: Iterator[tuple[tuple[str, int], int]]) -> Iterator[str]:
        user, first, last, count, total, found = "", 0, 0, 0, 0, 0
        for (who, time), size in requests:
            if count and (who != user or time - last > GAP):
                yield f"{user}|{first}|{last}|{count}|{total}"
                found += 1
                count = 0
            if not count:
                user, first, total = who, time, 0
            last = time
            count += 1
            total += size
        if count:
            yield f"{user}|{first}|{last}|{count}|{total}"
            found += 1
        counts.add({"sessions": found})

    return visits


def record(row: Row) -> dict[str, Any]:
    """A row as it is written."""
    return {"request": row[REQUEST], "time": row[TIME], "user": row[USER], "country": row[COUNTRY],
            "plan": row[PLAN] or None, "segment": row[SEGMENT] or None, "url": row[URL], "status": row[STATUS],
            "bytes": row[BYTES], "millis": row[MILLIS]}  # fmt: skip


def report_lines(day: str, urls: Iterable[tuple[str, int]], counts: dict[str, int]) -> list[str]:
    """The report: counts, then the commonest URLs."""
    return [f"day\t{day}", *(f"{name}\t{count}" for name, count in counts.items()),
            *(f"url\t{count}\t{url}" for url, count in urls)]  # fmt: skip


def run(sc: WeftContext, day: str, source: str, target: str, reduces: int) -> dict[str, int]:
    """Runs the jobs, and gives what was counted."""
    counts = Counts(sc)
    folder = f"{target}/{day}"
    lines = sc.textFile(f"{source}/logs/*[gz2]", use_unicode=False)  # not what is still being copied
    lines.mapPartitions(rejected).saveAsTextFile(f"{folder}/rejects")
    once = lines.mapPartitions(parsed(counts)).reduceByKey(lambda row, _same: row, reduces).values()
    placed = once.map(with_country(sc, f"{source}/countries.csv")).map(lambda row: (row[USER], row))
    users = read_users(sc, f"{source}/users").reduceByKey(last_version, reduces)
    rows = placed.leftOuterJoin(users, reduces).map(with_user).mapPartitions(counted_rows(counts)).persist()
    save_rows(rows, f"{folder}/rows")
    cells(rows, reduces).saveAsTextFile(f"{folder}/cells")
    requests = rows.map(lambda row: ((row[USER], row[TIME]), row[BYTES]))
    ordered = requests.repartitionAndSortWithinPartitions(reduces, lambda key: portable_hash(key[0]))
    ordered.mapPartitions(sessions(counts)).saveAsTextFile(f"{folder}/sessions")
    hits = rows.map(lambda row: (row[URL], 1)).reduceByKey(operator.add, reduces)
    urls = hits.takeOrdered(100, key=lambda pair: (-pair[1], pair[0]))
    found = counts.report()
    sc.parallelize(report_lines(day, urls, found), 1).saveAsTextFile(f"{folder}/report")
    return found


def save_rows(rows: RDD[Row], folder: str) -> None:
    """Writes the rows as Avro, a folder a day, in files of about 64 MB."""
    for day, count in sorted(rows.map(lambda row: row[TIME] // DAY).countByValue().items()):
        mine = rows.filter(of_day(day)).map(record).repartition(max(1, round(count * ROW_BYTES / FILE_BYTES)))
        mine.saveAsAvroFile(f"{folder}/day={date_text(day)}", ROW_SCHEMA)


def of_day(day: int) -> Callable[[Row], bool]:
    """Whether a row is of that day."""
    return lambda row: bool(row[TIME] // DAY == day)


def read_users(sc: WeftContext, folder: str) -> RDD[tuple[str, tuple[int, str, str]]]:
    """The users' rows by name: version, plan, segment; of older files without segment."""
    rows: RDD[dict[str, Any]] = sc.avroFile(folder, USER_SCHEMA)
    return rows.map(lambda row: (row["user"], (row["version"], row["plan"], row["segment"] or "")))


def main(arguments: list[str]) -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("day")
    parser.add_argument("source")
    parser.add_argument("target")
    parser.add_argument("--reduces", type=int, default=12)
    given = parser.parse_args(arguments)
    with WeftContext(appName=f"etl {given.day}") as sc:
        found = run(sc, given.day, given.source, given.target, given.reduces)
    for name, count in found.items():
        print(name, count, sep="\t")


if __name__ == "__main__":
    main(sys.argv[1:])

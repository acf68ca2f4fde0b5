"""What the nightly job does with lines and rows, for any engine with PySpark's RDDs: this imports none.

A row is a tuple of the places named below; the last three are added by the joins.
"""

from __future__ import annotations

import argparse
import bisect
import datetime
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from typing import Any

GAP = 30 * 60 * 1000
HOUR = 3_600_000
DAY = 24 * HOUR
NO_COUNTRY = "ZZ"
REASONS = ("truncated", "fields", "date", "number", "utf8", "nul")
REQUEST, TIME, USER, ADDRESS, URL, STATUS, BYTES, MILLIS, COUNTRY, PLAN, SEGMENT = range(11)
Row = tuple[Any, ...]


def asked(description: str, arguments: list[str]) -> argparse.Namespace:
    """What the command line asks for: day, source, target, reduces."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("day")
    parser.add_argument("source")
    parser.add_argument("target")
    parser.add_argument("--reduces", type=int, default=12)
    return parser.parse_args(arguments)


class Counts:
    """The job's accumulators, by name."""

    def __init__(self, sc: Any) -> None:
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


def fields(counts: Counts) -> Callable[[bytes], Row]:
    """A line's row; a ValueError with the reason if it is broken."""

    def parse_line(line: bytes) -> Row:
        from weblogparse import parse

        row: Row | str = parse(line)
        if type(row) is str:
            counts.add({row: 1, "lines": 1})
            raise ValueError(row)
        assert isinstance(row, tuple)
        return row

    return parse_line


def by_request(counts: Counts) -> Callable[[Iterator[Row]], Iterator[tuple[str, Row]]]:
    """Rows by request id, counted."""

    def pairs(rows: Iterator[Row]) -> Iterator[tuple[str, Row]]:
        found = 0
        for row in rows:
            found += 1
            yield row[REQUEST], row
        counts.add({"parsed": found, "lines": found})

    return pairs


def rejected(place: Callable[[], tuple[str, int]]) -> Callable[[Iterator[bytes]], Iterator[str]]:
    """A line for each broken one: what `place` says of it (its file, and where it begins there), and the reason."""

    def find(lines: Iterator[bytes]) -> Iterator[str]:
        from weblogparse import parse

        for line in lines:
            reason = parse(line)
            if type(reason) is str:
                path, offset = place()
                yield f"{path.rpartition('/')[2]}\t{offset}\t{reason}"

    return find


def with_country(sc: Any, path: str) -> Callable[[Row], Row]:
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

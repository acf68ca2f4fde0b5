"""What the job must find, counted from the columns that the log was written from, by numpy and never by Weft."""

from __future__ import annotations

import datetime
import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from lines import digest
from weblog import DAY_MILLIS, GAP, Weblog

__all__ = ["Counted", "cell_lines", "day_text", "session_truth", "top_urls"]

_HOUR_MILLIS = 3_600_000
QUANTILES = (0.5, 0.95)
RANK_ERROR = 0.01


def day_text(day: int) -> str:
    """The date of a day counted from 1970-01-01."""
    return (datetime.date(1970, 1, 1) + datetime.timedelta(days=day)).isoformat()


@dataclass(frozen=True)
class Counted:
    """The rows of both days that count, as columns."""

    time: np.ndarray
    user: np.ndarray
    country: np.ndarray
    url: np.ndarray
    bytes: np.ndarray
    millis: np.ndarray

    @staticmethod
    def of(log: Weblog) -> Counted:
        """The good rows of a log, each once."""
        kept = [day.counted() for day in log.days]

        def column(name: str) -> np.ndarray:
            return np.concatenate([getattr(day, name)[rows] for day, rows in zip(log.days, kept)])

        country = log.country(column("address"))
        return Counted(column("time"), column("user"), country, column("url"), column("bytes"), column("millis"))


def cell_lines(log: Weblog, rows: Counted) -> Iterator[str]:
    """A line a cell: day, hour, country, requests, bytes, distinct users, and for each quantile the least and greatest
    value that is within 1 % of its rank."""
    hour = rows.time // _HOUR_MILLIS
    first = int(hour.min())
    cell = (hour - first) * len(log.countries) + rows.country
    order = np.lexsort((rows.millis, cell))
    cells, starts, counts = np.unique(cell[order], return_index=True, return_counts=True)
    millis = rows.millis[order]
    sizes = np.add.reduceat(rows.bytes[order], starts)
    named = rows.user > 0
    pairs = np.unique(cell[named] * (log.size.users + 1) + rows.user[named])
    users = dict(zip(*(found.tolist() for found in np.unique(pairs // (log.size.users + 1), return_counts=True))))
    for key, start, count, size in zip(cells.tolist(), starts.tolist(), counts.tolist(), sizes.tolist()):
        at, country = divmod(key, len(log.countries))
        values = millis[start : start + count]
        bounds = [text for quantile in QUANTILES for text in _bounds(values, quantile)]
        day, of_day = divmod(first + at, 24)
        parts = (day_text(day), of_day, log.countries[country], count, size, users.get(key, 0), *bounds)
        yield "\t".join(map(str, parts))


def _bounds(values: np.ndarray, quantile: float) -> tuple[str, str]:
    """The least and the greatest number with a rank within 1 % of the quantile; empty: any is small or large enough."""
    count = len(values)
    low = math.ceil((quantile - RANK_ERROR) * count)
    high = math.floor((quantile + RANK_ERROR) * count)
    return str(values[low - 1]) if low > 0 else "", str(values[high]) if high < count else ""


def session_truth(log: Weblog, rows: Counted) -> dict[str, int]:
    """How many sessions there are, in how many of them more than one request, the longest, and their digest."""
    order = np.lexsort((rows.time, rows.user))
    user, time, size = rows.user[order], rows.time[order], rows.bytes[order]
    begins = np.ones(len(user), bool)
    begins[1:] = (user[1:] != user[:-1]) | (time[1:] - time[:-1] > GAP)
    starts = np.flatnonzero(begins)
    counts = np.diff(np.append(starts, len(user)))
    firsts, lasts = time[starts], time[starts + counts - 1]
    sums = np.add.reduceat(size, starts)
    total = 0
    for who, first, last, requests, amount in zip(
        user[starts].tolist(), firsts.tolist(), lasts.tolist(), counts.tolist(), sums.tolist()
    ):
        total += digest(f"{log.names[who]}|{first}|{last}|{requests}|{amount}")
    return {
        "sessions": len(starts),
        "several": int((counts > 1).sum()),
        "longest_millis": int((lasts - firsts).max()),
        "digest": total % (1 << 64),
    }


def top_urls(log: Weblog, rows: Counted) -> list[tuple[str, int]]:
    """The hundred commonest URLs; of equally common ones those that come first as text."""
    counts = np.bincount(rows.url, minlength=log.size.urls).tolist()
    return sorted(((url, count) for url, count in zip(log.urls, counts) if count), key=lambda p: (-p[1], p[0]))[:100]


def hot_users(log: Weblog, rows: Counted) -> list[tuple[str, int]]:
    """The ten commonest users, the anonymous one among them."""
    counts = np.bincount(rows.user, minlength=len(log.names))
    return [(log.names[i], int(counts[i])) for i in np.argsort(-counts, kind="stable")[:10].tolist()]


def per_day(rows: Counted) -> dict[int, int]:
    """Rows by UTC day."""
    days, counts = np.unique(rows.time // DAY_MILLIS, return_counts=True)
    return dict(zip(days.tolist(), counts.tolist()))

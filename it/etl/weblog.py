"""Two days of a web server's log as columns, and what is wrong with some of its lines."""

from __future__ import annotations

import datetime
from dataclasses import dataclass, field

import numpy as np

__all__ = [
    "AGENTS", "BROKEN", "DAY_MILLIS", "GAP", "LogFile", "METHODS", "NO_COUNTRY", "Size", "Weblog", "ZONES", "layout",
]  # fmt: skip

BROKEN = ("truncated", "fields", "date", "number", "utf8")
"""What is wrong with a broken line, each of them a fifth of the broken lines; "nul" is a reason of its own."""

GAP = 30 * 60 * 1000
"""Milliseconds without a request that end a session."""

DAY_MILLIS = 86_400_000
METHODS = ("GET", "GET", "GET", "GET", "POST", "HEAD")
ZONES = ("UTC", "Asia/Kolkata", "Europe/Berlin")
NO_COUNTRY = "ZZ"
LAST_DAY = datetime.date(2026, 3, 29)  # clocks in Europe go forward at 01:00 UTC
_CLOCK_CHANGE = int(datetime.datetime(2026, 3, 29, 1, tzinfo=datetime.timezone.utc).timestamp() * 1000)
_COUNTRIES = 60
_BROWSERS = ("Firefox", "Chrome", "Safari", "Edge", "curl", "okhttp", "Opera", "Vivaldi")
_SYSTEMS = ("X11; Linux x86_64", "Windows NT 10.0", "Macintosh; Intel", "Android 15; Mobile", "iPhone; CPU OS 18")
AGENTS = tuple(
    f"AppleWebKit/537.36 {browser}/{90 + i}.0 ({system})" for i, browser in enumerate(_BROWSERS) for system in _SYSTEMS
)
_SECTIONS = ("products", "articles", "search", "account", "küche", "images", "api/v2/items", "help", "日本", "cart")


@dataclass(frozen=True)
class Size:
    """How much is made.

    Attributes
    ----------
    lines : int
        Of each of the two days.
    small : int
        Small gzip files of both days together.
    users, urls, ranges : int
        How many there are.
    block : int
        Bytes of an HDFS block: a character of two bytes crosses the first border of the first plain file.
    """

    lines: int
    small: int
    users: int
    urls: int
    ranges: int
    block: int

    @staticmethod
    def of(scale: float) -> Size:
        """The size at a scale; 1 is the whole."""

        def some(whole: int, least: int) -> int:
            return max(least, round(whole * scale))

        block = 16 << 20 if scale >= 0.5 else 256 << 10
        return Size(some(3_000_000, 20_000), 2 * some(750, 6), some(200_000, 2_000), some(50_000, 1_000),
                    some(50_000, 500), block)  # fmt: skip


@dataclass
class LogFile:
    """One file of the log.

    Attributes
    ----------
    name : str
        Its name in the folder.
    day, start, count : int
        Which day's rows it has, from which on, and how many.
    zone : int
        The place of its server's time zone in ZONES.
    crlf, unended, wide, nul : bool
        Lines end with CR LF; the last has no end; a character crosses a block's border; a line of 3 MB has NULs.
    """

    name: str
    day: int
    start: int
    count: int
    zone: int
    crlf: bool = False
    unended: bool = False
    wide: bool = False
    nul: bool = False


def layout(size: Size) -> list[LogFile]:
    """The files with lines: by day 40 % in small gzip files, 25 % in 3 gzip, 10 % in 1 bzip2, 25 % in 2 plain ones."""
    files: list[LogFile] = []
    for day in (0, 1):
        start = 0
        groups = (("small", ".gz", size.small // 2, 0.40), ("web", ".log.gz", 3, 0.25),
                  ("edge", ".log.bz2", 1, 0.10), ("app", ".log", 2, 0.25))  # fmt: skip
        for name, suffix, count, share in groups:
            until = size.lines if name == "app" else start + round(size.lines * share)
            cuts = np.linspace(start, until, count + 1).astype(int).tolist()
            for number, (low, high) in enumerate(zip(cuts, cuts[1:])):
                file = LogFile(f"{name}-{day}-{number:04d}{suffix}", day, low, high - low, len(files) % len(ZONES))
                files.append(file)
            start = until
    plain = [file for file in files if file.name.endswith(".log")]
    plain[0].wide = plain[1].nul = plain[2].crlf = plain[3].unended = True
    next(file for file in files if file.name.startswith("web-1")).nul = True
    return files


@dataclass
class Day:
    """The rows of a day as columns; row i is line i of the day's files, one after the other.

    Attributes
    ----------
    reason : array
        0 for a good line, i for BROKEN[i - 1], 6 for NULs.
    copy, copied : array
        Whether the row repeats another one; whether another one repeats it.
    """

    time: np.ndarray
    user: np.ndarray
    address: np.ndarray
    url: np.ndarray
    method: np.ndarray
    status: np.ndarray
    bytes: np.ndarray
    millis: np.ndarray
    agent: np.ndarray
    request: np.ndarray
    zone: np.ndarray
    reason: np.ndarray
    copy: np.ndarray
    copied: np.ndarray = field(default_factory=lambda: np.zeros(0, bool))

    def counted(self) -> np.ndarray:
        """The rows that count: good ones, each once."""
        found: np.ndarray = (self.reason == 0) & ~self.copy
        return found


class Weblog:
    """All columns of both days, made from a seed.

    Attributes
    ----------
    names, urls, countries : list of str
        By number; user 0 is the anonymous one.
    starts, ends, range_country : array
        The ranges of addresses, ends included, and the number of each one's country.
    """

    def __init__(self, seed: int, size: Size) -> None:
        self.size = size
        self.files = layout(size)
        self._rng = np.random.default_rng(seed)
        self.names = ["-", *(f"u{number:06d}" for number in range(1, size.users + 1))]
        self.urls = [f"/{_SECTIONS[i % 10]}/{(i * 2654435761) % (1 << 32):08x}/{i}" for i in range(size.urls)]
        self._user_odds = _zipf(size.users, 1.2)
        self._url_odds = _zipf(size.urls, 1.0)
        self._make_ranges()
        first = LAST_DAY - datetime.timedelta(days=1)
        epoch = datetime.date(1970, 1, 1)
        self.days = [self._day(day, ((first - epoch).days + day) * DAY_MILLIS) for day in (0, 1)]

    def _make_ranges(self) -> None:
        rng = self._rng
        letters = [f"{one}{other}" for one in "ABCDEFGH" for other in "CEIKMRTU"]
        self.countries = [NO_COUNTRY, *letters[:_COUNTRIES]]
        borders = np.unique(rng.integers(1 << 24, 0xF0000000, self.size.ranges + 1))
        starts, ends = borders[:-1], borders[1:] - 1
        odds = _zipf(_COUNTRIES, 0.8)
        country = np.searchsorted(odds, rng.random(len(starts))).astype(np.int16) + 1
        known = rng.random(len(starts)) >= 0.02  # the others are nobody's
        self.starts, self.ends, self.range_country = starts[known], ends[known], country[known]

    def country(self, address: np.ndarray) -> np.ndarray:
        """The number of each address's country, 0 where it is in no range."""
        place = np.searchsorted(self.starts, address, side="right") - 1
        inside = (place >= 0) & (address <= self.ends[np.maximum(place, 0)])
        return np.where(inside, self.range_country[np.maximum(place, 0)], 0).astype(np.int16)

    def _day(self, number: int, midnight: int) -> Day:
        rng, lines = self._rng, self.size.lines
        anonymous = rng.random(lines) < 0.2
        user = np.searchsorted(self._user_odds, rng.random(lines)).astype(np.int32) + 1
        user[anonymous] = 0
        day = Day(
            time=self._times(number, midnight),
            user=user,
            address=rng.integers(1 << 24, 0xF0000000, lines),
            url=np.searchsorted(self._url_odds, rng.random(lines)).astype(np.int32),
            method=rng.integers(0, len(METHODS), lines).astype(np.int8),
            status=np.array([200, 200, 200, 200, 204, 301, 304, 404, 500], np.int16)[rng.integers(0, 9, lines)],
            bytes=np.minimum(rng.lognormal(8.5, 1.3, lines), 5e7).astype(np.int64) + 17,
            millis=np.minimum(rng.lognormal(4.4, 1.0, lines), 60_000).astype(np.int32) + 1,
            agent=rng.integers(0, len(AGENTS), lines).astype(np.int8),
            request=np.frombuffer(rng.bytes(16 * lines), np.uint8).reshape(lines, 16).copy(),
            zone=np.zeros(lines, np.int8),
            reason=np.zeros(lines, np.int8),
            copy=np.zeros(lines, bool),
        )
        self._spoil(number, day)
        return day

    def _times(self, number: int, midnight: int) -> np.ndarray:
        """Small files have a piece of the day each, the others all of it, in order; 0.5 % are of the day before."""
        rng = self._rng
        time = np.zeros(self.size.lines, np.int64)
        files = [file for file in self.files if file.day == number]
        small = sum(file.name.startswith("small") for file in files)
        for place, file in enumerate(files):
            low, width = (place / small, 1 / small) if place < small else (0.0, 1.0)
            part = np.sort(low + width * rng.random(file.count))
            time[file.start : file.start + file.count] = midnight + (part * (DAY_MILLIS - 1)).astype(np.int64)
        late = rng.random(self.size.lines) < 0.005
        time[late] -= DAY_MILLIS
        return time

    def _spoil(self, number: int, day: Day) -> None:
        """Break 1 % of the lines, in equal parts, and repeat 0.3 %; the lines of 3 MB besides."""
        rng, lines = self._rng, self.size.lines
        free = np.ones(lines, bool)
        for file in self.files:
            if file.day == number:
                day.zone[file.start : file.start + file.count] = file.zone
                if file.nul:
                    day.reason[file.start + file.count // 2] = len(BROKEN) + 1
                    free[file.start + file.count // 2] = False
        order = rng.permutation(np.flatnonzero(free))
        each, copies = round(lines * 0.002), round(lines * 0.003)
        for reason in range(len(BROKEN)):
            day.reason[order[reason * each : (reason + 1) * each]] = reason + 1
        broken = each * len(BROKEN)
        copy, rest = order[broken : broken + copies], order[broken + copies :]
        source = rng.choice(rest, copies, replace=False)
        columns = ("time", "user", "address", "url", "method", "status", "bytes", "millis", "agent", "request", "zone")
        for name in columns:
            column = getattr(day, name)
            column[copy] = column[source]
        day.copy[copy] = True
        day.copied = np.zeros(lines, bool)
        day.copied[source] = True


def offsets(day: Day) -> np.ndarray:
    """Minutes that each row's local time is ahead of UTC."""
    berlin = np.where(day.time >= _CLOCK_CHANGE, 120, 60)
    found: np.ndarray = np.select([day.zone == 1, day.zone == 2], [np.full(len(day.time), 330), berlin], 0)
    return found


def _zipf(count: int, exponent: float) -> np.ndarray:
    """Where each of `count` things ends on a line of length 1, by Zipf's law."""
    weights = 1.0 / np.arange(1, count + 1) ** exponent
    total = np.cumsum(weights)
    return total / total[-1]

"""The lines of one file, broken ones among them, and what is noted about them while they are written."""

from __future__ import annotations

import bz2
import gzip
import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from weblog import AGENTS, BROKEN, DAY_MILLIS, METHODS, Day, LogFile, Weblog, offsets

__all__ = ["Written", "digest", "write_file"]

_NUL_BYTES = 3 << 20
_OFFSETS = {0: "+00:00", 330: "+05:30", 60: "+01:00", 120: "+02:00"}
Member = tuple[str, str]


@dataclass
class Written:
    """What was counted while a file was written.

    Attributes
    ----------
    rejects : list of (int, str)
        The place of each broken line's first byte in the unpacked file, and what is wrong with it.
    rows : dict
        By UTC day, how many rows count, and the sum of their digests.
    """

    name: str
    lines: int = 0
    bytes: int = 0
    stored: int = 0
    rejects: list[tuple[int, str]] = field(default_factory=list)
    rows: dict[int, tuple[int, int]] = field(default_factory=dict)


def digest(text: str) -> int:
    """A number of 64 bits for a row; sums of them tell sets of rows apart, whatever their order."""
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "big")


def write_file(log: Weblog, members: dict[int, Member], file: LogFile, folder: Path) -> Written:
    """Writes one file of the log; `members` are users' plan and segment by number."""
    day = log.days[file.day]
    rows = slice(file.start, file.start + file.count)
    part = Day(**{name: getattr(day, name)[rows] for name in day.__dataclass_fields__})
    written = Written(file.name)
    lines = _lines(log, part)
    _count_rows(log, members, part, written)
    for place in np.flatnonzero(part.reason).tolist():
        lines[place] = _break(lines[place], int(part.reason[place]), file.start + place)
    if file.wide:
        _cross_border(lines, part, log.size.block)
    end = b"\r\n" if file.crlf else b"\n"
    sizes = np.fromiter(map(len, lines), np.int64, len(lines)) + len(end)
    starts = np.cumsum(sizes) - sizes
    names = (*BROKEN, "nul")
    broken = np.flatnonzero(part.reason).tolist()
    written.rejects = [(int(starts[place]), names[part.reason[place] - 1]) for place in broken]
    data = end.join(lines) + (b"" if file.unended else end)
    written.lines, written.bytes = len(lines), len(data)
    packed = _packer(file.name)(data)
    written.stored = len(packed)
    (folder / file.name).write_bytes(packed)
    return written


def _packer(name: str) -> Callable[[bytes], bytes]:
    if name.endswith(".gz"):
        return lambda data: gzip.compress(data, 6, mtime=0)
    if name.endswith(".bz2"):
        return bz2.compress
    return lambda data: data


def _lines(log: Weblog, part: Day) -> list[bytes]:
    ahead = offsets(part)
    local = (part.time + ahead * 60_000).astype("datetime64[ms]")
    stamps = np.datetime_as_string(local).tolist()
    request = part.request.tobytes().hex()
    address = part.address.astype(">u4").view(np.uint8).reshape(-1, 4).tolist()
    names, urls = log.names, log.urls
    return [
        f'{stamp}{_OFFSETS[off]}\t{request[32 * i : 32 * i + 32]}\t{names[user]}\t{a}.{b}.{c}.{d}\t{METHODS[method]}\t'
        f'{urls[url]}\t{status}\t{size}\t{millis}\t"{AGENTS[agent]}"'.encode()
        for i, (stamp, off, user, (a, b, c, d), method, url, status, size, millis, agent) in enumerate(
            zip(stamps, ahead.tolist(), part.user.tolist(), address, part.method.tolist(), part.url.tolist(),
                part.status.tolist(), part.bytes.tolist(), part.millis.tolist(), part.agent.tolist())
        )
    ]  # fmt: skip


def _count_rows(log: Weblog, members: dict[int, Member], part: Day, written: Written) -> None:
    """Adds up the rows that count as the job shall write them: joined with country and user."""
    counted = part.counted()
    request = part.request[counted].tobytes().hex()
    days = (part.time[counted] // DAY_MILLIS).tolist()
    nobody = ("", "")
    found: dict[int, list[int]] = {}
    columns = zip(
        days, part.time[counted].tolist(), part.user[counted].tolist(), log.country(part.address[counted]).tolist(),
        part.url[counted].tolist(), part.status[counted].tolist(), part.bytes[counted].tolist(),
        part.millis[counted].tolist(),
    )  # fmt: skip
    for i, (day, time, user, country, url, status, size, millis) in enumerate(columns):
        plan, segment = members.get(user, nobody)
        sums = found.setdefault(day, [0, 0])
        sums[0] += 1
        sums[1] += digest(
            f"{request[32 * i : 32 * i + 32]}|{time}|{log.names[user]}|{log.countries[country]}|{plan}|{segment}|"
            f"{log.urls[url]}|{status}|{size}|{millis}"
        )
    written.rows = {day: (count, total % (1 << 64)) for day, (count, total) in found.items()}


def _break(line: bytes, reason: int, number: int) -> bytes:
    """The line, broken in one of the ways of that reason; which one, its number decides."""
    if reason == len(BROKEN) + 1:
        return _fields(line, {5: b"/" + b"\0" * _NUL_BYTES})
    kind, way = BROKEN[reason - 1], number % 3
    if kind == "truncated":
        cut = 10 + number % (len(line) - 11)
        while line[cut - 1] == ord('"') or line[cut - 1] >= 0x80:
            cut -= 1
        return line[:cut]
    if kind == "fields":
        parts = line.split(b"\t")
        return b"\t".join((parts[:4] + parts[5:], parts[:6] + [b"?"] + parts[6:], parts[:2] + parts[6:])[way])
    if kind == "date":
        stamp = line.split(b"\t", 1)[0]
        return _fields(line, {0: (stamp[:5] + b"13" + stamp[7:], stamp[:5] + b"02-30" + stamp[10:], b"yesterday")[way]})
    if kind == "number":
        return _fields(line, ({6: b"2OO"}, {7: b"n/a"}, {8: b"12.5ms"})[way])
    parts = line.split(b"\t")
    return _fields(line, {5: parts[5] + (b"\xff\xfe", b"\xc3(", b"\xed\xa0\x80")[way]})


def _fields(line: bytes, changed: dict[int, bytes]) -> bytes:
    parts = line.split(b"\t")
    for place, value in changed.items():
        parts[place] = value
    return b"\t".join(parts)


def _cross_border(lines: list[bytes], part: Day, block: int) -> None:
    """Lengthens the name of one line's browser so that its last letter has a byte before the border and one behind."""
    at, last, start = 0, -1, 0
    for place, line in enumerate(lines):
        if at > block - 600:
            break
        if part.reason[place] == 0 and not part.copy[place] and not part.copied[place]:
            last, start = place, at
        at += len(line) + 1
    assert last >= 0 and at > block - 600, "the first plain file is shorter than a block"
    head = lines[last].rsplit(b"\t", 1)[0] + b'\t"'
    filler = block - 1 - start - len(head)
    lines[last] = head + b"x" * filler + "é".encode() + b'"'

"""Local text files: found, cut and read by the rules of Hadoop's FileInputFormat and LineRecordReader."""

from __future__ import annotations

import bz2
import glob
import gzip
import os
import re
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO, Any, NamedTuple

from weft.errors import InputMissingError, NotSupportedError

__all__ = ["InputDamage", "Split", "is_content", "list_files", "raw_range", "raw_size", "read_split", "text_splits"]

_BLOCK_BYTES = 32 << 20  # what Hadoop cuts local files at
_SLOP = 1.1  # the last split may be a tenth longer
_CHUNK = 1 << 20
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_LINE_END = re.compile(rb"\r\n?|\n")
_MAGIC = re.compile(r"[*?\[{]")
_OPENERS: dict[str, Any] = {".gz": gzip.open, ".bz2": bz2.open}
_UNPACKED_TIMES = 4  # logs shrink to about a quarter
_BEING_COPIED = "._COPYING_"
_NO_READER = (".zst", ".snappy", ".lz4", ".deflate")


class InputDamage(Exception):  # a message on its way to the error of the catalogue
    """A file cannot be read to its end."""


@dataclass(frozen=True)
class Range:
    """Lines of a file that begin at or before ``stop`` and after ``start``.

    ``whole``: the file is compressed, and read from its beginning to its end. ``raw``: a file in any format, of which
    tasks ask for the bytes they want.
    """

    path: str
    start: int
    stop: int
    whole: bool = False
    raw: bool = False


@dataclass(frozen=True)
class Split:
    """The input of one task: ranges of files, one after the other."""

    ranges: tuple[Range, ...]


class Block(NamedTuple):
    """Lines of the file ``path`` from its byte ``start`` on; ``ends`` as in PROTOCOL.md."""

    data: bytes
    path: str
    start: int
    ends: str


def text_splits(
    paths: str, wanted: int, split_bytes: int, site: str, *, raw: bool = False, whole: bool = False
) -> tuple[list[Split], int]:
    """Cut the files that ``paths`` names (commas, patterns, folders) into at least ``wanted`` splits.

    Files that are small share one, up to ``split_bytes`` (0: none do). Also gives how many files were skipped.

    Raises
    ------
    InputMissingError
        If a path does not exist, or a pattern matches nothing.
    NotSupportedError
        If a path is not on the local filesystem.
    """
    skipped: set[str] = set()
    files = [path for name in _at_commas(paths) for path in _files(_local(name, site), site, skipped)]
    sizes = [os.path.getsize(path) for path in files]
    if whole:
        wholes = [(Range(path, 0, size, raw=raw),) if size else () for path, size in zip(files, sizes)]
        return [Split(ranges) for ranges in wholes], len(skipped)
    parts = max(1, wanted)
    text = [size * (_UNPACKED_TIMES if _is_packed(path) else 1) for path, size in zip(files, sizes)]
    target = min(split_bytes, -(-sum(text) // parts)) if len(files) > 1 else 0
    splits: list[list[Range]] = []
    shared: list[Range] = []  # the split that small files go into
    held = 0
    for path, size, weight in zip(files, sizes, text):
        ranges = _cut(path, size, sum(sizes) // parts, raw)
        if len(ranges) != 1 or weight >= target:
            splits += [[one] for one in ranges]
            continue
        if not shared or held + weight > target:
            shared, held = [], 0
            splits.append(shared)
        shared += ranges
        held += weight
    return [Split(tuple(ranges)) for ranges in splits], len(skipped)


def list_files(paths: str, site: str) -> list[str]:
    """The files that ``paths`` names, empty ones too.

    Raises
    ------
    InputMissingError
        If a path does not exist, or a pattern matches nothing.
    """
    return [path for name in _at_commas(paths) for path in _files(_local(name, site), site, set())]


def _is_packed(path: str) -> bool:
    return path.endswith((*_OPENERS, *_NO_READER))


def _cut(path: str, size: int, goal: int, raw: bool) -> list[Range]:
    if size == 0:
        return []
    if not raw and _is_packed(path):
        return [Range(path, 0, size, True)]
    ranges = []
    length, left = max(1, min(goal, _BLOCK_BYTES)), size
    while left / length > _SLOP:
        ranges.append(Range(path, size - left, size - left + length, raw=raw))
        left -= length
    if left:
        ranges.append(Range(path, size - left, size, raw=raw))
    return ranges


def _at_commas(paths: str) -> list[str]:
    """Split at commas that are not in braces."""
    parts, depth = [""], 0
    for letter in paths:
        depth += (letter == "{") - (letter == "}")
        if letter == "," and depth == 0:
            parts.append("")
        else:
            parts[-1] += letter
    return parts


def _local(name: str, site: str) -> str:
    if name.startswith("file:"):
        return "/" + name[len("file:") :].lstrip("/")
    if re.match(r"[A-Za-z][\w+.-]*:/", name):
        raise NotSupportedError(
            f"{name} is not a local file ({site}); inline reads no other filesystem. Use the master local[2].", "E18", 2
        )
    if not name:
        raise InputMissingError(f"an input path is empty ({site})", "E02", 3)
    return os.path.abspath(name)


def _files(pattern: str, site: str, skipped: set[str]) -> list[str]:
    matches = sorted(path for one in _without_braces(pattern) for path in _matching(one))
    visible = _visible(matches, skipped)
    if not visible:
        raise InputMissingError(_why_missing(pattern, matches, site), "E02", 3)
    files: list[str] = []
    for match in visible:
        if not os.path.isdir(match):
            files.append(match)
            continue
        for entry in _visible([os.path.join(match, name) for name in sorted(os.listdir(match))], skipped):
            if os.path.isdir(entry):
                raise InputMissingError(
                    f"file:{entry} is a folder inside the input folder, not a file ({site}). "
                    f"Name files or folders of files, such as file:{match}/*.",
                    "E02",
                    3,
                )
            files.append(entry)
    return files


def _without_braces(pattern: str) -> list[str]:
    """Every pattern that one with {a,b} stands for."""
    found = re.search(r"\{([^{}]*)\}", pattern)
    if found is None:
        return [pattern]
    before, after = pattern[: found.start()], pattern[found.end() :]
    return [full for part in found.group(1).split(",") for full in _without_braces(before + part + after)]


def _matching(pattern: str) -> list[str]:
    if not _MAGIC.search(pattern):
        return [pattern] if os.path.exists(pattern) else []
    return glob.glob(pattern.replace("[^", "[!"))


def _visible(paths: list[str], skipped: set[str]) -> list[str]:
    """Those whose names do not hide them; the marks that Hadoop leaves beside data do not count as skipped."""
    seen = []
    for path in paths:
        name = os.path.basename(path)
        if not name.startswith(("_", ".")) and not name.endswith(_BEING_COPIED):
            seen.append(path)
        elif name != "_SUCCESS" and not name.endswith(".crc"):
            skipped.add(path)
    return seen


def _why_missing(pattern: str, matches: list[str], site: str) -> str:
    if matches:
        return f"file:{matches[0]} is hidden, since its name {_why_hidden(matches[0])} ({site}). Rename it."
    if not _MAGIC.search(pattern):
        return f"file:{pattern} does not exist ({site})."
    folder = pattern
    while _MAGIC.search(folder):
        folder = os.path.dirname(folder)
    start = f"The pattern file:{pattern} matches no file ({site}); its folder file:{folder}"
    if not os.path.isdir(folder):
        return f"{start} does not exist"
    names = sorted(os.listdir(folder))
    if not names:
        return f"{start} is empty"
    return f"{start} has {len(names):,} {'entry' if len(names) == 1 else 'entries'}, e.g. {names[0]}"


def _why_hidden(path: str) -> str:
    return f"ends with '{_BEING_COPIED}'" if path.endswith(_BEING_COPIED) else "starts with '_' or '.'"


def read_split(split: Split, left_out: dict[str, str] | None = None) -> Iterator[Block]:
    """The split's lines in blocks of about 1 MiB; every file's last line ends with LF.

    With ``left_out``, the rest of a file whose packing is damaged is left out, and noted there: by path, what is wrong.

    Raises
    ------
    InputDamage
        If the file cannot be read or unpacked to its end.
    """
    for one in split.ranges:
        data = b""
        try:
            for start, data, ends in _read_range(one, whole_lines=left_out is not None):
                yield Block(data, f"file:{one.path}", start, ends)
        except InputDamage as damage:
            if left_out is None or not is_content(damage):
                raise
            left_out.setdefault(f"file:{one.path}", str(damage))
        if data and not data.endswith(b"\n"):
            yield Block(b"\n", f"file:{one.path}", 0, "")


def is_content(damage: InputDamage) -> bool:
    """Whether what a file holds is damaged, rather than the file out of reach."""
    cause = damage.__cause__
    return isinstance(cause, (EOFError, zlib.error)) or (isinstance(cause, OSError) and cause.errno is None)


class _WholeLines:
    """A packed file of which only lines are given that could be read to their ends."""

    def __init__(self, file: Any) -> None:
        self._file = file
        self._held = b""

    def read(self, _: int) -> bytes:
        while more := self._file.read1(_CHUNK):
            lines, end, rest = (self._held + more).rpartition(b"\n")
            self._held = rest
            if end:
                return bytes(lines + end)
        held, self._held = self._held, b""
        return held


def _read_range(part: Range, *, whole_lines: bool) -> Iterator[tuple[int, bytes, str]]:
    suffix = os.path.splitext(part.path)[1]
    if suffix in _NO_READER:
        raise InputDamage(f"file:{part.path} cannot be read: inline unpacks .gz and .bz2 only. Use local[2].")
    try:
        with _OPENERS.get(suffix, open)(part.path, "rb") as file:
            if part.whole:
                packed = whole_lines and suffix in _OPENERS
                yield from _blocks(_WholeLines(file) if packed else file, 0, None)
                return
            start = _line_after(file, part.start) if part.start else 0
            stop = _line_after(file, part.stop)
            if start < stop:
                file.seek(start)
                yield from _blocks(file, start, stop)
    except (OSError, EOFError, zlib.error) as error:
        raise InputDamage(f"file:{part.path} cannot be read to its end: {error}") from error


def raw_size(path: str) -> int:
    """The length of a file."""
    try:
        return os.path.getsize(path)
    except OSError as error:
        raise InputDamage(f"file:{path} cannot be read: {error.strerror}") from error


def raw_range(path: str, start: int, stop: int) -> dict[str, Any] | None:
    """A range of a file, as far as there is one, as the body of a LOCAL frame."""
    stop = min(stop, raw_size(path))
    try:
        with open(path, "rb"):
            pass
    except OSError as error:
        raise InputDamage(f"file:{path} cannot be read: {error.strerror}") from error
    return {"path": path, "offset": start, "length": stop - start, "map": -1} if start < stop else None


def _line_after(file: IO[bytes], position: int) -> int:
    """Where the next line begins after the first line end at or after ``position``."""
    file.seek(position)
    pending = b""
    while True:
        chunk = file.read(64 << 10)
        data = pending + chunk
        found = _LINE_END.search(data)
        if found is not None and (found.end() < len(data) or not chunk or data[found.start() : found.end()] != b"\r"):
            return position + found.end()
        if not chunk:
            return position + len(data)
        if found is None:
            position += len(data)
            pending = b""
        else:  # a CR at the end of what was read: a LF may follow
            pending = data


def _blocks(file: IO[bytes] | _WholeLines, start: int, stop: int | None) -> Iterator[tuple[int, bytes, str]]:
    """Where in the file each block begins, its bytes, and which of its line ends are longer in the file."""
    held = b""
    first = start == 0
    while stop is None or start < stop:
        chunk = file.read(_CHUNK if stop is None else min(_CHUNK, stop - start))
        if not chunk:
            break
        begin = start - len(held)
        start += len(chunk)
        if first and chunk.startswith(_BYTE_ORDER_MARK):
            chunk = chunk[len(_BYTE_ORDER_MARK) :]
            begin += len(_BYTE_ORDER_MARK)
        first = False
        block = held + chunk
        held = b"\r" if block.endswith(b"\r") else b""
        block = block[: len(block) - len(held)]
        ends = ""
        if b"\r" in block:
            ends = _wide_ends(block)
            block = block.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
        if block:
            yield begin, block, ends
    if held:
        yield start - 1, b"\n", ""


def _wide_ends(block: bytes) -> str:
    """Which line ends are CR LF, as PROTOCOL.md writes it."""
    ends = _LINE_END.findall(block)
    bits = int("".join("1" if end == b"\r\n" else "0" for end in reversed(ends)) or "0", 2)
    return bits.to_bytes((len(ends) + 7) // 8, "little").hex()

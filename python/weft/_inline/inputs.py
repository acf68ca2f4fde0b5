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
from typing import IO, Any

from weft.errors import InputMissingError, UnsupportedError

__all__ = ["InputDamage", "Split", "raw_range", "raw_size", "read_split", "text_splits"]

_BLOCK_BYTES = 32 << 20  # what Hadoop cuts local files at
_SLOP = 1.1  # the last split may be a tenth longer
_CHUNK = 1 << 20
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_LINE_END = re.compile(rb"\r\n?|\n")
_MAGIC = re.compile(r"[*?\[{]")
_OPENERS: dict[str, Any] = {".gz": gzip.open, ".bz2": bz2.open}
_NO_READER = (".zst", ".snappy", ".lz4", ".deflate")


class InputDamage(Exception):  # noqa: N818 - a message on its way to the error of the catalogue
    """A file cannot be read to its end."""


@dataclass(frozen=True)
class Split:
    """Lines of a file that begin at or before ``stop`` and after ``start``; no path: no lines.

    ``whole``: the file is compressed, and read from its beginning to its end. ``raw``: a file in any format, of which
    tasks ask for the bytes they want.
    """

    path: str | None
    start: int = 0
    stop: int = 0
    whole: bool = False
    raw: bool = False


def text_splits(paths: str, wanted: int, site: str, *, raw: bool = False) -> list[Split]:
    """Cut the files that ``paths`` names (commas, patterns, folders) into at least ``wanted`` splits.

    Raises
    ------
    InputMissingError
        If a path does not exist, or a pattern matches nothing.
    UnsupportedError
        If a path is not on the local filesystem.
    """
    files = [path for name in _at_commas(paths) for path in _files(_local(name, site), site)]
    sizes = [os.path.getsize(path) for path in files]
    goal = sum(sizes) // max(1, wanted)
    splits: list[Split] = []
    for path, size in zip(files, sizes):
        if size == 0:
            continue
        if not raw and path.endswith((*_OPENERS, *_NO_READER)):
            splits.append(Split(path, 0, size, True))
            continue
        length, left = max(1, min(goal, _BLOCK_BYTES)), size
        while left / length > _SLOP:
            splits.append(Split(path, size - left, size - left + length, raw=raw))
            left -= length
        if left:
            splits.append(Split(path, size - left, size, raw=raw))
    return splits


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
        raise UnsupportedError(
            f"{name} is not a local file ({site}); inline reads no other filesystem. Use the master local[2].", "E18", 2
        )
    if not name:
        raise InputMissingError(f"an input path is empty ({site})", "E02", 3)
    return os.path.abspath(name)


def _files(pattern: str, site: str) -> list[str]:
    matches = sorted(path for one in _without_braces(pattern) for path in _matching(one))
    visible = [path for path in matches if _is_visible(path)]
    if not visible:
        raise InputMissingError(_why_missing(pattern, matches, site), "E02", 3)
    files: list[str] = []
    for match in visible:
        if not os.path.isdir(match):
            files.append(match)
            continue
        for name in sorted(filter(_is_visible, os.listdir(match))):
            entry = os.path.join(match, name)
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


def _is_visible(path: str) -> bool:
    return not os.path.basename(path).startswith(("_", "."))


def _why_missing(pattern: str, matches: list[str], site: str) -> str:
    if matches:
        return f"file:{matches[0]} is hidden, since its name starts with '_' or '.' ({site}). Rename it."
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


def read_split(split: Split) -> Iterator[bytes]:
    """The split's lines in blocks of about 1 MiB; every line ends with LF but perhaps the file's last.

    Raises
    ------
    InputDamage
        If the file cannot be read or unpacked to its end.
    """
    assert split.path is not None
    suffix = os.path.splitext(split.path)[1]
    if suffix in _NO_READER:
        raise InputDamage(f"file:{split.path} cannot be read: inline unpacks .gz and .bz2 only. Use local[2].")
    try:
        with _OPENERS.get(suffix, open)(split.path, "rb") as file:
            if split.whole:
                yield from _blocks(file, 0, None)
                return
            start = _line_after(file, split.start) if split.start else 0
            stop = _line_after(file, split.stop)
            if start < stop:
                file.seek(start)
                yield from _blocks(file, start, stop)
    except (OSError, EOFError, zlib.error) as error:
        raise InputDamage(f"file:{split.path} cannot be read to its end: {error}") from error


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


def _blocks(file: IO[bytes], start: int, stop: int | None) -> Iterator[bytes]:
    held = b""
    first = start == 0
    while stop is None or start < stop:
        chunk = file.read(_CHUNK if stop is None else min(_CHUNK, stop - start))
        if not chunk:
            break
        start += len(chunk)
        if first and chunk.startswith(_BYTE_ORDER_MARK):
            chunk = chunk[len(_BYTE_ORDER_MARK) :]
        first = False
        block = held + chunk
        held = b"\r" if block.endswith(b"\r") else b""
        block = block[: len(block) - len(held)]
        if b"\r" in block:
            block = block.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
        if block:
            yield block
    if held:
        yield b"\n"

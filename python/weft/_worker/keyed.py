"""Text of pairs whose keys make folders: few files open at a time, however many keys there are."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import quote

from weft._ops.batching import in_lists
from weft._ops.locally import sort_within
from weft._ops.scope import TaskScope

__all__ = ["MAX_FOLDERS", "folder_name", "write_by_key"]

MAX_FOLDERS = 32
"""So many folders of a task are written side by side. Records of further keys are sorted by folder first."""

_KEYS = 10_000  # whose folders are remembered
_SAFE = " !#$&'()+-.;=@^_`~"
Encode = Callable[[list[Any]], bytes]
Send = Callable[[str, bytes, bool], None]


def folder_name(key: object) -> str:
    """Name the folder of a key: of a tuple's parts one in the other; what folders' names cannot have as ``%XX``.

    Examples
    --------
    >>> folder_name("day=2024-05-01"), folder_name(("a/b", None)), folder_name("_x"), folder_name("")
    ('day=2024-05-01', 'a%2Fb/None', '%5Fx', '%')
    """
    parts = key if isinstance(key, tuple) and key else (key,)
    return "/".join(map(_component, parts))


def _component(part: object) -> str:
    text = part.decode("utf-8", "replace") if isinstance(part, bytes) else str(part)
    name = quote(text, safe=_SAFE) or "%"
    if text.isprintable() and not text.isascii():
        name = "".join(letter if not letter.isascii() else quote(letter, safe=_SAFE) for letter in text)
    return f"%{ord(name[0]):02X}{name[1:]}" if name[0] in "_." else name


class _Folders:
    """The folders that are written side by side, each with the lines that were not sent yet."""

    def __init__(self, send: Send, encode: Encode, chunk_bytes: int) -> None:
        self._send = send
        self._encode = encode
        self._chunk_bytes = chunk_bytes
        self._lines: dict[str, list[Any]] = {}
        self._sizes: dict[str, int] = {}
        self._names: dict[Any, str] = {}

    def name(self, key: Any) -> str:
        found = self._names.get((type(key), key)) if not isinstance(key, (list, dict, set)) else None
        if found is None:
            found = folder_name(key)
            if len(self._names) < _KEYS:
                self._names[(type(key), key)] = found
        return found

    def has(self, name: str) -> bool:
        """Whether the folder is, or can be, among them."""
        if name in self._lines:
            return True
        if len(self._lines) == MAX_FOLDERS:
            return False
        self._lines[name], self._sizes[name] = [], 0
        return True

    def add(self, name: str, value: Any) -> None:
        self._lines[name].append(value)
        self._sizes[name] += len(value) + 1 if isinstance(value, (str, bytes)) else 32
        if self._sizes[name] >= self._chunk_bytes:
            self._flush(name, last=False)

    def _flush(self, name: str, *, last: bool) -> None:
        lines, self._lines[name], self._sizes[name] = self._lines[name], [], 0
        if lines or last:
            self._send(name, self._encode(lines) if lines else b"", last)

    def end(self) -> None:
        """Send what is left; all folders are done."""
        for name in list(self._lines):
            self._flush(name, last=True)
            del self._lines[name]


def write_by_key(pairs: Iterator[Any], scope: TaskScope, encode: Encode, send: Send, chunk_bytes: int) -> None:
    """Write the values of pairs as lines, each into its key's folder, in their order.

    The first folders are written as their records come. Records of all others are put in order of their folders, on
    disk if need be, and written folder by folder, so that no folder gets a file per handful of records.
    """
    folders = _Folders(send, encode, chunk_bytes)

    def others() -> Iterator[tuple[str, Any]]:
        for some in in_lists(pairs, 1024, 1 << 20):
            scope.rows_out += len(some)
            for key, value in some:
                name = folders.name(key)
                if folders.has(name):
                    folders.add(name, value)
                else:
                    yield name, value
        folders.end()

    current = None
    for name, value in sort_within(None, True)(0, others()):
        if name != current:
            folders.end()
            current = name
            folders.has(name)
        folders.add(name, value)
    folders.end()

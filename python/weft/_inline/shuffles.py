"""Map outputs of this process: files in the layout of shuffle/MAPOUTPUT.md, kept until their RDD is gone."""

from __future__ import annotations

import os
import shutil
import struct
from collections.abc import Iterator, Sequence
from typing import Any

from weft._inline.planning import BOUNDS

__all__ = ["Shuffles"]

_ENTRY = struct.Struct(">QQQ")


class Shuffles:
    """Where the outputs of every shuffle's maps lie, by the id of its RDD."""

    def __init__(self) -> None:
        self._outputs: dict[int, list[str]] = {}
        self._whole: set[int] = set()
        self._kept: dict[int, dict[int, str]] = {}

    def is_written(self, shuffle: int) -> bool:
        """Whether all maps of a shuffle have run."""
        return shuffle in self._whole

    def add(self, shuffle: int, folder: str) -> None:
        """Note the output of a shuffle's next map."""
        self._outputs.setdefault(shuffle, []).append(folder)

    def complete(self, shuffle: int) -> None:
        """Note that all maps have run, and the bounds stage of a range shuffle."""
        self._whole.add(shuffle)

    def drop(self, shuffle: int) -> None:
        """Remove what a shuffle's maps have written."""
        self._whole.discard(shuffle)
        for part in (shuffle, shuffle | BOUNDS):
            for folder in self._outputs.pop(part, ()):
                shutil.rmtree(folder, ignore_errors=True)

    def keep(self, entries: list[dict[str, Any]]) -> None:
        """Note the persisted partitions that a task has made."""
        for entry in entries:
            self._kept.setdefault(entry["rdd"], {})[entry["partition"]] = entry["path"]

    def kept(self, rdd: int, partition: int) -> dict[str, Any] | None:
        """A persisted partition as the body of a LOCAL frame; None if it is not kept."""
        folder = self._kept.get(rdd, {}).get(partition)
        if folder is None:
            return None
        return {"path": os.path.join(folder, "file.out"), "offset": 0, "length": _index(folder)[0][2], "map": 0}

    def is_kept(self, rdd: int, partition: int) -> bool:
        """Whether a persisted partition is there."""
        return partition in self._kept.get(rdd, ())

    def count_kept(self, rdd: int) -> int:
        """How many partitions of an RDD are kept."""
        return len(self._kept.get(rdd, ()))

    def drop_kept(self, rdd: int) -> None:
        """Remove what is kept of an RDD."""
        for folder in self._kept.pop(rdd, {}).values():
            shutil.rmtree(folder, ignore_errors=True)

    def parts(self, shuffle: int, request: dict[str, Any]) -> Iterator[dict[str, Any]]:
        """What an OPEN frame asks for, as the bodies of LOCAL frames."""
        folders = self._outputs.get(shuffle, [])
        if "all" in request:
            wanted: Sequence[Sequence[int]] = [
                (number, request["all"], request["all"] + 1) for number in range(len(folders))
            ]
        else:
            wanted = request["parts"]
        for number, start, stop in wanted:
            entries = _index(folders[number])[start:stop]
            length = sum(entry[2] for entry in entries)
            if length:
                path = os.path.join(folders[number], "file.out")
                yield {"path": path, "offset": entries[0][0], "length": length, "map": number}


def _index(folder: str) -> list[tuple[int, ...]]:
    """Offset, rows and length of every partition."""
    with open(os.path.join(folder, "file.out.index"), "rb") as file:
        data = file.read()
    return [_ENTRY.unpack_from(data, at) for at in range(0, len(data) - 8, _ENTRY.size)]

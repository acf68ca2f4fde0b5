"""Steps that read what a split describes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

__all__ = ["split_reader"]


def split_reader(read: Callable[[Any], Iterable[Any]]) -> Callable[[int, Iterator[Any]], Iterator[Any]]:
    """Make the step that gives the records of splits; a reader that has a ``close`` is closed at the task's end."""

    def call(_index: int, splits: Iterator[Any]) -> Iterator[Any]:
        for split in splits:
            records = read(split)
            try:
                yield from records
            finally:
                close = getattr(records, "close", None)
                if callable(close):
                    close()

    return call

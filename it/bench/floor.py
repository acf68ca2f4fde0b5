"""The time of the users' own functions in the rows that name some: two processes of plain Python, and nothing else.

No engine that calls the same functions in CPython can be faster: there is no shuffle, no sort, no table in it.

usage: floor.py PATH ROW     prints a JSON object: row, seconds
"""

from __future__ import annotations

import itertools
import json
import os
import sys
import time
from collections import deque
from collections.abc import Callable, Iterator

from rows import find_words, third_field

PROCESSES = 2
BLOCK = 1 << 20


def lines(path: str, part: int) -> Iterator[list[str]]:
    """The lines of one half of a file, a list a block."""
    size = os.path.getsize(path)
    with open(path, "rb") as file:
        end = size * (part + 1) // PROCESSES
        file.seek(size * part // PROCESSES)
        if part:
            file.readline()
        while file.tell() < end:
            yield (file.read(BLOCK) + file.readline()).decode().splitlines()


def find_and_count(block: list[str]) -> None:
    """The three functions of the word count by a regular expression, once for each line or word."""
    pairs = list(map(lambda word: (word, 1), itertools.chain.from_iterable(map(find_words, block))))
    deque(map(lambda a, b: a + b, itertools.repeat(1), [one for _, one in pairs]), maxlen=0)


def fields(block: list[str]) -> None:
    """The key function of the sort by a field."""
    deque(map(third_field, block), maxlen=0)


def numbers(block: list[str]) -> None:
    """The numbers of the statistics of text."""
    deque(map(float, block), maxlen=0)


WORK: dict[str, tuple[str, Callable[[list[str]], None]]] = {
    "wordcount-findall": ("", find_and_count),
    "sort-field": ("", fields),
    "stats-text": (".numbers", numbers),
}


def main() -> None:
    path, row = sys.argv[1], sys.argv[2]
    suffix, work = WORK[row]
    began = time.perf_counter()
    children = []
    for part in range(PROCESSES):
        child = os.fork()
        if child == 0:
            for block in lines(path + suffix, part):
                work(block)
            os._exit(0)
        children.append(child)
    for child in children:
        if os.waitpid(child, 0)[1]:
            raise SystemExit(f"floor.py: process {child} failed")
    print(json.dumps({"row": row, "seconds": round(time.perf_counter() - began, 4)}))


if __name__ == "__main__":
    main()

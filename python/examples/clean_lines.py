"""Read a folder of small files, keep what can be parsed by day, and put the rest aside.

usage: clean_lines.py SOURCE TARGET

A line is DAY, a tab and a whole number. TARGET gets days/DAY/part-…, replaced at each run, and rejects/ other lines.
"""

from __future__ import annotations

import sys

from weft import BadRecords, WeftContext


def parse(line: str) -> tuple[str, int]:
    """Take a line apart."""
    day, number = line.split("\t")
    return day, int(number)


if __name__ == "__main__":
    source, target = sys.argv[1:]
    with WeftContext() as sc:
        lines = sc.textFile(source)
        rows = lines.map(parse, errors=BadRecords(max=1000, ratio=0.5, deadLetters=f"{target}/rejects"))
        rows.saveAsTextFilesByKey(f"{target}/days", mode="overwrite", targetFileBytes=64_000_000)
        for letter in sc.textFile(f"{target}/rejects").collect():
            print(letter)

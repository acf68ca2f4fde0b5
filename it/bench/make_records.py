"""Write the lines of a text once more, as a sequence file of pairs and as Avro records: inputs of the benchmark.

usage: make_records.py PATH     makes the folders PATH.seq (number, line) and PATH.avro (8 files), if they are not there
"""

from __future__ import annotations

import itertools
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

FILES = 8
SCHEMA = {
    "type": "record",
    "name": "Line",
    "fields": [
        {"name": "number", "type": "long"},
        {"name": "line", "type": "string"},
        {"name": "words", "type": "int"},
        {"name": "first", "type": ["null", "string"]},
    ],
}


def records(lines: Iterator[tuple[int, str]]) -> Iterator[dict[str, Any]]:
    """An Avro record of each numbered line."""
    for number, line in lines:
        first, _, _ = line.partition(" ")
        yield {"number": number, "line": line, "words": line.count(" ") + 1, "first": first or None}


def write_avro(path: Path, folder: Path) -> None:
    """The text in files of about equally many lines, as fastavro writes them."""
    import fastavro

    with open(path) as text:
        least = sum(1 for _ in text) // FILES + 1
        text.seek(0)
        numbered = enumerate(line.rstrip("\n") for line in text)
        for file in range(FILES):
            with open(folder / f"part-{file:05}.avro", "wb") as out:
                fastavro.writer(out, SCHEMA, records(itertools.islice(numbered, least)), codec="deflate")


def write_pairs(path: Path, folder: Path) -> None:
    """The text as Hadoop's SequenceFileOutputFormat writes it, uncompressed."""
    from weft import WeftContext

    with WeftContext("local[2]", "records") as sc:
        pairs = sc.textFile(f"file:{path}").zipWithIndex().map(lambda pair: (pair[1], pair[0]))
        pairs.saveAsSequenceFile(f"file:{folder}/pairs")


def make(path: Path) -> None:
    """Both folders, each complete or not there."""
    for ending, write in (("avro", write_avro), ("seq", write_pairs)):
        folder = Path(f"{path}.{ending}")
        if folder.exists():
            continue
        part = Path(f"{folder}.part")
        shutil.rmtree(part, ignore_errors=True)
        part.mkdir()
        write(path, part)
        (part / "pairs" if ending == "seq" else part).replace(folder)
        shutil.rmtree(part, ignore_errors=True)


if __name__ == "__main__":
    make(Path(sys.argv[1]).resolve())

"""The rows of the benchmark that take the RDD API's operations one by one, at growing sizes; see api.py.

Each row is a job over text of words, or over as many numbers as that text has lines, whose answer is compared between the
engines. The functions are lambdas, which both engines pickle by value, since no worker can import this file.

PySpark's package has no reader of Avro: its side is what its users do, fastavro over binaryFiles.
"""

from __future__ import annotations

import io
import itertools
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from operator import add
from typing import Any

LINE_BYTES = 52  # about, of make_words.py
PARTS = 8
TAKEN = 1000


def rows(sc: Any, path: str) -> dict[str, Callable[[], Any]]:
    """Every row's job.

    Parameters
    ----------
    sc : WeftContext or SparkContext
    path : str
        URI of the text.

    Returns
    -------
    dict of str to function
        A job by the row's name; each gives a plain answer.
    """
    count = os.path.getsize(path.removeprefix("file:")) // LINE_BYTES
    table: list[Any] = []
    cached: list[Any] = []

    def keyed() -> Any:
        return sc.textFile(path).map(lambda line: (line[:12], len(line)))

    def broadcast() -> int:
        if not table:
            table.append(sc.broadcast({number: number * 2 for number in range(100_000)}))
        known = table[0]
        total: int = sc.range(count, numSlices=PARTS).map(lambda number: known.value[number % 100_000]).sum()
        return total

    def rescans() -> int:
        if not cached:
            cached.append(sc.textFile(path).map(len).cache())
            cached[0].count()
        return sum(int(cached[0].sum()) for _ in range(5))

    def saved(save: Callable[[str], None]) -> int:
        """How many bytes lie in the files that are written."""
        folder = tempfile.mkdtemp(prefix="weft-bench-")
        try:
            save(f"file:{folder}/out")
            return sum(one.stat().st_size for one in os.scandir(f"{folder}/out") if one.name.startswith("part-"))
        finally:
            shutil.rmtree(folder)

    def avro() -> int:
        if hasattr(sc, "avroFile"):
            records = sc.avroFile(f"{path}.avro")
        else:
            records = sc.binaryFiles(f"{path}.avro", PARTS).flatMap(avro_records)
        total: int = records.map(lambda record: record["number"] + len(record["line"])).sum()
        return total

    def avro_records(file: tuple[str, bytes]) -> Iterator[Any]:
        import fastavro

        yield from fastavro.reader(io.BytesIO(file[1]))

    def join() -> int:
        left = sc.range(count, numSlices=PARTS).map(lambda number: (number, 1))
        right = sc.range(0, count * 2, 2, numSlices=PARTS).map(lambda number: (number, 2))
        pairs: int = left.join(right, PARTS).count()
        return pairs

    return {
        "map-filter": lambda: (
            sc.textFile(path).map(lambda line: line[1:]).filter(lambda line: "a" in line).map(len).filter(bool).count()
        ),
        "count": lambda: sc.textFile(path).count(),
        "reduceByKey": lambda: keyed().reduceByKey(add, PARTS).count(),
        "groupByKey": lambda: keyed().groupByKey(PARTS).mapValues(len).map(lambda pair: pair[1]).sum(),
        "distinct": lambda: sc.textFile(path).map(lambda line: line[:12]).distinct(PARTS).count(),
        "join": join,
        "repartition": lambda: sc.textFile(path).repartition(PARTS * 2).count(),
        "sortBy": lambda: sc.textFile(path).sortBy(lambda line: line[::-1]).count(),
        "broadcast": broadcast,
        "cached": rescans,
        "stats": lambda: round(sc.textFile(path).map(len).stats().mean(), 6),
        "take": lambda: len(list(itertools.chain(*(sc.textFile(path).map(len).take(TAKEN) for _ in range(5))))),
        "saveAsTextFile": lambda: saved(sc.textFile(path).map(lambda line: line.upper()).saveAsTextFile),
        "sequenceFile": lambda: sc.sequenceFile(f"{path}.seq").map(lambda pair: pair[0] + len(pair[1])).sum(),
        "saveAsSequenceFile": lambda: saved(keyed().saveAsSequenceFile),
        "Avro read": avro,
    }

"""Files of Hadoop's formats from one engine to the other: what one writes, the other reads.

It is an unedited PySpark program; from Weft to PySpark, and with the two in turn from PySpark to Weft:

    bin/weft run --pyspark python/tests/conform/exchange.py write FOLDER
    /path/to/pyspark/python python/tests/conform/exchange.py read FOLDER
"""

from __future__ import annotations

import os
import sys
from collections import OrderedDict
from collections.abc import Callable
from decimal import Decimal
from typing import Any, NamedTuple

if __name__ == "__main__":
    sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
    from formats import PAIRS  # type: ignore[import-not-found, unused-ignore]
else:
    from tests.conform.formats import PAIRS

__all__ = ["KINDS", "PICKLED", "Kind"]


class Kind(NamedTuple):
    """A kind of file: what is in it, and how it is written and read."""

    records: list[Any]
    write: Callable[[Any, str], None]
    read: Callable[[Any, str], Any]


PICKLED: list[Any] = [1, "é日😀", (2.0, None), {"k": [1, {2}]}, b"\x00\xff", Decimal("1.10"), OrderedDict(a=1), 2**80]
_CODECS = "org.apache.hadoop.io.compress."
_MANY: list[Any] = [(f"key {i}", {"n": i, "half": i / 2, "odd": bool(i % 2), "none": None}) for i in range(500)]


def _read_pairs(sc: Any, path: str) -> Any:
    return sc.sequenceFile(path)


def _pairs(records: list[Any], codec: str | None = None) -> Kind:
    named = codec and _CODECS + codec
    return Kind(records, lambda rdd, path: rdd.saveAsSequenceFile(path, named), _read_pairs)


def _packed(packing: str, codec: str) -> Kind:
    """By the new API, which asks its settings how to compress."""
    prefix = "mapreduce.output.fileoutputformat.compress"
    conf = {prefix: "true", f"{prefix}.type": packing, f"{prefix}.codec": _CODECS + codec}
    output = "org.apache.hadoop.mapreduce.lib.output.SequenceFileOutputFormat"
    return Kind(_MANY, lambda rdd, path: rdd.saveAsNewAPIHadoopFile(path, output, conf=conf), _read_pairs)


def _pickles(records: list[Any], *batch_size: int) -> Kind:
    return Kind(
        records, lambda rdd, path: rdd.saveAsPickleFile(path, *batch_size), lambda sc, path: sc.pickleFile(path)
    )


KINDS: dict[str, Kind] = {f"sequence file of {what}": _pairs(pairs) for what, pairs in PAIRS.items()}
KINDS.update({f"sequence file, {codec}": _pairs(_MANY, codec) for codec in ("GzipCodec", "BZip2Codec", "DefaultCodec")})
KINDS.update({f"sequence file, {packing} in gzip": _packed(packing, "GzipCodec") for packing in ("RECORD", "BLOCK")})
KINDS["pickle file"] = _pickles(PICKLED * 9)
KINDS["pickle file of single records"] = _pickles(PICKLED, 1)
KINDS["pickle file in batches that suit"] = _pickles(list(range(5000)) + ["x" * 100_000] * 3, 0)


def folder_of(base: str, name: str) -> str:
    """Where a kind's files are."""
    return os.path.join(base, name.replace(",", "").replace(" ", "-"))


def write(sc: Any, base: str) -> None:
    """Write every kind of file, in two parts."""
    for name, kind in KINDS.items():
        kind.write(sc.parallelize(kind.records, 2), folder_of(base, name))


def read(sc: Any, base: str) -> dict[str, str]:
    """Give what is wrong with each kind of file, an empty text for what came back as it was written."""
    wrong = {}
    for name, kind in KINDS.items():
        try:
            found = sorted(map(repr, map(_plain, kind.read(sc, folder_of(base, name)).collect())))
        except Exception as problem:
            wrong[name] = f"{type(problem).__name__}: {problem}"
            continue
        meant = sorted(map(repr, map(_plain, kind.records)))
        wrong[name] = "" if found == meant else f"{len(found)} records of {len(meant)}: {found[:2]}, not {meant[:2]}"
    return wrong


def _plain(record: Any) -> Any:
    """Bytes come back as byte arrays, and dictionaries in another order."""
    if isinstance(record, (bytes, bytearray)):
        return bytes(record)
    if isinstance(record, tuple):
        return tuple(map(_plain, record))
    if isinstance(record, dict):
        return sorted(((_plain(key), _plain(value)) for key, value in record.items()), key=repr)
    return record


def main(what: str, base: str) -> int:
    """Write or read; give 1 if anything came back otherwise."""
    from pyspark import SparkConf, SparkContext

    engine = "Weft" if "weft" in sys.modules else "PySpark"
    sc = SparkContext(conf=SparkConf().setMaster("local[2]").set("spark.ui.showConsoleProgress", "false"))
    if what == "write":
        write(sc, base)
        print(f"{engine} wrote {len(KINDS)} kinds of files", flush=True)
        sc.stop()
        return 0
    wrong = read(sc, base)
    for name, problem in wrong.items():
        print(f"{engine} reads {name}: {problem or 'as it was written'}", flush=True)
    sc.stop()
    return 1 if any(wrong.values()) else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:3]))

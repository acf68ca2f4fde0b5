"""Files that Weft wrote, by what PySpark wrote and by Hadoop's own reader: PySpark reads them with no other."""

from __future__ import annotations

import contextlib
import os
import pickle
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.conform import exchange, formats
from weft import WeftContext

pytestmark = pytest.mark.local

# a file's header ends with its mark of 16 bytes, made at random, which may come again behind four bytes of ones
_HEADER = re.compile(rb"SEQ\x06.*?[\x00\x01]{2}.*?\x00\x00\x00\x00(.{16})", re.DOTALL)
_CODECS = "org.apache.hadoop.io.compress."
_WRITABLES = {
    bool: "BooleanWritable",
    float: "DoubleWritable",
    str: "Text",
    bytes: "BytesWritable",
    bytearray: "BytesWritable",
    dict: "MapWritable",
    type(None): "NullWritable",
}
"""What PySpark's documentation says that values become; integers are of two sizes."""


@pytest.fixture(scope="module")
def sc() -> Iterator[WeftContext]:
    with WeftContext("local[2]") as made:
        yield made


@pytest.fixture(scope="module")
def written(sc: WeftContext, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The folder of all kinds of files, that Weft wrote."""
    folder = str(tmp_path_factory.mktemp("exchange"))
    exchange.write(sc, folder)
    return folder


def _header(path: Path) -> tuple[bytes, bytes]:
    """A file's header without its mark, and the mark."""
    content = path.read_bytes()
    header = _HEADER.match(content)
    assert header is not None, content[:200]
    return header.group()[:-16], header.group(1)


def _unmarked(path: Path) -> bytes:
    return path.read_bytes().replace(_header(path)[1], b"(mark)")


@pytest.mark.parametrize("what", formats.PAIRS)
def test_a_sequence_file_is_byte_for_byte_what_pyspark_writes(sc: WeftContext, tmp_path: Path, what: str) -> None:
    sc.parallelize(formats.PAIRS[what], 1).saveAsSequenceFile(str(tmp_path / "ours"))
    theirs = Path(formats.FOLDER, what.replace(" ", "-"), "part-00000")
    assert _unmarked(tmp_path / "ours" / "part-00000") == _unmarked(theirs)


def test_a_compressed_sequence_file_has_the_header_that_pyspark_writes(sc: WeftContext, tmp_path: Path) -> None:
    sc.parallelize(formats.PAIRS["text and int"], 1).saveAsSequenceFile(str(tmp_path / "ours"), f"{_CODECS}GzipCodec")
    theirs = Path(formats.FOLDER, "in-gzip", "part-00000")
    assert b"GzipCodec" in _header(theirs)[0]
    assert _header(tmp_path / "ours" / "part-00000")[0] == _header(theirs)[0]


def test_a_pickle_file_is_byte_for_byte_what_pyspark_writes(sc: WeftContext, tmp_path: Path) -> None:
    sc.parallelize([1, "a", (2.0, None), {"k": [1]}] * 10, 1).saveAsPickleFile(str(tmp_path / "ours"))
    theirs = Path(formats.FOLDER, "pickles", "part-00000")
    assert _unmarked(tmp_path / "ours" / "part-00000") == _unmarked(theirs)


def _reader(sc: WeftContext, path: str) -> Any:
    hadoop, conf = sc._jvm.org.apache.hadoop, sc._jsc.hadoopConfiguration()
    target = hadoop.fs.Path(f"file:{path}")
    return hadoop.io.SequenceFile.Reader(target.getFileSystem(conf), target, conf)


def _records(sc: WeftContext, path: str) -> Iterator[tuple[Any, Any]]:
    """What Hadoop's reader gives, each Writable's class and what its own method says."""
    new, conf = sc._jvm.org.apache.hadoop.util.ReflectionUtils.newInstance, sc._jsc.hadoopConfiguration()
    reader = _reader(sc, path)
    key, value = new(reader.getKeyClass(), conf), new(reader.getValueClass(), conf)
    while reader.next(key, value):
        yield _found(key), _found(value)
    reader.close()


def _found(writable: Any) -> tuple[str, Any]:
    kind = writable.getClass().getSimpleName()
    if kind == "NullWritable":
        return kind, None
    if kind == "BytesWritable":
        return kind, bytes(writable.copyBytes())
    if kind == "MapWritable":
        return kind, {_found(one): _found(writable.get(one)) for one in writable.keySet()}
    return kind, writable.toString() if kind == "Text" else writable.get()


def _meant(value: Any) -> tuple[str, Any]:
    if type(value) is int:
        return "IntWritable" if -(2**31) <= value < 2**31 else "LongWritable", value
    if isinstance(value, dict):
        return "MapWritable", {_meant(key): _meant(one) for key, one in value.items()}
    return _WRITABLES[type(value)], bytes(value) if isinstance(value, bytearray) else value


def _parts(written: str, name: str) -> list[str]:
    folder = exchange.folder_of(written, name)
    return [os.path.join(folder, part) for part in sorted(os.listdir(folder)) if part.startswith("part-")]


COMPRESSED = {
    "sequence file, GzipCodec": ("BLOCK", "GzipCodec"),
    "sequence file, BZip2Codec": ("BLOCK", "BZip2Codec"),
    "sequence file, DefaultCodec": ("BLOCK", "DefaultCodec"),
    "sequence file, RECORD in gzip": ("RECORD", "GzipCodec"),
    "sequence file, BLOCK in gzip": ("BLOCK", "GzipCodec"),
}
SEQUENCES = [name for name in exchange.KINDS if name.startswith("sequence")]


@pytest.mark.parametrize("name", SEQUENCES)
def test_hadoops_reader_finds_every_pair(sc: WeftContext, written: str, name: str) -> None:
    parts = _parts(written, name)
    assert len(parts) == 2
    meant = [(_meant(key), _meant(value)) for key, value in exchange.KINDS[name].records]
    assert [pair for part in parts for pair in _records(sc, part)] == meant


@pytest.mark.parametrize("name", SEQUENCES)
def test_a_sequence_file_is_compressed_as_it_was_asked_for(sc: WeftContext, written: str, name: str) -> None:
    how, codec = COMPRESSED.get(name, ("NONE", None))
    for part in _parts(written, name):
        with contextlib.closing(_reader(sc, part)) as reader:
            used = reader.getCompressionCodec()
            assert (reader.getCompressionType().toString(), used and used.getClass().getSimpleName()) == (how, codec)


@pytest.mark.parametrize("name", [name for name in exchange.KINDS if name.startswith("pickle")])
def test_java_and_pickle_find_every_record(sc: WeftContext, written: str, name: str) -> None:
    found: list[Any] = []
    for part in _parts(written, name):
        for key, value in _records(sc, part):
            assert (key, value[0]) == (("NullWritable", None), "BytesWritable")
            stream = sc._jvm.java.io.ObjectInputStream(sc._jvm.java.io.ByteArrayInputStream(value[1]))
            for pickled in stream.readObject():
                found.extend(pickle.loads(pickled))
    assert found == exchange.KINDS[name].records

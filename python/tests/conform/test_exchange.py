"""Files that Weft wrote, by what PySpark wrote and by Hadoop's own reader: PySpark reads them with no other."""

from __future__ import annotations

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
_HEADER = re.compile(rb"SEQ\x06.*?\x00\x00\x00\x00\x00\x00(.{16})", re.DOTALL)


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


def _unmarked(path: Path) -> bytes:
    content = path.read_bytes()
    header = _HEADER.match(content)
    assert header is not None, content[:200]
    return content.replace(header.group(1), b"(mark)")


@pytest.mark.parametrize("what", formats.PAIRS)
def test_a_sequence_file_is_byte_for_byte_what_pyspark_writes(sc: WeftContext, tmp_path: Path, what: str) -> None:
    sc.parallelize(formats.PAIRS[what], 1).saveAsSequenceFile(str(tmp_path / "ours"))
    theirs = Path(formats.FOLDER, what.replace(" ", "-"), "part-00000")
    assert _unmarked(tmp_path / "ours" / "part-00000") == _unmarked(theirs)


def test_a_pickle_file_is_byte_for_byte_what_pyspark_writes(sc: WeftContext, tmp_path: Path) -> None:
    sc.parallelize([1, "a", (2.0, None), {"k": [1]}] * 10, 1).saveAsPickleFile(str(tmp_path / "ours"))
    theirs = Path(formats.FOLDER, "pickles", "part-00000")
    assert _unmarked(tmp_path / "ours" / "part-00000") == _unmarked(theirs)


def _records(sc: WeftContext, path: str) -> Iterator[tuple[Any, Any]]:
    """What Hadoop's reader gives, each Writable by its own method."""
    hadoop, conf = sc._jvm.org.apache.hadoop, sc._jsc.hadoopConfiguration()
    target = hadoop.fs.Path(f"file:{path}")
    reader = hadoop.io.SequenceFile.Reader(target.getFileSystem(conf), target, conf)
    key = hadoop.util.ReflectionUtils.newInstance(reader.getKeyClass(), conf)
    value = hadoop.util.ReflectionUtils.newInstance(reader.getValueClass(), conf)
    while reader.next(key, value):
        yield _value(key), _value(value)
    reader.close()


def _value(writable: Any) -> Any:
    kind = writable.getClass().getSimpleName()
    if kind == "NullWritable":
        return None
    if kind == "BytesWritable":
        return bytes(writable.copyBytes())
    if kind == "MapWritable":
        return {_value(one): _value(writable.get(one)) for one in writable.keySet()}
    return writable.toString() if kind == "Text" else writable.get()


def _parts(written: str, name: str) -> list[str]:
    folder = exchange.folder_of(written, name)
    return [os.path.join(folder, part) for part in sorted(os.listdir(folder)) if part.startswith("part-")]


@pytest.mark.parametrize("name", [name for name in exchange.KINDS if name.startswith("sequence")])
def test_hadoops_reader_finds_every_pair(sc: WeftContext, written: str, name: str) -> None:
    parts = _parts(written, name)
    assert len(parts) == 2
    assert [pair for part in parts for pair in _records(sc, part)] == exchange.KINDS[name].records


@pytest.mark.parametrize("name", [name for name in exchange.KINDS if name.startswith("pickle")])
def test_java_and_pickle_find_every_record(sc: WeftContext, written: str, name: str) -> None:
    found: list[Any] = []
    for part in _parts(written, name):
        for key, value in _records(sc, part):
            assert key is None
            stream = sc._jvm.java.io.ObjectInputStream(sc._jvm.java.io.ByteArrayInputStream(value))
            for pickled in stream.readObject():
                found.extend(pickle.loads(pickled))
    assert found == exchange.KINDS[name].records

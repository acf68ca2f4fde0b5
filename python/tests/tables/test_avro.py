"""Avro container files: read in splits, evolved, written; fastavro alone is the judge."""

from __future__ import annotations

import datetime
import decimal
import glob
import io
import json
import os
from collections import namedtuple
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import fastavro
import pytest
from hypothesis import given
from hypothesis import strategies as st

from weft import WeftContext
from weft._avroschema import inferred_schema, known_schema
from weft._ops.scope import TaskScope
from weft._tables.avro import avro_reader, avro_writer
from weft._tables.needs import need_avro_codec
from weft._worker.rawfiles import FileSplit
from weft.errors import InputDamagedError, InputMissingError, ModuleMissingError, OutputExistsError

USER = {
    "type": "record",
    "name": "User",
    "namespace": "shop",
    "fields": [
        {"name": "id", "type": "int"},
        {"name": "name", "type": "string"},
        {"name": "score", "type": ["null", "double"], "default": None},
        {"name": "tags", "type": {"type": "array", "items": "string"}, "default": []},
    ],
}


@pytest.fixture
def codec(request: pytest.FixtureRequest) -> str:
    """A codec whose library is installed here; dev requirements bring all of them for CPython."""
    try:
        need_avro_codec(request.param)
    except ModuleNotFoundError as error:
        pytest.skip(str(error))
    return str(request.param)


def users(count: int) -> list[dict[str, Any]]:
    return [
        {"id": i, "name": f"user {i} é", "score": i / 8 if i % 3 else None, "tags": ["t"] * (i % 4)}
        for i in range(count)
    ]


def write(path: Path, records: list[Any], schema: Any = USER, codec: str = "deflate", sync: int = 2000) -> str:
    with open(path, "wb") as file:
        fastavro.writer(file, schema, records, codec, sync)
    return str(path)


def read_folder(folder: str) -> tuple[list[Any], list[Any]]:
    """All records of a folder, in the order of its files, and the writers' schemas, by fastavro."""
    records: list[Any] = []
    schemas = []
    for path in sorted(glob.glob(f"{folder}/part-*.avro")):
        with open(path, "rb") as file:
            reader = fastavro.reader(file)
            schemas.append(reader.writer_schema)
            records += reader
    return records, schemas


def codec_of(path: str) -> str:
    with open(path, "rb") as file:
        return str(fastavro.reader(file).codec)


# reading


@pytest.mark.parametrize("codec", ["null", "deflate", "bzip2", "xz", "snappy", "zstandard"], indirect=True)
def test_files_of_fastavro_are_read_in_splits_each_record_once(sc: WeftContext, tmp_path: Path, codec: str) -> None:
    path = write(tmp_path / "users.avro", users(5000), codec=codec)
    rdd = sc.avroFile(path, minPartitions=7)
    assert rdd.getNumPartitions() == 7
    assert rdd.collect() == users(5000)
    assert sum(1 for part in rdd.glom().collect() if part) > 4, "the splits hold about the same"


def test_many_files_of_a_folder_are_read_in_the_order_of_their_names(sc: WeftContext, tmp_path: Path) -> None:
    for number in range(3):
        write(tmp_path / f"part-{number}.avro", users(10 * (number + 1)))
    (tmp_path / "_SUCCESS").touch()
    write(tmp_path / ".hidden.avro", users(1))
    assert sc.avroFile(str(tmp_path)).collect() == users(10) + users(20) + users(30)


def test_small_files_share_partitions_unless_a_number_is_given(sc: WeftContext, tmp_path: Path) -> None:
    for number in range(40):
        write(tmp_path / f"part-{number:02d}.avro", users(number))
    together = sc.avroFile(str(tmp_path))
    assert together.getNumPartitions() <= 5
    assert sorted(one["id"] for one in together.collect()) == sorted(i for n in range(40) for i in range(n))
    assert sc.avroFile(str(tmp_path), minPartitions=2).getNumPartitions() == 40


def test_logical_types_are_pythons_own(sc: WeftContext, tmp_path: Path) -> None:
    schema = {
        "type": "record",
        "name": "L",
        "fields": [
            {"name": "day", "type": {"type": "int", "logicalType": "date"}},
            {"name": "at", "type": {"type": "long", "logicalType": "timestamp-millis"}},
            {"name": "price", "type": {"type": "bytes", "logicalType": "decimal", "precision": 9, "scale": 2}},
            {"name": "kind", "type": {"type": "enum", "name": "K", "symbols": ["A", "B"]}},
            {"name": "more", "type": {"type": "map", "values": ["null", "long"]}},
        ],
    }
    record = {
        "day": datetime.date(2024, 2, 29),
        "at": datetime.datetime(2024, 2, 29, 12, 30, tzinfo=datetime.timezone.utc),
        "price": decimal.Decimal("19.90"),
        "kind": "B",
        "more": {"x": 1, "y": None},
    }
    assert sc.avroFile(write(tmp_path / "l.avro", [record], schema)).collect() == [record]


def test_records_need_not_be_records(sc: WeftContext, tmp_path: Path) -> None:
    assert sc.avroFile(write(tmp_path / "n.avro", [1, 2, 3], "long")).sum() == 6


def test_a_reader_schema_renames_promotes_drops_and_fills_in(sc: WeftContext, tmp_path: Path) -> None:
    evolved = {
        "type": "record",
        "name": "Customer",
        "aliases": ["shop.User"],
        "fields": [
            {"name": "number", "aliases": ["id"], "type": "long"},
            {"name": "score", "type": ["null", "double"]},
            {"name": "country", "type": "string", "default": "NZ"},
        ],
    }
    path = write(tmp_path / "users.avro", users(300))
    expected = [{"number": one["id"], "score": one["score"], "country": "NZ"} for one in users(300)]
    assert sc.avroFile(path, evolved, minPartitions=3).collect() == expected
    asked = tmp_path / "customer.avsc"
    asked.write_text(json.dumps(evolved))
    assert sc.avroFile(path, asked).collect() == expected
    assert sc.avroFile(path, json.dumps(evolved)).collect() == expected


def test_schemas_that_do_not_fit_fail_with_what_does_not(sc: WeftContext, tmp_path: Path) -> None:
    path = write(tmp_path / "users.avro", users(3))
    wrong = {"type": "record", "name": "User", "namespace": "shop", "fields": [{"name": "id", "type": "string"}]}
    with pytest.raises(Exception, match="(?i)schema mismatch"):
        sc.avroFile(path, wrong).collect()
    with pytest.raises(ValueError, match=r"avroFile at test_avro.py:\d+: the schema cannot be used"):
        sc.avroFile(path, {"type": "recrod"})


def test_a_file_that_is_none_is_told_by_its_name(sc: WeftContext, tmp_path: Path) -> None:
    path = tmp_path / "text.avro"
    path.write_text("no\n" * 100)
    with pytest.raises(InputDamagedError, match=r"text.avro is damaged, or no Avro file: it does not begin"):
        sc.avroFile(str(path)).collect()


def test_a_damaged_block_is_told_by_its_place(sc: WeftContext, tmp_path: Path) -> None:
    path = write(tmp_path / "users.avro", users(2000))
    data = bytearray(Path(path).read_bytes())
    data[len(data) // 2 : len(data) // 2 + 64] = b"\xff" * 64
    Path(path).write_bytes(data)
    with pytest.raises(InputDamagedError, match=r"users.avro is damaged.*its block at byte [\d,]+ cannot be read"):
        sc.avroFile(path).collect()


def test_a_failing_record_is_told_with_its_file(sc: WeftContext, tmp_path: Path) -> None:
    path = write(tmp_path / "users.avro", users(2000))
    with pytest.raises(ZeroDivisionError) as caught:
        sc.avroFile(path).map(lambda user: 1 // (user["id"] - 1500)).collect()
    notes = "\n".join(caught.value.__notes__)
    assert "'name': 'user 1500 é'" in notes
    assert f"of file:{path}, after byte" in notes


class LocalSplit(FileSplit):
    """A split whose bytes come from a file of this machine, in pieces of any size."""

    def __init__(self, path: str, start: int, stop: int, piece: int) -> None:
        self.path, self.start, self.stop, self.piece = path, start, stop, piece
        self._scope = TaskScope(1 << 20, [])

    def read(self, start: int, stop: int) -> Iterator[bytes]:
        with open(self.path, "rb") as file:
            file.seek(start)
            left = stop - start
            while left and (data := file.read(min(left, self.piece))):
                left -= len(data)
                yield data

    def at(self, position: int) -> None:
        assert self.start - 1 < position < self.stop + 16


@given(st.integers(0, 400), st.integers(30, 3000), st.integers(1, 4000), st.integers(5, 9000))
def test_any_cut_gives_every_record_once(count: int, sync: int, size: int, piece: int) -> None:
    path = f"/tmp/weft-test-cut-{os.getpid()}.avro"
    try:
        length = len(Path(write(Path(path), users(count), sync=sync)).read_bytes())
        found = []
        for start in range(0, length, size):
            split = LocalSplit(path, start, min(start + size, length), piece)
            found += list(avro_reader(None)(0, iter([split])))
        assert found == users(count)
    finally:
        os.unlink(path)


# writing


@pytest.mark.parametrize("codec", ["null", "deflate", "snappy", "zstandard"], indirect=True)
def test_what_is_written_is_what_fastavro_reads(sc: WeftContext, tmp_path: Path, codec: str) -> None:
    out = str(tmp_path / "out")
    sc.parallelize(users(3000), 3).saveAsAvroFile(out, USER, codec)
    assert sorted(os.listdir(out)) == ["_SUCCESS", *(f"part-{i:05d}.avro" for i in range(3))]
    records, schemas = read_folder(out)
    assert records == users(3000)
    assert [schema["name"] for schema in schemas] == ["shop.User"] * 3
    assert codec_of(f"{out}/part-00001.avro") == codec
    assert sc.avroFile(out).collect() == users(3000)


def test_a_schema_is_inferred_with_every_field_optional(sc: WeftContext, tmp_path: Path) -> None:
    out = str(tmp_path / "out")
    rows = [{"a": 1, "b": "x"}, {"a": 2.5, "c": {"d": [1, None]}}, {"a": None}]
    sc.parallelize(rows, 2).saveAsAvroFile(out)
    records, _ = read_folder(out)
    assert records == [
        {"a": 1.0, "b": "x", "c": None},
        {"a": 2.5, "b": None, "c": {"d": [1, None]}},
        {"a": None, "b": None, "c": None},
    ]


def test_empty_partitions_are_files_without_records(sc: WeftContext, tmp_path: Path) -> None:
    out = str(tmp_path / "out")
    sc.parallelize(users(1), 3).saveAsAvroFile(out, USER)
    assert read_folder(out)[0] == users(1)
    assert len(read_folder(out)[1]) == 3


def test_a_record_that_does_not_fit_is_named_and_nothing_is_left(sc: WeftContext, tmp_path: Path) -> None:
    out = str(tmp_path / "out")
    bad = [*users(5), {"id": "six", "name": "x", "score": None, "tags": []}]
    with pytest.raises(ValueError, match=r"saveAsAvroFile at test_avro.py:\d+: the record \{'id': 'six'.*does not fit"):
        sc.parallelize(bad, 2).saveAsAvroFile(out, USER)
    assert not os.path.exists(out) or [name for name in os.listdir(out) if name != "_temporary"] == []


def test_an_existing_folder_is_refused_before_anything_runs(sc: WeftContext, tmp_path: Path) -> None:
    with pytest.raises(OutputExistsError):
        sc.parallelize(users(1)).saveAsAvroFile(str(tmp_path), USER)


def test_an_unknown_codec_is_refused_with_the_known_ones(sc: WeftContext, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="'gzip' is no codec of Avro files; there are null, deflate"):
        sc.parallelize(users(1)).saveAsAvroFile(str(tmp_path / "out"), USER, "gzip")


def test_nothing_to_infer_from_says_so(sc: WeftContext, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="there are no records to infer a schema from; give schema="):
        sc.parallelize([], 2).saveAsAvroFile(str(tmp_path / "out"))
    with pytest.raises(ValueError, match="no schema follows from int records"):
        sc.parallelize([1], 1).saveAsAvroFile(str(tmp_path / "out"))


@dataclass
class Point:
    x: int
    y: float


Pair = namedtuple("Pair", ["x", "y"])


@pytest.mark.parametrize("record", [Point(1, 2.0), Pair(1, 2.0), {"x": 1, "y": 2.0}])
def test_named_tuples_and_data_classes_are_records(record: Any) -> None:
    schema = inferred_schema([record], "x")
    parts = list(avro_writer(schema, "null", 1000, "x")(0, iter([record, record])))
    assert sum(rows for rows, _ in parts) == 2
    assert list(fastavro.reader(io.BytesIO(b"".join(data for _, data in parts)))) == [{"x": 1, "y": 2.0}] * 2


JSON = st.recursive(
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(-(2**63), 2**63 - 1),
        st.floats(allow_nan=False),
        st.text(),
        st.binary(),
        st.dates(),
    ),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("abcd"), inner, max_size=3),
    max_leaves=8,
)


@given(st.dictionaries(st.sampled_from(["p", "q", "r"]), JSON))
def test_a_record_fits_the_schema_inferred_from_it(record: dict[str, Any]) -> None:
    schema = known_schema(inferred_schema([record], "x"), "x")
    parts = b"".join(data for _, data in avro_writer(schema, "deflate", 1000, "x")(0, iter([record])))
    (back,) = fastavro.reader(io.BytesIO(parts))
    assert set(back) == set(record)


def test_a_missing_library_is_named_with_how_to_ship_it(
    sc: WeftContext, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    from weft._tables import needs

    monkeypatch.setattr(needs, "_is_there", lambda name: False)
    with pytest.raises(ModuleMissingError, match=r"codec snappy needs cramjam.*pip install 'weft\[avro\]'.*--archives"):
        sc.parallelize([{"a": 1}]).saveAsAvroFile(str(tmp_path / "out"), codec="snappy")


def test_outputs_are_replaced_and_added_to(sc: WeftContext, tmp_path: Path) -> None:
    out = str(tmp_path / "out")
    sc.parallelize(users(10), 2).saveAsAvroFile(out, USER)
    sc.parallelize(users(7), 1).saveAsAvroFile(out, USER, mode="append")
    assert sorted(one["id"] for one in sc.avroFile(out).collect()) == sorted([*range(10), *range(7)])
    sc.parallelize(users(3), 1).saveAsAvroFile(out, USER, mode="overwrite")
    assert sc.avroFile(out).collect() == users(3)


@pytest.mark.local
def test_a_file_that_is_gone_when_it_is_read_is_missing(sc: WeftContext, tmp_path: Path) -> None:
    path = write(tmp_path / "users.avro", users(10))
    rdd = sc.avroFile(path)
    assert rdd.getNumPartitions() == 2
    os.unlink(path)
    if sc.master.startswith("inline"):
        with pytest.raises(InputDamagedError, match="users.avro cannot be read"):
            rdd.collect()
        return
    with pytest.raises(InputMissingError, match="users.avro does not exist any more"):
        rdd.collect()

"""Serializers of contexts and RDDs: what is encoded by them, and how often."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cloudpickle
import pytest

from tests.gateway import test_serializers
from tests.gateway.masters import MASTERS
from weft import WeftContext
from weft.serializers import (
    ArrowRecordBatchSerializer,
    AvroSerializer,
    FramedSerializer,
    MarshalSerializer,
    NoOpSerializer,
)


@pytest.fixture(scope="module", params=MASTERS)
def sc(request: pytest.FixtureRequest) -> Iterator[WeftContext]:
    cloudpickle.register_pickle_by_value(test_serializers)
    with WeftContext(request.param) as made:
        yield made
    cloudpickle.unregister_pickle_by_value(test_serializers)


class Logging(FramedSerializer):
    """Writes JSON, and a line to a file for each record that it encodes."""

    def __init__(self, log: Path) -> None:
        self.log = str(log)

    def dumps(self, obj: Any) -> bytes:
        with open(self.log, "a") as file:
            file.write(json.dumps(obj) + "\n")
        return json.dumps(obj).encode()

    def loads(self, obj: bytes) -> Any:
        return json.loads(obj)


def encoded(log: Path) -> list[str]:
    return sorted(log.read_text().split("\n")[:-1]) if log.exists() else []


def test_a_union_of_differently_serialized_rdds_encodes_no_record_again(sc: WeftContext, tmp_path: Path) -> None:
    one = sc.parallelize([1, 2, 3], 2).withSerializer(Logging(tmp_path / "one"))
    other = sc.parallelize([4, 5], 2).withSerializer(Logging(tmp_path / "other"))
    plain = sc.parallelize(["x"], 1).withSerializer(MarshalSerializer())
    both = sc.union([one, other, plain])
    assert both.map(str).filter(lambda text: text != "2").count() == 5
    assert (encoded(tmp_path / "one"), encoded(tmp_path / "other")) == ([], [])
    assert both.collect() == [1, 2, 3, 4, 5, "x"]
    assert (encoded(tmp_path / "one"), encoded(tmp_path / "other")) == (["1", "2", "3"], ["4", "5"])


def test_a_shuffle_is_written_by_the_serializer_of_the_rdd_that_it_reads(sc: WeftContext, tmp_path: Path) -> None:
    pairs = sc.parallelize([["a", 1], ["b", 2], ["a", 3]], 2).withSerializer(Logging(tmp_path / "log"))
    assert sorted(pairs.groupByKey(2).mapValues(sorted).collect()) == [("a", [1, 3]), ("b", [2])]
    assert encoded(tmp_path / "log") == ['["a", 1]', '["a", 3]', '["b", 2]']
    assert sorted(pairs.repartition(3).collect()) == [["a", 1], ["a", 3], ["b", 2]]


def test_a_persisted_partition_is_written_by_it_and_read_back(sc: WeftContext, tmp_path: Path) -> None:
    kept = sc.parallelize([1, 2], 2).withSerializer(Logging(tmp_path / "log")).cache()
    assert kept.count() == 2
    assert encoded(tmp_path / "log") == ["1", "2"]
    assert kept.map(lambda x: x + 1).collect() == [2, 3]
    assert encoded(tmp_path / "log") == ["1", "2"]


def test_what_a_serializer_does_not_take_fails_the_job_with_its_own_words(sc: WeftContext) -> None:
    with pytest.raises(ValueError, match="unmarshallable object"):
        sc.parallelize([1]).map(lambda x: object()).withSerializer(MarshalSerializer()).collect()


def test_bytes_are_taken_as_they_are(sc: WeftContext) -> None:
    assert sc.parallelize([1, 2], 1).map(lambda x: b"x" * x).withSerializer(NoOpSerializer()).collect() == [b"x", b"xx"]


def test_something_else_than_a_serializer_is_refused(sc: WeftContext) -> None:
    with pytest.raises(TypeError, match="needs a serializer of weft.serializers, not 'json'"):
        sc.parallelize([1]).withSerializer("json")  # type: ignore[arg-type]


def test_record_batches_travel_as_arrow_writes_them(sc: WeftContext) -> None:
    pa = pytest.importorskip("pyarrow")

    def batch(number: int) -> Any:
        import pyarrow

        return pyarrow.record_batch({"n": [number, number + 1]})

    found = sc.parallelize([1, 5], 2).map(batch).withSerializer(ArrowRecordBatchSerializer()).collect()
    assert found == [pa.record_batch({"n": [1, 2]}), pa.record_batch({"n": [5, 6]})]


_FIELDS = [{"name": "key", "type": "string"}, {"name": "value", "type": ["null", "long"]}]
_PAIR = {"type": "record", "name": "Pair", "fields": _FIELDS}


def test_records_travel_as_avro_writes_them(sc: WeftContext) -> None:
    rows = [{"key": "ä", "value": 1}, {"key": "b", "value": None}]
    assert sc.parallelize(rows, 2).withSerializer(AvroSerializer(_PAIR)).collect() == rows
    assert sc.parallelize([1, 2**40], 2).withSerializer(AvroSerializer("long")).collect() == [1, 2**40]


def test_a_shuffle_of_pairs_may_be_in_avro(sc: WeftContext) -> None:
    pairs = sc.parallelize([("a", 1), ("b", None), ("a", 3)], 2).withSerializer(AvroSerializer(json.dumps(_PAIR)))
    assert sorted(pairs.groupByKey(2).mapValues(list).collect()) == [("a", [1, 3]), ("b", [None])]
    assert sorted(pairs.partitionBy(3).collect(), key=str) == [("a", 1), ("a", 3), ("b", None)]


def test_a_record_that_does_not_fit_the_schema_fails_the_job_and_is_shown(sc: WeftContext) -> None:
    for wrong in ({"key": 3, "value": 1}, {"key": "a", "value": 1, "more": 2}, ("a", 1, 2)):
        with pytest.raises(ValueError, match=r"AvroSerializer: .* does not fit the schema"):
            sc.parallelize([wrong], 1).withSerializer(AvroSerializer(_PAIR)).collect()
    with pytest.raises(ValueError, match="the schema cannot be used"):
        AvroSerializer({"type": "nonsense"})


def test_what_avro_writes_of_a_record_is_its_binary_encoding() -> None:
    # a text after its length and the number of the union's branch, both zigzag, as the specification has them
    assert AvroSerializer(_PAIR).dumps({"key": "ab", "value": 3})[1:] == b"\x04ab\x02\x06"

"""Laws of what PySpark does not have, and of files that are read again."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from hypothesis import strategies as st

from weft import BadRecords, WeftContext
from weft.errors import BadRecordsError

from .model import Draw, flat, groups, joined, kind, law, law_of_java, made, same_parts
from .records import bag, keys, pairs, parts

__all__: list[str] = []


@contextmanager
def folder() -> Iterator[str]:
    """A place that is not there yet."""
    with tempfile.TemporaryDirectory() as parent:
        yield f"file:{parent}/out"


@law
def a_broadcast_join_is_a_join(sc: WeftContext, draw: Draw) -> None:
    shared = draw(st.booleans())
    plain = st.none() | st.integers(-3, 3) | st.floats() | st.text(max_size=2) | st.binary(max_size=1)
    chosen = pairs() if not shared else st.tuples(plain | st.tuples(plain, plain), st.integers(0, 3))
    one, other = draw(parts(chosen)), draw(parts(chosen))
    a, b = made(sc, one), made(sc, other)
    left, right = groups(one), groups(other)
    assert bag(a.broadcastJoin(b, shared=shared).collect()) == joined(left, right)
    assert bag(a.broadcastLeftOuterJoin(b, shared=shared).collect()) == joined(left, right, "left")
    table = draw(st.dictionaries(st.integers(-3, 3) | st.text(max_size=1), st.integers(0, 3)))
    single = {key: [value] for key, value in table.items()}
    assert bag(a.broadcastJoin(table, shared=shared).collect()) == joined(left, single)


@law
def a_join_of_skewed_keys_is_a_join(sc: WeftContext, draw: Draw) -> None:
    few = st.tuples(st.sampled_from(["hot", "hot", "hot", None, 1, 2.5]) | keys, st.integers(-9, 9))
    one, other = draw(parts(few)), draw(parts(few))
    count, pieces = draw(st.none() | st.integers(1, 5)), draw(st.none() | st.integers(1, 4))
    hot = draw(st.none() | st.just(["hot"]) | st.just(["hot", None, "absent"]))
    a, b = made(sc, one), made(sc, other)
    left, right = groups(one), groups(other)
    found = a.skewJoin(b, count, hot=hot, pieces=pieces)
    assert count is None or found.getNumPartitions() == count
    assert bag(found.collect()) == joined(left, right)
    assert bag(a.skewLeftOuterJoin(b, count, hot=hot, pieces=pieces).collect()) == joined(left, right, "left")


def whole_number(text: str) -> int:
    """Raises at what is no number."""
    return int(text)


def kept(values: list[Any], function: Callable[[Any], Any]) -> list[Any]:
    """What a function gives of the values at which it raises nothing."""
    found = []
    for value in values:
        try:
            found.append(function(value))
        except ValueError:
            continue
    return found


@law
def bad_records_are_left_out_and_counted(sc: WeftContext, draw: Draw) -> None:
    given = draw(parts(st.sampled_from(["1", "22", "-3", "no", "", "4x"])))
    most = draw(st.integers(0, 6))
    any_number, limited = BadRecords(), BadRecords(max=most)
    good = [kept(part, int) for part in given]
    rdd = made(sc, given)
    same_parts(rdd.map(whole_number, errors=any_number), good)
    doubled = [[x for x in part for _ in "ab"] for part in good]
    same_parts(rdd.flatMap(lambda x: [int(x)] * 2, errors=any_number), doubled)
    positive = [[text for text in part if text in ("1", "22")] for part in given]
    same_parts(rdd.filter(lambda x: int(x) > 0, errors=any_number), positive)
    keyed = rdd.map(lambda x: (len(x), x))
    valued = [kept(part, lambda text: (len(text), int(text))) for part in given]
    same_parts(keyed.mapValues(whole_number, errors=any_number), valued)
    same_parts(keyed.flatMapValues(lambda x: [int(x)], errors=any_number), valued)
    bad = len(flat(given)) - len(flat(good))
    if bad > most:
        with pytest.raises(BadRecordsError):
            rdd.map(whole_number, errors=limited).collect()
    else:
        assert rdd.map(whole_number, errors=limited).collect() == flat(good)


row = st.fixed_dictionaries(
    {
        "n": st.none() | st.integers(-(2**63), 2**63 - 1),
        "s": st.none() | st.text(st.characters(blacklist_categories=("Cs",)), max_size=5),
        "f": st.floats(allow_nan=False),
        "b": st.none() | st.booleans(),
        "l": st.lists(st.integers(-9, 9), max_size=3),
    }
)


def arrow_schema() -> Any:
    """The columns of `row`."""
    import pyarrow

    kinds = {"n": pyarrow.int64(), "s": pyarrow.string(), "f": pyarrow.float64(), "b": pyarrow.bool_()}
    return pyarrow.schema([*kinds.items(), ("l", pyarrow.list_(pyarrow.int64()))])


@law
def batches_hold_the_records(sc: WeftContext, draw: Draw) -> None:
    pytest.importorskip("pyarrow")
    given, size = draw(parts(row)), draw(st.none() | st.integers(1, 4))
    schema = arrow_schema()
    rdd = made(sc, given)
    same_parts(rdd.mapBatches(lambda batch: batch, size, schema), given)
    halved = rdd.mapBatches(lambda batch: batch.slice(0, 1), 1, schema).mapBatches(lambda batch: [batch, batch])
    same_parts(halved, [[x for x in part for _ in "ab"] for part in given])
    if flat(given):
        lengths = rdd.mapBatches(lambda batch: batch.select(["n"]), size, schema).map(lambda one: set(one) == {"n"})
        same_parts(lengths, [[True] * len(part) for part in given])


@law
def a_table_holds_the_records_in_order(sc: WeftContext, draw: Draw) -> None:
    pytest.importorskip("pyarrow")
    given = draw(parts(st.integers(-(2**63), 2**63 - 1)).filter(any))
    rdd = made(sc, given).map(lambda n: {"n": n, "s": str(n)})
    expected = {"n": flat(given), "s": [str(n) for n in flat(given)]}
    assert rdd.toArrow().to_pydict() == expected
    pytest.importorskip("pandas")
    assert rdd.toPandas().to_dict("list") == expected


AVRO = {
    "type": "record",
    "name": "Row",
    "fields": [
        {"name": "n", "type": ["null", "long"]},
        {"name": "s", "type": ["null", "string"]},
        {"name": "f", "type": "double"},
        {"name": "b", "type": ["null", "boolean"]},
        {"name": "l", "type": {"type": "array", "items": "long"}},
    ],
}


@law
def saved_rows_are_read_again(sc: WeftContext, draw: Draw) -> None:
    given = draw(parts(row))
    codec = draw(st.sampled_from(["null", "deflate", "bzip2"]))
    with folder() as path:
        made(sc, given).saveAsAvroFile(path, AVRO, codec)
        assert bag(sc.avroFile(path, minPartitions=3).collect()) == bag(flat(given))
    pytest.importorskip("pyarrow")
    with folder() as path:
        made(sc, given).saveAsParquetFile(path, arrow_schema(), draw(st.sampled_from(["snappy", "none", "zstd"])))
        assert bag(sc.parquetFile(path).collect()) == bag(flat(given))


@law
def lines_of_keys_lie_in_folders_of_their_own(sc: WeftContext, draw: Draw) -> None:
    line = st.text(st.characters(blacklist_categories=("Cs",), blacklist_characters="\r\n"), max_size=6)
    given = draw(parts(st.tuples(st.sampled_from(["a", "b c", "d=1", "é"]), line)))
    with folder() as path:
        made(sc, given).saveAsTextFilesByKey(path)
        names = {name for name in os.listdir(path[len("file:") :]) if not name.startswith(("_", "."))}
        assert len(names) == len(groups(given))
        for key in ("a", "d=1"):
            if key in groups(given):
                assert bag(sc.textFile(f"{path}/{key}").collect()) == bag(groups(given)[key])


@law_of_java
def saved_pickles_are_read_again(sc: WeftContext, draw: Draw) -> None:
    given = draw(parts(pairs()))
    with folder() as path:
        made(sc, given).saveAsPickleFile(path, draw(st.integers(0, 4)))
        assert bag(sc.pickleFile(path, draw(st.integers(1, 4))).collect()) == bag(flat(given))


@law_of_java
def saved_sequences_are_read_again(sc: WeftContext, draw: Draw) -> None:
    text = st.text(st.characters(blacklist_categories=("Cs",)), max_size=5)
    of = {
        "text": text,
        "long": st.integers(2**32, 2**63 - 1),
        "float": st.floats(allow_nan=False),
        "bytes": st.binary(max_size=5).map(bytes),
        "bool": st.booleans(),
    }
    one, other = draw(st.sampled_from(sorted(of))), draw(st.sampled_from(sorted(of)))
    given = draw(parts(st.tuples(of[one], of[other])).filter(any))
    with folder() as path:
        made(sc, given).saveAsSequenceFile(path)
        found = sc.sequenceFile(path).map(lambda pair: tuple(bytes(x) if kind(x) == "bytearray" else x for x in pair))
        assert bag(found.collect()) == bag(flat(given))

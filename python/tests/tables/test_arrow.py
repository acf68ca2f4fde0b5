"""Arrow record batches: in from tables and data frames, worked on, and out."""

from __future__ import annotations

import datetime
import os
from collections import namedtuple
from collections.abc import Iterator
from typing import Any

import pytest

from weft import WeftContext
from weft.errors import ModuleMissingError

pa = pytest.importorskip("pyarrow")
pd = pytest.importorskip("pandas")
import pyarrow.compute as pc  # noqa: E402


def table(rows: int) -> Any:
    return pa.table(
        {
            "n": pa.array(range(rows), pa.int64()),
            "s": pa.array([None if i % 5 == 0 else f"text {i}" for i in range(rows)]),
            "at": pa.array([datetime.datetime(2024, 1, 1) + datetime.timedelta(seconds=i) for i in range(rows)]),
            "list": pa.array([list(range(i % 3)) for i in range(rows)]),
        }
    )


def test_a_table_goes_in_and_comes_out_whole(sc: WeftContext) -> None:
    given = table(1000)
    rdd = sc.fromArrow(given, 4)
    assert [len(part) for part in rdd.glom().collect()] == [250] * 4
    assert rdd.collect() == given.to_pylist()
    assert rdd.toArrow().equals(given)


def test_a_slice_of_a_table_takes_only_its_own_rows_along(sc: WeftContext) -> None:
    given = table(100_000).slice(99_990)
    assert sc.fromArrow(given, 3).toArrow().equals(given.combine_chunks())
    from weft._tables.arrow import pack

    assert sum(len(memoryview(part)) for part in pack(given.to_batches()[0])) < 4000


def test_more_slices_than_rows_leave_empty_partitions(sc: WeftContext) -> None:
    rdd = sc.fromArrow(pa.table({"n": [1, 2]}), 5)
    assert sorted(map(len, rdd.glom().collect())) == [0, 0, 0, 1, 1]


def test_a_reader_is_taken_batch_by_batch(sc: WeftContext) -> None:
    made = []

    def batches() -> Iterator[Any]:
        for i in range(3):
            made.append(i)
            yield pa.record_batch({"n": [i, i + 10]})

    reader = pa.RecordBatchReader.from_batches(pa.schema({"n": pa.int64()}), batches())
    rdd = sc.fromArrow(reader)
    assert made == [0, 1, 2]
    assert [row["n"] for row in rdd.collect()] == [0, 10, 1, 11, 2, 12]


def test_anything_that_gives_arrow_data_will_do(sc: WeftContext) -> None:
    class Frame:
        def __arrow_c_stream__(self, requested_schema: Any = None) -> Any:
            return pa.table({"n": [7]}).__arrow_c_stream__(requested_schema)

    assert sc.fromArrow(Frame(), 1).collect() == [{"n": 7}]
    with pytest.raises(TypeError, match="fromArrow at test_arrow.py:.*needs an Arrow table or batch, not list"):
        sc.fromArrow([1])


def test_a_table_can_be_used_by_several_jobs_and_shuffled(sc: WeftContext) -> None:
    rdd = sc.fromArrow(pa.table({"k": [1, 2, 1], "v": [10, 20, 30]}), 2)
    assert rdd.count() == 3
    sums = rdd.map(lambda row: (row["k"], row["v"])).reduceByKey(lambda a, b: a + b)
    assert sorted(sums.collect()) == [(1, 40), (2, 20)]


def test_a_data_frame_goes_in_and_comes_out(sc: WeftContext) -> None:
    frame = pd.DataFrame({"n": [1, 2, 3], "x": [0.5, None, 2.5], "s": ["a", None, "ü"]}, index=[7, 8, 9])
    rdd = sc.fromPandas(frame, 2)
    assert rdd.collect() == [
        {"n": 1, "x": 0.5, "s": "a"},
        {"n": 2, "x": None, "s": None},
        {"n": 3, "x": 2.5, "s": "ü"},
    ]
    pd.testing.assert_frame_equal(rdd.toPandas(), frame.reset_index(drop=True))


def test_rows_that_were_mapped_come_out_as_a_frame(sc: WeftContext) -> None:
    rdd = sc.parallelize([{"n": 1}, {"n": None, "s": "x"}, {"n": 2.5}], 3)
    frame = rdd.toPandas()
    assert frame["n"].tolist()[::2] == [1.0, 2.5]
    assert frame["s"].tolist() == [None, "x", None]
    assert sc.parallelize([], 2).toPandas().empty


Point = namedtuple("Point", ["x", "y"])


@pytest.mark.parametrize(
    ("records", "columns"),
    [
        ([{"a": 1}, {"a": 2, "b": "x"}], {"a": [1, 2], "b": [None, "x"]}),
        ([Point(1, 2), Point(3, 4)], {"x": [1, 3], "y": [2, 4]}),
        ([(1, "a"), (2, "b")], {"_1": [1, 2], "_2": ["a", "b"]}),
        (["p", "q"], {"value": ["p", "q"]}),
    ],
)
def test_records_of_each_kind_have_columns(sc: WeftContext, records: list[Any], columns: dict[str, Any]) -> None:
    assert sc.parallelize(records, 1).toArrow().to_pydict() == columns


def test_functions_get_batches_of_at_most_so_many_rows(sc: WeftContext) -> None:
    def sizes(batch: Any) -> Any:
        return pa.record_batch({"rows": [batch.num_rows]})

    rows = sc.range(25, numSlices=1)
    assert [row["rows"] for row in rows.mapBatches(sizes, 10).collect()] == [10, 10, 5]
    assert [row["rows"] for row in sc.fromArrow(table(25), 1).mapBatches(sizes, 10).collect()] == [10, 10, 5]
    assert [row["rows"] for row in sc.fromArrow(table(25), 1).mapBatches(sizes).collect()] == [25]


def test_batches_go_from_function_to_function_without_rows(sc: WeftContext) -> None:
    seen = sc.accumulator(0)

    def note(batch: Any) -> Any:
        seen.add(batch.num_columns)
        return batch.append_column("twice", pc.multiply(batch["n"], 2))

    rdd = sc.fromArrow(table(10), 2).mapBatches(note).mapBatches(lambda batch: batch.select(["twice"]))
    assert rdd._batches("x", None, None)._node.name == "mapBatches"
    plan = rdd._node
    names = []
    while hasattr(plan, "parent"):
        names.append(plan.closure.function.__qualname__.split(".")[0])
        plan = plan.parent
    assert names == ["rows_of_batches", "apply_batches", "apply_batches", "unpack_batches"]
    assert rdd.map(lambda row: row["twice"]).sum() == 90
    assert seen.value == 8


def test_a_persisted_rdd_is_read_from_where_it_is_kept(sc: WeftContext) -> None:
    computed = sc.accumulator(0)

    def count(batch: Any) -> Any:
        computed.add(1)
        return batch

    rdd = sc.fromArrow(table(10), 1).mapBatches(count).cache()
    assert rdd.count() == 10
    assert rdd.mapBatches(lambda batch: batch.select(["n"])).toArrow()["n"].to_pylist() == list(range(10))
    assert computed.value == 1
    rdd.unpersist()


@pytest.mark.parametrize(
    "give",
    [
        lambda batch: pa.Table.from_batches([batch]),
        lambda batch: batch.to_pandas(),
        lambda batch: [batch.slice(0, 1), batch.slice(1)],
        lambda batch: (batch.slice(i, 1) for i in range(batch.num_rows)),
    ],
    ids=["table", "frame", "list", "generator"],
)
def test_a_function_may_give_tables_frames_or_several(sc: WeftContext, give: Any) -> None:
    rows = [{"n": 1, "s": "a"}, {"n": 2, "s": "b"}]
    assert sc.parallelize(rows, 1).mapBatches(give).collect() == rows


def test_what_is_no_batch_is_refused_with_the_call(sc: WeftContext) -> None:
    with pytest.raises(TypeError, match=r"mapBatches at test_arrow.py:\d+: the function gave int; a RecordBatch"):
        sc.range(3, numSlices=1).mapBatches(lambda batch: 1).collect()


def test_columns_of_mixed_types_are_refused_with_the_call(sc: WeftContext) -> None:
    with pytest.raises(ValueError, match=r"mapBatches at test_arrow.py:\d+: records do not fit into columns"):
        sc.parallelize([{"a": 1}, {"a": "x"}], 1).mapBatches(lambda batch: batch).collect()


def test_a_schema_makes_the_columns(sc: WeftContext) -> None:
    schema = pa.schema({"a": pa.float32(), "b": pa.string()})
    rdd = sc.parallelize([{"a": 1, "c": "not wanted"}], 1).mapBatches(lambda batch: batch, schema=schema)
    assert rdd.toArrow().schema.equals(schema)


def test_a_missing_library_is_named_with_how_to_ship_it(sc: WeftContext, monkeypatch: pytest.MonkeyPatch) -> None:
    import sys

    monkeypatch.setitem(sys.modules, "pyarrow", None)
    rdd = sc.range(3)
    for call in (rdd.toArrow, lambda: rdd.mapBatches(len), lambda: sc.fromArrow(1), lambda: sc.fromPandas(1)):
        with pytest.raises(ModuleMissingError, match=r"needs pyarrow.*pip install 'weft\[arrow\]'.*--archives"):
            call()


@pytest.mark.local
def test_a_large_table_is_sent_without_a_second_copy_of_it(tmp_path: Any) -> None:
    from tests.gateway import scripts

    code = """
        import pyarrow as pa
        import pyarrow.compute as pc
        from weft import WeftContext

        def resident(key):
            with open("/proc/self/status") as status:
                return next(int(line.split()[1]) << 10 for line in status if line.startswith(key))

        rows = 8_000_000
        numbers = pa.array(range(rows))
        words = pc.cast(pc.add(numbers, 10_000_000), pa.string())
        table = pa.table({"a": numbers, "b": pc.multiply(numbers, 3), "s": words})
        del numbers, words
        assert table.nbytes > 200 << 20
        with WeftContext("local[2]") as sc:
            sc.fromArrow(pa.table({"a": [1]}), 1).count()
            with open("/proc/self/clear_refs", "w") as file:
                file.write("5")  # the peak is counted from here
            before = resident("VmRSS")
            rdd = sc.fromArrow(table, 4)
            grown = resident("VmHWM") - before
            assert grown < 48 << 20, grown
            sums = rdd.mapBatches(lambda batch: pa.record_batch({"a": [pc.sum(batch["a"]).as_py()]}))
            assert sum(row["a"] for row in sums.collect()) == rows * (rows - 1) // 2
            assert rdd.mapBatches(lambda batch: batch.slice(0, 1)).map(lambda row: row["s"]).first() == "10000000"
        """
    scripts.run(tmp_path, code)


def test_programs_for_pyspark_get_rows_of_its_kind(tmp_path: Any) -> None:
    from tests.pyspark.test_activate import run

    code = """
        import sys
        sys.path.append(SITE)
        import pyarrow as pa
        from pyspark import SparkContext
        from pyspark.sql import Row

        with SparkContext(MASTER) as sc:
            rdd = sc.fromArrow(pa.table({"n": [1, 2], "s": ["a", None]}), 1)
            first, second = rdd.collect()
            print(first == Row(n=1, s="a"), first.n, first["s"], second.s)
            print(rdd.map(lambda row: row.n).sum(), sc.parallelize([Row(x=1)], 1).toArrow().to_pydict())
        """
    site = os.path.dirname(os.path.dirname(pa.__file__))
    assert run(code.replace("SITE", repr(site)), tmp_path) == "True 1 a None\n3 {'x': [1]}\n"

"""sc.source: splits that the user describes, and a reader of the user's."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from weft import WeftContext
from weft._lineage import StepNode
from weft._plan import COLLECT, build_plan
from weft.errors import ClosureError


def numbers(split: tuple[int, int]) -> Iterator[int]:
    yield from range(*split)


@pytest.fixture(autouse=True)
def by_value() -> Iterator[None]:
    import sys

    import cloudpickle

    cloudpickle.register_pickle_by_value(sys.modules[__name__])
    yield
    cloudpickle.unregister_pickle_by_value(sys.modules[__name__])


def test_each_split_is_one_partition_read_by_the_users_function(sc: WeftContext) -> None:
    rdd = sc.source([(0, 3), (10, 10), (20, 22)], numbers)
    assert rdd.glom().collect() == [[0, 1, 2], [], [20, 21]]
    assert rdd.getNumPartitions() == 3


def test_a_reader_may_give_any_iterable(sc: WeftContext) -> None:
    assert sc.source([2, 3], lambda split: [split] * split).collect() == [2, 2, 3, 3, 3]


def test_no_splits_make_an_empty_rdd(sc: WeftContext) -> None:
    rdd = sc.source([], numbers)
    assert rdd.collect() == []
    assert rdd.getNumPartitions() == 0


def test_a_source_goes_on_through_shuffles(sc: WeftContext) -> None:
    pairs = sc.source([(0, 50), (50, 100)], numbers).map(lambda n: (n % 3, n))
    sums = dict(pairs.reduceByKey(lambda a, b: a + b).collect())
    assert sums == {key: sum(range(key, 100, 3)) for key in range(3)}


def test_what_the_reader_raises_comes_back_with_its_line(sc: WeftContext) -> None:
    def broken(split: Any) -> Iterator[int]:
        yield 1
        raise LookupError(f"no shard {split}")

    with pytest.raises(LookupError, match="no shard seven") as caught:
        sc.source(["seven"], broken).collect()
    assert "(source, test_source.py:" in "\n".join(caught.value.__notes__)


def test_a_reader_that_is_not_read_to_its_end_is_closed(sc: WeftContext, tmp_path: Any) -> None:
    mark = str(tmp_path / "closed")

    def held(split: int) -> Iterator[int]:
        try:
            yield from range(1_000_000)
        finally:
            with open(mark, "w") as file:
                file.write("yes")

    assert sc.source([1], held).take(2) == [0, 1]
    with open(mark) as file:
        assert file.read() == "yes"


def test_a_split_that_cannot_be_pickled_is_named_at_once(sc: WeftContext) -> None:
    with pytest.raises(ClosureError, match="A split given to source at test_source.py"):
        sc.source([(n for n in [1])], numbers)


def test_a_reader_that_is_no_function_is_refused_at_once(sc: WeftContext) -> None:
    with pytest.raises(TypeError, match="needs a function that reads a split, not int"):
        sc.source([1], 3)  # type: ignore[arg-type]


def test_preferred_hosts_go_into_the_plan(sc: WeftContext) -> None:
    rdd = sc.source([1, 2], lambda split: [split], hosts=lambda split: [f"node{split}", "spare"])
    assert rdd.collect() == [1, 2]
    assert isinstance(rdd._node, StepNode)
    (kind, body) = build_plan(rdd._node, COLLECT, "collect", "x.py:1", {}).record["nodes"][0]["kind"]
    assert kind == "io.weft.plan.DataSource"
    assert [list(hosts) for hosts in body["hosts"]] == [["node1", "spare"], ["node2", "spare"]]

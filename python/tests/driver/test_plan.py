"""Lineage to plan, seen in the plans that arrive at the gateway."""

from __future__ import annotations

import gc
from operator import add
from typing import Any

from tests.driver.fakegateway import FakeGateway
from weft.context import WeftContext


def _kinds(plan: dict[str, Any]) -> list[str]:
    return [node["kind"][0].rpartition(".")[2] for node in plan["nodes"]]


def test_narrow_steps_become_one_pipeline(sc: WeftContext, fake: FakeGateway) -> None:
    sc.parallelize([1, 2]).map(lambda x: x).filter(lambda x: x).flatMap(lambda x: [x]).collect()
    plan = fake.plans[-1]
    assert _kinds(plan) == ["DataSource", "Pipeline"]
    assert [step["op"] for step in plan["nodes"][1]["kind"][1]["steps"]] == ["map", "filter", "flatMap"]


def test_a_plan_names_the_users_lines(sc: WeftContext, fake: FakeGateway) -> None:
    sc.parallelize([1]).map(lambda x: x).collect()
    plan = fake.plans[-1]
    assert plan["name"] == "collect"
    assert plan["site"].startswith("test_plan.py:")
    assert plan["nodes"][1]["site"] == plan["site"]


def test_a_step_that_two_branches_use_stands_once(sc: WeftContext, fake: FakeGateway) -> None:
    shared = sc.parallelize([(1, 1)]).mapValues(lambda v: v)
    assert shared.union(shared.mapValues(str)).collect() == [(1, 1), (1, "1")]
    assert _kinds(fake.plans[-1]) == ["DataSource", "Pipeline", "Pipeline", "Union"]
    assert fake.plans[-1]["nodes"][2]["kind"][1]["parent"] == 1


def test_word_count_is_a_source_a_pipeline_and_a_shuffle(sc: WeftContext, fake: FakeGateway) -> None:
    words = sc.parallelize(["a b a"], 1).flatMap(str.split).map(lambda word: (word, 1)).reduceByKey(add)
    assert sorted(words.collect()) == [("a", 2), ("b", 1)]
    assert _kinds(fake.plans[-1]) == ["DataSource", "Pipeline", "Shuffle"]
    shuffle = fake.plans[-1]["nodes"][2]["kind"][1]
    assert (shuffle["writer"], shuffle["read"], shuffle["mapSideCombine"]) == ("hash", "combine", True)
    assert shuffle["partitioner"] is None


def test_a_lineage_of_ten_thousand_steps_needs_no_recursion(sc: WeftContext, fake: FakeGateway) -> None:
    rdd = sc.parallelize([0], 1)
    for _ in range(10_000):
        rdd = rdd.filter(bool)
    assert rdd.getNumPartitions() == 1
    assert rdd.collect() == []
    assert len(fake.plans[-1]["nodes"][1]["kind"][1]["steps"]) == 10_000


def test_transformations_run_nothing(sc: WeftContext, fake: FakeGateway) -> None:
    pairs = sc.parallelize([(1, 2)]).reduceByKey(add)
    pairs.join(pairs).sortByKey().repartition(3).coalesce(2).distinct()
    assert fake.plans == []


def test_sides_that_are_partitioned_alike_are_not_moved_by_join(sc: WeftContext, fake: FakeGateway) -> None:
    one = sc.parallelize([(1, 1), (2, 2)]).partitionBy(3)
    other = sc.parallelize([(1, "x")]).partitionBy(3).mapValues(str)
    assert one.join(other).collect() == [(1, (1, "x"))]
    assert _kinds(fake.plans[-1]).count("Shuffle") == 2
    one.join(sc.parallelize([(1, 0)]), 3).collect()
    assert _kinds(fake.plans[-1]).count("Shuffle") == 2


def test_reduce_and_group_by_key_stay_in_place_where_the_keys_are(sc: WeftContext, fake: FakeGateway) -> None:
    pairs = sc.parallelize([(1, 1), (1, 2), (2, 3)], 2).partitionBy(2)
    assert sorted(pairs.reduceByKey(add, 2).collect()) == [(1, 3), (2, 3)]
    assert _kinds(fake.plans[-1]).count("Shuffle") == 1
    assert sorted(pairs.groupByKey(2).mapValues(list).collect()) == [(1, [1, 2]), (2, [3])]
    assert _kinds(fake.plans[-1]).count("Shuffle") == 1


def test_functions_and_data_are_uploaded_once(sc: WeftContext, fake: FakeGateway) -> None:
    rdd = sc.parallelize([1, 2, 3]).map(lambda x: x + 1)
    rdd.collect()
    known = dict(fake.blocks)
    fake.blocks.clear()
    fake.blocks.update(known)
    rdd.collect()
    assert fake.blocks == known
    assert len(known) == 2


def test_the_driver_forgets_data_that_was_uploaded(sc: WeftContext) -> None:
    rdd = sc.parallelize([b"x" * 1000])
    rdd.count()
    assert rdd._node.block.chunks is None  # type: ignore[attr-defined]
    assert rdd.collect() == [b"x" * 1000]


def test_a_shuffle_is_dropped_when_its_rdd_is_gone(sc: WeftContext, fake: FakeGateway) -> None:
    rdd = sc.parallelize([(1, 1)]).reduceByKey(add)
    number = rdd.id()
    rdd.collect()
    sc.parallelize([1]).count()
    assert number not in fake.dropped
    del rdd
    gc.collect()
    sc.parallelize([1]).count()
    assert number in fake.dropped


def test_uploaded_data_is_dropped_when_the_last_rdd_of_it_is_gone(sc: WeftContext, fake: FakeGateway) -> None:
    one, other = sc.parallelize(["same"]), sc.parallelize(["same"])
    assert one.collect() == other.collect() == ["same"]
    (block,) = (identity for identity in fake.blocks if identity.startswith("data-"))
    del one
    gc.collect()
    assert other.count() == 1
    assert block not in fake.dropped
    del other
    gc.collect()
    again = sc.parallelize(["same"])
    assert again.collect() == ["same"]
    assert fake.dropped.count(block) == 0
    del again
    gc.collect()
    sc.emptyRDD().collect()
    assert fake.dropped.count(block) == 1


def test_a_function_is_dropped_when_the_last_rdd_that_calls_it_is_gone(sc: WeftContext, fake: FakeGateway) -> None:
    numbers = sc.range(4)

    def twice(x: int) -> int:
        return 2 * x

    one, other = numbers.map(twice), numbers.map(twice)
    assert one.collect() == other.collect() == [0, 2, 4, 6]
    (function,) = fake.blocks
    del one
    gc.collect()
    assert numbers.count() == 4
    assert function in fake.blocks
    assert other.collect() == [0, 2, 4, 6]
    del other
    gc.collect()
    again = numbers.map(twice)
    assert again.collect() == [0, 2, 4, 6]
    assert fake.dropped.count(function) <= 1
    del again
    gc.collect()
    numbers.collect()
    assert function not in fake.blocks


def test_many_jobs_leave_no_function_or_shuffle_behind(sc: WeftContext, fake: FakeGateway) -> None:
    numbers = sc.range(4)
    sizes = []
    for job in range(30):
        assert len(numbers.map(lambda x, job=job: (x + job, 1)).reduceByKey(add).collect()) == 4
        gc.collect()
        sizes.append((len(fake.blocks), len(sc._jobs._held), len(sc._jobs._gateway._uploaded)))
    assert sizes[-1] == sizes[2]
    assert len(fake.dropped) > 50


def test_take_runs_no_more_partitions_than_it_needs(sc: WeftContext, fake: FakeGateway) -> None:
    assert sc.parallelize(range(100), 100).take(1) == [0]
    assert [plan["partitions"] for plan in fake.plans] == [[0]]


def test_a_group_belongs_to_the_thread_that_set_it(sc: WeftContext, fake: FakeGateway) -> None:
    import threading

    sc.setJobGroup("mine", "what I do")
    thread = threading.Thread(target=sc.parallelize([1]).count)
    thread.start()
    thread.join()
    sc.parallelize([1]).count()
    assert fake.plans[0]["properties"] == {}
    assert fake.plans[1]["properties"]["weft.job.group"] == "mine"
    sc.cancelJobGroup("mine")
    assert fake.java.calls == [("cancelJobGroup", "mine")]

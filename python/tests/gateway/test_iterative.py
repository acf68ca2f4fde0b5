"""Programs of many rounds: a plan names what is persisted instead of repeating where it comes from."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.gateway import scripts
from weft import WeftContext
from weft._plan import Plan


@pytest.fixture
def sizes(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    found: list[int] = []
    encode = Plan.to_bytes

    def measured(plan: Plan) -> bytes:
        data = encode(plan)
        found.append(len(data))
        return data

    monkeypatch.setattr(Plan, "to_bytes", measured)
    return found


def rounds(sc: WeftContext, number: int) -> tuple[Any, dict[int, int]]:
    """So many rounds of join + reduceByKey + cache, and what a dict makes of the same."""
    links = sc.parallelize([(key, (key + 1) % 7) for key in range(7)], 2).cache()
    values = links.mapValues(lambda _: 1).cache()
    values.count()
    expected = dict.fromkeys(range(7), 1)
    for turn in range(number):
        after = (
            links.join(values)
            .map(lambda item: (item[1][0], item[1][1] + item[0]))
            .reduceByKey(lambda a, b: a + b, 2)
            .cache()
        )
        assert after.count() == 7, turn
        values.unpersist()
        values = after
        expected = {(key + 1) % 7: expected[key] + key for key in range(7)}
    return values, expected


def test_rounds_that_persist_their_result_send_plans_of_one_size(sc: WeftContext, sizes: list[int]) -> None:
    values, expected = rounds(sc, 6)
    assert len(sizes) == 7 and len(set(sizes[2:])) == 1, sizes
    assert dict(values.collect()) == expected


def test_a_chain_of_persisted_rdds_may_be_longer_than_the_stack_is_deep(sc: WeftContext) -> None:
    values = sc.parallelize(range(4), 1).cache()
    for _ in range(400):
        after = values.map(lambda x: x + 1).cache()
        if _ % 40 == 0:
            after.count()
            values.unpersist()
        values = after
    assert values.collect() == [400, 401, 402, 403]


def test_what_lies_between_persisted_rdds_is_persisted_later_and_found(sc: WeftContext) -> None:
    first = sc.parallelize(range(6), 2)
    middle = first.map(lambda x: x * 2)
    last = middle.map(lambda x: x + 1).cache()
    assert last.first() == 1
    middle.cache()
    assert last.collect() == [1, 3, 5, 7, 9, 11]
    assert sc._jobs.control("cachedPartitions", middle.id()) >= 1
    last.unpersist()
    assert last.sum() == 36
    assert middle.unpersist().sum() == 30


def test_a_plan_is_sent_whole_when_the_gateway_does_not_know_what_it_names(sc: WeftContext) -> None:
    rdd = sc.parallelize(range(4), 2).map(lambda x: x * 3).cache()
    assert rdd.sum() == 18
    sc._jobs._with_connection(lambda data: data.drop([], [], [rdd.id()]))  # as when another thread unpersists it
    assert rdd.map(lambda x: x + 1).collect() == [1, 4, 7, 10]


@pytest.mark.cluster
def test_partitions_that_are_lost_under_a_job_are_computed_from_the_lineage_of_earlier_plans(tmp_path: Path) -> None:
    code = """
        import os, signal, threading, time
        from tests.gateway.scripts import children, gateway_of
        from weft import WeftContext

        here = os.getcwd()

        def slow(index, records):
            records = list(records)
            open(f"{here}/began-{index}-{os.getpid()}", "w").close()
            deadline = time.monotonic() + 60
            while not os.path.exists(f"{here}/killed") and time.monotonic() < deadline:
                time.sleep(0.01)
            return [sum(value for _, value in records)]

        with WeftContext("local-cluster[2,1,512]", "rounds") as sc:
            gateway = gateway_of(sc._answer.socket)
            links = sc.parallelize([(key, (key + 1) % 50) for key in range(50)], 4).cache()
            values = links.mapValues(lambda _: 1).cache()
            values.count()
            expected = dict.fromkeys(range(50), 1)
            for turn in range(5):
                after = links.join(values).map(lambda item: (item[1][0], item[1][1] + item[0]))
                after = after.reduceByKey(lambda a, b: a + b, 6).cache()
                assert after.count() == 50
                values.unpersist()
                values = after
                expected = {(key + 1) % 50: expected[key] + key for key in range(50)}
            total = sum(expected.values())

            found = []
            job = threading.Thread(target=lambda: found.append(values.mapPartitionsWithIndex(slow).sum()))
            job.start()
            deadline = time.monotonic() + 60
            while len([name for name in os.listdir(here) if name.startswith("began-")]) < 2:
                assert time.monotonic() < deadline
                time.sleep(0.01)
            os.kill(children(gateway)[0], signal.SIGKILL)
            open(f"{here}/killed", "w").close()
            job.join(120)
            assert found == [total], (found, total)
            assert dict(values.collect()) == expected
        """
    scripts.run(tmp_path, code)

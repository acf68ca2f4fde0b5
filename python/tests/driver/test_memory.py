"""Jobs in too little memory, on real workers: large records, a limit that comes first, and what stays behind."""

from __future__ import annotations

import operator
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from weft.conf import WeftConf
from weft.context import WeftContext

pytestmark = pytest.mark.local

MEGABYTE = 1 << 20


@contextmanager
def context(**settings: str) -> Iterator[WeftContext]:
    conf = WeftConf().setMaster("local[1]").setAppName("memory")
    for name, value in settings.items():
        conf.set(f"weft.python.worker.{name}", value)
    with WeftContext(conf=conf) as sc:
        yield sc


def test_a_task_that_nears_its_limit_is_asked_to_spill_and_succeeds() -> None:
    # Its budget would let it grow past the limit, at which it is killed: only the request makes it spill.
    count = 750_000
    with context(memory="4g", limit="160m") as sc:
        pairs = sc.range(0, count, numSlices=1).map(lambda number: (f"{number:064}", number))
        sums = pairs.groupByKey(1).map(lambda pair: sum(pair[1]))
        assert sums.reduce(operator.add) == count * (count - 1) // 2


@pytest.mark.parametrize("operation", ["sortBy", "groupByKey", "distinct", "join", "repartition", "save"])
def test_records_of_a_megabyte_stay_within_the_limit(operation: str, tmp_path: object) -> None:
    # 160 MB in a budget of 32 MB; a worker over 96 MB is killed, which fails the job.
    count = 160
    with context(memory="32m", limit="96m") as sc:
        texts = sc.range(0, count, numSlices=2).map(lambda number: f"{number:07}" + "x" * MEGABYTE)
        keyed = texts.map(lambda text: (int(text[:7]) % 20, text))
        if operation == "sortBy":
            found = texts.sortBy(lambda text: text, ascending=False, numPartitions=2).map(lambda text: int(text[:7]))
            assert found.collect() == list(range(count))[::-1]
        elif operation == "groupByKey":
            groups = keyed.groupByKey(2).mapValues(lambda values: [int(text[:7]) for text in values]).collectAsMap()
            assert groups == {key: list(range(key, count, 20)) for key in range(20)}
        elif operation == "distinct":
            assert sorted(texts.distinct(2).map(lambda text: int(text[:7])).collect()) == list(range(count))
        elif operation == "join":
            sides = texts.map(lambda text: (int(text[:7]), text))
            assert sides.join(sides, 2).filter(lambda pair: pair[1][0] == pair[1][1]).count() == count
        elif operation == "repartition":
            assert sorted(texts.repartition(2).map(lambda text: int(text[:7])).collect()) == list(range(count))
        else:
            folder = f"{tmp_path}/out"
            texts.saveAsTextFile(folder)
            assert sorted(sc.textFile(folder).map(lambda text: int(text[:7])).collect()) == list(range(count))


def test_a_partitioned_rdd_is_reduced_within_the_limit() -> None:
    # Without a shuffle: 900,000 sums take more than the limit, at which a worker is killed.
    count = 900_000
    with context(memory="32m", limit="96m") as sc:
        pairs = sc.range(0, count, numSlices=2).map(lambda number: (f"{number:064}", number)).partitionBy(1)
        sums = pairs.union(pairs).partitionBy(1).reduceByKey(operator.add, 1)
        assert sums.map(lambda pair: pair[1]).reduce(operator.add) == count * (count - 1)


def test_a_float_sum_is_the_same_to_the_last_bit_in_any_memory() -> None:
    def floats(number: int) -> tuple[str, float]:
        return f"{number % 18_000:050}", ((number * 7919) % 1009 - 500) * 10.0 ** (number % 31 - 15)

    answers = []
    for memory in ("1m", "2m", "1g"):
        with context(memory=memory) as sc:
            sums = sc.range(0, 90_000, numSlices=3).map(floats).reduceByKey(operator.add, 2)
            answers.append([(key, total.hex()) for key, total in sums.collect()])
    parts: list[dict[str, float]] = [{}, {}, {}]
    for number in range(90_000):
        key, value = floats(number)
        part = parts[number // 30_000]
        part[key] = part[key] + value if key in part else value
    wanted: dict[str, float] = {}
    for part in parts:
        for key, value in part.items():
            wanted[key] = wanted[key] + value if key in wanted else value
    assert answers[0] == answers[1] == answers[2]
    assert dict(answers[0]) == {key: total.hex() for key, total in wanted.items()}

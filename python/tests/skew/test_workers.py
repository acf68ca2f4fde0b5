"""Skewed keys where tasks run in processes of their own, with another hash seed than the driver."""

from __future__ import annotations

import random
import sys
from collections import Counter
from collections.abc import Iterator

import cloudpickle
import pytest

from weft import WeftContext

pytestmark = pytest.mark.local

RANDOM = random.Random(11)
CLICKS = [("hot", n) for n in range(6_000)] + [(f"u{RANDOM.randrange(500)}", n) for n in range(6_000)]
CLICKS += [(float("nan"), 1), (None, 2), (("a", 1), 3)]
RANDOM.shuffle(CLICKS)
USERS = [("hot", "H"), *((f"u{n}", str(n)) for n in range(400)), (float("nan"), "N"), (("a", 1), "T"), ("u1", "twice")]


@pytest.fixture(scope="module", params=["local[2]", "local-cluster[2,1,512]"])
def sc(request: pytest.FixtureRequest) -> Iterator[WeftContext]:
    cloudpickle.register_pickle_by_value(sys.modules[__name__])
    with WeftContext(request.param) as made:
        yield made
    cloudpickle.unregister_pickle_by_value(sys.modules[__name__])


def expected(outer: bool) -> Counter[str]:
    users: dict[str, list[str | None]] = {}
    for name, value in USERS:
        users.setdefault(repr(name), []).append(value)
    nothing: list[str | None] = [None] if outer else []
    return Counter(repr((key, (n, value))) for key, n in CLICKS for value in users.get(repr(key), nothing))


def test_skew_and_broadcast_joins_give_what_a_join_gives(sc: WeftContext) -> None:
    clicks, users = sc.parallelize(CLICKS, 6), sc.parallelize(USERS, 3)
    joins = (clicks.join(users, 4), clicks.skewJoin(users, 4), clicks.skewJoin(users, 4, hot=["hot"], pieces=3),
             clicks.broadcastJoin(users), clicks.broadcastJoin(users, shared=True))  # fmt: skip
    for joined in joins:
        assert Counter(map(repr, joined.collect())) == expected(outer=False)
    left = (clicks.skewLeftOuterJoin(users, 4), clicks.broadcastLeftOuterJoin(users))
    for joined in left:
        assert Counter(map(repr, joined.collect())) == expected(outer=True)


def test_hot_keys_and_heavy_hitters_are_counted(sc: WeftContext) -> None:
    clicks = sc.parallelize(CLICKS, 6)
    counts = Counter(repr(key) for key, _ in CLICKS)
    found = clicks.hotKeys(3)
    assert found[0].key == "hot"
    assert [(hot.rows, hot.error) for hot in found] == [(count, 0) for _, count in counts.most_common(3)]
    (heavy,) = clicks.keys().heavyHitters(0.1)
    assert heavy.record == "hot" and heavy.atLeast <= 6_000 <= heavy.atMost


def test_percentiles_are_near_those_of_all_numbers(sc: WeftContext) -> None:
    numbers = sc.parallelize(range(1, 20_001), 5)
    for probability, value in zip((0.5, 0.95), numbers.percentiles([0.5, 0.95], 0.001)):
        assert abs(value - probability * 20_000) <= 0.001 * probability * 20_000
    by_key = numbers.map(lambda n: (n % 2, n)).percentilesByKey([0.5], 0.001, 3).collectAsMap()
    assert set(by_key) == {0, 1}
    assert all(abs(values[0] - 10_000) <= 11 for values in by_key.values())

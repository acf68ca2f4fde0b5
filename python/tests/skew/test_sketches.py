"""Percentiles and heavy hitters against sorting and counting all."""

from __future__ import annotations

import math
import random
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from weft import WeftContext
from weft._ops.sketches import Quantiles

PROBABILITIES = [0.0, 0.1, 0.5, 0.95, 1.0]


@pytest.fixture(scope="module")
def sc() -> Iterator[WeftContext]:
    with WeftContext("inline[3]") as made:
        yield made


def exact(values: list[float], probability: float) -> float:
    return sorted(values)[max(0, math.ceil(probability * len(values)) - 1)]


@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=200), st.integers(1, 4))
def test_percentiles_of_few_numbers_are_exact(sc: WeftContext, values: list[float], count: int) -> None:
    assert sc.parallelize(values, count).percentiles(PROBABILITIES) == [exact(values, p) for p in PROBABILITIES]


@pytest.mark.parametrize("accuracy", [0.01, 0.001])
def test_percentiles_of_many_numbers_are_as_near_as_asked(sc: WeftContext, accuracy: float) -> None:
    rng = random.Random(5)
    values = [rng.choice([1, 1, -1]) * rng.lognormvariate(4, 2) for _ in range(20_000)]
    found = sc.parallelize(values, 5).percentiles(PROBABILITIES, accuracy)
    for probability, value in zip(PROBABILITIES, found):
        right = exact(values, probability)
        assert abs(value - right) <= accuracy * abs(right) * 1.000001


def test_percentiles_are_the_same_however_the_numbers_are_divided(sc: WeftContext) -> None:
    rng = random.Random(6)
    values = [rng.expovariate(0.01) for _ in range(6_000)]
    once = sc.parallelize(values, 1).percentiles(PROBABILITIES)
    rng.shuffle(values)
    assert sc.parallelize(values, 7).percentiles(PROBABILITIES) == once


def test_merging_in_any_order_gives_the_same() -> None:
    rng = random.Random(7)
    parts = []
    for size in (3, 600, 0, 513, 40, 2000):
        parts.append([rng.gauss(100, 30) for _ in range(size)])

    def merged(order: list[int]) -> list[float]:
        total = Quantiles(0.01)
        for place in order:
            part = Quantiles(0.01)
            for value in parts[place]:
                part.add(value)
            total.merge(part)
        assert total.count == 3156
        return total.at(PROBABILITIES)

    assert merged([0, 1, 2, 3, 4, 5]) == merged([5, 2, 4, 0, 3, 1])


def test_percentiles_by_key_are_those_of_each_key(sc: WeftContext) -> None:
    rng = random.Random(8)
    pairs = [(rng.choice("abb"), rng.randrange(1000)) for _ in range(900)] + [("c", None), ("d", float("nan"))]
    found = dict(sc.parallelize(pairs, 4).percentilesByKey([0.5, 0.95], 0.001, 3).collect())
    assert (found.pop("c"), found.pop("d")) == ([], [])
    for key, values in found.items():
        mine = [float(v) for k, v in pairs if k == key and v is not None]
        assert all(abs(v - exact(mine, p)) <= 0.001 * exact(mine, p) for p, v in zip([0.5, 0.95], values))
    assert set(found) == {"a", "b"}


def test_every_heavy_hitter_is_found_with_bounds_that_hold(sc: WeftContext) -> None:
    rng = random.Random(9)
    data: list[Any] = [f"r{rng.randrange(50_000)}" for _ in range(20_000)]
    data += ["hot"] * 3_000 + [("tuple", None)] * 800 + [None] * 400
    rng.shuffle(data)
    found = sc.parallelize(data, 6).heavyHitters(0.02)
    counts = Counter(data)
    assert {hit.record for hit in found} >= {record for record, n in counts.items() if n > 0.02 * len(data)}
    assert all(hit.atLeast <= counts[hit.record] <= hit.atMost for hit in found)
    assert all(hit.atMost > 0.02 * len(data) for hit in found)
    assert found[0].record == "hot"


def test_what_makes_no_sense_is_refused(sc: WeftContext) -> None:
    numbers = sc.parallelize([1.0, 2.0])
    with pytest.raises(ValueError, match="between 0 and 1"):
        numbers.percentiles([1.5])
    with pytest.raises(ValueError, match="accuracy"):
        numbers.percentiles([0.5], 0)
    with pytest.raises(ValueError, match="no numbers"):
        sc.parallelize([None]).percentiles([0.5])
    with pytest.raises(ValueError, match="not finite"):
        sc.parallelize([math.inf]).percentiles([0.5])
    with pytest.raises(ValueError, match="share"):
        numbers.heavyHitters(0)


def test_a_library_that_is_missing_is_named_with_what_to_do() -> None:
    program = (
        "import sys; sys.modules['datasketches'] = None\n"
        "from weft import WeftContext\n"
        "with WeftContext('inline') as sc:\n"
        "    sc.parallelize([1]).heavyHitters(0.1)\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode != 0
    assert "this needs the package datasketches, on the workers too: pip install 'weft[sketches]'" in done.stderr

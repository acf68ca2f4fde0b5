"""Text falls where workers put it, whatever this process's hash seed is."""

from __future__ import annotations

import datetime
import os
import pickle
import random
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest

from weft._ops import seeded
from weft._ops.keys import portable_hash
from weft._ops.partition import deal

IN_A_WORKER = """
import pickle, sys
keys = pickle.load(sys.stdin.buffer)
sys.stdout.buffer.write(pickle.dumps([hash(key) for key in keys]))
"""


@pytest.fixture
def replaced() -> Iterator[None]:
    seeded.install()
    yield
    seeded.uninstall()


def some_keys() -> list[Any]:
    rng = random.Random(5)
    texts = ["", "a", "ab" * 4, "ab" * 400, "\udc80", "é" * 7, "漢字", "😀x", "a\0b"]
    letters = "Aé漢😀"
    texts += ["".join(rng.choice(letters) for _ in range(rng.randrange(40))) for _ in range(200)]
    some_bytes = [rng.randbytes(size) for size in range(64)]
    moments = [datetime.date(2020, 2, 29), datetime.datetime(2020, 1, 2, 3, 4, 5, 6), datetime.time(1, 2, 3, 4)]
    moments += [datetime.datetime(2020, 10, 25, 2, 30, fold=1), datetime.time(2, 30, fold=1)]
    return [*texts, *some_bytes, *moments]


@pytest.mark.skipif(sys.implementation.name != "cpython", reason="only CPython's text hashes take a seed this way")
def test_hashes_are_those_of_a_process_with_seed_0(replaced: None) -> None:
    keys = some_keys()
    done = subprocess.run(
        [sys.executable, "-c", IN_A_WORKER],
        input=pickle.dumps(keys),
        env={**os.environ, "PYTHONHASHSEED": "0"},
        capture_output=True,
        check=True,
        timeout=60,
    )
    assert [portable_hash(key) for key in keys] == pickle.loads(done.stdout)


def test_an_aware_moment_keeps_the_hash_of_its_time_span(replaced: None) -> None:
    moment = datetime.datetime(2020, 1, 1, tzinfo=datetime.timezone.utc)
    assert portable_hash(moment) == hash(moment)


def test_dealing_follows_the_replaced_hashes(replaced: None) -> None:
    keys = [f"key {number}" for number in range(100)]
    dealt = deal(keys, keys, 7, None)
    assert [sorted(part) for part, _ in dealt] == [
        sorted(key for key in keys if seeded.text_hash(key) % 7 == number) for number in range(7)
    ]


def test_after_uninstall_hashes_are_pythons_own() -> None:
    seeded.install()
    seeded.uninstall()
    assert portable_hash("weft") == hash("weft")

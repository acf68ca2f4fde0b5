"""Profiles of tasks: their calls are the records."""

from __future__ import annotations

import os
import pstats
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import cloudpickle
import pytest

from tests.gateway import test_profiles
from weft import BasicProfiler, WeftConf, WeftContext
from weft.profiler import MemoryProfiler

MASTERS = ["inline[2]", pytest.param("local[2]", marks=pytest.mark.local)]
PROFILED = ("spark.python.profile", "true")


@pytest.fixture(autouse=True)
def by_value() -> Iterator[None]:
    cloudpickle.register_pickle_by_value(test_profiles)
    yield
    cloudpickle.unregister_pickle_by_value(test_profiles)


def context(master: str, *settings: tuple[str, str], **others: Any) -> WeftContext:
    return WeftContext(master, conf=WeftConf().setAll(settings), **others)


def heavy(record: int) -> int:
    return sum(range(record))


def calls(stats: pstats.Stats, name: str) -> int:
    return sum(found[1] for (_, _, function), found in stats.stats.items() if function == name)  # type: ignore[attr-defined]


@pytest.mark.parametrize("master", MASTERS)
def test_the_calls_in_a_written_profile_are_the_records(master: str, tmp_path: Path) -> None:
    with context(master, PROFILED) as sc:
        rdd = sc.parallelize(range(1000), 4).map(heavy)
        assert len(rdd.collect()) == 1000
        rdd.map(lambda x: (x % 3, x)).reduceByKey(max).collect()
        sc.dump_profiles(str(tmp_path))
    assert len(os.listdir(tmp_path)) == 3
    assert calls(pstats.Stats(str(tmp_path / f"rdd_{rdd.id()}.pstats")), "heavy") == 1000
    everything = [pstats.Stats(str(path)) for path in tmp_path.iterdir()]
    assert sum(calls(one, "heavy") for one in everything) == 2000


@pytest.mark.parametrize("master", MASTERS)
def test_profiles_are_printed_once_and_add_up_over_actions(master: str, capsys: pytest.CaptureFixture[str]) -> None:
    with context(master, PROFILED) as sc:
        rdd = sc.parallelize(range(10), 2).map(heavy)
        rdd.collect()
        rdd.collect()
        assert sc.profiler_collector is not None
        [[number, profiler, _]] = sc.profiler_collector.profilers
        assert number == rdd.id()
        assert calls(profiler.stats(), "heavy") == 20
        sc.show_profiles()
        assert f"Profile of RDD<id={rdd.id()}>" in capsys.readouterr().out
        sc.show_profiles()
        assert capsys.readouterr().out == ""


class Short(BasicProfiler):
    shown: list[int] = []

    def profile(self, func: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        return super().profile(func, *args, **kwargs)

    def show(self, id: int) -> None:
        Short.shown.append(calls(self.stats(), "heavy"))


@pytest.mark.parametrize("master", MASTERS)
def test_a_profiler_of_ones_own_takes_the_place_of_the_basic_one(master: str) -> None:
    Short.shown.clear()
    with context(master, PROFILED, profiler_cls=Short) as sc:
        sc.parallelize(range(7), 2).map(heavy).count()
        sc.show_profiles()
    assert Short.shown == [7]


def hold(record: int) -> int:
    held = [bytes(1000) for _ in range(30_000)]  # ten times what a worker may import meanwhile
    import threading
    import tracemalloc

    looks, look = threading.Semaphore(0), tracemalloc.get_traced_memory
    tracemalloc.get_traced_memory = lambda: (looks.release(), look())[1]  # type: ignore[assignment]
    try:
        assert looks.acquire(timeout=60) and looks.acquire(timeout=60)  # the profiler has looked, and is through
    finally:
        tracemalloc.get_traced_memory = look
    return len(held)


@pytest.mark.parametrize("master", MASTERS)
def test_the_line_that_holds_most_memory_stands_first(master: str, tmp_path: Path) -> None:
    with context(master, ("spark.python.profile.memory", "true")) as sc:
        rdd = sc.parallelize([1], 1).map(hold)
        assert rdd.collect() == [30_000]
        assert sc.profiler_collector is not None
        [[_, profiler, _]] = sc.profiler_collector.profilers
        assert isinstance(profiler, MemoryProfiler)
        most = max(profiler.stats().values())
        assert most[0] >= 30_000_000
        sc.dump_profiles(str(tmp_path))
    lines = (tmp_path / f"rdd_{rdd.id()}_memory.txt").read_text().split("\n")
    assert "test_profiles.py" in lines[4]


@pytest.mark.parametrize("master", MASTERS[:1])
def test_without_the_setting_nobody_looks_on(master: str) -> None:
    with context(master) as sc:
        assert sc.profiler_collector is None
        with pytest.raises(RuntimeError, match=r"show_profiles \(.*finds no profiles: set spark.python.profile"):
            sc.show_profiles()

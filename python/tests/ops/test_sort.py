"""A sort of several maps and partitions gives, put together, what Python's sorted gives, whatever spills."""

from __future__ import annotations

import bisect
import io
import itertools
import math
import operator
import pickle
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.ops.scope import TestScope, scope
from weft._ops.columns import FRAME_HEADER, KIND_PAIRS, KIND_RUN
from weft._ops.memory import AlwaysFull, Gauge, NeverFull
from weft._ops.merging import merge_runs
from weft._ops.sort import Header, choose_ranges, load_header, make_bounds, read_sorted, write_runs

Key = Callable[[Any], Any]


class Output:
    """A map output in memory."""

    def __init__(self) -> None:
        self.partitions: list[bytes] = []
        self.rows: list[int] = []

    def partition(self, parts: Iterable[bytes], rows: int) -> None:
        self.partitions.append(b"".join(parts))
        self.rows.append(rows)


def frames(data: bytes) -> Iterator[tuple[int, bytes]]:
    position = 0
    while position < len(data):
        kind, _, _, _, _, length = FRAME_HEADER.unpack_from(data, position)
        position += FRAME_HEADER.size
        yield kind, data[position : position + length]
        position += length


def columns(data: bytes) -> Iterator[list[Any]]:
    for kind, payload in frames(data):
        stream = io.BytesIO(payload)
        yield [pickle.load(stream) for _ in range(2 if kind == KIND_PAIRS else 1)]


def batches(records: list[Any], size: int) -> Iterator[list[Any]]:
    for start in range(0, len(records), size):
        yield records[start : start + size]


def headers_of(outputs: list[Output]) -> Iterator[Header]:
    for output in outputs:
        for kind, payload in frames(output.partitions[0]):
            assert kind == KIND_RUN
            yield load_header(payload)


def sort_maps(
    maps: list[list[Any]],
    key: Key | None,
    partitions: int,
    *,
    ascending: bool = True,
    gauge: Callable[[], Gauge] = NeverFull,
    task: TestScope,
    size: int = 7,
) -> list[list[Any]]:
    outputs = []
    for records in maps:
        output = Output()
        rows = write_runs(batches(records, size), key, ascending=ascending, scope=task, gauge=gauge(), output=output)
        assert rows == len(records) == sum(output.rows)
        outputs.append(output)
    bounds = make_bounds(headers_of(outputs), partitions)["bounds"]
    result = []
    for partition in range(partitions):
        ranges = choose_ranges(headers_of(outputs), bounds, partition, ascending=ascending)
        data = b"".join(
            outputs[item.map].partitions[number] for item in ranges for number in range(item.start, item.stop)
        )
        parts = read_sorted(ranges, columns(data), bounds, partition, ascending=ascending, scope=task, gauge=gauge())
        result.append(list(itertools.chain.from_iterable(parts)))
    return result


def identity(value: Any) -> Any:
    return value


def flat(parts: list[list[Any]]) -> list[Any]:
    return list(itertools.chain.from_iterable(parts))


MAPS = st.lists(st.lists(st.integers(-20, 20), max_size=60), min_size=1, max_size=4)


@settings(max_examples=80, deadline=None)
@given(MAPS, st.integers(1, 6), st.booleans(), st.integers(2, 12))
def test_numbers_come_out_sorted_whatever_spills(
    maps: list[list[int]], partitions: int, ascending: bool, every: int
) -> None:
    with scope() as task:
        parts = sort_maps(maps, identity, partitions, ascending=ascending, gauge=lambda: AlwaysFull(every), task=task)
    assert flat(parts) == sorted(flat(maps), reverse=not ascending)


@settings(max_examples=80, deadline=None)
@given(MAPS, st.integers(1, 6), st.booleans(), st.integers(2, 12))
def test_equal_keys_keep_the_order_of_maps_and_input(
    maps: list[list[int]], partitions: int, ascending: bool, every: int
) -> None:
    numbered = [[(value // 4, (m, n)) for n, value in enumerate(records)] for m, records in enumerate(maps)]
    wanted = sorted(flat(numbered), key=operator.itemgetter(0), reverse=not ascending)
    for key in (None, operator.itemgetter(0)):
        with scope() as task:
            parts = sort_maps(
                numbered, key, partitions, ascending=ascending, gauge=lambda: AlwaysFull(every), task=task
            )
        assert flat(parts) == wanted


@settings(max_examples=60, deadline=None)
@given(MAPS, st.integers(2, 6), st.booleans())
def test_small_data_falls_into_pysparks_partitions(maps: list[list[int]], partitions: int, ascending: bool) -> None:
    samples = sorted(flat(maps))
    if not samples:
        return
    bounds = [samples[int(len(samples) * (i + 1) / partitions)] for i in range(partitions - 1)]
    wanted: list[list[int]] = [[] for _ in range(partitions)]
    for value in sorted(samples, reverse=not ascending):
        place = bisect.bisect_left(bounds, value)
        wanted[place if ascending else partitions - 1 - place].append(value)
    with scope() as task:
        assert sort_maps(maps, identity, partitions, ascending=ascending, task=task) == wanted


@pytest.mark.parametrize("ascending", [True, False])
def test_large_runs_are_cut_in_blocks_and_partitions_are_even(ascending: bool) -> None:
    maps = [[(n * 7919 + m) % 30_011 for n in range(15_000)] for m in range(3)]
    with scope() as task:
        parts = sort_maps(maps, identity, 7, ascending=ascending, task=task, size=1000)
    assert flat(parts) == sorted(flat(maps), reverse=not ascending)
    assert max(map(len, parts)) < 1.1 * 45_000 / 7


def test_a_reducer_reads_only_the_blocks_it_needs() -> None:
    output = Output()
    with scope() as task:
        write_runs(
            batches(list(range(40_960)), 1000),
            identity,
            ascending=True,
            scope=task,
            gauge=NeverFull(),
            output=output,
        )
    bounds = make_bounds(headers_of([output]), 20)["bounds"]
    blocks = [choose_ranges(headers_of([output]), bounds, p, ascending=True) for p in range(20)]
    assert all(len(ranges) == 1 and ranges[0].stop - ranges[0].start <= 3 for ranges in blocks)


def test_keys_that_are_their_records_are_not_written_twice() -> None:
    lines = [f"{number * 7919 % 10007:0100}" for number in range(10_000)]
    sizes = []
    for key in (identity, lambda line: line[:99]):
        output = Output()
        with scope() as task:
            write_runs(batches(lines, 500), key, ascending=True, scope=task, gauge=NeverFull(), output=output)
        sizes.append(sum(map(len, output.partitions)))
    assert sizes[0] < 1_200_000
    assert sizes[1] > 1_900_000


def test_records_that_are_not_pairs_are_sorted_by_their_first_element() -> None:
    maps: list[list[Any]] = [[(3, "a"), (1, "b")], [(2, "x", "y"), [0, "list"], (2, "z")], [(1, 1)]]
    with scope() as task:
        parts = sort_maps(maps, None, 2, task=task, size=2)
    assert flat(parts) == [[0, "list"], (1, "b"), (1, 1), (2, "x", "y"), (2, "z"), (3, "a")]


def test_a_map_whose_keys_are_its_records_meets_one_whose_keys_are_not() -> None:
    maps = [[5, 1, 3], [-4, 2], [6]]
    with scope() as task:
        assert flat(sort_maps(maps, abs, 3, task=task)) == [1, 2, 3, -4, 5, 6]


def test_keys_that_cannot_be_compared_raise_pythons_error() -> None:
    with scope() as task, pytest.raises(TypeError, match="not supported between instances"):
        sort_maps([[1, None, "a"]], identity, 2, task=task)


def test_keys_of_two_maps_that_cannot_be_compared_raise_pythons_error() -> None:
    with scope() as task, pytest.raises(TypeError, match="not supported between instances"):
        sort_maps([[1], ["a"]], identity, 2, task=task)


def test_none_alone_sorts_as_in_python() -> None:
    with scope() as task:
        assert sort_maps([[None]], identity, 1, task=task) == [[None]]


@pytest.mark.parametrize("ascending", [True, False])
@pytest.mark.parametrize("every", [3, 1000])
def test_no_record_is_lost_when_keys_are_nan(ascending: bool, every: int) -> None:
    maps = [[float(n * 31 % 17) if n % 5 else math.nan for n in range(100)] for _ in range(3)]
    with scope() as task:
        parts = sort_maps(maps, identity, 4, ascending=ascending, gauge=lambda: AlwaysFull(every), task=task)
    numbers = [value for value in flat(parts) if not math.isnan(value)]
    assert numbers == sorted((v for v in flat(maps) if not math.isnan(v)), reverse=not ascending)
    assert len(flat(parts)) == 300


def test_no_input_gives_empty_partitions() -> None:
    for ascending in (True, False):
        with scope() as task:
            assert sort_maps([[], []], identity, 3, ascending=ascending, task=task) == [[], [], []]


def test_the_key_function_is_called_once_a_record() -> None:
    calls = []

    def key(value: int) -> int:
        calls.append(value)
        return -value

    with scope() as task:
        sort_maps([list(range(50))], key, 3, gauge=lambda: AlwaysFull(3), task=task)
    assert sorted(calls) == list(range(50))


def test_more_than_64_runs_are_merged_in_passes() -> None:
    maps = [[(n * 7919) % 1009 for n in range(1000)]]
    with scope() as task:
        parts = sort_maps(maps, identity, 1, gauge=lambda: AlwaysFull(1), task=task, size=10)
        assert task.spills > 64
    assert flat(parts) == sorted(maps[0])


@settings(max_examples=100, deadline=None)
@given(st.lists(st.lists(st.integers(0, 12), max_size=30), max_size=5), st.integers(1, 5), st.booleans())
def test_merging_runs_is_stable(runs: list[list[int]], block: int, reverse: bool) -> None:
    ordered = [sorted(run, reverse=reverse) for run in runs]

    def blocks(number: int) -> Iterator[list[list[Any]]]:
        run = ordered[number]
        for start in range(0, len(run), block):
            keys = run[start : start + block]
            yield [keys, [(number, start + place) for place in range(len(keys))]]

    merged = list(merge_runs([blocks(number) for number in range(len(ordered))], reverse=reverse))
    keys = flat([part[0] for part in merged])
    tags = flat([part[1] for part in merged])
    everything = [(key, (n, place)) for n, run in enumerate(ordered) for place, key in enumerate(run)]
    wanted = sorted(everything, key=operator.itemgetter(0), reverse=reverse)
    assert list(zip(keys, tags)) == wanted

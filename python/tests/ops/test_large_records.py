"""Large records are neither copied when they are written nor held twice when they are read."""

from __future__ import annotations

import pickle
from collections.abc import Iterator
from typing import Any

import pytest

from weft import _batches, _flow, _serializers
from weft._batches import BatchError, dump_columns, dump_records, read_batches
from weft._flow import Flow
from weft._ops.columns import dump_parts, load_column
from weft.errors import InternalError

LARGE = bytes(range(256)) * 4096  # 1 MiB
VALUES = [LARGE, bytearray(LARGE), "text" * 300_000, {"nested": [LARGE, 1]}, None, 7]


class Source:
    """A batch stream that comes in pieces of odd lengths."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.at = 0
        self.flows = 0

    def exact(self, size: int) -> bytes:
        found = self.data[self.at : self.at + size]
        self.at += len(found)
        return found

    def fill(self, view: memoryview) -> None:
        found = self.exact(len(view))
        if len(found) < len(view):
            raise BatchError("the stream ends inside a batch")
        view[:] = found

    def flow(self, length: int, crc: int) -> Flow:
        self.flows += 1
        return Flow(self.fill, length, crc, BatchError)

    def batches(self) -> Iterator[_batches.Batch]:
        return read_batches(self.exact, self.flow)


@pytest.fixture(autouse=True)
def _small_payloads_are_large(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (_batches, _serializers, _flow):
        monkeypatch.setattr(module, "FLOW_BYTES", 1 << 20)


def _stream(records: list[Any]) -> bytes:
    return b"".join(part for _, parts in dump_records(iter(records)) for part in parts)


def test_large_bytes_are_written_as_they_are() -> None:
    parts = dump_parts([("key", [LARGE])])
    assert any(part is LARGE for part in parts)
    assert load_column(b"".join(parts)) == [("key", [LARGE])]


def test_what_may_change_before_it_is_written_is_copied() -> None:
    changing = bytearray(LARGE)
    parts = dump_parts([changing])
    changing[:] = bytes(len(changing))
    assert load_column(b"".join(parts)) == [LARGE]


def test_a_class_of_the_script_is_written_whole_also_after_a_large_value() -> None:
    namespace: dict[str, Any] = {"__name__": "__main__"}
    exec("class Mine:\n    def __init__(self, x): self.x = x", namespace)
    loaded = pickle.loads(b"".join(dump_parts([LARGE, namespace["Mine"](3)])))
    assert loaded[0] == LARGE and loaded[1].x == 3


def test_records_and_columns_are_loaded_as_they_come() -> None:
    source = Source(_stream(VALUES) + b"".join(p for parts in dump_columns(["a", "b"], [LARGE, 1]) for p in parts))
    records: list[Any] = []
    batches = source.batches()
    while len(records) < len(VALUES):
        records += next(batches).records()
    assert records == VALUES
    pairs = [pair for batch in batches for pair in zip(*batch.columns())]
    assert pairs == [("a", LARGE), ("b", 1)]
    assert source.flows >= 4


def test_a_large_batch_that_nobody_loads_is_passed_over() -> None:
    source = Source(_stream([LARGE, "next"]))
    assert [batch.count for batch in source.batches()] == [1, 1]


@pytest.mark.parametrize("at", [40, 1 << 19, -3])
def test_damage_is_told_and_not_what_it_makes_of_the_pickle(at: int) -> None:
    data = bytearray(_stream([("a", LARGE)]))
    data[at] ^= 255
    with pytest.raises(BatchError, match="checksum"):
        [batch.records() for batch in Source(bytes(data)).batches()]


def test_a_stream_that_ends_too_early_is_told() -> None:
    with pytest.raises(BatchError, match="ends inside"):
        [batch.records() for batch in Source(_stream([LARGE])[:-9]).batches()]


def test_what_a_class_raises_while_it_is_loaded_is_raised() -> None:
    with pytest.raises(ZeroDivisionError):
        [batch.records() for batch in Source(_stream([LARGE, _Raises()])).batches()]


class _Raises:
    def __reduce__(self) -> Any:
        return _divide, (LARGE,)


def _divide(_argument: bytes) -> float:
    return 1 / 0


def test_the_driver_loads_results_as_they_come_and_tells_damage() -> None:
    def decoded(data: bytes) -> list[Any]:
        source = Source(data)

        def read_into(view: memoryview) -> bool:
            found = source.exact(len(view))
            view[: len(found)] = found
            return len(found) == len(view)

        return [record for batch in _serializers.read_batches(read_into) for record in batch]

    assert decoded(_stream(VALUES)) == VALUES
    columns = b"".join(part for parts in dump_columns(["a"], [LARGE]) for part in parts)
    assert decoded(columns) == [("a", LARGE)]
    with pytest.raises(InternalError, match="within a batch"):
        decoded(columns[:-5])
    with pytest.raises(InternalError, match="checksum"):
        decoded(columns[:-5] + b"x" + columns[-4:])

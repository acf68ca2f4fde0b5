"""Results that wait as bytes, and jobs that are ended from another thread."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from weft import _collected
from weft._collected import Spool, Stop
from weft._localiterator import _ahead
from weft._serializers import encode_batches
from weft.errors import InternalError, ResourcesError


@pytest.fixture(params=[1 << 20, 100], ids=["in memory", "in a file"])
def spool(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Spool:
    monkeypatch.setattr(_collected, "_MEMORY_BYTES", request.param)
    return Spool(str(tmp_path / "disk"))


def _fill(spool: Spool, data: bytes, step: int = 7) -> None:
    for start in range(0, len(data), step):
        spool.raw(memoryview(data)[start : start + step])


def _stream(*records: Any) -> bytes:
    return b"".join(encode_batches(records))


def test_records_come_back_in_order_and_nothing_lies_in_the_folder(spool: Spool, tmp_path: Path) -> None:
    records = [*range(300), "text" * 50, None, ("pair", 1.5)]
    _fill(spool, _stream(*records))
    with spool:
        assert [one for batch in spool.batches() for one in batch] == records
        assert [name for _, _, names in os.walk(tmp_path) for name in names] == []


def test_a_result_that_was_lost_half_way_is_the_second_one(spool: Spool) -> None:
    _fill(spool, _stream(*range(200))[:-3])
    spool.again(0)
    _fill(spool, _stream(*range(100, 400)))
    assert [one for batch in spool.batches() for one in batch] == list(range(100, 400))


def test_a_result_that_ends_within_a_batch_is_told(spool: Spool) -> None:
    _fill(spool, _stream(*range(200)) + _stream(*range(200))[:-3])
    batches = spool.batches()
    assert sum(map(len, [next(batches) for _ in range(2)])) >= 64
    with pytest.raises(InternalError, match="ended within a batch"):
        list(batches)


def test_a_disk_that_cannot_be_written_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_collected, "_MEMORY_BYTES", 10)
    (tmp_path / "file").write_text("")
    with pytest.raises(ResourcesError, match="cannot be kept in .*/file: .*weft.local.dir"):
        Spool(str(tmp_path / "file")).raw(memoryview(bytes(20)))


class _Connection:
    cancelled = 0

    def cancel(self) -> None:
        self.cancelled += 1


def test_stopping_ends_what_runs_and_what_begins_later_alone() -> None:
    stop, first, second, third = Stop(), _Connection(), _Connection(), _Connection()
    with stop.stopping(first):
        pass
    with stop.stopping(second):
        stop.stop()
    with stop.stopping(third):
        assert third.cancelled == 1
    assert (first.cancelled, second.cancelled) == (0, 1)


def test_a_partition_that_fails_fails_when_the_iterator_comes_to_it() -> None:
    def bring(part: int) -> Spool:
        if part == 1:
            raise KeyError(part)
        made = Spool(None)
        made.raw(memoryview(_stream(1, 2)))
        return made

    rows = _ahead(bring, 3, Stop())
    assert [next(rows), next(rows)] == [1, 2]
    with pytest.raises(KeyError):
        next(rows)
    assert list(rows) == []


def test_a_result_can_be_forgotten_while_a_view_of_its_bytes_lives_on(spool: Spool) -> None:
    # as it does on PyPy until the garbage is collected
    _fill(spool, _stream(*range(9)))
    with memoryview(spool._small):
        spool.close()
    assert list(spool.batches()) == []

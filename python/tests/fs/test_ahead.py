"""Reading ahead: what comes is the file's, little more is asked for than is used, and what is held is bounded."""

from __future__ import annotations

import random
import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from weft._fs.openfile import Ahead

KIB = 1 << 10


class WrittenDown:
    """A reader that keeps the ranges that it was asked for, and insists that each is taken before the next."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.entry = {"uri": "fake:/file", "size": len(data)}
        self.asked: list[tuple[int, int]] = []
        self.taken = 0

    def ask(self, start: int, stop: int) -> None:
        assert self.taken == len(self.asked), "a range was asked for while another was on its way"
        self.asked.append((start, stop))

    def take(self) -> bytes:
        start, stop = self.asked[self.taken]
        self.taken += 1
        return self.data[start:stop]

    def close(self) -> None:
        pass


def bytes_of(size: int) -> bytes:
    return random.Random(size).randbytes(size)


@given(
    st.integers(0, 700 * KIB),
    st.sampled_from([1, 64 * KIB, 100_000, 256 * KIB]),
    st.lists(st.tuples(st.integers(0, 720 * KIB), st.integers(0, 300 * KIB), st.booleans()), max_size=30),
)
def test_any_reads_give_what_the_file_has(size: int, block: int, reads: list[tuple[int, int, bool]]) -> None:
    reader = WrittenDown(bytes_of(size))
    ahead = Ahead(reader, size, block)
    end = 0
    for start, length, onward in reads:
        start = end if onward else start
        assert ahead.fetch(start, start + length) == reader.data[start : start + length]
        end = min(size, start + length)
        assert len(ahead._held) <= max(block, 64 * KIB)


def test_a_run_of_small_reads_asks_for_each_byte_once_in_ever_larger_blocks() -> None:
    reader = WrittenDown(bytes_of(4_000 * KIB))
    ahead = Ahead(reader, len(reader.data), 1024 * KIB)
    got = b"".join(ahead.fetch(start, start + 10_000) for start in range(0, len(reader.data), 10_000))
    assert got == reader.data
    assert [start for start, _ in reader.asked[1:]] == [stop for _, stop in reader.asked[:-1]]
    sizes = [stop - start for start, stop in reader.asked]
    assert max(sizes) == 1024 * KIB
    assert len(sizes) < 10


def test_reads_here_and_there_bring_64_kib_each_and_nothing_ahead() -> None:
    reader = WrittenDown(bytes_of(4_000 * KIB))
    ahead = Ahead(reader, len(reader.data), 1024 * KIB)
    for start in (3_000_000, 1_000_000, 2_000_000):
        assert ahead.fetch(start, start + 100) == reader.data[start : start + 100]
    assert [stop - start for start, stop in reader.asked] == [64 * KIB] * 3
    assert reader.taken == 3


def test_a_large_read_comes_as_one_piece_that_is_not_held() -> None:
    reader = WrittenDown(bytes_of(3_000 * KIB))
    ahead = Ahead(reader, len(reader.data), 64 * KIB)
    assert ahead.fetch(5, 2_500 * KIB) == reader.data[5 : 2_500 * KIB]
    assert reader.asked == [(5, 2_500 * KIB)]
    assert ahead._held == b""


def test_threads_that_share_a_file_each_get_their_bytes() -> None:
    reader = WrittenDown(bytes_of(1_000 * KIB))
    ahead = Ahead(reader, len(reader.data), 128 * KIB)
    wrong: list[int] = []

    def read(seed: int) -> None:
        numbers = random.Random(seed)
        for _ in range(200):
            start = numbers.randrange(len(reader.data))
            stop = start + numbers.randrange(100_000)
            if ahead.fetch(start, stop) != reader.data[start:stop]:
                wrong.append(start)

    threads = [threading.Thread(target=read, args=(seed,)) for seed in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


def test_a_file_that_has_become_shorter_is_told() -> None:
    reader = WrittenDown(b"x" * 100)
    ahead = Ahead(reader, 200, 64 * KIB)
    with pytest.raises(OSError, match="fake:/file has become shorter while it was read: it ends at 100"):
        ahead.fetch(50, 150)

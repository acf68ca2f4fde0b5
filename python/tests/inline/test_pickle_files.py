"""Pickle files without a JVM: cut anywhere, damaged, and exchanged with Hadoop's own reader and writer."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from weft import WeftContext
from weft._batches import read_batches
from weft._inline.inputs import InputDamage
from weft._inline.sequence import SequencePart, SequenceWriter, sequence_frames
from weft._ops.marshalled import dump_pairs
from weft.errors import InputDamagedError

VALUES = [bytes([number % 251]) * (number * 7919 % 5000) for number in range(300)]


def written(folder: Path, values: list[bytes]) -> str:
    path = str(folder / "part-00000")
    with open(path, "wb") as file:
        writer = SequenceWriter(file.write)  # type: ignore[arg-type]
        stream = b"".join(part for _, parts in dump_pairs((None, value) for value in values) for part in parts)
        for start in range(0, len(stream), 10_007):
            writer.feed(memoryview(stream[start : start + 10_007]))
    return path


def read(path: str, start: int, stop: int) -> list[bytes]:
    found = []
    for data in sequence_frames(SequencePart(path, start, stop)):
        left = memoryview(data)

        def take(size: int) -> bytes:
            nonlocal left
            taken, left = left[:size], left[size:]
            return bytes(taken)

        found += [value for batch in read_batches(take) for value in batch.records()]
    return found


@pytest.mark.parametrize("pieces", [1, 2, 3, 7, 50, 1000])
def test_wherever_a_file_is_cut_each_record_is_read_once(tmp_path: Path, pieces: int) -> None:
    path = written(tmp_path, VALUES)
    size = os.path.getsize(path)
    bounds = [size * number // pieces for number in range(pieces + 1)]
    assert [value for start, stop in zip(bounds, bounds[1:]) for value in read(path, start, stop)] == VALUES


def test_a_cut_just_before_at_and_behind_each_marker_loses_nothing(tmp_path: Path) -> None:
    path = written(tmp_path, VALUES)
    data = Path(path).read_bytes()
    marker = data[:1000].partition(b"BytesWritable\0\0\0\0\0\0")[2][:16]
    places = []
    at = data.find(b"\xff\xff\xff\xff" + marker)
    while at >= 0:
        places += range(at - 2, at + 22)
        at = data.find(b"\xff\xff\xff\xff" + marker, at + 1)
    assert len(places) > 24 * 3
    for place in places:
        assert read(path, 0, place) + read(path, place, len(data)) == VALUES


def test_damage_is_told_with_its_place(tmp_path: Path) -> None:
    path = written(tmp_path, VALUES[:20])
    data = Path(path).read_bytes()
    for wrong, message in (
        (data[:-1], "a record at byte"),
        (data[:50], "ends within a record"),
        (b"PAR1" + data[4:], "is no sequence file of version 6"),
        (
            data.replace(b"io.BytesWritable", b"io.OtherWritable"),
            "a sequence file of org.apache.hadoop.io.OtherWritable",
        ),
        (data.replace(b"BytesWritable\0\0", b"BytesWritable\1\0"), "a sequence file compressed"),
    ):
        Path(path).write_bytes(wrong)
        with pytest.raises(InputDamage, match=message):
            read(path, 0, len(wrong))


def test_a_damaged_file_fails_the_job_as_the_users_error(tmp_path: Path) -> None:
    with WeftContext("inline[2]") as sc:
        sc.parallelize(range(1000), 2).saveAsPickleFile(str(tmp_path / "out"))
        file = tmp_path / "out" / "part-00001"
        file.write_bytes(file.read_bytes()[:-3])
        with pytest.raises(InputDamagedError, match="part-00001 is damaged"):
            sc.pickleFile(str(tmp_path / "out")).count()


@pytest.mark.local
def test_hadoop_reads_what_inline_writes_and_inline_what_hadoop_writes(tmp_path: Path) -> None:
    records = [(number, "x" * (number % 1000)) for number in range(5_000)]
    folders = {"inline[2]": str(tmp_path / "ours"), "local[2]": str(tmp_path / "hadoops")}
    for master, folder in folders.items():
        with WeftContext(master) as sc:
            sc.parallelize(records, 2).saveAsPickleFile(folder)
    for reader, folder in zip(folders, reversed(folders.values())):
        with WeftContext(reader) as sc:
            pickles = sc.pickleFile(folder, 9)
            assert pickles.getNumPartitions() > 2
            assert pickles.collect() == records

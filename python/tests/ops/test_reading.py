"""Parts of files that one call of the system's does not give whole."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from weft._ops.reading import pread_whole


@pytest.mark.parametrize("most", [1, 3, 100])
def test_a_part_is_whole_whatever_a_call_gives(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, most: int) -> None:
    (tmp_path / "ten").write_bytes(b"0123456789")
    pread = os.pread
    monkeypatch.setattr(os, "pread", lambda descriptor, size, position: pread(descriptor, min(size, most), position))
    with open(tmp_path / "ten", "rb") as file:
        assert pread_whole(file.fileno(), 5, 2) == b"23456"
        assert pread_whole(file.fileno(), 20, 6) == b"6789", "the file ends before"
        assert pread_whole(file.fileno(), 0, 2) == pread_whole(file.fileno(), 4, 10) == b""

"""fsspec's own tests of a file system, on this machine's files."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.fs.suite import Suite


class TestOnLocalFiles(Suite):
    @pytest.fixture
    def fs_path(self, tmp_path: Path) -> str:
        folder = tmp_path / "remote"
        folder.mkdir()
        return f"file://{folder}"

"""fsspec's own tests of a file system, which know nothing of this one."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

import weft.fs
from weft import WeftContext

abstract = pytest.importorskip("fsspec.tests.abstract")


class Fixtures(abstract.AbstractFixtures):
    """Where the suite works."""

    @pytest.fixture
    def fs(self, sc: WeftContext) -> weft.fs.WeftFileSystem:
        return weft.fs.filesystem()

    @pytest.fixture
    def fs_path(self, tmp_path: Path) -> Iterator[str]:
        folder = tmp_path / "remote"
        folder.mkdir()
        yield f"file://{folder}"

    @pytest.fixture
    def fs_target(self, fs_path: str) -> str:
        return fs_path + "/target"


class TestCopying(Fixtures, abstract.AbstractCopyTests):
    pass


class TestGetting(Fixtures, abstract.AbstractGetTests):
    pass


class TestPutting(Fixtures, abstract.AbstractPutTests):
    pass


class TestOpening(Fixtures, abstract.AbstractOpenTests):
    pass


class TestPiping(Fixtures, abstract.AbstractPipeTests):
    pass

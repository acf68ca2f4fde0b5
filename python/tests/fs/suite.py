"""fsspec's own tests of a file system, which know nothing of this one."""

from __future__ import annotations

from typing import Any

import pytest

from weft import WeftContext

abstract = pytest.importorskip("fsspec.tests.abstract")


class Suite(
    abstract.AbstractCopyTests,
    abstract.AbstractGetTests,
    abstract.AbstractPutTests,
    abstract.AbstractOpenTests,
    abstract.AbstractPipeTests,
    abstract.AbstractFixtures,
):
    """All of them, for modules that say by a fixture `fs_path` where they work."""

    @pytest.fixture
    def fs(self, sc: WeftContext) -> Any:
        import weft.fs

        return weft.fs.filesystem()

    @pytest.fixture
    def fs_target(self, fs_path: str) -> str:
        return fs_path + "/target"

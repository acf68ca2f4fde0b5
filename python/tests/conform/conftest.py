"""Where the cases put their files: one folder, removed at their end."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator

import pytest


@pytest.fixture(scope="package", autouse=True)
def _one_folder_for_the_cases_files(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    tmp_path_factory.getbasetemp()  # made when first asked for, and other tests' as well: not in this folder
    before = tempfile.tempdir
    folder = tempfile.mkdtemp(prefix="conform-")
    tempfile.tempdir = folder
    try:
        yield
    finally:
        tempfile.tempdir = before
        # Contexts that have just ended may still be removing theirs within.
        shutil.rmtree(folder, ignore_errors=True)

"""The laws on records and partitions that Hypothesis makes up, with the master local[2]."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from weft import WeftContext

from .checking import check
from .laws import LAWS


@pytest.fixture(scope="module")
def sc() -> Iterator[WeftContext]:
    with WeftContext("local[2]", "laws") as made:
        yield made


@pytest.mark.local
@pytest.mark.parametrize("name", LAWS)
def test_a_law_holds(name: str, sc: WeftContext) -> None:
    check(name, sc, 6)

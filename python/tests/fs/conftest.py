"""A context of each kind of master, one at a time."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from weft import WeftContext

MASTERS = [
    "inline[2]",
    pytest.param("local[2]", marks=pytest.mark.local),
    pytest.param("local-cluster[2,1,1024]", marks=[pytest.mark.local, pytest.mark.cluster]),
]


@pytest.fixture(scope="module", params=MASTERS)
def sc(request: pytest.FixtureRequest) -> Iterator[WeftContext]:
    with WeftContext(request.param) as made:
        yield made

"""The laws on records and partitions that Hypothesis makes up, with worker processes here and in child JVMs."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from weft import WeftContext

from .checking import LAWS, check

MASTERS = [
    pytest.param(("local[2]", 6), marks=pytest.mark.local, id="local[2]"),
    pytest.param(("local-cluster[2,1,512]", 2), marks=pytest.mark.cluster, id="local-cluster[2,1,512]"),
]


@pytest.fixture(scope="module", params=MASTERS)
def place(request: pytest.FixtureRequest) -> Iterator[tuple[WeftContext, int]]:
    """A context, and how many examples are enough there."""
    master, examples = request.param
    with WeftContext(master, "laws") as made:
        yield made, examples


@pytest.mark.parametrize("name", LAWS)
def test_a_law_holds(name: str, place: tuple[WeftContext, int]) -> None:
    check(name, *place)

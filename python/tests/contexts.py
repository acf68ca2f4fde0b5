"""The context that a module's tests share: one on each kind of master, one at a time."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from weft import WeftContext


def masters(slots: int, cluster: str) -> list[Any]:
    """Inline and local with so many slots, and a cluster as its brackets say."""
    return [
        f"inline[{slots}]",
        pytest.param(f"local[{slots}]", marks=pytest.mark.local),
        pytest.param(f"local-cluster[{cluster}]", marks=[pytest.mark.local, pytest.mark.cluster]),
    ]


def contexts(params: list[Any]) -> Any:
    """A fixture; the module or its conftest calls it `sc`."""

    @pytest.fixture(scope="module", params=params)
    def sc(request: pytest.FixtureRequest) -> Iterator[WeftContext]:
        with WeftContext(request.param) as made:
            yield made

    return sc

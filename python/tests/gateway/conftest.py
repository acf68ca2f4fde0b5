"""A context on each of the masters; modules that want others make their own."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.gateway.masters import MASTERS
from weft import WeftContext


@pytest.fixture(scope="module", params=MASTERS)
def sc(request: pytest.FixtureRequest) -> Iterator[WeftContext]:
    with WeftContext(request.param) as made:
        yield made

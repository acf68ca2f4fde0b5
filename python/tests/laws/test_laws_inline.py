"""The laws on records and partitions that Hypothesis makes up, with the master inline[3]."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from weft import WeftContext

from .laws import LAWS

TROUBLES = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large]


@pytest.fixture(scope="module")
def sc() -> Iterator[WeftContext]:
    with WeftContext("inline[3]", "laws") as made:
        yield made


@pytest.mark.parametrize("name", LAWS)
def test_a_law_holds(name: str, sc: WeftContext) -> None:
    @settings(max_examples=20, deadline=None, derandomize=True, suppress_health_check=TROUBLES, database=None)
    @given(st.data())
    def holds(data: st.DataObject) -> None:
        LAWS[name](sc, data.draw)

    holds()

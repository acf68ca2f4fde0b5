"""Tries a law on what Hypothesis makes up."""

from __future__ import annotations

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from weft import WeftContext

from .laws import LAWS

_TROUBLES = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large]


def check(name: str, sc: WeftContext, examples: int) -> None:
    """Fails with the smallest input that breaks the law; the same inputs every time."""

    @settings(max_examples=examples, deadline=None, derandomize=True, suppress_health_check=_TROUBLES, database=None)
    @given(st.data())
    def holds(data: st.DataObject) -> None:
        LAWS[name](sc, data.draw)

    holds()

"""Tries a law on what Hypothesis makes up."""

from __future__ import annotations

import os

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from weft import WeftContext

from . import laws, laws_of_more, laws_of_places, laws_of_samples
from .model import IN_JAVA, LAWS

__all__ = ["LAWS", "MODULES", "check"]

MODULES = (laws, laws_of_more, laws_of_places, laws_of_samples)
TIMES = int(os.environ.get("WEFT_LAWS_TIMES", "1"))
"""How many times as many examples as usual; above 1 they are others in each run."""
_TROUBLES = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large]


def check(name: str, sc: WeftContext, examples: int) -> None:
    """Fails with the smallest input that breaks the law; the same inputs every time, but for long runs."""
    if name in IN_JAVA and sc.master.startswith("inline"):
        with pytest.raises(Exception, match="inline has no JVM"):
            sc.sequenceFile("/nowhere").collect()
        return

    @settings(
        max_examples=max(1, examples // 5 if "huge" in name else examples) * TIMES,
        deadline=None,
        derandomize=TIMES == 1,
        print_blob=True,
        suppress_health_check=_TROUBLES,
        database=None,
    )
    @given(st.data())
    def holds(data: st.DataObject) -> None:
        LAWS[name](sc, data.draw)

    holds()

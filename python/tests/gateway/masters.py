"""The masters that tests of what tasks share run on."""

from __future__ import annotations

import pytest

MASTERS = [
    "inline[4]",
    pytest.param("local[2]", marks=pytest.mark.local),
    pytest.param("local-cluster[2,1,512]", marks=pytest.mark.cluster),
]

"""Jobs in the driver's own process: ``master="inline"``, for tests and for debuggers. No Java, no other process."""

from __future__ import annotations

import re

__all__ = ["MASTER", "is_inline"]

MASTER = re.compile(r"inline(?:\[([1-9]\d{0,5})\])?$")
"""``inline``, or ``inline[N]``: N is what ``parallelize`` cuts into."""


def is_inline(master: str) -> bool:
    """Whether jobs of this master run in the driver's process."""
    return MASTER.match(master) is not None

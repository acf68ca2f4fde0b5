"""Variables of a worker's environment that came after its process had started."""

from __future__ import annotations

import os
from collections.abc import Mapping

from weft._pyspark import PYSPARK_VARIABLE, activate

__all__ = ["use_variables"]

_PREFIX = "weft.env."


def use_variables(properties: Mapping[str, str]) -> None:
    """Set the variables that a job's properties name: ``weft.env.NAME``. What Python reads as it starts it has read."""
    for name, value in properties.items():
        if name.startswith(_PREFIX):
            os.environ[name[len(_PREFIX) :]] = value
    if PYSPARK_VARIABLE in os.environ:
        activate()

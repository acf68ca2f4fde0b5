"""The compiled operators, where they were built for this interpreter; WEFT_OPS=pure leaves them aside."""

from __future__ import annotations

import functools
import importlib
import os
from typing import Any

__all__ = ["module"]


@functools.lru_cache(maxsize=1)
def module() -> Any:
    """The compiled module, or None."""
    if os.environ.get("WEFT_OPS") == "pure":
        return None
    try:
        return importlib.import_module("weft._ops._native")
    except ImportError:
        return None

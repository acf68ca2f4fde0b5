"""`weft kill APPLICATION`."""

from __future__ import annotations

from weft._submit import kill as main

__all__ = ["main"]

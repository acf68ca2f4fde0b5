"""How a save is to be placed: what becomes of an output that is there, and into which files the new one goes."""

from __future__ import annotations

from typing import Any, Literal, NamedTuple

__all__ = ["Placing", "SaveMode", "placing"]

SaveMode = Literal["error", "overwrite", "append"]
_MODES = ("error", "overwrite", "append")


class Placing(NamedTuple):
    """The fields of ``SaveText`` in ``plan.avsc``."""

    mode: str = "error"
    target_bytes: int = 0
    by_key: bool = False

    def record(self) -> dict[str, Any]:
        """Give the fields by their names."""
        return {"mode": self.mode, "targetBytes": self.target_bytes, "byKey": self.by_key}


def placing(site: str, mode: str, target_bytes: int | None = None, *, by_key: bool = False) -> Placing:
    """Check what a user gave; ``site`` is such as ``saveAsTextFile at etl.py:88``.

    Raises
    ------
    ValueError
        If there is no such mode, or the size is not positive.

    Examples
    --------
    >>> placing("saveAsTextFile at a.py:1", "overwrite", 1000)
    Placing(mode='overwrite', target_bytes=1000, by_key=False)
    """
    if mode not in _MODES:
        raise ValueError(f"{site}: mode is {mode!r}; there are {', '.join(map(repr, _MODES))}")
    if target_bytes is not None and target_bytes <= 0:
        raise ValueError(f"{site}: targetFileBytes is {target_bytes}, which is not positive")
    return Placing(mode, target_bytes or 0, by_key)

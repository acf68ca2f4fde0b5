"""Cogroup: the values of every key, from several inputs of pairs; the joins are built on it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from weft._ops.group import Bag, Grouping
from weft._ops.memory import Gauge
from weft._ops.spill import SpillScope

__all__ = ["cogroup"]


def cogroup(
    inputs: Sequence[Iterator[tuple[list[Any], list[Any]]]], scope: SpillScope, gauge: Gauge, limit: int
) -> Iterator[tuple[Any, tuple[Bag, ...]]]:
    """Group several inputs of pairs by key.

    Parameters
    ----------
    inputs : sequence of iterators of (keys, values)
        Columns of pairs; read one input after the other.
    scope : SpillScope
        The task.
    gauge : Gauge
        Asked once per batch whether to spill.
    limit : int
        The bytes that the gauge watches over.

    Yields
    ------
    (key, bags)
        Each key of any input once, in the order first seen over the inputs in order; one bag per input, with the
        values in arrival order. A bag is sized and can be iterated over repeatedly until the task ends.
    """
    grouping = Grouping(scope, gauge, limit, len(inputs))
    for number, batches in enumerate(inputs):
        for keys, values in batches:
            grouping.add(number, keys, values)
    for entries in grouping.results():
        yield from entries

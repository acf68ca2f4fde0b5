"""Joins, as cogroup and what is made of each key's values."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from weft._ops import narrow

if TYPE_CHECKING:
    from weft.rdd import RDD

__all__ = ["cogroup", "full_outer_join", "join", "left_outer_join", "right_outer_join"]


def cogroup(rdds: tuple[RDD[Any], ...], numPartitions: int | None) -> RDD[Any]:
    """Give ``(key, (values of each side, …))``, the values as :class:`~weft.resultiterable.ResultIterable`."""
    return rdds[0]._cogroup(rdds, numPartitions, "cogroup")._map_values(narrow.as_groups, "cogroup")


def join(left: RDD[Any], right: RDD[Any], numPartitions: int | None) -> RDD[Any]:
    """Give all pairs of values of keys that both sides have."""
    return _join(left, right, numPartitions, "join", narrow.inner_pairs)


def left_outer_join(left: RDD[Any], right: RDD[Any], numPartitions: int | None) -> RDD[Any]:
    """Give all pairs of values of the left side's keys."""
    return _join(left, right, numPartitions, "leftOuterJoin", narrow.left_outer_pairs)


def right_outer_join(left: RDD[Any], right: RDD[Any], numPartitions: int | None) -> RDD[Any]:
    """Give all pairs of values of the right side's keys."""
    return _join(left, right, numPartitions, "rightOuterJoin", narrow.right_outer_pairs)


def full_outer_join(left: RDD[Any], right: RDD[Any], numPartitions: int | None) -> RDD[Any]:
    """Give all pairs of values of all keys."""
    return _join(left, right, numPartitions, "fullOuterJoin", narrow.full_outer_pairs)


def _join(
    left: RDD[Any],
    right: RDD[Any],
    numPartitions: int | None,
    name: str,
    pairs: Callable[[Any], Iterable[Any]],
) -> RDD[Any]:
    return left._cogroup((left, right), numPartitions, name)._flat_map_values(pairs, name)

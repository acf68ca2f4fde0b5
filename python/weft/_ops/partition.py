"""Dealing pairs to partitions."""

from __future__ import annotations

import struct
from collections.abc import Callable
from typing import Any

from weft._ops import native
from weft._ops.keys import partition_column, portable_hash

__all__ = ["deal", "deal_pairs", "first_round_position"]

Columns = tuple[list[Any], list[Any]]


def deal(
    keys: list[Any], values: list[Any], partitions: int, function: Callable[[Any], Any] | None
) -> list[Columns]:
    """The columns of every partition; by Weft's own hash, or by the user's partition function."""
    compiled = native.module()
    if function is None and compiled is not None:
        dealt: list[Columns] = compiled.deal(keys, values, partitions, portable_hash)
        return dealt
    return deal_pairs(keys, values, _numbers(keys, partitions, function), partitions)


def _numbers(keys: list[Any], partitions: int, function: Callable[[Any], Any] | None) -> list[int]:
    """The partition of every key: by Weft's own hash, or by the user's partition function modulo their number."""
    if function is None:
        return partition_column(keys, partitions)
    return [function(key) % partitions for key in keys]


def deal_pairs(
    keys: list[Any], values: list[Any], numbers: list[int], partitions: int
) -> list[Columns]:
    """The columns of every partition, each in the order of the input."""
    if partitions == 1:
        return [(keys, values)]
    dealt: list[Columns] = [([], []) for _ in range(partitions)]
    appends = [(part[0].append, part[1].append) for part in dealt]
    for key, value, number in zip(keys, values, numbers):
        add_key, add_value = appends[number]
        add_key(key)
        add_value(value)
    return dealt


def first_round_position(index: int, partitions: int) -> int:
    """Where partition `index` begins to deal round robin, so that partitions do not all begin with the same one.

    Spark's choice, which fixes what repartition gives: the first draw of java.util.Random (its documented linear
    congruential generator) from the index scrambled by Scala's documented byteswap32.
    """
    scrambled = (index * 0x9E3775CD) & 0xFFFFFFFF
    (swapped,) = struct.unpack("<I", struct.pack(">I", scrambled))
    seed = (swapped * 0x9E3775CD) & 0xFFFFFFFF
    if seed >= 1 << 31:
        seed -= 1 << 32
    state = (seed ^ 0x5DEECE66D) & ((1 << 48) - 1)
    while True:
        state = (state * 0x5DEECE66D + 0xB) & ((1 << 48) - 1)
        bits = state >> 17
        if partitions & (partitions - 1) == 0:
            return int((partitions * bits) >> 31)
        value = bits % partitions
        if bits - value + (partitions - 1) < 1 << 31:
            return int(value)

"""Dealing pairs to partitions."""

from __future__ import annotations

import struct
from collections.abc import Callable
from typing import Any

from weft._ops import native
from weft._ops.keys import are_builtin, partition_column, portable_hash

__all__ = ["deal", "deal_pairs", "first_round_position"]

Columns = tuple[list[Any], list[Any]]


def deal(
    keys: list[Any], values: list[Any], partitions: int, function: Callable[[Any], Any] | None
) -> list[Columns]:
    """The columns of every partition; by Weft's own hash, or by the user's partition function."""
    compiled = native.module()
    if function is None and compiled is not None and are_builtin():
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

    Spark's choice, which fixes what repartition gives: the first draw of a 64-bit xorshift generator (21, 35, 4) that
    is seeded with two MurmurHash3 values of the index's eight bytes. The recorded cases of tests/conform pin it.
    """
    data = index.to_bytes(8, "big")
    low = _murmur3(data, 0x3C074A61)
    state = (_murmur3(data, low) << 32) | low
    while True:
        state ^= (state << 21) & 0xFFFFFFFFFFFFFFFF
        state ^= state >> 35
        state ^= (state << 4) & 0xFFFFFFFFFFFFFFFF
        bits = state & 0x7FFFFFFF
        if partitions & (partitions - 1) == 0:
            return (partitions * bits) >> 31
        value = bits % partitions
        if bits - value + (partitions - 1) < 1 << 31:
            return value


def _murmur3(data: bytes, seed: int) -> int:
    """MurmurHash3 (32 bits, x86) of whole words."""
    mixed = seed
    for (word,) in struct.iter_unpack("<I", data):
        word = _rotated(word * 0xCC9E2D51 & 0xFFFFFFFF, 15) * 0x1B873593 & 0xFFFFFFFF
        mixed = (_rotated(mixed ^ word, 13) * 5 + 0xE6546B64) & 0xFFFFFFFF
    mixed ^= len(data)
    mixed = (mixed ^ mixed >> 16) * 0x85EBCA6B & 0xFFFFFFFF
    mixed = (mixed ^ mixed >> 13) * 0xC2B2AE35 & 0xFFFFFFFF
    return mixed ^ mixed >> 16


def _rotated(word: int, by: int) -> int:
    return (word << by | word >> (32 - by)) & 0xFFFFFFFF

"""Spreading pairs over sub-partitions, and gathering values by key: what is compiled, with its twin in Python.

Sub-partitions are chosen by bits of a mixed hash, which have nothing to do with ``hash % partitions`` (all keys of a
task share that), other bits at each level. Rows carry sequence numbers, in arrays of 64-bit integers.
"""

from __future__ import annotations

from array import array
from typing import Any

from weft._ops import native
from weft._ops.nans import canonical_keys

__all__ = ["DEEPEST", "FAN_OUT", "Rows", "gather", "numbers_of", "spread"]

FAN_OUT = 64
DEEPEST = 8
_FAN_BITS = 6
_GOLDEN = 0x9E3779B97F4A7C15

Rows = tuple["array[int]", list[Any], list[Any]]  # sequence numbers, keys, values


def numbers_of(data: bytes) -> array[int]:
    """Sequence numbers from their bytes."""
    numbers = array("Q")
    numbers.frombytes(data)
    return numbers


def spread(numbers: array[int], keys: list[Any], values: list[Any], level: int) -> list[Rows]:
    """The rows of each sub-partition of a level, in their order. The keys are canonical (nans.py)."""
    compiled = native.module()
    if compiled is not None:
        return [(numbers_of(some), *rest) for some, *rest in compiled.spread(keys, values, numbers, level)]
    parts: list[Rows] = [(array("Q"), [], []) for _ in range(FAN_OUT)]
    appends = [(some.append, part_keys.append, part_values.append) for some, part_keys, part_values in parts]
    shift = 64 - _FAN_BITS * (level + 1)
    for number, key, value in zip(numbers, keys, values):
        add_number, add_key, add_value = appends[(hash(key) * _GOLDEN >> shift) & 63]
        add_number(number)
        add_key(key)
        add_value(value)
    return parts


def gather(
    table: dict[Any, list[Any]], keys: list[Any], values: list[Any], numbers: array[int] | None = None
) -> array[int] | None:
    """Append values to the lists of their keys; with numbers, gives those of the rows that brought a new key."""
    compiled = native.module()
    if compiled is not None:
        noted = compiled.gather(table, keys, values, numbers)
        return None if numbers is None else numbers_of(noted)
    get = table.get
    new = None if numbers is None else array("Q")
    for place, (key, value) in enumerate(zip(canonical_keys(keys), values)):
        bag = get(key)
        if bag is not None:
            bag.append(value)
            continue
        table[key] = [value]
        if new is not None and numbers is not None:
            new.append(numbers[place])
    return new

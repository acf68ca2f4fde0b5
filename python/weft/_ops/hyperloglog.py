"""How many different things there are, about: HyperLogLog over the partition hash, with Ertl's estimator.

The estimator (O. Ertl, New cardinality estimation algorithms for HyperLogLog sketches, 2017) needs no tables and has no
range in which it is off, from none to more than there are hashes.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from weft._ops.keys import portable_hash

__all__ = ["precision_for", "sketch_records", "estimate", "merge"]

_LEAST, _MOST = 4, 28
_BITS = 64
_MASK = (1 << _BITS) - 1
_ERROR = 1.04  # of a sketch with m registers: this, divided by the root of m

Registers = bytes


def precision_for(relative: float) -> int:
    """How many bits of a hash choose the register, for this relative standard deviation."""
    needed = math.ceil(2 * math.log2(_ERROR / relative))
    return max(_LEAST, min(_MOST, needed))


def sketch_records(precision: int) -> Callable[[int, Iterator[Any]], Iterable[Registers]]:
    """Make the step that gives the registers of a partition."""

    def sketch(_index: int, records: Iterator[Any]) -> Iterable[Registers]:
        registers = bytearray(1 << precision)
        rest = _BITS - precision
        low = (1 << rest) - 1
        for record in records:
            mixed = _mix(portable_hash(record))
            register = mixed >> rest
            rank = rest - (mixed & low).bit_length() + 1
            if rank > registers[register]:
                registers[register] = rank
        return (bytes(registers),)

    return sketch


def merge(one: Registers, other: Registers) -> Registers:
    """The registers of both; any order gives the same."""
    return bytes(map(max, one, other))


def estimate(registers: Registers) -> int:
    """How many different hashes were seen, about."""
    size = len(registers)
    rest = _BITS - (size.bit_length() - 1)
    counts = [registers.count(rank) for rank in range(rest + 2)]
    total = size * _tau(1 - counts[rest + 1] / size)
    for rank in range(rest, 0, -1):
        total = 0.5 * (total + counts[rank])
    total += size * _sigma(counts[0] / size)
    if math.isinf(total):
        return 0
    return round(size * size / (2 * math.log(2)) / total)


def _mix(number: int) -> int:
    """Spread a hash over 64 bits: whole numbers hash to themselves."""
    mixed = (number + 0x9E3779B97F4A7C15) & _MASK
    mixed = ((mixed ^ (mixed >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
    mixed = ((mixed ^ (mixed >> 27)) * 0x94D049BB133111EB) & _MASK
    return mixed ^ (mixed >> 31)


def _sigma(x: float) -> float:
    """The sum that registers which saw nothing add."""
    if x == 1.0:
        return math.inf
    y, total, before = 1.0, x, -1.0
    while total != before:
        x *= x
        before = total
        total += x * y
        y += y
    return total


def _tau(x: float) -> float:
    """The sum that full registers add."""
    if x in (0.0, 1.0):
        return 0.0
    y, total, before = 1.0, 1 - x, -1.0
    while total != before:
        x = math.sqrt(x)
        before = total
        y *= 0.5
        total -= (1 - x) ** 2 * y
    return total / 3

"""How a law is said: partitions as lists of lists, and what is the same as them."""

from __future__ import annotations

import itertools
from collections import Counter, defaultdict
from collections.abc import Callable
from typing import Any

from hypothesis import strategies as st

from weft import RDD, WeftContext

from .records import bag, canonical

__all__ = ["IN_JAVA", "LAWS", "Draw", "by_key", "flat", "groups", "joined", "kind", "law", "law_of_java", "made"]
__all__ += ["same_parts"]

Draw = Callable[[st.SearchStrategy[Any]], Any]
Law = Callable[[WeftContext, Draw], None]
LAWS: dict[str, Law] = {}
IN_JAVA: set[str] = set()
"""Laws of what the master inline does not do."""


def law(check: Law) -> Law:
    """Adds a law under its function's name."""
    LAWS[check.__name__] = check
    return check


def law_of_java(check: Law) -> Law:
    """Adds a law about what only Hadoop's classes do."""
    IN_JAVA.add(check.__name__)
    return law(check)


def made(sc: WeftContext, given: list[list[Any]]) -> RDD[Any]:
    """An RDD with exactly these partitions."""
    return sc.parallelize(range(len(given)), len(given)).mapPartitionsWithIndex(lambda index, _: given[index])


def flat(given: list[list[Any]]) -> list[Any]:
    """All records in order."""
    return list(itertools.chain(*given))


def same_parts(rdd: RDD[Any], expected: list[list[Any]]) -> None:
    """The same records in the same partitions in the same order."""
    assert canonical(rdd.glom().collect()) == canonical(expected)


def groups(given: list[list[Any]]) -> dict[Any, list[Any]]:
    """The values of each key, by the key's canonical form."""
    found: dict[Any, list[Any]] = defaultdict(list)
    for key, value in flat(given):
        found[canonical(key)].append(value)
    return found


def by_key(rdd: RDD[Any]) -> dict[Any, Any]:
    """A pair RDD as a dict by the keys' canonical form; every key stands once."""
    collected = rdd.collect()
    found = {canonical(key): value for key, value in collected}
    assert len(found) == len(collected)
    return found


def kind(value: Any) -> str:
    """A function of any record."""
    return type(value).__name__


def joined(left: dict[Any, list[Any]], right: dict[Any, list[Any]], outer: str = "") -> Counter[Any]:
    """The bag of a join's pairs of two sides that `groups` gave; `outer` names the sides of which nothing is lost."""
    every = set(left) | set(right)
    names = [key for key in every if (key in left or "right" in outer) and (key in right or "left" in outer)]
    return bag((key, (x, y)) for key in names for x in left.get(key, [None]) for y in right.get(key, [None]))

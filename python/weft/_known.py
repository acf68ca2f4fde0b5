"""Which lineages the gateway has been sent: plans name those RDDs instead of repeating what they are made of."""

from __future__ import annotations

import threading
import weakref
from collections.abc import Mapping
from dataclasses import dataclass

from weft._lineage import Node
from weft._plan import Plan
from weft.storagelevel import StorageLevel

__all__ = ["KnownLineages", "State"]


@dataclass(frozen=True)
class State:
    """What was known when a plan was made."""

    known: frozenset[Node]
    generation: int


class KnownLineages:
    """The persisted nodes that came with a plan that has run.

    The gateway drops a lineage with the RDD that was persisted, as this does. Thread-safe.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._known: weakref.WeakSet[Node] = weakref.WeakSet()
        self._described: weakref.WeakSet[Node] = weakref.WeakSet()
        self._generation = 0

    def state(self) -> State:
        """What a plan that is made now may name."""
        with self._lock:
            return State(frozenset(self._known), self._generation)

    def sent(self, plan: Plan, state: State, levels: Mapping[Node, StorageLevel]) -> None:
        """Note that the gateway has run a plan, which was made in that state."""
        with self._lock:
            self._described.update(plan.nodes)
            if state.generation == self._generation:
                self._known.update(node for node in plan.persisted if node in levels)

    def persisted(self, node: Node) -> None:
        """Note that a node is persisted from now on: lineages that lead through it are sent anew."""
        with self._lock:
            if node in self._described:
                self._known.clear()
                self._generation += 1

    def forget(self, node: Node) -> None:
        """Note that a node is persisted no more."""
        with self._lock:
            self._known.discard(node)
            self._generation += 1

    def clear(self) -> None:
        """Note that the gateway knows less than this does."""
        with self._lock:
            self._known.clear()
            self._generation += 1

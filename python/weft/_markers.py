"""Steps that do nothing to records: they say how a stage's last RDD is written, who looks on, and what tasks have."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple, Optional
from weakref import WeakKeyDictionary

from weft._closures import Closure
from weft._lineage import Node, StepNode

__all__ = ["PROFILE", "RESOURCES", "SERIALIZER", "Asked", "Markers", "giving"]

SERIALIZER = "serializer"
PROFILE = "profile"
RESOURCES = "resources"


def giving(value: Any) -> Callable[[], Any]:
    """A function that gives the value: what marks is loaded as functions are."""

    def give() -> Any:
        return value

    return give


class Asked(NamedTuple):
    """What an RDD asks for the tasks that compute it; 0: what others have.

    ``processors``: of each; ``profile``: the number of that on whose containers they run.
    """

    processors: int
    profile: int


class Markers:
    """What a context has its plans marked with.

    Attributes
    ----------
    serializer : Closure or None
        Gives what all RDDs are written by that have no serializer of their own; None: they are pickled.
    profiler : callable or None
        Makes the profiler of an RDD, by its id.
    named : set of int
        Profiles of which the user was told what has no effect.
    """

    def __init__(self) -> None:
        self.serializer: Optional[Closure] = None
        self.profiler: Optional[Callable[[int], Any]] = None
        self._profiles: dict[int, Closure] = {}
        self.named: set[int] = set()
        self._asked: WeakKeyDictionary[Node, Asked] = WeakKeyDictionary()

    def ask(self, node: Node, asked: Asked) -> None:
        """Have this for the tasks that compute an RDD."""
        self._asked[node] = asked

    def asked(self, node: Node) -> Optional[Asked]:
        """What was asked for the tasks that compute this RDD; None: nothing."""
        return self._asked.get(node)

    def of_written(self, node: Node) -> Iterator[tuple[str, Closure]]:
        """The marks of an RDD whose records are written."""
        explicit = isinstance(node, StepNode) and node.op == SERIALIZER
        if self.serializer is not None and not explicit:
            yield SERIALIZER, self.serializer

    def of_stage(self, node: Node) -> Iterator[tuple[str, Closure]]:
        """The marks of the last RDD of a stage."""
        if self.profiler is not None:
            found = self._profiles.get(node.rdd)
            if found is None:
                made = giving(self.profiler(node.rdd))
                found = self._profiles[node.rdd] = Closure(made, node.name, node.site)
            yield PROFILE, found

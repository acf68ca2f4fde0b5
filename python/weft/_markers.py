"""Steps that do nothing to records: they say how a stage's last RDD is written, who looks on, and what tasks have."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Optional
from weakref import WeakKeyDictionary

from weft._closures import Closure
from weft._lineage import Node, StepNode

__all__ = ["PROCESSORS", "PROFILE", "SERIALIZER", "Markers", "giving"]

SERIALIZER = "serializer"
PROFILE = "profile"
PROCESSORS = "processors"


def giving(value: Any) -> Callable[[], Any]:
    """A function that gives the value: what marks is loaded as functions are."""

    def give() -> Any:
        return value

    return give


class Markers:
    """What a context has its plans marked with.

    Attributes
    ----------
    serializer : Closure or None
        Gives what all RDDs are written by that have no serializer of their own; None: they are pickled.
    profiler : callable or None
        Makes the profiler of an RDD, by its id.
    """

    def __init__(self) -> None:
        self.serializer: Optional[Closure] = None
        self.profiler: Optional[Callable[[int], Any]] = None
        self._profiles: dict[int, Closure] = {}
        self._processors: WeakKeyDictionary[Node, int] = WeakKeyDictionary()

    def ask(self, node: Node, processors: int) -> None:
        """Have the tasks that compute this RDD have so many processors."""
        self._processors[node] = processors

    def asked(self, node: Node) -> int:
        """How many processors the tasks of this RDD shall have; 0: as many as others."""
        return self._processors.get(node, 0)

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

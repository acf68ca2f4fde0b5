"""What an RDD is, and how the next one is made of it."""

from __future__ import annotations

import os
import weakref
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, Generic, TypeVar, cast

from weft._absent import absent_name
from weft._callsite import call_site
from weft._closures import Closure, DriverObject
from weft._lineage import CoGroupNode, EmptyNode, Node, ShuffleNode, StepNode
from weft._ops.keys import portable_hash
from weft.badrecords import BadRecords

if TYPE_CHECKING:
    from weft.context import WeftContext
    from weft.rdd import RDD

__all__ = ["Core", "Partitioner", "output_text", "path_text", "positive"]

T = TypeVar("T")


class Partitioner:
    """Which partition a key belongs to; equal if number and function are equal.

    Parameters
    ----------
    numPartitions : int
        How many partitions there are.
    partitionFunc : callable
        Gives a key's number; the partition is that number modulo ``numPartitions``.

    Examples
    --------
    >>> from weft.rdd import Partitioner
    >>> Partitioner(4, abs)(-6), Partitioner(4, abs) == Partitioner(4, abs)
    (2, True)
    """

    def __init__(self, numPartitions: int, partitionFunc: Callable[[Any], int]) -> None:
        self.numPartitions = numPartitions
        self.partitionFunc = partitionFunc

    def __eq__(self, other: object) -> bool:
        return (
            isinstance(other, Partitioner)
            and self.numPartitions == other.numPartitions
            and self.partitionFunc == other.partitionFunc
        )

    def __hash__(self) -> int:
        return hash((self.numPartitions, self.partitionFunc))

    def __call__(self, key: Any) -> int:
        return self.partitionFunc(key) % self.numPartitions


def positive(numPartitions: int) -> int:
    """Give a number of partitions back if there can be so many."""
    if numPartitions < 1:
        raise ValueError(f"Number of partitions ({numPartitions}) must be positive.")
    return numPartitions


def path_text(path: object, method: str, site: str) -> str:
    """Give a path as text; ``method`` and ``site`` are the call that it was given to."""
    text = os.fspath(path) if isinstance(path, os.PathLike) else path
    if not isinstance(text, str):
        raise TypeError(f"{method} at {site} needs a path as str, not {type(text).__name__}")
    return text


def output_text(path: object, method: str, site: str) -> str:
    """Give the path of an output as text, which must not be empty."""
    text = path_text(path, method, site)
    if not text:
        raise ValueError(f"{method} at {site}: the path is empty")
    return text


class Core(DriverObject, Generic[T]):
    """What every RDD has: its place in the graph, and the ways to add a node to it."""

    def __init__(self, node: Node, ctx: WeftContext, partitioner: Partitioner | None = None) -> None:
        self.ctx = ctx
        self.partitioner = partitioner
        self._node = node
        self._name: str | None = None
        self._partitions: int | None = None

    # what it is

    @property
    def context(self) -> WeftContext:
        """The context that this RDD belongs to."""
        return self.ctx

    def id(self) -> int:
        """Give a number that no other RDD of this context has.

        Returns
        -------
        int
            Counted from 0 in each context.

        Notes
        -----
        Driver only.

        Examples
        --------
        >>> numbers = sc.range(3)
        >>> numbers.id() == numbers.id(), numbers.id() == numbers.map(str).id()
        (True, False)
        """
        return self._node.rdd

    def name(self) -> str | None:
        """Give the name that :meth:`setName` set, or None.

        Returns
        -------
        str or None
            None until a name is set, and for what is made of an RDD with a name.

        Notes
        -----
        Driver only.

        Examples
        --------
        >>> numbers = sc.range(3).setName("numbers")
        >>> numbers.name(), numbers.map(str).name()
        ('numbers', None)
        """
        return self._name

    def setName(self, name: str) -> RDD[T]:
        """Set a name for people; ``repr`` shows it.

        Parameters
        ----------
        name : str
            Any text.

        Returns
        -------
        RDD
            This object.

        Notes
        -----
        Driver only.

        Examples
        --------
        >>> sc.parallelize([1, 2]).setName("two").name()
        'two'
        """
        self._name = name
        return self._itself

    def getNumPartitions(self) -> int:
        """Give the number of partitions.

        Returns
        -------
        int
            0 or more.

        Raises
        ------
        InputMissingError
            If the RDD is made of files that do not exist (E02).

        Notes
        -----
        Driver only. Files are listed for it, once for each RDD that reads them; no job runs.

        Examples
        --------
        >>> sc.parallelize([1, 2, 3, 4], 2).getNumPartitions()
        2
        """
        if self._partitions is None:
            self._partitions = self.ctx._count_partitions(self._node)
        return self._partitions

    if not TYPE_CHECKING:  # or type checkers would allow any name

        def __getattr__(self, name: str) -> Any:
            raise absent_name("RDD", name)

    def __repr__(self) -> str:
        return f"<RDD {self._name or self._node.name} at {self._node.site}>"

    def _described(self) -> str:
        return f"an RDD (line {self._node.site.rpartition(':')[2]})"

    # how the next one is made

    @property
    def _itself(self) -> RDD[Any]:
        """This object, typed as what it is: only the full class is ever made."""
        return cast("RDD[Any]", self)

    def _derive(self, node: Node, partitioner: Partitioner | None = None) -> RDD[Any]:
        made: RDD[Any] = type(self)(node, self.ctx, partitioner)  # type: ignore[assignment]
        return made

    def _step(
        self,
        op: str,
        function: Any,
        name: str,
        preservesPartitioning: bool = False,
        user: Any = None,
        errors: BadRecords | None = None,
    ) -> RDD[Any]:
        """Add a narrow step; ``user`` is the user's function where ``function`` wraps it."""
        site = call_site()
        closure = None if function is None else Closure(function, name, site, user)
        rdd = self.ctx._next_id()
        policy = None if errors is None else errors._text(rdd, f"{name} at {site}")
        node = StepNode(rdd, name, site, self._node, op, closure, policy)
        return self._derive(node, self.partitioner if preservesPartitioning else None)

    def _partitions_step(self, function: Any, name: str, preserves: bool = False, user: Any = None) -> RDD[Any]:
        return self._step("partitions", function, name, preserves, user)

    def _map_values(self, function: Callable[[Any], Any], name: str) -> RDD[Any]:
        return self._step("mapValues", function, name, preservesPartitioning=True)

    def _flat_map_values(self, function: Callable[[Any], Iterable[Any]], name: str) -> RDD[Any]:
        return self._step("flatMapValues", function, name, preservesPartitioning=True)

    def _shuffle(
        self, name: str, partitions: int, writer: str, read: str, partitioner: Partitioner | None, **functions: Any
    ) -> RDD[Any]:
        """Add a shuffle; ``functions`` are further fields of its node, callables among them as they are."""
        site = call_site()
        if partitions == 0:  # of a parent without partitions
            return self._derive(EmptyNode(self.ctx._next_id(), name, site, 0), partitioner)
        fields: dict[str, Any] = {
            key: Closure(value, name, site) if callable(value) else value for key, value in functions.items()
        }
        own = partitioner is None or partitioner.partitionFunc is portable_hash
        if not own and partitioner is not None:
            fields["partitioner"] = Closure(partitioner.partitionFunc, name, site)
        node = ShuffleNode(self.ctx._next_id(), name, site, self._node, partitions, writer, read, **fields)
        self._forget_later(node)
        return self._derive(node, partitioner)

    def _forget_later(self, node: ShuffleNode) -> None:
        weakref.finalize(node, self.ctx._forget_shuffle, node.rdd).atexit = False  # type: ignore[misc, unused-ignore]

    def _default_partitions(self) -> int:
        """How many partitions a shuffle makes that was not told."""
        return self.ctx._default_partitions() or self.getNumPartitions()

    def _target(self, numPartitions: int | None, partitionFunc: Callable[[Any], int] | None) -> Partitioner:
        count = self._default_partitions() if numPartitions is None else positive(numPartitions)
        return Partitioner(count, portable_hash if partitionFunc is None else partitionFunc)

    def _cogroup(self, rdds: tuple[RDD[Any], ...], numPartitions: int | None, name: str) -> RDD[Any]:
        """Bring the values of each key together: ``(key, (list of each side, …))``; sides in place are not moved."""
        if numPartitions is None:
            first = rdds[0].partitioner
            alike = first is not None and all(rdd.partitioner == first for rdd in rdds)
            counts = rdds[:1] if alike else rdds
            numPartitions = self.ctx._default_partitions() or sum(rdd.getNumPartitions() for rdd in counts)
        else:
            positive(numPartitions)
        target = Partitioner(numPartitions, portable_hash)
        if numPartitions == 0:
            return self._derive(EmptyNode(self.ctx._next_id(), name, call_site(), 0), target)
        sides = [
            rdd if rdd.partitioner == target else rdd._shuffle(name, numPartitions, "hash", "plain", target)
            for rdd in rdds
        ]
        node = CoGroupNode(self.ctx._next_id(), name, call_site(), tuple(side._node for side in sides))
        return self._derive(node, target)

"""What transformations build: an immutable graph of where records come from. Nothing here runs anything."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Union

from weft._closures import Closure

__all__ = [
    "CartesianNode",
    "CoGroupNode",
    "CoalesceNode",
    "DataBlock",
    "DataNode",
    "EmptyNode",
    "FormatNode",
    "HadoopFormat",
    "HeldNode",
    "Node",
    "RangeNode",
    "RowsNode",
    "ShuffleNode",
    "SourceNode",
    "StepNode",
    "TextNode",
    "UnionNode",
    "ZipNode",
    "count_partitions",
    "cut",
    "in_order",
    "parents_of",
]


@dataclass(frozen=True, eq=False)
class Node:
    """One RDD's place in the graph.

    ``rdd`` is the id of the RDD, ``name`` the operation that made it, ``site`` the user's ``file:line``.
    Two nodes are equal only if they are the same object. ``saved`` is set once the RDD is checkpointed: where its
    records are read from instead; see :func:`cut`.
    """

    rdd: int
    name: str
    site: str
    saved: Node | None = field(default=None, init=False)

    @property
    def parents(self) -> tuple[Node, ...]:
        """The nodes whose records this one reads."""
        return ()


@dataclass(frozen=True, eq=False)
class TextNode(Node):
    """Lines of files; how many partitions that gives only the gateway knows. ``combine``: small files share one."""

    paths: str
    min_partitions: int
    unicode: bool
    raw: bool = False  # files in any format; the next step reads them
    combine: bool = False
    whole: bool = False  # each file is one partition


@dataclass(frozen=True)
class HadoopFormat:
    """A class that reads or writes records for Hadoop, with what it is told; the fields are those of ``plan.avsc``."""

    name: str
    mapreduce: bool = False
    key_class: str | None = None
    value_class: str | None = None
    key_converter: str | None = None
    value_converter: str | None = None
    settings: Mapping[str, str] = field(default_factory=dict)

    def record(self) -> dict[str, Any]:
        """Give it as the plan holds it."""
        return {
            "mapreduce": self.mapreduce,
            "name": self.name,
            "keyClass": self.key_class,
            "valueClass": self.value_class,
            "keyConverter": self.key_converter,
            "valueConverter": self.value_converter,
            "settings": dict(self.settings),
        }


@dataclass(frozen=True, eq=False)
class FormatNode(Node):
    """Records of a Hadoop InputFormat; how many partitions that gives only the gateway knows."""

    paths: str | None
    format: HadoopFormat
    min_partitions: int
    view: str


SourceNode = Union[TextNode, FormatNode]
"""Nodes that only the gateway can count the partitions of."""


class DataBlock:
    """Encoded records of ``parallelize``: in memory until they are uploaded, then an id.

    ``offsets`` has one entry more than there are partitions; a partition is the bytes between two.
    """

    def __init__(self, identity: str, chunks: list[bytes], offsets: list[int]) -> None:
        self.identity = identity
        self.offsets = offsets
        self.chunks: list[bytes] | None = chunks


@dataclass(frozen=True, eq=False)
class DataNode(Node):
    """Records that the driver sends; ``hosts``: per partition those that it prefers, empty if none does."""

    block: DataBlock
    hosts: tuple[tuple[str, ...], ...] = ()


@dataclass(frozen=True, eq=False)
class RangeNode(Node):
    """Whole numbers that the workers count themselves: one range a partition, all of one step."""

    ranges: tuple[range, ...]
    step: int


@dataclass(frozen=True, eq=False)
class EmptyNode(Node):
    """No records, in so many partitions."""

    partitions: int


@dataclass(frozen=True, eq=False)
class HeldNode(Node):
    """All partitions of the persisted RDD ``rdd``, which cannot be computed again."""

    partitions: int


@dataclass(frozen=True, eq=False)
class StepNode(Node):
    """One narrow step; steps that follow each other become one pipeline in the plan."""

    parent: Node
    op: str
    closure: Closure | None
    errors: str | None = None  # as plan.avsc has it

    @property
    def parents(self) -> tuple[Node, ...]:
        return (self.parent,)


@dataclass(frozen=True, eq=False)
class RowsNode(StepNode):
    """The rows of its parent's Arrow batches; what works on batches reads the parent."""


@dataclass(frozen=True, eq=False)
class ShuffleNode(Node):
    """Records move between partitions; the field names and values are those of ``plan.avsc``."""

    parent: Node
    partitions: int
    writer: str
    read: str
    partitioner: Closure | None = None
    create: Closure | None = None
    merge_value: Closure | None = None
    merge_combiners: Closure | None = None
    map_side_combine: bool = False
    key: Closure | None = None
    ascending: bool = True

    @property
    def parents(self) -> tuple[Node, ...]:
        return (self.parent,)


@dataclass(frozen=True, eq=False)
class UnionNode(Node):
    """Partitions of all parents one after the other; ``aligned``: partition by partition instead."""

    members: tuple[Node, ...]
    aligned: bool

    @property
    def parents(self) -> tuple[Node, ...]:
        return self.members


@dataclass(frozen=True, eq=False)
class CoalesceNode(Node):
    """Fewer partitions, each several of the parent's one after the other."""

    parent: Node
    partitions: int

    @property
    def parents(self) -> tuple[Node, ...]:
        return (self.parent,)


@dataclass(frozen=True, eq=False)
class CoGroupNode(Node):
    """Per key one list of values for each parent; the parents are partitioned alike."""

    members: tuple[Node, ...] = field(default=())

    @property
    def parents(self) -> tuple[Node, ...]:
        return self.members


@dataclass(frozen=True, eq=False)
class ZipNode(Node):
    """Pairs of the records of two parents with equally many partitions."""

    members: tuple[Node, Node]

    @property
    def parents(self) -> tuple[Node, ...]:
        return self.members


@dataclass(frozen=True, eq=False)
class CartesianNode(Node):
    """All pairs of the records of two parents; the second's partitions go round fastest."""

    members: tuple[Node, Node]

    @property
    def parents(self) -> tuple[Node, ...]:
        return self.members


def parents_of(node: Node) -> tuple[Node, ...]:
    """The nodes whose records a node reads as it is now."""
    return node.parents if node.saved is None else (node.saved,)


def cut(node: Node, saved: Node) -> None:
    """Have a node's records read from ``saved``, and let go of what they were made of."""
    object.__setattr__(node, "saved", saved)
    for name, instead in (("parent", saved), ("members", (saved,)), ("closure", None)):
        if hasattr(node, name):
            object.__setattr__(node, name, instead)
    if type(node) is RowsNode:  # what works on Arrow batches must not take the saved rows for them
        object.__setattr__(node, "__class__", StepNode)


def in_order(root: Node, parents: Callable[[Node], tuple[Node, ...]] | None = None) -> Iterator[Node]:
    """Give every node that ``root`` needs once, parents before children, without recursion (lineages get long)."""
    of = parents_of if parents is None else parents
    stack: list[tuple[Node, Iterator[Node]]] = [(root, iter(of(root)))]
    entered = {id(root)}
    while stack:
        node, rest = stack[-1]
        for parent in rest:
            if id(parent) not in entered:
                entered.add(id(parent))
                stack.append((parent, iter(of(parent))))
                break
        else:
            stack.pop()
            yield node


def _counting_parents(node: Node) -> tuple[Node, ...]:
    """The parents whose partitions decide how many this node has."""
    if node.saved is not None:
        return (node.saved,)
    if isinstance(node, ShuffleNode):
        return ()
    if isinstance(node, (CoGroupNode, ZipNode)) or (isinstance(node, UnionNode) and node.aligned):
        return node.parents[:1]
    return node.parents


def count_partitions(root: Node, ask: Callable[[SourceNode], int]) -> int:
    """Count the partitions of ``root``; ``ask`` gives those of files."""
    counts: dict[int, int] = {}
    for node in in_order(root, _counting_parents):
        counts[id(node)] = _own_count(node, [counts[id(p)] for p in _counting_parents(node)], ask)
    return counts[id(root)]


def _own_count(node: Node, parents: list[int], ask: Callable[[SourceNode], int]) -> int:
    if node.saved is not None:
        return parents[0]
    if isinstance(node, (TextNode, FormatNode)):
        return ask(node)
    if isinstance(node, DataNode):
        return len(node.block.offsets) - 1
    if isinstance(node, RangeNode):
        return len(node.ranges)
    if isinstance(node, (EmptyNode, HeldNode, ShuffleNode)):
        return node.partitions
    if isinstance(node, CoalesceNode):
        return min(node.partitions, parents[0])
    if isinstance(node, CartesianNode):
        return parents[0] * parents[1]
    return sum(parents)

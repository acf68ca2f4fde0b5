"""Lineage to Plan: the part of the graph that one action needs, as the Avro record of ``plan.avsc``."""

from __future__ import annotations

import io
import json
import os
from collections.abc import Collection, Mapping, Sequence
from functools import lru_cache
from types import MappingProxyType
from typing import Any, NamedTuple

from weft._closures import Blob, Closure
from weft._lineage import (
    CartesianNode,
    CoalesceNode,
    CoGroupNode,
    DataBlock,
    DataNode,
    EmptyNode,
    FormatNode,
    HadoopFormat,
    HeldNode,
    Node,
    RangeNode,
    ShuffleNode,
    SourceNode,
    StepNode,
    TextNode,
    UnionNode,
    ZipNode,
    in_order,
    parents_of,
)
from weft._markers import RESOURCES, Asked, Markers
from weft._saving import Placing
from weft.storagelevel import StorageLevel

__all__ = [
    "COLLECT",
    "DRAIN",
    "Plan",
    "PlanNotes",
    "build_plan",
    "plan_schema",
    "save_bytes",
    "save_records",
    "save_text",
]

COLLECT: tuple[str, dict[str, Any]] = ("Collect", {})
DRAIN: tuple[str, dict[str, Any]] = ("Drain", {})
_PLAIN = Placing()


def save_text(path: str, codec: str | None, placing: Placing = _PLAIN) -> tuple[str, dict[str, Any]]:
    """Make the action that writes a folder of text files."""
    return ("SaveText", {"path": path, "codec": codec, "raw": False, "suffix": "", **placing.record()})


def save_bytes(path: str, suffix: str, placing: Placing = _PLAIN) -> tuple[str, dict[str, Any]]:
    """Make the action that writes a folder of files in any format: records are ``(rows, bytes)``, a file's parts."""
    return ("SaveText", {"path": path, "codec": None, "raw": True, "suffix": suffix, **placing.record()})


def save_records(path: str | None, output: HadoopFormat, first: bytes) -> tuple[str, dict[str, Any]]:
    """Make the action that writes pairs through a Hadoop OutputFormat; ``first`` is a batch of the first one."""
    return ("SaveRecords", {"path": path, "format": output.record(), "first": first})


class Plan:
    """A plan and what must be uploaded before it runs.

    ``nodes`` are all that it describes, ``persisted`` those among them that are persisted; what they need, and is not
    described, came with earlier plans.
    """

    def __init__(
        self,
        record: dict[str, Any],
        blobs: dict[str, Blob],
        blocks: dict[str, DataBlock],
        nodes: Sequence[Node],
        persisted: Sequence[Node],
    ) -> None:
        self.record = record
        self.blobs = blobs
        self.blocks = blocks
        self.nodes = nodes
        self.persisted = persisted

    def to_bytes(self) -> bytes:
        """Encode as Avro binary, without a container."""
        from fastavro import schemaless_writer

        out = io.BytesIO()
        schemaless_writer(out, plan_schema(), self.record)
        return out.getvalue()


class PlanNotes(NamedTuple):
    """What a plan says of nodes beside what they are.

    ``shuffle_ids``: under which ids shuffles write that do not under their RDD's; ``markers``: what is written
    otherwise than by pickling, and who looks on.
    """

    shuffle_ids: Mapping[Node, int]
    markers: Markers


@lru_cache(maxsize=1)
def plan_schema() -> Any:
    """Give the parsed schema of plans."""
    from fastavro import parse_schema

    with open(os.path.join(os.path.dirname(__file__), "plan.avsc"), encoding="utf-8") as file:
        return parse_schema(json.load(file))


def build_plan(
    root: Node,
    action: tuple[str, dict[str, Any]],
    name: str,
    site: str,
    properties: dict[str, str],
    partitions: Sequence[int] = (),
    levels: Mapping[Node, StorageLevel] = MappingProxyType({}),
    known: Collection[Node] = (),
    notes: PlanNotes | None = None,
) -> Plan:
    """Make the plan of one action on ``root``.

    Parameters
    ----------
    root : Node
        What the action runs on.
    action : tuple
        :data:`COLLECT`, :data:`DRAIN` or what :func:`save_text` gives.
    name, site : str
        The action as the user wrote it, and where.
    properties : dict
        Local properties of the submitting thread.
    partitions : sequence of int
        The partitions to run; none given means all.
    levels : mapping
        Which nodes are persisted, and how.
    known : collection of Node
        Persisted nodes that came with an earlier plan; this one only names them.
    notes : PlanNotes, optional
        What else the plan says of nodes.
    """
    builder = _Builder(levels, known, notes or PlanNotes({}, Markers()))
    result = builder.add_all(root, action == COLLECT)
    record = {
        "version": 1,
        "name": name,
        "site": site,
        "properties": properties,
        "result": result,
        "partitions": list(partitions),
        "action": (f"io.weft.plan.{action[0]}", action[1]),
        "nodes": builder.nodes,
    }
    return Plan(record, builder.blobs, builder.blocks, builder.described, builder.persisted)


def _check_source(node: SourceNode) -> None:
    """Say in the user's words what no source can have; with the action, as PySpark does."""
    if node.paths == "":
        raise ValueError(f"{node.name} at {node.site}: the path is empty")
    if node.min_partitions < 0:
        raise ValueError(f"{node.name} at {node.site}: minPartitions is {node.min_partitions}, which is negative")


class _Builder:
    """Collects the nodes of one plan; ``index`` maps a lineage node to its place."""

    def __init__(self, levels: Mapping[Node, StorageLevel], known: Collection[Node], notes: PlanNotes) -> None:
        self.levels = levels
        self.known = known
        self.shuffle_ids = notes.shuffle_ids
        self.markers = notes.markers
        self.described: list[Node] = []
        self.persisted: list[Node] = []
        self.nodes: list[dict[str, Any]] = []
        self.blobs: dict[str, Blob] = {}
        self.blocks: dict[str, DataBlock] = {}
        self.index: dict[int, int] = {}

    def add_all(self, root: Node, written: bool) -> int:
        order = list(in_order(root, lambda node: () if node in self.known else parents_of(node)))
        heads = {id(root)}
        for node in order:
            if node in self.known:
                self._name(node)
                self._ask(node)
                continue
            self.described.append(node)
            if node in self.levels:
                heads.add(id(node))
            if node.saved is not None:
                heads.add(id(node.saved))
            elif not isinstance(node, StepNode):
                heads.update(id(parent) for parent in node.parents)
        for node in self.described:
            if node.saved is not None:
                self._stand_in(node, node.saved)
            elif not isinstance(node, StepNode) or id(node) in heads:
                described = self._node(node)
                self.index[id(node)] = len(self.nodes)
                self.nodes.append(described)
                if node in self.levels:
                    self._keep(node)
                self._ask(node)
        return self._marked(root, written)

    def _marked(self, node: Node, written: bool) -> int:
        """The index of the last RDD of a stage, with its marks; ``written``: as records, not as lines or not at all."""
        marks = [*self.markers.of_stage(node), *(self.markers.of_written(node) if written else ())]
        return self._mark(node, self.index[id(node)], marks)

    def _mark(self, node: Node, index: int, marks: list[tuple[str, Closure]]) -> int:
        if not marks:
            return index
        steps = [{"op": op, "function": self._blob(mark), "name": node.name, "site": node.site} for op, mark in marks]
        kind = ("io.weft.plan.Pipeline", {"parent": index, "steps": steps})
        self.nodes.append({"rdd": node.rdd, "name": node.name, "site": node.site, "kind": kind})
        return len(self.nodes) - 1

    def _ask(self, node: Node) -> None:
        """Who reads a node for which resources are asked reads it by a step that says so, unless its own steps do."""
        told = isinstance(node, StepNode) and node not in self.levels and node.saved is None
        asked = None if told else self.markers.asked(node)
        if asked is not None:
            body = {"parent": self.index[id(node)], "steps": [self._asking(node, asked)]}
            self.index[id(node)] = len(self.nodes)
            kind = ("io.weft.plan.Pipeline", body)
            self.nodes.append({"rdd": node.rdd, "name": node.name, "site": node.site, "kind": kind})

    @staticmethod
    def _asking(node: Node, asked: Asked) -> dict[str, Any]:
        step = {"op": RESOURCES, "function": None, "name": node.name, "site": node.site}
        return {**step, "processors": asked.processors, "profile": asked.profile}

    def _stand_in(self, node: Node, saved: Node) -> None:
        """Who reads a node that is checkpointed reads what is saved of it, or what is kept of that."""
        self.index[id(node)] = self.index[id(saved)]
        if node in self.levels and not isinstance(saved, HeldNode):
            self._keep(node)
        self._ask(node)

    def _name(self, node: Node) -> None:
        self.index[id(node)] = len(self.nodes)
        kind: tuple[str, dict[str, Any]] = ("io.weft.plan.Known", {})
        self.nodes.append({"rdd": node.rdd, "name": node.name, "site": node.site, "kind": kind})

    def _keep(self, node: Node) -> None:
        """Have what was added last kept; who reads ``node`` reads what is kept."""
        self.persisted.append(node)
        level = self.levels[node]
        parent = self._mark(node, self.index[id(node)], list(self.markers.of_written(node)))
        body = {"parent": parent, "droppable": not level.useDisk, "copies": level.replication}
        self.index[id(node)] = len(self.nodes)
        kind = ("io.weft.plan.Cached", body)
        self.nodes.append({"rdd": node.rdd, "name": node.name, "site": node.site, "kind": kind})

    def _node(self, node: Node) -> dict[str, Any]:
        kind, body = self._kind(node)
        rdd = self.shuffle_ids.get(node, node.rdd)
        return {"rdd": rdd, "name": node.name, "site": node.site, "kind": (f"io.weft.plan.{kind}", body)}

    def _kind(self, node: Node) -> tuple[str, dict[str, Any]]:
        if isinstance(node, StepNode):
            return "Pipeline", self._pipeline(node)
        if isinstance(node, ShuffleNode):
            return "Shuffle", self._shuffle(node)
        if isinstance(node, TextNode):
            _check_source(node)
            least = {"paths": node.paths, "minPartitions": node.min_partitions, "unicode": node.unicode}
            return "TextSource", {**least, "raw": node.raw, "combine": node.combine, "whole": node.whole}
        if isinstance(node, FormatNode):
            _check_source(node)
            body = {"paths": node.paths, "minPartitions": node.min_partitions, "view": node.view}
            return "FormatSource", {**body, "format": node.format.record()}
        if isinstance(node, DataNode):
            self.blocks[node.block.identity] = node.block
            return "DataSource", {"block": node.block.identity, "offsets": node.block.offsets, "hosts": node.hosts}
        if isinstance(node, RangeNode):
            return "RangeSource", {
                "starts": [str(part.start) for part in node.ranges],
                "stops": [str(part.stop) for part in node.ranges],
                "step": str(node.step),
            }
        if isinstance(node, HeldNode):
            return "Held", {"partitions": node.partitions}
        if isinstance(node, EmptyNode):
            return "EmptySource", {"partitions": node.partitions}
        if isinstance(node, UnionNode):
            return "Union", {"parents": self._parents(node), "aligned": node.aligned}
        if isinstance(node, CoalesceNode):
            return "Coalesce", {"parent": self._parents(node)[0], "partitions": node.partitions}
        if isinstance(node, CoGroupNode):
            return "CoGroup", {"parents": self._parents(node)}
        if isinstance(node, (ZipNode, CartesianNode)):
            return type(node).__name__[: -len("Node")], {"parents": self._parents(node)}
        raise TypeError(f"{type(node).__name__} has no place in a plan")

    def _parents(self, node: Node) -> list[int]:
        return [self.index[id(parent)] for parent in node.parents]

    def _pipeline(self, last: StepNode) -> dict[str, Any]:
        """Follow the steps up to the first node that has a place of its own."""
        steps = []
        node: Node = last
        while isinstance(node, StepNode) and (node is last or id(node) not in self.index):
            if node.closure is None and node.op not in ("keys", "values"):
                raise TypeError(f"{node.name} at {node.site} needs a function, not None")
            step = {"op": node.op, "function": self._blob(node.closure), "name": node.name, "site": node.site}
            asked = self.markers.asked(node)
            if asked is not None:
                steps.append(self._asking(node, asked))
            steps.append({**step, "errors": node.errors})
            node = node.parent
        return {"parent": self.index[id(node)], "steps": steps[::-1]}

    def _shuffle(self, node: ShuffleNode) -> dict[str, Any]:
        return {
            "parent": self._marked(node.parent, written=node.writer != "range"),
            "partitions": node.partitions,
            "writer": node.writer,
            "read": node.read,
            "partitioner": self._blob(node.partitioner),
            "create": self._blob(node.create),
            "mergeValue": self._blob(node.merge_value),
            "mergeCombiners": self._blob(node.merge_combiners),
            "mapSideCombine": node.map_side_combine,
            "key": self._blob(node.key),
            "ascending": node.ascending,
        }

    def _blob(self, closure: Closure | None) -> str | None:
        if closure is None:
            return None
        blob = closure.blob()
        self.blobs[blob.identity] = blob
        return blob.identity

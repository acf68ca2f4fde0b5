"""Task bodies: the trees and sinks of worker/PROTOCOL.md."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Union

from weft._inline.formats import FilesPart, FixedPart, FormatPart, SequencePart
from weft._inline.inputs import Split
from weft._inline.planning import BOUNDS, Layout, PlanNode, Stage

__all__ = ["BlockPart", "Input", "KeptInput", "ShuffleInput", "TaskBody", "task_body"]

_ROUND_BATCH = 10  # records that a repartition deals to one partition before it goes on to the next


@dataclass(frozen=True)
class BlockPart:
    """An input: bytes of an uploaded block."""

    block: str
    start: int
    stop: int


@dataclass(frozen=True)
class ShuffleInput:
    """An input: what the maps of a shuffle have written."""

    shuffle: int


@dataclass(frozen=True)
class KeptInput:
    """An input: a persisted partition, if it is kept; none is that has a negative number."""

    rdd: int
    partition: int


Input = Union[Split, FormatPart, BlockPart, ShuffleInput, KeptInput]


@dataclass(frozen=True)
class TaskBody:
    """``tree`` and ``sink`` as the worker reads them; ``inputs`` by stream number."""

    tree: dict[str, Any]
    sink: dict[str, Any]
    inputs: list[Input]


def task_body(
    layout: Layout,
    splits: Callable[[PlanNode], Sequence[Split | FormatPart]],
    stage: Stage,
    partition: int,
    result_sink: str,
    is_kept: Callable[[int, int], bool],
) -> TaskBody:
    """Make the body of one task; ``result_sink`` is what the result stage does with records.

    ``is_kept`` knows the persisted partitions by RDD and number; a task is not told how to compute those that are kept.
    """
    if stage.bounds and stage.shuffle is not None:
        return _bounds_body(layout, stage.shuffle)
    writer = _Trees(layout, splits, is_kept)
    tree = writer.tree(stage.root, partition)
    sink = {"kind": result_sink} if stage.shuffle is None else _shuffle_sink(stage.shuffle.body, partition)
    return TaskBody(tree, sink, writer.inputs)


def _bounds_body(layout: Layout, node: PlanNode) -> TaskBody:
    tree = {
        "op": "shuffle",
        "stream": 0,
        "maps": layout.partitions(node.parents[0]),
        "partition": 0,
        "mode": "bounds",
        "partitions": node.body["partitions"],
        "ascending": node.body["ascending"],
    }
    return TaskBody(tree, {"kind": "shuffle", "writer": "single"}, [ShuffleInput(node.rdd)])


def _shuffle_sink(body: dict[str, Any], index: int) -> dict[str, Any]:
    sink = {"kind": "shuffle", "writer": body["writer"]}
    if body["writer"] == "range":
        return {**sink, "key": body["key"], "ascending": body["ascending"]}
    if body["writer"] == "round":
        return {**sink, "partitions": body["partitions"], "index": index, "batch": _ROUND_BATCH}
    combine = None
    if body["create"] is not None and body["mapSideCombine"]:
        combine = {"create": body["create"], "value": body["mergeValue"], "merge": body["mergeCombiners"]}
    return {**sink, "partitions": body["partitions"], "fn": body["partitioner"], "combine": combine}


class _Trees:
    """Writes the tree of one task and numbers its inputs on the way."""

    def __init__(
        self,
        layout: Layout,
        splits: Callable[[PlanNode], Sequence[Split | FormatPart]],
        is_kept: Callable[[int, int], bool],
    ) -> None:
        self._layout = layout
        self._splits = splits
        self._is_kept = is_kept
        self.inputs: list[Input] = []

    def _stream(self, item: Input) -> int:
        self.inputs.append(item)
        return len(self.inputs) - 1

    def tree(self, index: int, partition: int) -> dict[str, Any]:
        node = self._layout.nodes[index]
        kind, body = node.kind, node.body
        if kind == "TextSource":
            return self._text(node, partition)
        if kind == "FormatSource":
            part = self._splits(node)[partition]
            assert isinstance(part, (FilesPart, FixedPart, SequencePart))
            return {"op": "input", "stream": self._stream(part), "kind": part.kind}
        if kind == "DataSource":
            start, stop = body["offsets"][partition : partition + 2]
            stream = self._stream(BlockPart(body["block"], start, stop))
            return {"op": "input", "stream": stream, "kind": "batches"}
        if kind == "RangeSource":
            numbers = {"start": body["starts"][partition], "stop": body["stops"][partition], "step": body["step"]}
            return {"op": "range", **{name: int(text) for name, text in numbers.items()}}
        if kind == "EmptySource":
            return {"op": "empty"}
        if kind == "Pipeline":
            steps = [{**step, "fn": step["function"]} for step in body["steps"]]
            return {
                "op": "pipeline",
                "index": partition,
                "in": self.tree(node.parents[0], partition),
                "steps": steps,
            }
        if kind == "Shuffle":
            return self._shuffle(node, partition)
        if kind in ("Cached", "Held"):
            kept = kind == "Held" or self._may_read(node, partition)
            return {
                "op": "cached",
                "stream": self._stream(KeptInput(node.rdd, partition if kept else -1)),
                "rdd": node.rdd,
                "partition": partition,
                "in": None if kept else self.tree(node.parents[0], partition),
            }
        inner = [self.tree(*parent) for parent in self._layout.narrow_parents(index, partition)]
        if kind == "Union" and not body["aligned"]:
            return inner[0]
        op = {"CoGroup": "cogroup", "Zip": "zip", "Cartesian": "cartesian"}.get(kind, "concat")
        return {"op": op, "index": partition, "in": inner}

    def _may_read(self, node: PlanNode, partition: int) -> bool:
        """Whether a persisted partition is kept; of tasks that wait for each other all compute theirs, or none."""
        return self._is_kept(node.rdd, partition) and not self._layout.is_barrier(node.index)

    def _text(self, node: PlanNode, partition: int) -> dict[str, Any]:
        split = self._splits(node)[partition]
        assert isinstance(split, Split)
        if not split.ranges:
            return {"op": "empty"}
        if split.ranges[0].raw:
            parts = [
                {"path": f"file:{one.path}", "start": one.start, "length": one.stop - one.start} for one in split.ranges
            ]
            return {"op": "input", "stream": self._stream(split), "kind": "raw", "files": parts}
        return {
            "op": "input",
            "stream": self._stream(split),
            "kind": "text",
            "unicode": node.body["unicode"],
            "path": f"file:{split.ranges[0].path}",
            "start": split.ranges[0].start,
        }

    def _shuffle(self, node: PlanNode, partition: int) -> dict[str, Any]:
        body = node.body
        tree = {
            "op": "shuffle",
            "stream": self._stream(ShuffleInput(node.rdd)),
            "maps": self._layout.partitions(node.parents[0]),
            "partition": partition,
            "mode": body["read"],
        }
        if body["create"] is not None:
            tree["create"], tree["value"], tree["merge"] = body["create"], body["mergeValue"], body["mergeCombiners"]
            tree["combined"] = body["mapSideCombine"]
        if body["read"] == "sorted":
            tree["ascending"] = body["ascending"]
            tree["bounds"] = self._stream(ShuffleInput(node.rdd | BOUNDS))
        return tree

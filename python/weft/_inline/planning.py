"""A plan's partitions and stages, as the ApplicationMaster's Layout and StagePlanner have them."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from weft._plan import plan_schema
from weft.errors import BarrierError, InternalError, NotSupportedError

__all__ = ["BOUNDS", "Layout", "PlanNode", "Stage", "no_jvm", "plan_stages", "read_plan"]

BOUNDS = 1 << 30
"""Marks the shuffle that holds the bounds of a range shuffle; ids of RDDs are below it."""


@dataclass(frozen=True)
class PlanNode:
    """A node of ``plan.avsc``; ``kind`` without its namespace, ``parents`` by their index."""

    index: int
    rdd: int
    name: str
    site: str
    kind: str
    body: dict[str, Any]
    parents: tuple[int, ...]


@dataclass(frozen=True)
class Stage:
    """Tasks that can run one after the other without new data.

    ``root`` is the node whose partitions are computed; ``shuffle`` the node that is written, None in the result stage;
    ``bounds`` says that the stage makes the bounds of that shuffle out of its samples; ``barrier`` that its tasks wait
    for each other.
    """

    root: int
    shuffle: PlanNode | None
    bounds: bool
    partitions: tuple[int, ...]
    name: str
    site: str
    barrier: bool = False


def no_jvm(what: str) -> NotSupportedError:
    """Make the error for what only Hadoop's own classes can do."""
    text = f"{what} needs Hadoop's classes, and inline has no JVM. Use the master local[2]."
    return NotSupportedError(text, "E18", 2)


def read_plan(encoded: bytes) -> dict[str, Any]:
    """Decode a plan; unions come as pairs of the record's name and its value."""
    from fastavro import schemaless_reader

    plan: Any = schemaless_reader(io.BytesIO(encoded), plan_schema(), None, return_record_name=True)
    return dict(plan)


def _node(index: int, record: dict[str, Any]) -> PlanNode:
    full, body = record["kind"]
    parents = tuple(body["parents"]) if "parents" in body else (body["parent"],) if "parent" in body else ()
    return PlanNode(index, record["rdd"], record["name"], record["site"], full.rpartition(".")[2], body, parents)


class Layout:
    """How many partitions each node has, and of which of its parents' one of them is made.

    Parameters
    ----------
    plan : dict
        What :func:`read_plan` gives.
    text_partitions : callable
        How many splits a TextSource has.
    count_kept : callable
        How many partitions are kept of a persisted RDD.
    """

    def __init__(
        self, plan: dict[str, Any], text_partitions: Callable[[PlanNode], int], count_kept: Callable[[int], int]
    ) -> None:
        self.nodes = [_node(index, record) for index, record in enumerate(plan["nodes"])]
        self._ask = text_partitions
        self._count_kept = count_kept
        self._counts: dict[int, int] = {}

    def partitions(self, index: int) -> int:
        """How many partitions a node has."""
        found = self._counts.get(index)
        if found is None:
            waiting = [index]
            while waiting:  # not by recursion: lineages get long
                node = self.nodes[waiting[-1]]
                asked = () if node.kind == "Shuffle" else node.parents
                missing = [parent for parent in asked if parent not in self._counts]
                if missing:
                    waiting += missing
                else:
                    self._counts[node.index] = self._count(node)
                    waiting.pop()
            found = self._counts[index]
        return found

    def _count(self, node: PlanNode) -> int:
        kind, body = node.kind, node.body
        counts = [] if kind == "Shuffle" else [self._counts[parent] for parent in node.parents]
        if kind in ("TextSource", "FormatSource"):
            return self._ask(node)
        if kind == "DataSource":
            return len(body["offsets"]) - 1
        if kind == "RangeSource":
            return len(body["starts"])
        if kind in ("EmptySource", "Held", "Shuffle"):
            return int(body["partitions"])
        if kind == "Union" and not body["aligned"]:
            return sum(counts)
        if kind == "Coalesce":
            return min(int(body["partitions"]), counts[0])
        if kind == "Cartesian":
            return counts[0] * counts[1]
        if len(set(counts)) > 1:
            sides = " and ".join(map(str, counts))
            raise InternalError(f"{node.name} at {node.site}: its sides have {sides} partitions.")
        return counts[0]

    def is_barrier(self, index: int) -> bool:
        """Whether tasks that compute this node, without a shuffle between, wait for each other."""
        waiting = [index]
        while waiting:
            node = self.nodes[waiting.pop()]
            if node.kind == "Pipeline" and any(step["op"] == "barrier" for step in node.body["steps"]):
                return True
            if node.kind != "Shuffle" and not self.is_whole(node):
                waiting += node.parents
        return False

    def is_whole(self, node: PlanNode) -> bool:
        """Whether a node is of a persisted RDD of which all partitions are kept."""
        return node.kind == "Cached" and self._count_kept(node.rdd) == self.partitions(node.index)

    def narrow_parents(self, index: int, partition: int) -> list[tuple[int, int]]:
        """Which partitions of which parents make this one without a shuffle, in order."""
        node = self.nodes[index]
        if node.kind == "Shuffle":
            return []
        if node.kind == "Union" and not node.body["aligned"]:
            left = partition
            for parent in node.parents:
                if left < self.partitions(parent):
                    return [(parent, left)]
                left -= self.partitions(parent)
            raise InternalError(f"{node.name} at {node.site} has no partition {partition}.")
        if node.kind == "Cartesian":
            first, second = node.parents
            return [(first, partition // self.partitions(second)), (second, partition % self.partitions(second))]
        if node.kind == "Coalesce":
            parents, own = self.partitions(node.parents[0]), self.partitions(index)
            chosen = range(partition * parents // own, (partition + 1) * parents // own)
            return [(node.parents[0], parent) for parent in chosen]
        return [(parent, partition) for parent in node.parents]


def plan_stages(
    plan: dict[str, Any],
    layout: Layout,
    is_written: Callable[[int], bool],
) -> list[Stage]:
    """Cut a plan into stages, in an order in which each finds what it reads.

    Shuffles that ``is_written`` knows by the id of their RDD are not written again, nor what only they need; nor what
    is needed only by persisted RDDs of which all partitions are kept.

    Raises
    ------
    InternalError
        If the plan asks for a partition that is not there.
    """
    needed = [False] * len(layout.nodes)
    needed[plan["result"]] = True
    for node in reversed(layout.nodes):
        if needed[node.index] and not layout.is_whole(node) and not (node.kind == "Shuffle" and is_written(node.rdd)):
            for parent in node.parents:
                needed[parent] = True
    stages = []
    for node in layout.nodes:
        if needed[node.index] and node.kind == "Shuffle" and not is_written(node.rdd):
            parent = node.parents[0]
            stages.append(_stage(layout, parent, tuple(range(layout.partitions(parent))), node))
            if node.body["writer"] == "range":
                stages.append(Stage(parent, node, True, (0,), f"{node.name} bounds", node.site))
    count = layout.partitions(plan["result"])
    wanted = tuple(plan["partitions"]) or tuple(range(count))
    if any(partition >= count for partition in wanted):
        raise InternalError(f"{plan['name']} at {plan['site']}: asks for partition {max(wanted)} of {count}.")
    return [*stages, _stage(layout, plan["result"], wanted, None)]


def _stage(layout: Layout, root: int, partitions: tuple[int, ...], shuffle: PlanNode | None) -> Stage:
    node = layout.nodes[root]
    steps = node.body["steps"] if node.kind == "Pipeline" else []
    name, site = (steps[-1]["name"], steps[-1]["site"]) if steps else (node.name, node.site)
    barrier = layout.is_barrier(root)
    if barrier:
        _check_chain(layout, root, len(partitions))
    return Stage(root, shuffle, False, partitions, name, site, barrier)


def _check_chain(layout: Layout, root: int, tasks: int) -> None:
    """Refuse what a barrier stage cannot be, as the ApplicationMaster's BarrierChain does."""
    last = layout.nodes[root]
    seen, waiting = set(), [root]
    while waiting:
        node = layout.nodes[waiting.pop(0)]
        if node.index in seen:
            continue
        seen.add(node.index)
        count = layout.partitions(node.index)
        problem = ""
        if count != tasks and node is last:
            problem = (
                f"the action runs {tasks} of its {count} partitions.\n"
                "Use collect()[0] instead of first(), and collect()[:n] instead of take(n)."
            )
        elif count != tasks:
            problem = (
                f"it runs {tasks} tasks, and {node.name} at {node.site} has {count} partitions.\n"
                "Use repartition(n) before barrier(), which shuffles, instead of coalesce(n) or a union."
            )
        elif node.kind != "Shuffle" and not layout.is_whole(node):
            barriers = sum(map(layout.is_barrier, node.parents))
            if barriers > 1:
                problem = (
                    f"{node.name} at {node.site} is made of {barriers} barrier RDDs.\n"
                    "Put a shuffle between, such as repartition, or persist one of them."
                )
            waiting += node.parents
        if problem:
            raise BarrierError(
                f"{last.name} at {last.site} is of a barrier stage, whose tasks all run at once; {problem}", "E27"
            )

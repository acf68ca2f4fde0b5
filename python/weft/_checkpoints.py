"""Checkpoints of the driver's RDDs: marked first, made by the first action after that, then read instead."""

from __future__ import annotations

import threading
import weakref
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple

from weft._closures import Closure
from weft._lineage import EmptyNode, HeldNode, Node, ShuffleNode, StepNode, TextNode, cut, parents_of
from weft._saving import Placing
from weft._tables.saved import read_part, write_part
from weft.errors import ContextError, NotSupportedError

if TYPE_CHECKING:
    from weft._jobs import Jobs

__all__ = ["Checkpoint", "Checkpoints"]

_MOST_PARTITIONS = 100_000
"""Names of part files with more are not in the order of the partitions."""


class Checkpoint(NamedTuple):
    """What is asked for, or done, of one RDD; ``path`` is None for a local one."""

    path: str | None
    done: bool


class Checkpoints:
    """The checkpoints of one context. Thread-safe."""

    def __init__(self) -> None:
        self.folder: str | None = None
        self._lock = threading.RLock()
        self._all: weakref.WeakKeyDictionary[Node, Checkpoint] = weakref.WeakKeyDictionary()
        self._waiting: weakref.WeakSet[Node] = weakref.WeakSet()

    def of(self, node: Node) -> Checkpoint | None:
        """What is known of a node."""
        return self._all.get(node)

    def mark(self, node: Node, site: str) -> None:
        """Have a node written to the folder by the next action; nothing if it is marked or done already."""
        if self.folder is None:
            raise ContextError(
                f"Checkpoint directory has not been set in the SparkContext ({site}): call sc.setCheckpointDir(path).",
                "E19",
            )
        self._mark(node, Checkpoint(f"{self.folder}/rdd-{node.rdd}", False))

    def mark_local(self, node: Node) -> None:
        """Have what is persisted of a node stand for it from the next action on, even if it was to be written."""
        with self._lock:
            found = self._all.get(node)
            if found is not None and not found.done:
                del self._all[node]
            self._mark(node, Checkpoint(None, False))

    def _mark(self, node: Node, checkpoint: Checkpoint) -> None:
        with self._lock:
            if node not in self._all:
                self._all[node] = checkpoint
                self._waiting.add(node)

    def make(self, root: Node, jobs: Jobs) -> None:
        """Make what is marked of what an action on ``root`` has needed; of RDDs made of each other the last only."""
        with self._lock:
            while self._waiting:
                found = self._next(root)
                if found is None:
                    return
                self._waiting.discard(found)
                try:
                    self._save(found, jobs)
                except BaseException:
                    self._waiting.add(found)
                    raise

    def _next(self, root: Node) -> Node | None:
        waiting, seen = [root], {id(root)}
        while waiting:
            node = waiting.pop()
            if node in self._waiting:
                return node
            if node in self._all:
                continue  # it is being made, or done: what it needs is not looked at
            for parent in parents_of(node):
                if id(parent) not in seen:
                    seen.add(id(parent))
                    waiting.append(parent)
        return None

    def _save(self, node: Node, jobs: Jobs) -> None:
        checkpoint = self._all[node]
        count = jobs.count_partitions(node)
        if checkpoint.path is None:
            jobs.drain(node, "localCheckpoint")
            saved: Node = HeldNode(node.rdd, node.name, node.site, count)
        else:
            if count > _MOST_PARTITIONS:
                raise NotSupportedError(
                    f"RDD {node.rdd} ({node.name} at {node.site}) has {count:,} partitions; at most "
                    f"{_MOST_PARTITIONS:,} can be checkpointed. Use coalesce first.",
                    "E18",
                    2,
                )
            parts = StepNode(
                jobs.next_id(), "checkpoint", node.site, node, "partitions", _closure(write_part, node.site)
            )
            if count:
                jobs.save_bytes(parts, checkpoint.path, "", Placing(), "checkpoint")
            saved = _saved(node, checkpoint.path, count, jobs)
        cut(node, saved)
        if isinstance(node, ShuffleNode):
            jobs.forget_shuffle(node.rdd)
        self._all[node] = Checkpoint(checkpoint.path, True)
        jobs.lineage_cut()


def _saved(node: Node, path: str, count: int, jobs: Jobs) -> Node:
    """The node that reads what was written."""
    if not count:
        return EmptyNode(jobs.next_id(), "checkpoint", node.site, 0)
    files = TextNode(jobs.next_id(), "checkpoint", node.site, path, 0, False, raw=True, whole=True)
    jobs.know_partitions(files, count)
    return StepNode(jobs.next_id(), "checkpoint", node.site, files, "partitions", _closure(read_part, node.site))


def _closure(function: Callable[..., Any], site: str) -> Closure:
    return Closure(function, "checkpoint", site)

"""Runs actions: plan, upload, run, gather, explain."""

from __future__ import annotations

import contextlib
import itertools
import os
import threading
import time
import weakref
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from weft._callsite import call_site
from weft._checkpoints import Checkpoints
from weft._closures import Blob
from weft._collected import Collected, Spool, Stop
from weft._datasocket import DataSocket, Failure
from weft._failures import for_pyspark, to_exception
from weft._gateway import Gateway
from weft._known import KnownLineages
from weft._lineage import DataBlock, HadoopFormat, Node, SourceNode, count_partitions
from weft._markers import Markers
from weft._plan import COLLECT, DRAIN, Plan, PlanNotes, build_plan, save_bytes, save_records, save_text
from weft._progress import Console, Totals
from weft._saving import Placing
from weft.accumulators import apply_updates, forget_persisted
from weft.errors import ContextError, InputMissingError, InternalError, WeftError
from weft.storagelevel import StorageLevel

__all__ = ["Jobs"]

_UNREADABLE = "java.lang.IllegalArgumentException"
"""What the gateway throws for a path that it cannot read."""


class Jobs:
    """Runs the actions of one context.

    Thread-safe: each action takes a connection of its own; local properties belong to the thread that set them.
    """

    def __init__(self, gateway: Gateway, console: Console) -> None:
        self._gateway = gateway
        self._console = console
        self._folder: str | None = gateway.answer.info.get("broadcasts")
        self._totals = Totals()
        self._local = threading.local()
        self._ids = itertools.count()
        self._dropped: deque[int | str | tuple[int]] = deque()  # ids of RDDs with a shuffle, of blocks, (broadcast,)
        self._held: dict[str, int] = {}  # how many RDDs and functions are made of a block, by its id
        self._held_blobs: weakref.WeakSet[Blob] = weakref.WeakSet()
        self._text_partitions: weakref.WeakKeyDictionary[SourceNode, int] = weakref.WeakKeyDictionary()
        self._levels: weakref.WeakKeyDictionary[Node, StorageLevel] = weakref.WeakKeyDictionary()
        self._shuffle_ids: weakref.WeakKeyDictionary[Node, int] = weakref.WeakKeyDictionary()  # of those cleaned
        self._persisted: deque[int] = deque()  # ids of RDDs that were persisted and are gone
        self._lineages = KnownLineages()
        self.checkpoints = Checkpoints()
        self._lock = threading.Lock()  # guards _held, and that a block is dropped before it is sent again
        self.markers = Markers()
        self.environment: dict[str, str] = {}  # for workers that run already: weft.env.NAME
        self.hadoop_opened = False  # the program may have changed Hadoop's configuration
        self._started = time.monotonic()
        self._stopped_at: str | None = None
        forget_persisted(None)  # of another context, whose RDDs had the same ids

    def next_id(self) -> int:
        """Give the id of the next RDD."""
        return next(self._ids)

    @property
    def count(self) -> int:
        """How many jobs have succeeded."""
        return self._totals.jobs

    @property
    def properties(self) -> dict[str, str]:
        """Local properties of this thread."""
        found: dict[str, str] | None = getattr(self._local, "properties", None)
        if found is None:
            found = self._local.properties = {}
        return found

    def collect(self, node: Node, name: str, partitions: Sequence[int] = ()) -> list[Any]:
        """Bring the records of a node, or of some of its partitions, to the driver in partition order."""
        result = Collected()
        self._run(node, COLLECT, name, partitions, result)
        return result.records

    def spool(self, node: Node, name: str, partition: int, stop: Stop | None = None) -> Spool:
        """Bring one partition to the driver, whatever its size: what is too much for its memory goes to its disk."""
        result = Spool(self._folder)
        self._run(node, COLLECT, name, (partition,), result, stop)
        return result

    def drain(self, node: Node, name: str) -> None:
        """Run all partitions and keep nothing."""
        self._run(node, DRAIN, name, (), Collected())

    def save_text(self, node: Node, path: str, codec: str | None, placing: Placing, name: str) -> None:
        """Write a folder of text files."""
        self._run(node, save_text(path, codec, placing), name, (), Collected())

    def save_bytes(self, node: Node, path: str, suffix: str, placing: Placing, name: str) -> None:
        """Write a folder of files whose parts are the records of ``node``."""
        self._run(node, save_bytes(path, suffix, placing), name, (), Collected())

    def put_block(self, block: DataBlock, chunks: Iterable[Any]) -> None:
        """Send a block now, while its chunks are made; an RDD is made of it next."""
        self._with_connection(lambda data: self._gateway.upload(data, {block.identity: chunks}))
        self.hold_block(block)

    def save_records(self, node: Node, path: str | None, output: HadoopFormat, first: bytes, name: str) -> None:
        """Write pairs through a Hadoop OutputFormat."""
        self._run(node, save_records(path, output, first), name, (), Collected())

    def count_partitions(self, node: Node) -> int:
        """Count the partitions of a node; only files need the gateway for that, and are looked at once."""
        return count_partitions(node, self._ask_partitions)

    def know_partitions(self, node: SourceNode, count: int) -> None:
        """Note how many partitions files have, without asking."""
        self._text_partitions[node] = count

    def lineage_cut(self) -> None:
        """Note that a node's lineage has changed: the gateway is sent those that lead through it anew."""
        self._lineages.clear()

    def forget_shuffle(self, rdd: int) -> None:
        """Note that an RDD is gone, whose shuffle the gateway may keep; told with the next job.

        May be called at any moment, as the garbage collector does.
        """
        self._dropped.append(rdd)

    def clean_shuffles(self, nodes: Sequence[Node]) -> None:
        """Have what these shuffles have written deleted; they get new ids, since an output's id is never used again."""
        gone = [self._shuffle_ids.get(node, node.rdd) for node in nodes]
        for node in nodes:
            self._shuffle_ids[node] = fresh = self.next_id()
            weakref.finalize(node, self.forget_shuffle, fresh).atexit = False  # type: ignore[misc, unused-ignore]
        if gone:
            self._lineages.clear()  # what the gateway knows has the old ids
            self._with_connection(lambda data: data.drop(gone, [], []))

    def persist(self, node: Node, level: StorageLevel) -> None:
        """Have the node's partitions kept when they are computed; they go with the node."""
        self._levels[node] = level
        self._lineages.persisted(node)
        weakref.finalize(node, self._persisted.append, node.rdd).atexit = False  # type: ignore[misc, unused-ignore]

    def unpersist(self, node: Node) -> None:
        """Have what is kept of the node deleted."""
        if self._levels.pop(node, None) is not None:
            self._lineages.forget(node)
            forget_persisted(node.rdd)
            self._with_connection(lambda data: data.drop([], [], [node.rdd]))

    def level(self, node: Node) -> StorageLevel | None:
        """How a node is persisted, None if it is not."""
        return self._levels.get(node)

    def hold_block(self, block: DataBlock) -> None:
        """Note that an RDD is made of ``block``; the gateway may forget it when the last such RDD is gone."""
        with self._lock:
            self._hold(block)

    def _hold(self, block: DataBlock | Blob) -> None:
        self._held[block.identity] = self._held.get(block.identity, 0) + 1
        weakref.finalize(block, self._dropped.append, block.identity).atexit = False  # type: ignore[misc, unused-ignore]

    def link_block(self, identity: str, path: str) -> None:
        """Let the gateway serve a file as a block; it must not change until the block is dropped."""
        self._with_connection(lambda data: data.link(identity, path))

    def forget_broadcast(self, bid: int, *, destroyed: bool) -> None:
        """Have the nodes remove a broadcast, and the gateway, too, if it was destroyed."""
        self._with_connection(lambda data: data.forget([bid], destroyed=destroyed))

    def lose_broadcast(self, bid: int, path: str) -> None:
        """Note that a broadcast is gone; its file goes now, the nodes' with the next job.

        May be called at any moment, as the garbage collector does.
        """
        with contextlib.suppress(OSError):
            os.unlink(path)
        self._dropped.append((bid,))

    def tell(self, line: str) -> None:
        """Print a line for people."""
        self._console.write_line(line)

    def require_running(self) -> None:
        """Raise E19 if the context was stopped."""
        if self._stopped_at is not None:
            raise ContextError(f"This context was stopped at {self._stopped_at}. Make a new one: WeftContext().", "E19")

    def control(self, method: str, *arguments: Any) -> Any:
        """Call a method of the gateway's entry point.

        Raises
        ------
        WeftError
            With the text of the Java exception, if there is one; never its stack.
        """
        self.require_running()
        try:
            return getattr(self._gateway.java(), method)(*arguments)
        except Exception as problem:
            error = _control_error(problem)
        raise error from None

    def note_hot(self, key: Any, share: float) -> None:
        """Have the summary name a key that a join divides; ``share`` of one side's pairs have it."""
        self._totals.note_hot(key, share)

    def stop(self, site: str) -> None:
        """End the gateway and print the summary; harmless when repeated."""
        if self._stopped_at is not None:
            return
        self._stopped_at = site
        self._gateway.stop()
        if self._totals.jobs:
            self._console.write_line(self._totals.line(time.monotonic() - self._started))

    def _ask_partitions(self, node: SourceNode) -> int:
        known = self._text_partitions.get(node)
        if known is None:
            plan = build_plan(node, COLLECT, "getNumPartitions", node.site, self.properties)
            known = int(self._with_connection(lambda data: data.partitions(plan.to_bytes())))
            self._text_partitions[node] = known
        return known

    def _run(
        self,
        node: Node,
        action: tuple[str, dict[str, Any]],
        name: str,
        partitions: Sequence[int],
        result: Collected | Spool,
        stop: Stop | None = None,
    ) -> None:
        self.require_running()
        site, state = call_site(), self._lineages.state()
        notes = PlanNotes(self._shuffle_ids, self.markers)
        properties = {**self.environment, **self.properties}
        plan = build_plan(node, action, name, site, properties, partitions, self._levels, state.known, notes)
        answer = self._send(plan, result, stop)
        if answer is None:  # another thread has unpersisted what the plan only names
            self._lineages.clear()
            plan = build_plan(node, action, name, site, properties, partitions, self._levels, (), notes)
            answer = self._send(plan, result, stop)
        if answer is None:
            raise InternalError(f"The gateway does not know the lineage that {name} at {site} needs.", "", 7)
        self._lineages.sent(plan, state, self._levels)
        for block in plan.blocks.values():
            block.chunks = None
        self._totals.add(answer.get("stats") or {})
        for line in self._totals.leave_out(answer.get("leftOut") or {}):
            self._console.write_line(line)
        self.checkpoints.make(node, self)

    def _send(self, plan: Plan, result: Collected | Spool, stop: Stop | None) -> dict[str, Any] | None:
        """Run a plan; None if it names lineages that the gateway does not know."""
        encoded = plan.to_bytes()

        def run(data: DataSocket) -> dict[str, Any] | None:
            self._drop(data, plan)
            self._gateway.upload(data, _payloads(plan))
            try:
                with self._console.job() as progress, stop.stopping(data) if stop else contextlib.nullcontext():
                    return data.run(encoded, result.add, progress, result.again, apply_updates, result.raw)
            except Failure as failure:
                if failure.detail.get("kind") != "lineage":
                    raise
                return None

        answer: dict[str, Any] | None = self._with_connection(run)
        return answer

    def _with_connection(self, request: Callable[[DataSocket], Any]) -> Any:
        self.require_running()
        try:
            with self._gateway.connection() as data:
                return request(data)
        except Failure as failure:
            error = to_exception(failure)
        except WeftError as own:  # of an inline job, which this process checks itself
            error = for_pyspark(own)
        except (EOFError, ConnectionError, FileNotFoundError) as problem:
            self.require_running()
            error = InternalError(f"The Java process of Weft has ended: {problem}. Its messages stand above.", "", 7)
        raise error from None

    def _drop(self, data: DataSocket, plan: Plan) -> None:
        """Tell the gateway what is gone, which may be what another thread is about to need again: hence the lock."""
        shuffles: list[int] = []
        blocks: list[str] = []
        persisted: list[int] = []
        broadcasts: list[int] = []
        with self._lock:
            while self._persisted:
                persisted.append(self._persisted.popleft())
                forget_persisted(persisted[-1])
            for blob in plan.blobs.values():
                if blob not in self._held_blobs:
                    self._held_blobs.add(blob)
                    self._hold(blob)
            while self._dropped:
                gone = self._dropped.popleft()
                if isinstance(gone, int):
                    shuffles.append(gone)
                    continue
                if isinstance(gone, tuple):
                    broadcasts.extend(gone)
                    continue
                self._held[gone] -= 1
                if not self._held[gone]:
                    del self._held[gone]
                    if self._gateway.forget(gone):
                        blocks.append(gone)
            if shuffles or blocks or persisted:
                data.drop(shuffles, blocks, persisted)
            if broadcasts:
                data.forget(broadcasts, destroyed=True)


def _control_error(problem: Exception) -> Exception:
    """Make of a Py4J exception one that a person can read; others stay."""
    from py4j.protocol import Py4JError, Py4JJavaError

    if isinstance(problem, Py4JJavaError):
        java = problem.java_exception
        message = str(java.getMessage() or java.getClass().getName())
        if java.getClass().getName() == _UNREADABLE:
            return InputMissingError(f"{message} (at {call_site()})", "E02", 3)
        return InternalError(message, "", 7)
    if isinstance(problem, (Py4JError, OSError)):
        return InternalError(f"The Java process of Weft does not answer: {problem}. It may have ended.", "", 7)
    return problem


def _payloads(plan: Plan) -> dict[str, Iterable[bytes]]:
    payloads: dict[str, Iterable[bytes]] = {identity: (blob.data,) for identity, blob in plan.blobs.items()}
    for identity, block in plan.blocks.items():
        payloads[identity] = _chunks(block)
    return payloads


def _chunks(block: DataBlock) -> Iterable[bytes]:
    return () if block.chunks is None else block.chunks

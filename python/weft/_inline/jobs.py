"""Runs plans, stage after stage and task after task."""

from __future__ import annotations

import os
import shutil
import tempfile
import threading
import time
import weakref
from collections import deque
from collections.abc import Callable, Iterable
from functools import partial
from typing import Any, NamedTuple, Optional

from weft._datasocket import Failure
from weft._inline.connection import InlineConnection, Sink
from weft._inline.formats import format_parts
from weft._inline.gang import Gang
from weft._inline.history import InlineHistory
from weft._inline.inputs import text_splits
from weft._inline.interrupts import Cancelled, Interrupts
from weft._inline.outputs import TextOutput
from weft._inline.planning import BOUNDS, Layout, PlanNode, Stage, no_jvm, plan_stages, read_plan
from weft._inline.rejects import InlineRejects
from weft._inline.results import Result
from weft._inline.sequence import SequenceWriter, writes_bytes
from weft._inline.shuffles import Shuffles
from weft._inline.tasks import TaskPlace, Tasks
from weft._inline.trees import task_body
from weft.errors import DriverOnlyError
from weft.taskcontext import ADDRESSES, TaskContext

__all__ = ["InlineJobs"]

_SUMS = ("rowsIn", "bytesIn", "rowsOut", "bytesOut", "spilledBytes")
_SINKS = {"Collect": "result", "Drain": "none", "SaveText": "text", "SaveRecords": "pairs"}
_PROGRESS_SECONDS = 0.1
_KEPT_SPLITS = 256  # RDDs of text, whose files are not listed again
_PREFIX = "weft-inline-"
_KNOWN, _HELD = "io.weft.plan.Known", "io.weft.plan.Held"
OnBatch = Callable[[int, list[Any]], None]
OnProgress = Callable[[dict[str, Any]], None]
OnUpdates = Callable[[bytes], None]
OnBytes = Callable[[memoryview], None]


class Told(NamedTuple):
    """Who hears of a job, and who may end it."""

    batch: OnBatch
    progress: OnProgress
    updates: OnUpdates
    raw: OnBytes | None
    """Gets results as bytes, instead of ``batch``."""
    is_stopped: Callable[[], bool]


class InlineJobs:
    """The jobs of one context; one runs at a time, others wait.

    Parameters
    ----------
    memory : int
        Bytes that a task may hold before it spills.
    environment : dict
        Variables that tasks find.
    most_bytes : int
        Bytes that a job may bring to the driver; 0: any number.
    split_bytes : int
        Up to what size small files share a partition.
    ignore_corrupt : bool
        The rest of a damaged file is left out; else it fails its task.
    validate_output : bool
        A plain save fails where its folder exists; else it puts its files among those that are there.
    properties : dict, optional
        Local properties of every task.
    """

    def __init__(
        self,
        memory: int,
        environment: dict[str, str],
        most_bytes: int,
        split_bytes: int,
        *,
        ignore_corrupt: bool = False,
        validate_output: bool = True,
        properties: Optional[dict[str, str]] = None,
    ) -> None:
        _remove_remains()
        self.folder = tempfile.mkdtemp(prefix=f"{_PREFIX}{os.getpid()}-")
        self._end = weakref.finalize(self, shutil.rmtree, self.folder, True)
        self.files = os.path.join(self.folder, "files")
        os.mkdir(self.files)
        self.blocks: dict[str, bytes] = {}
        self._properties = properties or {}
        self.history = InlineHistory()
        self._shuffles = Shuffles()
        self._splits: dict[int, list[Any]] = {}
        self._cancelled = False
        self._is_stopped: Callable[[], bool] = bool
        self._running: dict[str, str] = {}
        self._most_bytes = most_bytes
        self._split_bytes = split_bytes
        self._ignore_corrupt = ignore_corrupt
        self._validate_output = validate_output
        self._skipped = 0  # hidden files that no job has told of yet
        self._connection = connection = InlineConnection(self.blocks, self._shuffles, self._is_cancelled)
        self._interrupts = Interrupts(self._is_cancelled)
        self._tasks = Tasks(connection, memory, self.folder, self.files, environment, self._interrupts)
        self._apart = lambda stopped: self._tasks_apart(memory, environment, stopped)
        self._lock = threading.Lock()
        self._gone: deque[int] = deque()  # RDDs that are persisted no more
        self._persisted: dict[int, int] = {}  # how many partitions persisted RDDs have
        self._owners: set[int] = set()  # threads that run the job and its tasks
        self._application = f"inline_{os.getpid()}_{id(self)}"
        self._count = 0
        self._stages = 0

    def close(self) -> None:
        """Remove all files."""
        self._end()

    def put(self, identity: str, chunks: Iterable[bytes]) -> None:
        """Keep a block."""
        self.blocks[identity] = b"".join(chunks)

    def drop_block(self, identity: str) -> None:
        """Forget a block."""
        self.blocks.pop(identity, None)

    def drop_shuffle(self, rdd: int) -> None:
        """Forget what the maps of a shuffle have written."""
        self._shuffles.drop(rdd)

    def drop_cached(self, rdd: int) -> None:
        """Forget what is kept of a persisted RDD; not under a job, whose tasks may not know how to compute it."""
        self._gone.append(rdd)
        if self._lock.acquire(blocking=False):
            try:
                self._drop_gone()
            finally:
                self._lock.release()

    def _drop_gone(self) -> None:
        while self._gone:
            rdd = self._gone.popleft()
            self._persisted.pop(rdd, None)
            self._shuffles.drop_kept(rdd)

    def cached_partitions(self, rdd: int) -> int:
        """How many partitions of a persisted RDD are kept."""
        return self._shuffles.count_kept(rdd)

    def cancel(self, group: str | None) -> None:
        """Cancel the running job, if it is of that group; None: whatever it is. May be called from any thread."""
        if self._running and (group is None or self._running.get("weft.job.group") == group):
            self._cancelled = True
            self._interrupts.interrupt()

    def cancel_tag(self, tag: str) -> None:
        """Cancel the running job, if it has that tag. May be called from any thread."""
        if self.history.active_with(tag):
            self._cancelled = True
            self._interrupts.interrupt()

    def stopped(self) -> None:
        """Who runs a job may have given it up. May be called from any thread."""
        self._interrupts.interrupt()

    def _is_cancelled(self) -> bool:
        return self._cancelled or self._is_stopped()

    def partitions(self, encoded: bytes) -> int:
        """How many partitions the plan's result node has."""
        plan = read_plan(encoded)
        return self._layout(plan).partitions(plan["result"])

    def run(self, encoded: bytes, told: Told) -> dict[str, Any]:
        """Run a job as :meth:`weft._datasocket.DataSocket.run` does.

        Raises
        ------
        Failure
            If it failed, or was cancelled.
        DriverOnlyError
            If a function of the user's asks for it.
        """
        if threading.get_ident() in self._owners:
            raise DriverOnlyError("A function that runs in a task starts a job; only the driver can.", "E05")
        with self._lock:
            self._drop_gone()
            plan = read_plan(encoded)
            self._hold_known(plan)
            self._owners.add(threading.get_ident())
            self._running = {**plan["properties"], "": "running"}
            self._cancelled = False
            self._is_stopped = told.is_stopped
            number = self._count
            self._count += 1
            self.history.started(number, plan["properties"])
            succeeded = False
            try:
                stats = self._run(plan, number, told)
                succeeded = True
                return stats
            except Cancelled:
                detail = {"code": "", "exit": 1, "kind": "cancelled", "message": f"{plan['name']} was cancelled."}
                raise Failure(detail, b"") from None
            finally:
                self.history.finished(number, succeeded)
                self._running = {}
                self._is_stopped = bool
                self._owners.clear()

    def _tasks_apart(self, memory: int, environment: dict[str, str], stopped: Callable[[], bool]) -> Tasks:
        """What a worker of its own would be, for a task that takes turns with others."""
        connection = InlineConnection(self.blocks, self._shuffles, lambda: self._is_cancelled() or stopped())
        connection.on_reject = self._connection.on_reject
        return Tasks(connection, memory, self.folder, self.files, environment, self._interrupts)

    def _layout(self, plan: dict[str, Any]) -> Layout:
        return Layout(plan, lambda node: len(self._text_splits(node)), self._shuffles.count_kept)

    def _hold_known(self, plan: dict[str, Any]) -> None:
        """Have persisted RDDs that the plan only names read as they are kept; the driver sends all if some are not."""
        for node in plan["nodes"]:
            if node["kind"][0] == _KNOWN:
                count = self._persisted.get(node["rdd"], -1)
                if self._shuffles.count_kept(node["rdd"]) != count:
                    message = f"RDD {node['rdd']} is not kept."
                    raise Failure({"code": "", "exit": 7, "kind": "lineage", "message": message}, b"")
                node["kind"] = (_HELD, {"partitions": count})

    def _check_held(self, layout: Layout) -> None:
        for node in layout.nodes:
            if node.kind == "Held" and self._shuffles.count_kept(node.rdd) < node.body["partitions"]:
                message = (
                    f"RDD {node.rdd} ({node.name} at {node.site}) was checkpointed locally, and unpersisted since.\n"
                    "Use rdd.checkpoint(), which writes files, where that may happen."
                )
                raise Failure({"code": "", "exit": 1, "kind": "external", "message": message}, b"")

    def _text_splits(self, node: PlanNode) -> list[Any]:
        """The splits of a TextSource or FormatSource; files are looked at once, as PySpark does."""
        found = self._splits.get(node.rdd)
        if found is None and node.kind == "FormatSource":
            found = self._splits[node.rdd] = format_parts(node)
        elif found is None:
            site = f"{node.name} at {node.site}"
            most = self._split_bytes if node.body["combine"] else 0
            least, raw, whole = node.body["minPartitions"], node.body["raw"], node.body["whole"]
            found, skipped = text_splits(node.body["paths"], least, most, site, raw=raw, whole=whole)
            self._splits[node.rdd] = found
            self._skipped += skipped
            while len(self._splits) > _KEPT_SPLITS:
                del self._splits[next(iter(self._splits))]
        return found

    def _run(self, plan: dict[str, Any], number: int, told: Told) -> dict[str, Any]:
        started = time.monotonic()
        action, body = plan["action"]
        action = action.rpartition(".")[2]
        site = f"{plan['name']} at {plan['site']}"
        if action in ("SaveText", "SaveRecords") and body.get("mode", "error") == "error" and not self._validate_output:
            body = {**body, "mode": "merge"}
        output = _output(action, body, site)
        sums: dict[str, Any] = dict.fromkeys(_SUMS, 0)
        sums.update(tasks=0, retries=0, border=0, compiled=True, peakRss=0)
        rejects = InlineRejects(plan, self.folder)
        self._connection.on_reject = rejects.write
        left_out: dict[str, str] | None = {} if self._ignore_corrupt else None
        self._connection.left_out = left_out
        try:
            layout = self._layout(plan)
            self._check_held(layout)
            stages = plan_stages(plan, layout, self._shuffles.is_written)
            for node in layout.nodes:
                if node.kind == "Cached":
                    self._persisted[node.rdd] = layout.partitions(node.index)
            self.history.planned(number, self._stages, stages)
            of = _Of(self.history, number, sums, told)
            job = _Job(self._tasks, self._shuffles, layout, self._text_splits, self._most_bytes, of)
            job.rejects = rejects
            job.gangs = _Gangs(self._apart, self._owners, self._interrupts)
            for position, stage in enumerate(stages, 1):
                job.begin_stage(self._stages, {**plan["properties"], **self._properties})
                self._stages += 1
                sink = "bytes" if body.get("raw") else _SINKS[action]
                job.run_stage(stage, position, len(stages), sink, output)
            rejects.end(self._application)
            if output is not None:
                output.commit()
        except BaseException:
            if output is not None:
                output.abort()
            raise
        finally:
            rejects.close()
        sums["rejectedRecords"] = rejects.total
        sums["stages"] = len(stages)
        sums["skippedFiles"], self._skipped = self._skipped, 0
        sums["wallMillis"] = int((time.monotonic() - started) * 1000)
        return {"job": number, "stats": sums, "leftOut": left_out or {}}


def _output(action: str, body: dict[str, Any], site: str) -> TextOutput | None:
    """Begin a save."""
    if action == "SaveRecords":
        if body["path"] is None or not writes_bytes(body["format"]):
            raise no_jvm(site)
        mode = body.get("mode", "error")
        files = {"path": body["path"], "codec": None, "suffix": "", "targetBytes": 0, "byKey": False, "mode": mode}
        return TextOutput(files, site)
    return TextOutput(body, site) if action == "SaveText" else None


def _remove_remains() -> None:
    """Remove what processes of this user have left that were killed."""
    for entry in os.scandir(tempfile.gettempdir()):
        owner = entry.name[len(_PREFIX) :].partition("-")[0] if entry.name.startswith(_PREFIX) else ""
        if owner.isdigit() and entry.stat(follow_symlinks=False).st_uid == os.getuid():
            try:
                os.kill(int(owner), 0)
            except ProcessLookupError:
                shutil.rmtree(entry.path, ignore_errors=True)


class _Of(NamedTuple):
    """What a job's tasks are of."""

    history: InlineHistory
    job: int
    sums: dict[str, Any]
    told: Told


class _Gangs(NamedTuple):
    """How tasks are run that take turns: each with ``make``'s, in threads that note themselves."""

    make: Callable[[Callable[[], bool]], Tasks]
    threads: set[int]
    interrupts: Interrupts


class _Where(NamedTuple):
    """A stage on its way: its place among the job's, and where its records go."""

    stage: Stage
    position: int
    sink: str
    output: TextOutput | None


class _Job:
    """The stages of one job."""

    def __init__(
        self,
        tasks: Tasks,
        shuffles: Shuffles,
        layout: Layout,
        splits: Callable[[PlanNode], list[Any]],
        most_bytes: int,
        of: _Of,
    ) -> None:
        self._tasks = tasks
        self._shuffles = shuffles
        self._layout = layout
        self._splits = splits
        self._sums = of.sums
        self._most_bytes = most_bytes
        self._of = of
        self._result_bytes = 0
        self.rejects: InlineRejects
        self.gangs: _Gangs
        self._told = time.monotonic()

    def begin_stage(self, number: int, properties: dict[str, str]) -> None:
        """Note the next stage's number in the application, and the properties of the thread that runs the job."""
        self._stage = number
        self._properties = properties

    def run_stage(
        self,
        stage: Stage,
        position: int,
        of: int,
        result_sink: str,
        output: TextOutput | None,
    ) -> None:
        """Run every task of a stage, in order; those of a barrier stage in turns."""
        if stage.shuffle is not None and not stage.bounds:
            self._shuffles.drop(stage.shuffle.rdd)  # what a failed job has left of it
        where = _Where(stage, position, result_sink, output)
        if stage.barrier:
            self._run_gang(where)
        else:
            for done, partition in enumerate(stage.partitions):
                self._tell(stage, position, of, done)
                sink = partial(self._take, Result(partition, self._of.told))
                self._ended(stage, self._task(self._tasks, where, partition, sink))
        if stage.shuffle is not None and (stage.bounds or stage.shuffle.body["writer"] != "range"):
            self._shuffles.complete(stage.shuffle.rdd)

    def _run_gang(self, where: _Where) -> None:
        """Run the tasks of a barrier stage; the driver hears of them when all have succeeded."""
        stage = where.stage
        kept: list[list[bytes]] = [[] for _ in stage.partitions]
        gang: Gang

        def work(partition: int) -> Any:
            tasks = self.gangs.make(lambda: gang.cancelled)
            return self._task(tasks, where, partition, lambda data: kept[partition].append(bytes(data)))

        works = [partial(work, partition) for partition in stage.partitions]
        gang = Gang(f"{stage.name} at {stage.site}", works, self.gangs.threads, self.gangs.interrupts)
        for partition, finished in zip(stage.partitions, gang.run()):
            result = Result(partition, self._of.told)
            for data in kept[partition]:
                self._take(result, memoryview(data))
            self._ended(stage, finished)

    def _task(self, tasks: Tasks, where: _Where, partition: int, sink: Sink) -> dict[str, Any]:
        """Run one task; gives the object of its DONE frame."""
        stage, output, count = where.stage, where.output, len(where.stage.partitions)
        self.rejects.partition = partition
        place = TaskPlace(where.position, stage.name, stage.site, partition, count)
        properties = self._properties
        if stage.barrier:
            properties = {**properties, ADDRESSES: ",".join(["localhost:0"] * count)}
        TaskContext._enter({"stage": self._stage, "partition": partition, "attempt": 0, "properties": properties})
        self._of.history.began(self._of.job, self._stage)
        body = task_body(self._layout, self._splits, stage, partition, where.sink, self._shuffles.is_kept)
        if stage.shuffle is not None:
            return tasks.run(body, place, _nowhere)
        if output is None:
            return tasks.run(body, place, sink)
        with output.open(partition) as part:
            body.sink.update(target=output.target_bytes, byKey=output.by_key)
            write = SequenceWriter(part.write).feed if where.sink == "pairs" else part.write
            return tasks.run(body, place, write, part.place)

    def _ended(self, stage: Stage, finished: dict[str, Any]) -> None:
        """Note what a task has made; called in the order of the tasks."""
        if stage.shuffle is not None:
            written = stage.shuffle.rdd | BOUNDS if stage.bounds else stage.shuffle.rdd
            self._shuffles.add(written, finished["mapOutput"]["path"])
        self._add(finished)
        self._of.history.ended(self._of.job, self._stage)

    def _take(self, result: Result, data: memoryview) -> None:
        self._result_bytes += len(data)
        if 0 < self._most_bytes < self._result_bytes:
            message = (
                f"The action would bring more than {self._most_bytes:,} bytes to the driver "
                "(weft.driver.maxResultSize). Use take(n) or saveAsTextFile, or raise it."
            )
            raise Failure({"code": "E20", "exit": 1, "kind": "resources", "message": message}, b"")
        task = TaskContext.get()
        TaskContext._taskContext = None  # what a result holds is unpickled for the driver
        try:
            result.feed(data)
        finally:
            TaskContext._taskContext = task

    def _add(self, finished: dict[str, Any]) -> None:
        self._shuffles.keep(finished["kept"])
        self.rejects.add(finished["rejects"])
        self._sums["tasks"] += 1
        self._sums["compiled"] &= finished["compiled"]
        for name in _SUMS:
            self._sums[name] += finished[name]
        if finished["updates"]:
            self._of.told.updates(finished["updates"])

    def _tell(self, stage: Stage, position: int, of: int, done: int) -> None:
        if time.monotonic() - self._told < _PROGRESS_SECONDS:
            return
        self._told = time.monotonic()
        told = {"id": position, "position": position, "of": of, "name": stage.name, "site": stage.site}
        told |= {"tasks": len(stage.partitions), "done": done, "running": 1, "failed": 0}
        self._of.told.progress({"job": 0, "stages": [told], "waiting": None})


def _nowhere(_data: memoryview) -> None:
    """Map tasks send no bytes to the driver."""

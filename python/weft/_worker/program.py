"""A task's tree of nodes to an iterator of its records."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from weft._batches import Batch, dump_records
from weft._ops import native
from weft._ops.batching import in_lists
from weft._ops.cogroup import cogroup
from weft._ops.external import ExternalCombiner
from weft._ops.group import group
from weft._ops.kept import all_pairs, zipped
from weft._ops.pipeline import FUSED, Step, fuse
from weft._ops.scope import TaskScope
from weft._ops.sort import choose_ranges, load_header, make_bounds, read_sorted
from weft._ops.tables import make_table
from weft._worker.blobs import Blobs
from weft._worker.files import WholeFiles
from weft._worker.guard import Guard
from weft._worker.mapoutput import keep
from weft._worker.rawfiles import FileSplit, RawInput
from weft._worker.streams import InputStream, Streams
from weft._worker.text import TextLines
from weft.accumulators import apart
from weft.taskcontext import TaskContext

__all__ = ["BlobImportError", "Program"]

Node = dict[str, Any]
Blocks = Iterable[Iterable[Any]]
Columns = tuple[list[Any], list[Any]]
_PAIRS_AT_ONCE = 4096
SERIALIZER, PROFILE = "serializer", "profile"
_MARKS = frozenset({SERIALIZER, PROFILE})
"""Steps that do nothing to records, see worker/PROTOCOL.md."""


class BlobImportError(Exception):
    """A function could not be unpickled here because a module is missing."""


class Program:
    """Builds the iterators of one task and remembers what an error report needs of them.

    `steps` are all steps of the task with their functions; `pipelines` the compiled fused pipelines, which know the
    record they work on; `texts` the inputs that are files.
    """

    def __init__(self, streams: Streams, blobs: Blobs, scope: TaskScope) -> None:
        self._streams = streams
        self._blobs = blobs
        self.scope = scope
        self.steps: list[Step] = []
        self.pipelines: list[tuple[Any, list[Step]]] = []
        self.texts: list[TextLines | RawInput | WholeFiles] = []
        self.inputs: list[InputStream | RawInput] = []
        self.guards: list[Guard] = []

    def run(self, tree: Node, consume: Callable[[Iterator[Any]], Any]) -> Any:
        """Give the records of the task to ``consume``, and what that gives back; as the marks of the tree say.

        Raises
        ------
        BlobImportError
            If a module is missing that a function needs.
        """
        try:
            self.scope.serializer = self._mark(tree, SERIALIZER)
            profiler = self._mark(tree, PROFILE)
        except ImportError as error:
            raise BlobImportError(str(error)) from error
        done: list[Any] = []

        def work() -> None:
            try:
                records = self.records(tree)
            except ImportError as error:
                raise BlobImportError(str(error)) from error
            done.append(consume(records))

        if profiler is None:
            work()
        else:
            profiler.profile(work)
        return done[0]

    def _mark(self, node: Node, op: str) -> Any:
        """What the marks at the end of a node's steps say of this, None if they say nothing; the innermost counts."""
        found = None
        at: Node | None = node
        while at is not None and at["op"] in ("pipeline", "cached"):
            for step in reversed(at.get("steps", ())):
                if step["op"] not in _MARKS:
                    return found
                if step["op"] == op:
                    found = self._blobs.load(step["fn"])()
            at = at.get("in")  # none where a task only reads what is kept
        return found

    def records(self, node: Node) -> Iterator[Any]:
        """The records of a node, lazily."""
        return itertools.chain.from_iterable(self._blocks(node))

    def _blocks(self, node: Node) -> Blocks:
        op = node["op"]
        if op == "pipeline":
            return (self._pipeline(node),)
        if op == "input":
            return self._input(node)
        if op == "shuffle":
            return self._shuffle(node)
        if op == "range":
            numbers = range(int(node["start"]), int(node["stop"]), int(node["step"]))
            self.scope.rows_in += len(numbers)
            return (numbers,)
        if op == "concat":
            return itertools.chain.from_iterable(self._blocks(child) for child in node["in"])
        if op == "cogroup":
            return (cogroup([self._columns(child) for child in node["in"]], *self._memory()),)
        if op == "zip":
            return zipped(node["index"], *map(self.records, node["in"]))
        if op == "cartesian":
            left, right = map(self.records, node["in"])
            return all_pairs(left, right, self.scope, self.scope.gauge)
        if op == "cached":
            return self._cached(node)
        if op == "empty":
            return ()
        raise ValueError(f"unknown node {op!r}")

    def _memory(self) -> tuple[TaskScope, Any, int]:
        return self.scope, self.scope.gauge, self.scope.budget

    def _pipeline(self, node: Node) -> Iterator[Any]:
        steps = [self._step(step) for step in node["steps"] if step["op"] not in _MARKS]
        blocks: Blocks = self._blocks(node["in"])
        for fused, run in itertools.groupby(steps, key=lambda step: step.op in FUSED):
            if fused:
                blocks = (self._fuse(blocks, list(run)),)
            else:
                for step in run:
                    records = itertools.chain.from_iterable(blocks)
                    assert step.function is not None
                    blocks = (step.function(node["index"], records),)
        return iter(itertools.chain.from_iterable(blocks)) if len(steps) == 0 else iter(next(iter(blocks)))

    def _fuse(self, blocks: Blocks, steps: list[Step]) -> Iterator[Any]:
        compiled = native.module()
        if compiled is None:
            return fuse(blocks, steps)
        pipeline = compiled.Pipeline(iter(blocks), tuple((step.op, step.function) for step in steps))
        self.pipelines.append((pipeline, steps))
        iterator: Iterator[Any] = pipeline
        return iterator

    def _step(self, spec: Node) -> Step:
        digest = spec.get("fn")
        op, function = spec["op"], self._blobs.load(digest) if digest else None
        if spec.get("errors") and function is not None:
            guard = Guard(op, function, json.loads(spec["errors"]), self._streams.connection, self._locate)
            self.guards.append(guard)
            op, function = "flatMap", guard
        step = Step(op, function, spec.get("name", ""), spec.get("site", ""))
        self.steps.append(step)
        return step

    def _locate(self) -> tuple[str, int] | None:
        """File and byte of the line read last, if the task reads text."""
        return self.texts[-1].locate() if self.texts else None

    def rejects(self) -> list[dict[str, Any]]:
        """What DONE says of steps that may reject records."""
        return [guard.report() for guard in self.guards]

    def _open(self, number: int, request: dict[str, Any]) -> InputStream:
        stream = self._streams.open(number, request)
        self.inputs.append(stream)
        return stream

    def _input(self, node: Node) -> Blocks:
        if node["kind"] == "raw":
            return (self._raw(node),)
        stream = self._open(node["stream"], {})
        if node["kind"] == "text":
            text = TextLines(stream, bool(node.get("unicode", True)), self.scope.count_in)
            self.texts.append(text)
            TaskContext._reads(text.locate)
            return text
        if node["kind"] == "files":
            files = WholeFiles(stream, self.scope.count_in)
            self.texts.append(files)
            TaskContext._reads(files.locate)
            return files
        return (batch.records() for batch in self._counted(stream.batches()))

    def _raw(self, node: Node) -> Iterator[FileSplit]:
        """The splits of a raw input, for the step that reads their format."""
        source = RawInput(self._streams, node["stream"])
        self.inputs.append(source)
        self.texts.append(source)
        TaskContext._reads(source.locate)
        for file, part in enumerate(node["files"]):
            start = part["start"]
            yield FileSplit(source, self.scope, file, part["path"], start, start + part["length"])

    def _cached(self, node: Node) -> Iterator[Iterable[Any]]:
        """A persisted partition: from where it is kept, else computed, kept, and read from there."""
        stream = self._open(node["stream"], {"all": 0})
        for batch in self._counted(stream.batches()):
            yield batch.records()
        if stream.missing:  # never if the task was not told how to compute it
            coded = dump_records(self.records(node["in"]), self._mark(node["in"], SERIALIZER))
            made = apart((node["rdd"], node["partition"]), coded)
            for batch in keep(made, self.scope, node["rdd"], node["partition"]):
                yield batch.records()

    def _counted(self, batches: Iterator[Batch]) -> Iterator[Batch]:
        for batch in batches:
            self.scope.rows_in += batch.count
            yield batch

    def _shuffle(self, node: Node) -> Blocks:
        mode = node["mode"]
        if mode == "sorted":
            return self._sorted(node)
        if mode == "bounds":
            headers = (load_header(batch.whole()) for batch in self._part(node, 0))
            return ((make_bounds(headers, node["partitions"]),),)
        if mode in ("plain", "values"):
            return (batch.records() for batch in self._part(node, node["partition"]))
        if mode == "group":
            return (group(self._columns(node), *self._memory()),)
        if mode == "combine":
            return self._combined(node)
        raise ValueError(f"unknown shuffle mode {mode!r}")

    def _part(self, node: Node, partition: int) -> Iterator[Batch]:
        return self._counted(self._open(node["stream"], {"all": partition}).batches())

    def _columns(self, node: Node) -> Iterator[Columns]:
        """A node of pairs as columns."""
        if node["op"] == "shuffle" and node["mode"] in ("plain", "group"):
            return (batch.columns() for batch in self._part(node, node["partition"]))
        return pair_columns(self.records(node))

    def _combined(self, node: Node) -> Iterator[Iterable[Any]]:
        merge = self._blobs.load(node["merge"])
        if node["combined"]:
            table = make_table(None, merge)
        else:
            table = make_table(self._blobs.load(node["create"]), self._blobs.load(node["value"]))
        combiner = ExternalCombiner(self.scope, self.scope.gauge, table)
        for batch in self._part(node, node["partition"]):
            combiner.add(*batch.columns())
        for keys, values in combiner.results():
            yield zip(keys, values)

    def _sorted(self, node: Node) -> Iterator[Iterable[Any]]:
        partition, ascending = node["partition"], node["ascending"]
        bounds_stream = self._open(node["bounds"], {"all": 0})
        (bounds,) = [record["bounds"] for batch in bounds_stream.batches() for record in batch.records()]
        headers = (load_header(batch.whole()) for batch in self._open(node["stream"], {"all": 0}).batches())
        ranges = choose_ranges(headers, bounds, partition, ascending=ascending)
        parts = [[item.map, item.start, item.stop] for item in ranges]
        batches = self._counted(self._open(node["stream"], {"parts": parts}).batches()) if parts else iter(())
        blocks = ([batch.records()] if item_is_records(batch) else list(batch.columns()) for batch in batches)
        return read_sorted(
            ranges, blocks, bounds, partition, ascending=ascending, scope=self.scope, gauge=self.scope.gauge
        )


def item_is_records(batch: Batch) -> bool:
    """Whether a block of a run holds records that are their own keys."""
    return batch.kind not in (2, 5)


def pair_columns(pairs: Iterator[Any]) -> Iterator[Columns]:
    """Pairs to columns, some thousand at a time."""
    for some in in_lists(pairs, _PAIRS_AT_ONCE):
        yield [pair[0] for pair in some], [pair[1] for pair in some]

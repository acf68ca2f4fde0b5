"""Runs one task after another with the worker's own operators."""

from __future__ import annotations

import itertools
import os
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from weft import accumulators, broadcast
from weft._datasocket import Failure
from weft._inline.connection import InlineConnection, OnPart, Sink
from weft._inline.interrupts import Cancelled, Interrupts
from weft._inline.trees import TaskBody
from weft._ops import native
from weft._ops.memory import private_bytes
from weft._ops.scope import TaskScope, enter
from weft._worker.blobs import Blobs
from weft._worker.failures import describe
from weft._worker.main import no_end_of_data
from weft._worker.program import Program
from weft._worker.sinks import Sinks
from weft._worker.streams import Streams
from weft.taskcontext import TaskContext

__all__ = ["TaskPlace", "Tasks"]

_CODES = {"user": ("E01", 1), "key": ("E22", 1), "import": ("E06", 4), "memory": ("E09", 1)}
_CODES |= {"input": ("E21", 1), "budget": ("E26", 1)}


_numbers = itertools.count(1)


class _Variables:
    """Environment variables of tasks.

    Tasks of a barrier stage overlap: the last to end brings back what was before the first.
    """

    def __init__(self) -> None:
        self._inside = 0
        self._before: dict[str, str | None] = {}

    @contextmanager
    def of_a_task(self, environment: Mapping[str, str]) -> Iterator[None]:
        """Set them for as long as a task runs."""
        if self._inside == 0:
            self._before = {name: os.environ.get(name) for name in environment}
        self._inside += 1
        os.environ.update(environment)
        try:
            yield
        finally:
            self._inside -= 1
            if self._inside == 0:
                self._restore()

    def _restore(self) -> None:
        for name, value in self._before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


_variables = _Variables()


class TaskPlace:
    """Which task it is, in the words of an error message: ``stage 2 (flatMap, etl.py:58), task 17 of 240``."""

    def __init__(self, stage: int, name: str, site: str, task: int, of: int) -> None:
        self.stage, self.name, self.site, self.task, self.of = stage, name, site, task, of


class Tasks:
    """What a worker keeps between tasks.

    Parameters
    ----------
    connection : InlineConnection
    memory : int
        Bytes that a task may hold before it spills.
    folder : str
        For spill files and map outputs.
    files : str
        Where addFile puts files.
    environment : mapping
        Variables that tasks find.
    interrupts : Interrupts
        How what is at work ends when its job is cancelled.
    """

    def __init__(
        self,
        connection: InlineConnection,
        memory: int,
        folder: str,
        files: str,
        environment: Mapping[str, str],
        interrupts: Interrupts,
    ) -> None:
        self._connection = connection
        self._memory = memory
        self._folder = folder
        self._environment = {**environment, "WEFT_FILES": files}
        self._interrupts = interrupts
        self._streams = Streams(connection)
        self._blobs = Blobs(self._streams)

    def run(self, body: TaskBody, place: TaskPlace, sink: Sink, on_part: OnPart | None = None) -> dict[str, Any]:
        """Run one task; gives the object of its DONE frame.

        Raises
        ------
        Failure
            If it failed, or its sink wants no more.
        Cancelled
            If its job was cancelled.
        """
        self._connection.begin(body.inputs, sink, on_part)
        self._streams.start_task()
        self._blobs.start_task()
        scope = TaskScope(self._memory, [self._folder], private_bytes())
        scope.output_dirs = [self._folder]
        program: Program | None = None
        enter(scope)
        accumulators.start_task(in_driver=True)
        if broadcast.any_stale():
            self._blobs.clear()
        try:
            with _variables.of_a_task(self._environment):
                program = working = Program(self._streams, self._blobs, scope)
                done = self._interrupts.run(lambda: self._execute(working, scope, body))
                scope.succeeded = True
                return done
        except (Cancelled, KeyboardInterrupt):
            self._blobs.clear()  # the exception may have come in the midst of it
            raise
        except Failure:
            raise
        except BaseException as raised:  # whatever the user's code raises is the task's failure
            failure = _failure(no_end_of_data(raised), program, place)
        finally:
            scope.close()
            accumulators.end_task()
            TaskContext._enter(None)
            enter(None)
            sys.stdout.flush()
        raise failure

    def _execute(self, program: Program, scope: TaskScope, body: TaskBody) -> dict[str, Any]:
        started = time.process_time()
        task = {
            "output": [self._folder],
            "mapId": f"inline-{next(_numbers)}",
            "partition": 0,
            "attempt": 0,
            "memory": self._memory,
        }
        sinks = Sinks(self._connection, self._blobs, scope, task)
        output = program.run(body.tree, lambda records: sinks.run(body.sink, records))
        return {
            "rowsIn": scope.rows_in,
            "bytesIn": sum(stream.bytes for stream in program.inputs),
            "rowsOut": scope.rows_out,
            "bytesOut": scope.bytes_out,
            "spilledBytes": scope.spilled_bytes,
            "cpuMillis": int((time.process_time() - started) * 1000),
            "compiled": native.module() is not None,
            "mapOutput": output,
            "updates": accumulators.take_updates(),
            "kept": scope.kept,
            "rejects": program.rejects(),
        }


def _failure(error: BaseException, program: Program | None, place: TaskPlace) -> Failure:
    report, pickled = describe(error, program)
    code, exit_code = _CODES.get(report["kind"], ("", 7))
    cause = report.get("cause") or {}
    step = report.get("step") or {}
    lines = []
    if code != "E01":
        lines.append(str(cause.get("message") or report["message"]))
    if report.get("record"):
        count = report["recordLength"]
        read = report["input"]
        where = f"  of {read['path']}, after byte {read['offset']:,}" if read else ""
        lines.append(f"record: {report['record']} ({count:,} character{'' if count == 1 else 's'}){where}")
    elif report.get("input") and code != "E21":
        lines.append(f"input: {report['input']['path']}, after byte {report['input']['offset']:,}")
    name, site = step.get("name") or place.name, step.get("site") or place.site
    lines.append(f"stage {place.stage} ({name}, {site}), task {place.task} of {place.of}")
    detail = {
        "code": cause.get("code") or code,
        "exit": exit_code,
        "kind": report["kind"],
        "message": "\n".join(lines),
        "error": report,
        "stage": place.stage,
        "task": place.task,
        "of": place.of,
        "attempts": 1,
        "hosts": [],
        "name": name,
        "site": site,
        "jvm": None,
    }
    return Failure(detail, pickled)

"""A gateway in this process: speaks the data socket and runs plans in plain Python, a partition at a time."""

from __future__ import annotations

import functools
import glob
import io
import itertools
import json
import os
import pickle
import secrets
import shutil
import socket
import struct
import tempfile
import threading
from collections.abc import Iterable
from typing import Any

import cloudpickle
from fastavro import schemaless_reader

from weft._gateway import Answer, Gateway
from weft._ops import scope as scopes
from weft._ops.keys import portable_hash
from weft._ops.scope import TaskScope
from weft._plan import plan_schema
from weft._serializers import encode_batches, read_batches
from weft.resultiterable import ResultIterable

HEADER = struct.Struct(">IBBH")


class FakeJava:
    """The Py4J entry point; remembers what it was told."""

    def __init__(self) -> None:
        self.calls: list[tuple[Any, ...]] = []

    def __getattr__(self, name: str) -> Any:
        return lambda *arguments: self.calls.append((name, *arguments))


class FakeGateway:
    """Serves one context; ``plans`` has every plan that ran, ``blocks`` what was uploaded, ``dropped`` what is gone."""

    def __init__(self) -> None:
        self.folder = tempfile.mkdtemp(prefix="weft-fake-")
        self.token = secrets.token_hex(32)
        self.java = FakeJava()
        self.blocks: dict[str, bytes] = {}
        self.plans: list[dict[str, Any]] = []
        self.dropped: list[Any] = []
        self.listened = socket.socket(socket.AF_UNIX)
        self.listened.bind(os.path.join(self.folder, "data.sock"))
        self.listened.listen()
        threading.Thread(target=self._accept, daemon=True).start()

    def gateway(self) -> Gateway:
        """Make the driver's end."""
        info = {
            "master": "local[4]",
            "name": "fake",
            "parallelism": 4,
            "minPartitions": 2,
            "startMillis": 1,
            "user": "me",
            "webUrl": None,
            "broadcasts": os.path.join(self.folder, "broadcasts"),
        }
        path = os.path.join(self.folder, "data.sock")
        made = Gateway(Answer(0, path, self.token, "local_1_1", info), None)
        made.java = lambda: self.java  # type: ignore[method-assign]
        made._stop_foreign = self.close  # type: ignore[method-assign]
        return made

    def close(self) -> None:
        self.listened.close()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self.listened.accept()
            except OSError:
                return
            threading.Thread(target=_Connection(self, connection).serve, daemon=True).start()


class _Connection:
    def __init__(self, gateway: FakeGateway, connection: socket.socket) -> None:
        self.gateway = gateway
        self.socket = connection
        self.file = connection.makefile("rb")

    def serve(self) -> None:
        with self.socket, self.file:
            kind, body = self._frame()
            if kind != 64 or json.loads(body)["token"] != self.gateway.token:
                return
            while True:
                try:
                    _, body = self._frame()
                except EOFError:
                    return
                payload = bytearray()
                while True:
                    kind, part = self._frame()
                    if kind == 67:
                        break
                    payload += part
                self._answer(json.loads(body), bytes(payload))

    def _frame(self) -> tuple[int, bytes]:
        header = self.file.read(8)
        if len(header) < 8:
            raise EOFError
        length, kind, _, _ = HEADER.unpack(header)
        return kind, self.file.read(length)

    def _send(self, kind: int, body: bytes) -> None:
        self.socket.sendall(HEADER.pack(len(body), kind, 0, 0) + body)

    def _json(self, kind: int, value: Any) -> None:
        self._send(kind, json.dumps(value).encode())

    def _answer(self, request: dict[str, Any], payload: bytes) -> None:
        if request["op"] == "has":
            self._json(70, {"missing": [i for i in request["ids"] if i not in self.gateway.blocks]})
        elif request["op"] == "drop":
            self.gateway.dropped += [*request["shuffles"], *request["blocks"]]
            for identity in request["blocks"]:
                del self.gateway.blocks[identity]
            self._json(70, {})
        elif request["op"] in ("link", "forget"):
            self._json(70, {})
        elif request["op"] == "put":
            self.gateway.blocks[request["id"]] = payload
            self._json(70, {"id": request["id"], "bytes": len(payload)})
        else:
            plan = schemaless_reader(io.BytesIO(payload), plan_schema(), None, return_record_name=True)
            run = _Run(plan, self.gateway.blocks)
            if request["op"] == "partitions":
                self._json(70, {"partitions": len(run.node(plan["result"]))})
                return
            if any(node["kind"][0] == "io.weft.plan.Known" for node in plan["nodes"]):
                self._fail({"code": "", "exit": 7, "kind": "lineage", "message": "this gateway keeps no lineages"}, b"")
                return
            self.gateway.plans.append(plan)
            self._run(plan, run)

    def _fail(self, detail: dict[str, Any], pickled: bytes) -> None:
        text = json.dumps(detail).encode()
        self._send(71, struct.pack(">I", len(text)) + text + pickled)

    def _run(self, plan: dict[str, Any], run: _Run) -> None:
        scope = TaskScope(1 << 30, [tempfile.gettempdir()])
        scopes.enter(scope)
        try:
            self._evaluate(plan, run)
        finally:
            scopes.enter(None)
            scope.close()

    def _evaluate(self, plan: dict[str, Any], run: _Run) -> None:
        try:
            result = run.node(plan["result"])
            wanted = plan["partitions"] or range(len(result))
            kind = plan["action"][0].rpartition(".")[2]
            for index in wanted:
                records = list(result[index]())
                if kind == "Collect":
                    self._json(68, {"index": index, "records": len(records)})
                    data = b"".join(encode_batches(records))
                    for start in range(0, len(data), 1000):
                        self._send(66, data[start : start + 1000])
                elif kind == "SaveText":
                    _save(plan["action"][1]["path"], index, records)
        except Exception as error:
            detail = {
                "code": "E01",
                "exit": 1,
                "kind": "user",
                "message": "record: 'x'\nstage 1 (map, x.py:1), task 0 of 2",
                "error": {"type": type(error).__name__, "module": "builtins", "message": str(error)},
            }
            self._fail(detail, cloudpickle.dumps(error))
            return
        self._json(70, {"job": 1, "stats": {"stages": 1, "tasks": len(list(wanted)), "compiled": True}})


class _Run:
    """Evaluates a plan; a partition is a function that gives its records."""

    def __init__(self, plan: dict[str, Any], blocks: dict[str, bytes]) -> None:
        self.nodes = plan["nodes"]
        self.blocks = blocks
        self.done: dict[int, list[Any]] = {}

    def node(self, index: int) -> list[Any]:
        if index not in self.done:
            kind, body = self.nodes[index]["kind"]
            self.done[index] = getattr(self, "_" + kind.rpartition(".")[2].lower())(body)
        return self.done[index]

    def _function(self, identity: str | None) -> Any:
        return None if identity is None else pickle.loads(self.blocks[identity])

    def _textsource(self, body: dict[str, Any]) -> list[Any]:
        paths = [p for pattern in body["paths"].split(",") for p in sorted(glob.glob(pattern))]
        paths = [p for path in paths for p in (glob.glob(path + "/*") if os.path.isdir(path) else [path])]
        return [functools.partial(_lines, path) for path in paths]

    def _datasource(self, body: dict[str, Any]) -> list[Any]:
        data = self.blocks[body["block"]]
        return [functools.partial(_decode, data[a:b]) for a, b in zip(body["offsets"], body["offsets"][1:])]

    def _rangesource(self, body: dict[str, Any]) -> list[Any]:
        return [
            functools.partial(range, int(a), int(b), int(body["step"])) for a, b in zip(body["starts"], body["stops"])
        ]

    def _emptysource(self, body: dict[str, Any]) -> list[Any]:
        return [list] * body["partitions"]

    def _pipeline(self, body: dict[str, Any]) -> list[Any]:
        return [
            functools.partial(self._steps, body["steps"], index, part)
            for index, part in enumerate(self.node(body["parent"]))
        ]

    def _steps(self, steps: list[dict[str, Any]], index: int, part: Any) -> Iterable[Any]:
        records = iter(part())
        for step in steps:
            records = iter(_OPS[step["op"]](self._function(step["function"]), records, index))
        return records

    def _union(self, body: dict[str, Any]) -> list[Any]:
        parents = [self.node(parent) for parent in body["parents"]]
        if body["aligned"]:
            return [functools.partial(_chained, parts) for parts in zip(*parents)]
        return [part for parent in parents for part in parent]

    def _cached(self, body: dict[str, Any]) -> list[Any]:
        return self.node(body["parent"])

    def _coalesce(self, body: dict[str, Any]) -> list[Any]:
        parent = self.node(body["parent"])
        count = min(body["partitions"], len(parent))
        cuts = [i * len(parent) // count for i in range(count + 1)]
        return [functools.partial(_chained, parent[a:b]) for a, b in zip(cuts, cuts[1:])]

    def _cogroup(self, body: dict[str, Any]) -> list[Any]:
        parents = [self.node(parent) for parent in body["parents"]]
        return [functools.partial(_cogrouped, parts) for parts in zip(*parents)]

    def _zip(self, body: dict[str, Any]) -> list[Any]:
        left, right = (self.node(parent) for parent in body["parents"])
        return [functools.partial(_zipped, *parts) for parts in zip(left, right)]

    def _cartesian(self, body: dict[str, Any]) -> list[Any]:
        left, right = (self.node(parent) for parent in body["parents"])
        return [functools.partial(_product, *parts) for parts in itertools.product(left, right)]

    def _shuffle(self, body: dict[str, Any]) -> list[Any]:
        parent, count = self.node(body["parent"]), body["partitions"]
        buckets: list[list[Any]] = [[] for _ in range(count)]
        partition = self._function(body["partitioner"]) or portable_hash
        if body["writer"] == "range":
            return self._sorted(parent, body)
        for part in parent:
            for number, record in enumerate(part()):
                where = number // 10 if body["writer"] == "round" else partition(record[0])
                buckets[where % count].append(record)
        if body["read"] in ("combine", "group"):
            buckets = [list(self._combined(bucket, body).items()) for bucket in buckets]
        return [functools.partial(iter, bucket) for bucket in buckets]

    def _combined(self, bucket: list[Any], body: dict[str, Any]) -> dict[Any, Any]:
        table: dict[Any, Any] = {}
        if body["read"] == "group":
            for key, value in bucket:
                table.setdefault(key, ResultIterable([])).data.append(value)
            return table
        create, merge = self._function(body["create"]), self._function(body["mergeValue"])
        for key, value in bucket:
            table[key] = merge(table[key], value) if key in table else create(value)
        return table

    def _sorted(self, parent: list[Any], body: dict[str, Any]) -> list[Any]:
        key = self._function(body["key"]) or (lambda pair: pair[0])
        records = sorted(_chained(parent), key=key, reverse=not body["ascending"])
        cuts = [i * len(records) // body["partitions"] for i in range(body["partitions"] + 1)]
        return [functools.partial(iter, records[a:b]) for a, b in zip(cuts, cuts[1:])]


_OPS: dict[str, Any] = {
    "map": lambda f, it, _: map(f, it),
    "flatMap": lambda f, it, _: itertools.chain.from_iterable(map(f, it)),
    "filter": lambda f, it, _: filter(f, it),
    "mapValues": lambda f, it, _: ((pair[0], f(pair[1])) for pair in it),
    "flatMapValues": lambda f, it, _: ((pair[0], value) for pair in it for value in f(pair[1])),
    "keys": lambda _f, it, _: (pair[0] for pair in it),
    "values": lambda _f, it, _: (pair[1] for pair in it),
    "partitions": lambda f, it, index: f(index, it),
}


def _lines(path: str) -> list[str]:
    with open(path, encoding="utf-8") as file:
        return file.read().splitlines()


def _save(folder: str, index: int, records: list[Any]) -> None:
    os.makedirs(folder, exist_ok=True)
    with open(os.path.join(folder, f"part-{index:05d}"), "w", encoding="utf-8") as file:
        file.writelines(f"{record}\n" for record in records)


def _decode(data: bytes) -> list[Any]:
    file = io.BytesIO(data)
    return [r for batch in read_batches(lambda buffer: file.readinto(buffer) == len(buffer)) for r in batch]


def _zipped(left: Any, right: Any) -> Iterable[Any]:
    return zip(left(), right())


def _product(left: Any, right: Any) -> Iterable[Any]:
    return itertools.product(left(), right())


def _chained(parts: Iterable[Any]) -> Iterable[Any]:
    return itertools.chain.from_iterable(part() for part in parts)


def _cogrouped(parts: tuple[Any, ...]) -> Iterable[Any]:
    table: dict[Any, tuple[list[Any], ...]] = {}
    for side, part in enumerate(parts):
        for key, value in part():
            table.setdefault(key, tuple([] for _ in parts))[side].append(value)
    return table.items()

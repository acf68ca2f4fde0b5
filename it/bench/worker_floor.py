"""The worker's data path without a JVM: real fork server and workers, fed by a runner in Python.

usage: worker_floor.py FILE [--pure] [--workers N]     FILE by it/bench/make_words.py; prints 'job seconds result' lines
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time
from typing import Any

import cloudpickle

HEADER = struct.Struct(">IBBH")
ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


class Worker:
    """One connected worker; runs a task at a time for the calling thread."""

    def __init__(self, connected: socket.socket, blobs: dict[str, bytes], outputs: list[list[str]]) -> None:
        self.socket, self.blobs, self.outputs = connected, blobs, outputs
        self.result: list[bytes] = []

    def receive(self) -> tuple[int, int, bytes]:
        head = self.socket.recv(8, socket.MSG_WAITALL)
        if not head:
            print("a worker died", file=sys.stderr, flush=True)
            os._exit(1)
        length, kind, stream, _ = HEADER.unpack(head)
        return kind, stream, self.socket.recv(length, socket.MSG_WAITALL) if length else b""

    def send(self, kind: int, stream: int, body: bytes) -> None:
        self.socket.sendall(HEADER.pack(len(body), kind, stream, 0) + body)

    def run(self, task: dict[str, Any], inputs: list[Any]) -> dict[str, Any]:
        """Run a task; an input is a (path, start, end) of text, or a list of map output folders."""
        self.result = []
        pending: dict[int, Any] = {}
        credits: dict[int, int] = {}
        self.send(1, 0, json.dumps(task).encode())
        while True:
            kind, stream, body = self.receive()
            if kind == 17:
                request = json.loads(body)
                pending[stream] = self.items(inputs[stream], request)
                credits[stream] = request["credits"]
            elif kind == 18:
                credits[stream] += struct.unpack(">I", body)[0]
            elif kind == 19:
                pending.pop(stream, None)
            elif kind == 20:
                digest = json.loads(body)["hash"]
                text = json.dumps({"hash": digest, "last": True}).encode()
                self.send(6, 0, struct.pack(">I", len(text)) + text + self.blobs[digest])
            elif kind == 21:
                self.result.append(body)
            elif kind in (23, 24):
                (length,) = struct.unpack_from(">I", body)
                report = json.loads(body[4 : 4 + length])
                if kind == 24:
                    print(report["allFrames"], file=sys.stderr, flush=True)
                    os._exit(1)
                return report
            for number in list(pending):
                while credits[number] > 0 and number in pending:
                    item = next(pending[number], None)
                    if item is None:
                        self.send(3, number, b"{}")
                        del pending[number]
                    else:
                        self.send(*item[:1], number, item[1])
                        credits[number] -= 1

    def items(self, source: Any, request: dict[str, Any]) -> Any:
        if isinstance(source, tuple):
            path, start, end = source
            with open(path, "rb") as file:
                file.seek(start)
                if start:
                    start += len(file.readline())
                while start < end:
                    block = file.read(min(1 << 20, end - start))
                    start += len(block)
                    if not block.endswith(b"\n"):
                        rest = file.readline()
                        block += rest
                        start += len(rest)
                    yield 2, block
        else:
            for number, folder in enumerate(source):
                if "parts" in request:
                    spans = [(a, b) for m, a, b in request["parts"] if m == number]
                else:
                    spans = [(request["all"], request["all"] + 1)]
                with open(folder + "/file.out.index", "rb") as file:
                    index = file.read()
                for first, stop in spans:
                    start = struct.unpack_from(">Q", index, first * 24)[0]
                    last, _, size = struct.unpack_from(">QQQ", index, (stop - 1) * 24)
                    part = {"path": folder + "/file.out", "offset": start, "length": last + size - start, "map": number}
                    yield 4, json.dumps(part).encode()


class Harness:
    """Fork server, workers, and a stage runner."""

    def __init__(self, workers: int, pure: bool) -> None:
        self.folder = tempfile.mkdtemp(prefix="weft-floor-")
        self.blobs: dict[str, bytes] = {}
        address = self.folder + "/s"
        listener = socket.socket(socket.AF_UNIX)
        listener.bind(address)
        listener.listen(64)
        env = dict(os.environ, PYTHONHASHSEED="0", PYTHONPATH=os.path.join(ROOT, "python"), WEFT_APPLICATION="local_1_1")
        env["WEFT_OPS"] = "pure" if pure else ""
        self.server = subprocess.Popen(
            [sys.executable, "-m", "weft._worker.forkserver", address],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=env,
        )
        for slot in range(workers):
            self.server.stdin.write(b'{"fork": %d}\n' % slot)
        self.server.stdin.flush()
        self.workers: list[Worker] = []
        for _ in range(workers * 3):
            connected, _ = listener.accept()
            length, _, _, _ = HEADER.unpack(connected.recv(8, socket.MSG_WAITALL))
            hello = json.loads(connected.recv(length, socket.MSG_WAITALL))
            if hello["role"] == "control":
                self.workers.append(Worker(connected, self.blobs, []))
            else:
                threading.Thread(target=self.pump, args=(connected,), daemon=True).start()
        for name in ("spill", "output"):
            os.mkdir(f"{self.folder}/{name}")
        self.shuffle = 0

    @staticmethod
    def pump(connected: socket.socket) -> None:
        while data := connected.recv(65536):
            sys.stderr.buffer.write(data)
            sys.stderr.flush()

    def blob(self, function: Any) -> str:
        data = cloudpickle.dumps(function)
        digest = hashlib.sha256(data).hexdigest()
        self.blobs[digest] = data
        return digest

    def stage(self, trees: list[Any], inputs: list[list[Any]], sink: dict[str, Any]) -> list[Any]:
        """Run one task per tree; returns the map outputs' folders or the results' bytes."""
        self.shuffle += 1
        answers: list[Any] = [None] * len(trees)
        queue = list(range(len(trees)))

        def work(worker: Worker) -> None:
            while queue:
                number = queue.pop(0)
                task = {
                    "application": "local_1_1", "stage": self.shuffle, "partition": number, "attempt": 0, "job": 0,
                    "label": f"stage {self.shuffle} task {number}", "tree": trees[number],
                    "sink": dict(sink, index=number), "memory": 512 << 20,
                    "spill": [self.folder + "/spill"], "output": [self.folder + "/output"],
                    "mapId": f"weft_1_1_s{self.shuffle}_m{number}_a0", "files": "", "pyFiles": [], "env": {}, "properties": {},
                }
                done = worker.run(task, inputs[number])
                answers[number] = done["mapOutput"]["path"] if done["mapOutput"] else b"".join(worker.result)

        threads = [threading.Thread(target=work, args=(worker,)) for worker in self.workers]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        if any(answer is None for answer in answers):
            raise SystemExit("a task failed")
        return answers


def read_pairs(streams: list[bytes]) -> Any:
    sys.path.insert(0, os.path.join(ROOT, "python"))
    from weft._batches import read_batches

    for data in streams:
        view, at = memoryview(data), 0

        def exact(size: int) -> memoryview:
            nonlocal at
            at += size
            return view[at - size : at]

        for batch in read_batches(exact):
            yield from batch.records()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("file")
    parser.add_argument("--pure", action="store_true")
    parser.add_argument("--workers", type=int, default=2)
    options = parser.parse_args()
    harness = Harness(options.workers, options.pure)
    size = os.path.getsize(options.file)
    maps, reduces = 8, 8
    splits = [(options.file, size * i // maps, size * (i + 1) // maps) for i in range(maps)]
    text = {"op": "input", "stream": 0, "kind": "text", "unicode": True}

    def pipeline(*steps: tuple[str, Any]) -> dict[str, Any]:
        return {"op": "pipeline", "index": 0, "in": text,
                "steps": [{"op": op, "fn": harness.blob(fn), "name": op, "site": "x"} for op, fn in steps]}

    from operator import add

    at = time.perf_counter()
    tree = pipeline(("flatMap", lambda line: line.split(" ")), ("map", lambda word: (word, 1)))
    functions = {"create": harness.blob(lambda x: x) if False else None, "value": harness.blob(add), "merge": harness.blob(add)}
    outputs = harness.stage([tree] * maps, [[s] for s in splits],
                            {"kind": "shuffle", "writer": "hash", "partitions": reduces, "fn": None, "combine": functions})
    reads = [{"op": "shuffle", "stream": 0, "maps": maps, "partition": p, "mode": "combine", "combined": True,
              **functions} for p in range(reduces)]
    results = harness.stage(reads, [[outputs]] * reduces, {"kind": "result"})
    counts = dict(read_pairs(results))
    print("wordcount", round(time.perf_counter() - at, 2), len(counts), sum(counts.values()), flush=True)

    at = time.perf_counter()
    key = harness.blob(lambda line: line)
    outputs = harness.stage([text] * maps, [[s] for s in splits],
                            {"kind": "shuffle", "writer": "range", "key": key, "ascending": True})
    bounds = harness.stage([{"op": "shuffle", "stream": 0, "maps": maps, "partition": 0, "mode": "bounds",
                             "partitions": reduces, "ascending": True}], [[outputs]], {"kind": "shuffle", "writer": "single"})
    reads = [{"op": "pipeline", "index": p, "in": {"op": "shuffle", "stream": 0, "maps": maps, "partition": p, "mode": "sorted",
              "ascending": True, "bounds": 1}, "steps": [{"op": "partitions", "fn": harness.blob(count), "name": "count",
              "site": "x"}]} for p in range(reduces)]
    results = harness.stage(reads, [[outputs, bounds]] * reduces, {"kind": "result"})
    print("sort", round(time.perf_counter() - at, 2), sum(read_pairs(results)), flush=True)

    at = time.perf_counter()
    fn = harness.blob(stats)
    ranges = [{"op": "pipeline", "index": p, "in": {"op": "pipeline", "index": p, "in": {"op": "range", "start": p * 51, "stop":
              p * 51 + 51, "step": 1}, "steps": [{"op": "flatMap", "fn": harness.blob(lambda _: range(5024)), "name": "f",
              "site": "x"}]}, "steps": [{"op": "partitions", "fn": fn, "name": "stats", "site": "x"}]} for p in range(20)]
    results = harness.stage(ranges, [[]] * 20, {"kind": "result"})
    print("stats", round(time.perf_counter() - at, 3), next(iter(read_pairs(results))), flush=True)
    at = time.perf_counter()
    harness.stage([{"op": "empty"}] * 2, [[]] * 2, {"kind": "result"})
    print("empty", round(time.perf_counter() - at, 4), flush=True)


def count(_index: int, records: Any) -> list[int]:
    from weft._ops import narrow

    return list(narrow.count_records(_index, records))


def stats(index: int, records: Any) -> Any:
    from weft._ops import narrow

    return list(narrow.stats_records(index, records))


if __name__ == "__main__":
    main()

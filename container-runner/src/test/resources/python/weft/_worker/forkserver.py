"""A fork server and a worker that speak PROTOCOL.md and do what a test's tree asks for."""

from __future__ import annotations

import ctypes
import faulthandler
import json
import os
import select
import signal
import socket
import struct
import subprocess
import sys
import time
import zlib

(TASK, DATA, END, LOCAL, FAIL, BLOB, SHUTDOWN) = range(1, 8)
(HELLO, OPEN, CREDIT, CLOSE, NEED, RESULT, OUTPUT, DONE, ERROR, STEP) = range(16, 26)


LEAKED: list = []


class Wire:
    def __init__(self, path: str, slot: int, role: str) -> None:
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.socket.connect(path)
        hello = {"protocol": 1, "role": role, "slot": slot, "pid": os.getpid(), "python": sys.version.split()[0],
                 "implementation": sys.implementation.name,
                 "hash": {"algorithm": sys.hash_info.algorithm, "bits": 64, "seed": 0}, "compiled": False}
        self.send(HELLO, json.dumps(hello).encode())

    def send(self, kind: int, body: bytes = b"{}", stream: int = 0) -> None:
        self.socket.sendall(struct.pack(">IBBH", len(body), kind, stream, 0) + body)

    def exactly(self, n: int) -> bytearray:
        data = bytearray(n)
        view = memoryview(data)
        while view:
            read = self.socket.recv_into(view)
            if read == 0:
                os._exit(0)
            view = view[read:]
        return data

    def receive(self) -> tuple[int, int, bytearray]:
        length, kind, stream, _ = struct.unpack(">IBBH", self.exactly(8))
        return kind, stream, self.exactly(length)


def json_and_bytes(obj: dict, data: bytes = b"") -> bytes:
    head = json.dumps(obj).encode()
    return struct.pack(">I", len(head)) + head + data


def map_output(task: dict, parts: list) -> dict:
    folder = os.path.join(task["output"][0], ".tmp-%d-%s" % (os.getpid(), task["mapId"]))
    os.makedirs(folder)
    index, start = b"", 0
    with open(os.path.join(folder, "file.out"), "wb") as out:
        for part in parts:
            out.write(part)
            index += struct.pack(">QQQ", start, 1, len(part))
            start += len(part)
    with open(os.path.join(folder, "file.out.index"), "wb") as out:
        out.write(index + struct.pack(">Q", zlib.crc32(index)))
    return {"path": folder, "partitions": len(parts), "bytes": start}


def read_input(wire: Wire, stream: int, opening: dict, take: int = 1 << 60) -> tuple:
    """All frames of an input: their bytes, and the FAIL object if it failed."""
    wire.send(OPEN, json.dumps({"credits": 4, **opening}).encode(), stream)
    got, frames = [], 0
    while True:
        kind, number, body = wire.receive()
        if number != stream or kind not in (DATA, END, LOCAL, FAIL):
            continue
        if kind == END:
            return got, None
        if kind == FAIL:
            return got, json.loads(body)
        if kind == LOCAL:
            part = json.loads(body)
            with open(part["path"], "rb") as file:
                file.seek(part["offset"])
                body = bytearray(file.read(part["length"]))
        got.append(body)
        frames += 1
        if frames == take:
            wire.send(CLOSE, b"{}", stream)
            return got, None
        wire.send(CREDIT, struct.pack(">I", 1), stream)


def drain(wire: Wire, stream: int) -> int:
    wire.send(OPEN, json.dumps({"credits": 4}).encode(), stream)
    total = 0
    while True:
        kind, _, body = wire.receive()
        if kind == END:
            return total
        total += len(body) if kind == DATA else 0
        wire.send(CREDIT, struct.pack(">I", 1), stream)


def run(wire: Wire, task: dict) -> dict:
    do = task["tree"]["do"]
    done = {"rowsIn": 0, "bytesIn": 0, "rowsOut": 1, "bytesOut": 0, "spilledBytes": 0, "peakRss": 0, "cpuMillis": 0,
            "compiled": False, "mapOutput": None}
    if do == "read":
        got, failed = read_input(wire, 0, task["tree"].get("open", {}), task["tree"].get("take", 1 << 60))
        if failed is not None:
            wire.send(ERROR, json_and_bytes({"kind": "input", "type": "InputError", "message": "", "cause": failed}))
            return {}
        for part in got:
            wire.send(RESULT, bytes(part))
    elif do == "corrupt":
        read_input(wire, 0, task["tree"]["open"])
        wire.send(ERROR, json_and_bytes({"kind": "input", "type": "", "message": "", "cause": task["tree"]["cause"]}))
        return {}
    elif do == "drain":
        wire.send(RESULT, str(drain(wire, 0)).encode())
    elif do == "task":
        wire.send(RESULT, json.dumps(task).encode())
    elif do == "result":
        for _ in range(task["tree"]["frames"]):
            wire.send(RESULT, b"r" * task["tree"]["bytes"])
    elif do == "blob":
        wire.send(NEED, json.dumps({"hash": task["tree"]["hash"]}).encode())
        last = False
        while not last:
            _, _, body = wire.receive()
            size = struct.unpack(">I", body[:4])[0]
            last = json.loads(body[4:4 + size])["last"]
            wire.send(RESULT, bytes(body[4 + size:]))
    elif do == "print":
        for number in range(task["tree"]["lines"]):
            print("line", number)
        sys.stdout.write("no end")
        print("trouble", file=sys.stderr)
    elif do == "output":
        wire.send(OUTPUT, b"one\ntwo\n")
    elif do == "map":
        done["mapOutput"] = map_output(task, [part.encode() for part in task["tree"]["parts"]])
    elif do == "raise":
        error = {"kind": task["tree"]["kind"], "type": "ValueError", "module": "builtins", "message": "no good",
                 "frames": [], "allFrames": "", "step": {"name": "map", "site": "etl.py:3"}, "cause": None}
        wire.send(ERROR, json_and_bytes(error, b"pickled"))
        return {}
    elif do == "segv":
        wire.send(STEP, b'{"step": "map etl.py:61"}')
        print("before the end")
        sys.stdout.flush()
        decode()
    elif do == "exit":
        os._exit(task["tree"]["status"])
    elif do == "hang":
        with open(os.path.join(task["spill"][0], "started"), "w") as file:
            file.write("x")
        child = subprocess.Popen(["sleep", "600"])
        print("hanging", child.pid, flush=True)
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, signal.SIG_IGN)
        while True:
            time.sleep(600)
    elif do == "daemon":
        print("daemon", subprocess.check_output("sleep 600 >/dev/null 2>&1 & echo $!", shell=True).decode())
    elif do == "garbage":
        wire.socket.sendall(bytes.fromhex(task["tree"]["bytes"]))
        time.sleep(600)
    elif do == "leak":
        LEAKED.append(os.urandom(1) * task["tree"]["bytes"])
    elif do == "memory":
        held = bytearray(task["tree"]["bytes"])
        for at in range(0, len(held), 4096):
            held[at] = 1
        time.sleep(600)
    return done


def decode() -> None:
    ctypes.string_at(0)


def work(path: str, slot: int) -> None:
    os.environ["WEFT_WORKER"] = str(os.getpid())
    wire = Wire(path, slot, "control")
    for role, fd in (("stdout", 1), ("stderr", 2)):
        other = Wire(path, slot, role)
        os.dup2(other.socket.fileno(), fd)
        other.socket.close()
    faulthandler.enable()
    while True:
        kind, _, body = wire.receive()
        if kind == SHUTDOWN:
            os._exit(0)
        if kind != TASK:
            continue
        done = run(wire, json.loads(body))
        sys.stdout.flush()
        sys.stderr.flush()
        if done:
            wire.send(DONE, json_and_bytes(done))


def serve(path: str) -> None:
    children: dict = {}
    answer(ready=True, pid=os.getpid(), python=sys.version.split()[0], implementation=sys.implementation.name)
    if os.environ.get("TEST_WORKERS_DIE"):
        print("this worker cannot live", file=sys.stderr, flush=True)
    waker, wake = os.pipe()
    os.set_blocking(wake, False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.set_wakeup_fd(wake, warn_on_full_buffer=False)
    pending = b""
    while True:
        ready, _, _ = select.select([0, waker], [], [])
        if waker in ready:
            os.read(waker, 4096)
            reap(children)
        if 0 not in ready:
            continue
        chunk = os.read(0, 65536)
        if not chunk:
            break
        pending += chunk
        while b"\n" in pending:
            line, pending = pending.split(b"\n", 1)
            command = json.loads(line)
            if "spill" in command:
                continue
            if "kill" in command:
                if command["kill"] in children:
                    os.kill(command["kill"], signal.SIGKILL)
                continue
            pid = fork(path, command["fork"])
            children[pid] = command["fork"]
            answer(forked=pid, slot=command["fork"])
    for pid in children:
        os.kill(pid, signal.SIGKILL)


def fork(path: str, slot: int) -> int:
    pid = os.fork()
    if pid:
        return pid
    signal.set_wakeup_fd(-1)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)
    os.close(0)
    if os.environ.get("TEST_WORKERS_DIE"):
        os._exit(9)
    try:
        work(path, slot)
    finally:
        os._exit(71)


def reap(children: dict) -> None:
    while children:
        pid, status = os.waitpid(-1, os.WNOHANG)
        if pid == 0:
            return
        slot = children.pop(pid)
        answer(died=pid, slot=slot, status=os.waitstatus_to_exitcode(status))


def answer(**fields: object) -> None:
    sys.stdout.write(json.dumps(fields) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    serve(sys.argv[1])

#!/usr/bin/env python3
"""Run the operators that spill on hundreds of megabytes in a small budget, and watch their memory from outside.

usage: spill_check.py [--memory BYTES] [--scale PER_CENT] [--folder DIR] [CASE ...]

Each case is what one of four tasks does with its share of 640 MB (reduceByKey over 8 M distinct 64-byte keys,
sortBy, join of two sides), or all of it (groupByKey with one key). A case runs in a process of its own, checks its
answer against plain arithmetic, and must keep its PSS within idle + budget + 32 MB (48 MB on PyPy) and leave no file.
"""

from __future__ import annotations

import argparse
import gc
import hashlib
import itertools
import json
import operator
import os
import shutil
import struct
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from typing import Any

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "python"))

from weft._ops.cogroup import cogroup
from weft._ops.columns import FRAME_HEADER, KIND_PAIRS, KIND_RUN, load_column
from weft._ops.external import ExternalCombiner
from weft._ops.group import group
from weft._ops.memory import private_bytes
from weft._ops.scope import TaskScope
from weft._ops.sort import Header, choose_ranges, load_header, make_bounds, read_sorted, write_runs
from weft._ops.tables import make_table
from weft._worker.sinks import Sinks

SLACK = (48 if sys.implementation.name == "pypy" else 32) << 20  # PyPy: garbage until it is collected, and the nursery
BATCH = 4000
Pairs = tuple[list[Any], list[Any]]


class Output:
    """A map output in a file without a name."""

    def __init__(self, folder: str) -> None:
        self._file = tempfile.TemporaryFile(dir=folder)
        self._starts = [0]

    def partition(self, parts: Iterable[bytes], rows: int) -> None:
        """Append a partition."""
        del rows
        length = sum(self._file.write(part) for part in parts)
        self._starts.append(self._starts[-1] + length)

    def batches(self, start: int, stop: int) -> Iterator[tuple[int, bytes]]:
        """Kind and payload of the batches of some partitions."""
        self._file.flush()
        position = self._starts[start]
        while position < self._starts[stop]:
            header = os.pread(self._file.fileno(), FRAME_HEADER.size, position)
            kind, _, _, _, _, length = FRAME_HEADER.unpack(header)
            yield kind, os.pread(self._file.fileno(), length, position + FRAME_HEADER.size)
            position += FRAME_HEADER.size + length


def key_of(number: int) -> str:
    return hashlib.blake2b(number.to_bytes(8, "big"), digest_size=32).hexdigest()


def batches(count: int, make: Callable[[int], Any]) -> Iterator[list[Any]]:
    for start in range(0, count, BATCH):
        yield [make(number) for number in range(start, min(count, start + BATCH))]


def reduce_by_key(scope: TaskScope, scale: float) -> bool:
    """2 M distinct keys, each twice, far apart."""
    count = int(2_000_000 * scale)
    combiner = ExternalCombiner(scope, scope.gauge, make_table(None, operator.add))
    for keys in itertools.chain(batches(count, key_of), batches(count, key_of)):
        combiner.add(keys, list(range(len(keys))))
    seen = 0
    for found, sums in combiner.results():
        wanted = [(seen + place) % BATCH * 2 for place in range(len(found))]
        if sums != wanted or found[0] != key_of(seen):
            return False
        seen += len(found)
    return seen == count


def group_one_key(scope: TaskScope, scale: float) -> bool:
    """One key of 640 MB of 100-byte values among a few others; read twice."""
    count = int(6_400_000 * scale)
    values = ((["hot"] * (len(some) - 1) + [len(some)], some) for some in batches(count, "{:0100}".format))
    for key, found in group(values, scope, scope.gauge, scope.budget):
        if key == "hot":
            for _ in range(2):
                read = sum(1 for _ in found)
                if read != len(found) or read != count - count // BATCH:
                    return False
            total = sum(map(int, found))
            last = set(range(BATCH - 1, count, BATCH))
            if total != count * (count - 1) // 2 - sum(last):
                return False
    return True


def sort_by(scope: TaskScope, scale: float, *, keyed: bool = False) -> bool:
    """160 MB of 100-byte lines in one map, read as one partition of one."""
    count = int(1_600_000 * scale)
    lines = batches(count, lambda number: key_of(number) + f"{number:036}")
    output = Output(scope.spill_dirs[0])
    key = (lambda line: line[2:50]) if keyed else (lambda line: line)
    write_runs(lines, key, ascending=True, scope=scope, gauge=scope.gauge, output=output)
    scope.gauge.release()

    def headers() -> Iterator[Header]:
        return (load_header(payload) for kind, payload in output.batches(0, 1) if kind == KIND_RUN)

    bounds = make_bounds(headers(), 1)["bounds"]
    ranges = choose_ranges(headers(), bounds, 0, ascending=True)
    blocks = (block(kind, payload) for item in ranges for kind, payload in output.batches(item.start, item.stop))
    seen, total, last = 0, 0, ""
    for records in read_sorted(ranges, blocks, bounds, 0, ascending=True, scope=scope, gauge=scope.gauge):
        keys = [key(record) for record in records]
        if keys[0] < last or keys != sorted(keys):
            return False
        last = keys[-1]
        seen += len(records)
        total += sum(int(record[64:]) for record in records)
    return seen == count and total == count * (count - 1) // 2


def sort_by_key_function(scope: TaskScope, scale: float) -> bool:
    """The same by a key that is not the line."""
    return sort_by(scope, scale, keyed=True)


def block(kind: int, payload: bytes) -> list[list[Any]]:
    if kind != KIND_PAIRS:
        return [load_column(payload)]
    import io
    import pickle

    stream = io.BytesIO(payload)
    return [pickle.load(stream), pickle.load(stream)]


def join(scope: TaskScope, scale: float) -> bool:
    """Two sides of 160 MB, 1.4 M keys, joined on text keys."""
    count = int(1_400_000 * scale)

    def side(tag: str) -> Iterator[Pairs]:
        for numbers in batches(count, int):
            yield [key_of(number) for number in numbers], [f"{tag}{number:040}" for number in numbers]

    seen = 0
    for key, (left, right) in cogroup([side("l"), side("r")], scope, scope.gauge, scope.budget):
        for first in left:
            for second in right:
                if seen % 997 == 0 and (key, first, second) != (key_of(seen), f"l{seen:040}", f"r{seen:040}"):
                    return False
                seen += 1
    return seen == count


class Functions:
    """Functions by name, as a worker has them by the hash of their pickle."""

    def load(self, name: str) -> Any:
        return {"same": lambda value: value, "add": operator.add}[name]


def map_side(scope: TaskScope, scale: float, combine: dict[str, str] | None) -> bool:
    """Write 2 M pairs of distinct 64-byte keys as a map output of 8 partitions."""
    count = int(2_000_000 * scale)
    output = os.path.join(scope.spill_dirs[0], "output")
    os.mkdir(output)
    task = {"output": [output], "mapId": "weft_1_1_s0_m0_a0", "partition": 0, "attempt": 0}
    sinks = Sinks(None, Functions(), scope, task)  # type: ignore[arg-type]
    records = ((key_of(number), number) for number in range(count))
    sink = {"kind": "shuffle", "writer": "hash", "partitions": 8, "fn": None, "combine": combine}
    written = sinks.run(sink, records)
    assert written is not None
    rows = 0
    with open(os.path.join(written["path"], "file.out.index"), "rb") as index:
        for _, raw, _ in struct.iter_unpack(">QQQ", index.read()[:-8]):
            rows += raw
    shutil.rmtree(output)
    return rows == count


def map_with_combine(scope: TaskScope, scale: float) -> bool:
    """The map side of reduceByKey."""
    return map_side(scope, scale, {"create": "same", "value": "add", "merge": "add"})


def map_without_combine(scope: TaskScope, scale: float) -> bool:
    """The map side of groupByKey and join."""
    return map_side(scope, scale, None)


CASES = {
    "map-combine": map_with_combine,
    "map-pairs": map_without_combine,
    "reduceByKey": reduce_by_key,
    "groupByKey": group_one_key,
    "sortBy": sort_by,
    "sortBy-key": sort_by_key_function,
    "join": join,
}


def child(case: str, folder: str, memory: int, scale: float) -> None:
    """Run a case; idle until a line comes, so that the parent can measure."""
    gc.collect()
    if hasattr(gc, "freeze"):  # PyPy has none, and would free next to nothing without its collector
        gc.freeze()
        gc.disable()
    print("idle", flush=True)
    sys.stdin.readline()
    scope = TaskScope(memory, [folder], private_bytes())
    begin = time.perf_counter(), time.process_time()
    good = CASES[case](scope, scale)
    seconds, cpu = time.perf_counter() - begin[0], time.process_time() - begin[1]
    scope.close()
    answer = {
        "good": good,
        "seconds": seconds,
        "cpu": cpu,
        "spilled": scope.spilled_bytes,
        "spills": scope.spills,
    }
    print(json.dumps(answer), flush=True)


def pss(pid: int) -> int:
    with open(f"/proc/{pid}/smaps_rollup") as rollup:
        return next(int(line.split()[1]) for line in rollup if line.startswith("Pss:")) * 1024


def check(case: str, memory: int, scale: float, parent_folder: str | None) -> bool:
    """Run a case in a process of its own; whether it kept its promises."""
    with tempfile.TemporaryDirectory(prefix="weft-spill-check-", dir=parent_folder) as folder:
        command = [sys.executable, __file__, "--memory", str(memory), "--scale", str(scale * 100)]
        process = subprocess.Popen(
            [*command, "--folder", folder, "--child", case],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONHASHSEED": "0", "PYPY_GC_NURSERY": "8M"},  # as the runner sets them
        )
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdout.readline()
        idle = peak = pss(process.pid)
        lines: list[str] = []
        reader = threading.Thread(target=lambda: lines.extend(process.stdout or []))
        reader.start()
        process.stdin.write("go\n")
        process.stdin.flush()
        while not lines and process.poll() is None:
            try:
                peak = max(peak, pss(process.pid))
            except (OSError, StopIteration):
                break
            time.sleep(0.005)
        process.stdin.close()
        process.wait()
        reader.join()
        left = os.listdir(folder)
    if process.returncode != 0 or not lines:
        print(f"{case}: ended with exit code {process.returncode}")
        return False
    answer = json.loads(lines[-1])
    over = peak - idle - memory
    print(
        f"{case:12} {'answer right' if answer['good'] else 'ANSWER WRONG'}  {answer['seconds']:6.1f} s"
        f" ({answer['cpu']:.1f} s CPU)  spilled {answer['spilled'] / 1e6:7.1f} MB in {answer['spills']} spills"
        f"  peak PSS {peak / 1e6:6.1f} MB, idle {idle / 1e6:5.1f} MB, {over / (1 << 20):+.1f} MiB over the budget",
        flush=True,
    )
    return answer["good"] and over <= SLACK and not left


def main() -> int:
    """Run the cases asked for, all without any."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0] if __doc__ else None)
    parser.add_argument("cases", nargs="*", metavar="CASE", help=", ".join(CASES))
    parser.add_argument("--memory", type=int, default=64 << 20, help="bytes of data a task may hold")
    parser.add_argument("--scale", type=float, default=100.0, help="per cent of the full size")
    parser.add_argument("--folder", help="where to spill")
    parser.add_argument("--child", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.child:
        child(given.child, given.folder, given.memory, given.scale / 100)
        return 0
    good = [check(case, given.memory, given.scale / 100, given.folder) for case in given.cases or CASES]
    return 0 if all(good) else 1


if __name__ == "__main__":
    sys.exit(main())

"""Narrow steps, fused: one pass, no generator per step, no list per block.

The compiled `Pipeline` walks all steps inside one C iterator. Its twin here writes one Python function for the steps
at hand and runs that: calls between Python frames are cheaper than a chain of generators. Either keeps the record that
each step works on where a failure can find it, at no cost per record.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Iterator, Sequence
from types import FrameType
from typing import Any, NamedTuple

__all__ = ["FUSED", "Step", "failing_record", "fuse"]

FUSED = frozenset({"map", "flatMap", "filter", "mapValues", "flatMapValues", "keys", "values"})
_FILE = "<weft pipeline>"


class Step(NamedTuple):
    """One narrow step: operation, the user's function (None for keys and values), and where the user wrote it."""

    op: str
    function: Callable[..., Any] | None
    name: str
    site: str


def fuse(blocks: Iterable[Iterable[Any]], steps: Sequence[Step]) -> Iterator[Any]:
    """Apply the steps to every record of every block, lazily.

    A function that raises StopIteration is an error (RuntimeError), never an early end.
    """
    run = _compiled(tuple(step.op for step in steps))
    iterator: Iterator[Any] = run(blocks, *[step.function for step in steps])
    return iterator


def failing_record(frame: FrameType, lineno: int) -> tuple[int, Any] | None:
    """If `frame` runs a fused pipeline: the number of the step that failed at this line, and its record."""
    if frame.f_code.co_filename != _FILE:
        return None
    step = _step_of_line(frame.f_code.co_name, lineno)
    name = f"x{step}"
    return (step, frame.f_locals[name]) if name in frame.f_locals else None


@functools.lru_cache(maxsize=256)
def _compiled(ops: tuple[str, ...]) -> Callable[..., Iterator[Any]]:
    source = "\n".join(line for line, _ in _source(ops))
    scope: dict[str, Any] = {}
    exec(compile(source, _FILE, "exec"), scope)
    function: Callable[..., Iterator[Any]] = scope[_name(ops)]
    return function


def _name(ops: tuple[str, ...]) -> str:
    return "_".join(("steps", *ops))


def _step_of_line(name: str, lineno: int) -> int:
    ops = tuple(name.split("_")[1:])
    lines = _source(ops)
    return lines[min(lineno, len(lines)) - 1][1]


def _source(ops: tuple[str, ...]) -> list[tuple[str, int]]:
    """Lines of the function for these operations, each with the number of the step it belongs to."""
    functions = "".join(f", f{i}" for i in range(len(ops)))
    lines = [(f"def {_name(ops)}(blocks{functions}):", 0), (" for block in blocks:", 0), ("  for x0 in block:", 0)]
    indent = 3
    for i, op in enumerate(ops):
        pad, x, y = " " * indent, f"x{i}", f"x{i + 1}"
        if op == "map":
            lines.append((f"{pad}{y} = f{i}({x})", i))
        elif op == "filter":
            lines += [(f"{pad}if not f{i}({x}): continue", i), (f"{pad}{y} = {x}", i)]
        elif op == "flatMap":
            lines.append((f"{pad}for {y} in f{i}({x}):", i))
            indent += 1
        elif op == "mapValues":
            lines.append((f"{pad}{y} = ({x}[0], f{i}({x}[1]))", i))
        elif op == "flatMapValues":
            lines += [(f"{pad}for v{i} in f{i}({x}[1]):", i), (f"{pad} {y} = ({x}[0], v{i})", i)]
            indent += 1
        else:
            lines.append((f"{pad}{y} = {x}[{0 if op == 'keys' else 1}]", i))
    lines.append((f"{' ' * indent}yield x{len(ops)}", len(ops)))
    return lines

"""The programs below a path: Python files, and the Python in notebooks."""

from __future__ import annotations

import ast
import io
import json
import os
import re
import tokenize
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

__all__ = ["Program", "parse", "programs"]

_PYTHON_CELLS = ("time", "timeit", "capture", "prun", "python", "python3")
_TIMED = re.compile(r"^(\s*)%(?:time|timeit|prun)(?:\s+-\w(?:\s*\d+)?)*\s+(\S.*)$")
_ASSIGNED = re.compile(r"^(\s*[\w, .\[\]]+)=\s*[!%]")
_SHELL = re.compile(r"^(\s*)(?:[!%?]|.*\?$)")


@dataclass(frozen=True)
class Program:
    """A program, or why there is none: ``problem`` is one line, empty if the text is there."""

    path: str
    text: str
    problem: str = ""


def programs(path: str) -> Iterator[Program]:
    """Give each program below a path; a notebook's cells follow each other, those that are no Python are problems."""
    if os.path.isdir(path):
        for folder, folders, names in os.walk(path):
            folders[:] = sorted(name for name in folders if not name.startswith("."))
            for name in sorted(names):
                if name.endswith((".py", ".ipynb")):
                    yield from programs(os.path.join(folder, name))
        return
    try:
        with open(path, "rb") as file:
            data = file.read()
        if path.endswith(".ipynb"):
            yield from _notebook(path, json.loads(data.decode("utf-8-sig")))
            return
        encoding, _ = tokenize.detect_encoding(io.BytesIO(data).readline)
        yield Program(path, data.decode(encoding))
    except (OSError, ValueError, SyntaxError, RecursionError) as error:
        yield Program(path, "", f"{path} cannot be read: {error}")


def parse(text: str, path: str) -> ast.Module:
    """Parse a program without a word on what is only odd in it.

    Raises
    ------
    SyntaxError
        If it is no Python.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return ast.parse(text, path)
        except (ValueError, RecursionError, MemoryError) as error:  # null bytes, or brackets in brackets
            raise SyntaxError(str(error) or type(error).__name__, (path, 1, 1, "")) from None


def _notebook(path: str, found: Any) -> Iterator[Program]:
    cells = found.get("cells") if isinstance(found, dict) else None
    if not isinstance(cells, list):
        raise ValueError("it has no cells")
    lines: list[str] = []
    for cell in cells:
        if isinstance(cell, dict) and cell.get("cell_type") == "code":
            source = cell.get("source", "")
            own = _python("".join(map(str, source)) if isinstance(source, list) else str(source)).split("\n")
            try:
                parse("\n".join(own), path)
            except SyntaxError as error:
                yield Program(path, "", f"{path}:{len(lines) + (error.lineno or 1)}: {error.msg}")
                own = [""] * len(own)
            lines += own
    yield Program(path, "\n".join(lines))


def _python(cell: str) -> str:
    """A cell without what is IPython's; its lines stay where they are."""
    lines = cell.split("\n")
    first = next((number for number, line in enumerate(lines) if line.strip()), 0)
    if lines[first].startswith("%%"):
        if lines[first][2:].split(" ")[0] not in _PYTHON_CELLS:
            return "\n" * (len(lines) - 1)
        lines[first] = ""
    try:
        parse("\n".join(lines), "")
        return "\n".join(lines)  # what looks like a magic stands in a string
    except SyntaxError:
        return "\n".join(_plain(lines))


def _plain(lines: list[str]) -> Iterator[str]:
    going_on = False
    for line in lines:
        timed, assigned, shell = _TIMED.match(line), _ASSIGNED.match(line), _SHELL.match(line)
        if going_on:
            yield ""
        elif timed:
            yield timed.group(1) + timed.group(2)
            continue
        elif assigned:
            yield f"{assigned.group(1)}= None"
        elif shell:
            yield f"{shell.group(1)}pass"
        else:
            yield line
            continue
        going_on = line.endswith("\\")

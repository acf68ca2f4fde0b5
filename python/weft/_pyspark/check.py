"""`weft compat-check`: what a PySpark program uses that Weft does not have."""

from __future__ import annotations

import ast
import json
import os
import sys
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass

from weft._absent import known_absent
from weft._pyspark.keys import find
from weft._pyspark.modules import MODULES, instead_of, is_provided

__all__ = ["Finding", "check_source", "main"]

_USAGE = "usage: weft compat-check [--json] PATH..."


@dataclass(frozen=True)
class Finding:
    """One use: where, of what, and what to use instead (empty if nothing is near)."""

    file: str
    line: int
    name: str
    instead: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.name}" + (f"; instead: {self.instead}" if self.instead else "")


def check_source(text: str, file: str) -> list[Finding]:
    """Look through one program.

    Names that are imported from pyspark are followed; a method is known by its name alone, where no class of Python's
    or numpy's has one of that name. What a program makes of strings is not seen.

    Raises
    ------
    SyntaxError
        If it is no Python.
    """
    tree = ast.parse(text, file)
    modules = _imported_modules(tree)
    found = {Finding(file, line, name, instead) for line, name, instead in _uses(tree, modules)}
    return sorted(found, key=lambda one: (one.line, one.name))


def _imported_modules(tree: ast.AST) -> dict[str, str]:
    """What names of the program stand for modules of PySpark's."""
    modules = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                if alias.name.partition(".")[0] == "pyspark":
                    modules[alias.asname or "pyspark"] = alias.name if alias.asname else "pyspark"
        elif isinstance(node, ast.ImportFrom) and (node.module or "").partition(".")[0] == "pyspark":
            for alias in node.names:
                full = f"{node.module}.{alias.name}"
                if full in MODULES or (not is_provided(str(node.module), alias.name) and alias.name.islower()):
                    modules[alias.asname or alias.name] = full
    return modules


def _uses(tree: ast.AST, modules: dict[str, str]) -> Iterator[tuple[int, str, str]]:
    absent = known_absent()
    inner = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and (node.module or "").partition(".")[0] == "pyspark":
            for alias in node.names:
                full = f"{node.module}.{alias.name}"
                if alias.name != "*" and not is_provided(str(node.module), alias.name):
                    yield node.lineno, full, instead_of(full)
        elif isinstance(node, ast.Attribute):
            full = _dotted(node, modules)
            if full:
                absent_part = "" if id(node) in inner else _first_absent(full)
                if absent_part:
                    yield node.lineno, absent_part, instead_of(absent_part)
            elif node.attr in absent:
                yield node.lineno, absent[node.attr][0], absent[node.attr][1]
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value.startswith("spark."):
            key = find(node.value)
            unknown = key is None and node.value.replace(".", "").isalnum()
            if unknown or (key is not None and not key.is_harmless):
                instead = f"weft submit {key.flag}" if key is not None and key.flag else key.note if key else ""
                yield node.lineno, f"setting {node.value}", instead


def _first_absent(full: str) -> str:
    """Of a name such as ``pyspark.sql.functions.col`` as much as Weft does not have; empty if it has all of it."""
    parts = full.split(".")
    for end in range(2, len(parts) + 1):
        module, name = ".".join(parts[: end - 1]), parts[end - 1]
        if name.startswith("__") or module not in MODULES and end > 2 and not parts[end - 2].islower():
            return ""
        if is_provided(module, name):
            if f"{module}.{name}" not in MODULES:
                return ""  # a class: what is asked of it is its own matter
        elif end == len(parts) or module not in MODULES or not name.islower():
            return ".".join(parts[: end + 1]) if name.islower() else f"{module}.{name}"
    return ""


def _dotted(node: ast.Attribute, modules: dict[str, str]) -> str:
    """The full name of ``module.name`` where that is one of PySpark's modules; else empty."""
    parts = [node.attr]
    inner: ast.expr = node.value
    while isinstance(inner, ast.Attribute):
        parts.append(inner.attr)
        inner = inner.value
    if not isinstance(inner, ast.Name) or inner.id not in modules:
        return ""
    return ".".join([modules[inner.id], *reversed(parts)])


def _programs(path: str) -> Iterator[tuple[str, str]]:
    """Name and text of each program below a path; a notebook's cells follow each other."""
    if os.path.isdir(path):
        for folder, folders, names in os.walk(path):
            folders[:] = sorted(name for name in folders if not name.startswith("."))
            for name in sorted(names):
                if name.endswith((".py", ".ipynb")):
                    yield from _programs(os.path.join(folder, name))
        return
    with open(path, encoding="utf-8") as file:
        text = file.read()
    yield path, _cells(text) if path.endswith(".ipynb") else text


def _cells(text: str) -> str:
    lines: list[str] = []
    for cell in json.loads(text).get("cells", []):
        if cell.get("cell_type") == "code":
            source = cell.get("source", "")
            for line in ("".join(source) if isinstance(source, list) else source).split("\n"):
                lines.append("pass" if line.lstrip().startswith(("%", "!")) else line)
    return "\n".join(lines)


def main(arguments: Sequence[str]) -> int:
    """Print what was found; 0 if nothing, 1 if something, 2 for a path or program that cannot be read."""
    paths = [argument for argument in arguments if argument != "--json"]
    if not paths or any(path.startswith("-") for path in paths):
        wants_help = any(path in ("-h", "--help") for path in paths)
        print(_USAGE, file=sys.stdout if wants_help else sys.stderr)
        return 0 if wants_help else 2
    findings: list[Finding] = []
    programs = 0
    code = 0
    for path in paths:
        try:
            for name, text in _programs(path):
                programs += 1
                try:
                    findings += check_source(text, name)
                except SyntaxError as error:
                    print(f"weft compat-check: {name}:{error.lineno}: {error.msg}", file=sys.stderr)
                    code = 2
        except (OSError, ValueError) as error:
            print(f"weft compat-check: {path} cannot be read: {error}", file=sys.stderr)
            code = 2
    if "--json" in arguments:
        print(json.dumps([asdict(finding) for finding in findings], indent=1))
    else:
        for finding in findings:
            print(finding)
        looked, used = ("program", "programs")[programs != 1], ("use", "uses")[len(findings) != 1]
        print(f"{programs:,} {looked}, {len(findings):,} {used} of what Weft does not have", file=sys.stderr)
    return code or int(bool(findings))

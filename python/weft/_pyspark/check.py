"""`weft compat-check`: what a PySpark program uses that Weft does not have."""

from __future__ import annotations

import ast
import builtins
import json
import sys
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass

from weft._absent import known_absent
from weft._pyspark.chains import Chains
from weft._pyspark.keys import find
from weft._pyspark.modules import MODULES, absent_of, instead_of, is_provided
from weft._pyspark.programs import parse, programs
from weft.taskcontext import OWN_NAMES

__all__ = ["Finding", "check_source", "main"]

_USAGE = "usage: weft compat-check [--json] PATH..."
_SHELLS = {"In", "Out", "_", "__file__", "__name__", "dbutils", "display", "get_ipython", "sc", "spark", "sqlContext"}
"""What a shell or notebook has though no line of it says so."""


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

    Names that are imported from pyspark are followed, and so are sessions and the JVM's names; a method is known by its
    name alone, where no class of Python's or numpy's has one of that name. What a program makes of strings is not seen.

    Raises
    ------
    SyntaxError
        If it is no Python.
    """
    tree = parse(text, file)
    found = {Finding(file, line, name, instead) for line, name, instead in _uses(tree)}
    return sorted(found, key=lambda one: (one.line, one.name))


def _imported_modules(tree: ast.AST) -> dict[str, str]:
    """What names of the program stand for modules of PySpark's."""
    modules = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                if _is_pyspark(alias.name):
                    modules[alias.asname or "pyspark"] = alias.name if alias.asname else "pyspark"
        elif isinstance(node, ast.ImportFrom) and _is_pyspark(node.module):
            for alias in node.names:
                full = f"{node.module}.{alias.name}"
                if full in MODULES or (not is_provided(str(node.module), alias.name) and alias.name.islower()):
                    modules[alias.asname or alias.name] = full
    return modules


def _is_pyspark(module: str | None) -> bool:
    return (module or "").partition(".")[0] == "pyspark"


def _uses(tree: ast.AST) -> Iterator[tuple[int, str, str]]:
    modules, absent, chains = _imported_modules(tree), known_absent(), Chains(tree)
    inner = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and _is_pyspark(node.module):
            for alias in node.names:
                full = str(node.module) if alias.name == "*" else f"{node.module}.{alias.name}"
                known = full in MODULES if alias.name == "*" else is_provided(str(node.module), alias.name)
                if not known:
                    yield node.lineno, full, instead_of(full)
        elif isinstance(node, ast.Attribute):
            full = _dotted(node, modules)
            chained = "" if full or id(node) in inner and chains.is_java(node) else chains.first_absent(node)
            if full:
                absent_part = "" if id(node) in inner else _first_absent(full)
                if absent_part:
                    yield node.lineno, absent_part, instead_of(absent_part)
            elif chained:
                yield node.lineno, chained, instead_of(chained) or chains.instead_of(chained)
            elif node.attr in absent and not chains.is_followed(node):
                yield node.lineno, absent[node.attr][0], absent[node.attr][1]
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value.startswith("spark."):
            if node.value not in OWN_NAMES:
                yield from _setting(node.lineno, node.value)
    yield from _stars(tree)


def _setting(line: int, name: str) -> Iterator[tuple[int, str, str]]:
    key = find(name)
    unknown = key is None and name.replace(".", "").isalnum()
    if unknown or (key is not None and not key.is_harmless):
        instead = f"weft submit {key.flag}" if key is not None else ""
        yield line, f"setting {name}", instead


def _stars(tree: ast.AST) -> Iterator[tuple[int, str, str]]:
    """Names that nothing in the program makes, and that ``from pyspark... import *`` gives."""
    stars = [
        str(node.module)
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and any(alias.name == "*" for alias in node.names)
    ]
    ours = [star for star in stars if _is_pyspark(star)]
    if not ours:
        return
    made = _made(tree)
    for node in ast.walk(tree):
        if not isinstance(node, ast.Name) or node.id in made:
            continue
        if any(is_provided(star, node.id) for star in ours):
            continue
        if "pyspark" in ours and f"pyspark.{node.id}" in absent_of("pyspark"):
            yield node.lineno, f"pyspark.{node.id}", instead_of(f"pyspark.{node.id}")
        elif len(ours) == len(stars):  # else it may come from elsewhere
            types = [star for star in ours if star.endswith(".types")]
            others = [star for star in ours if star not in (*types, "pyspark")]
            homes = types or others if node.id[:1].isupper() else others
            if homes:
                yield node.lineno, f"{homes[0]}.{node.id}", instead_of(f"{homes[0]}.{node.id}")


def _made(tree: ast.AST) -> set[str]:
    """Every name that the program binds anywhere, and those that are always there."""
    made = {*dir(builtins), *_SHELLS}
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load):
            made.add(node.id)
        elif isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            made.add(node.name)
        elif isinstance(node, ast.arg):
            made.add(node.arg)
        elif isinstance(node, ast.alias):
            made.add((node.asname or node.name).partition(".")[0])
        else:  # except ... as, and the patterns of match
            made.update(name for name in (getattr(node, "name", None), getattr(node, "rest", None)) if name)
    return made


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


def main(arguments: Sequence[str]) -> int:
    """Print what was found; 0 if nothing, 1 if something, 2 for a path or program that cannot be read."""
    paths = [argument for argument in arguments if argument != "--json"]
    if not paths or any(path.startswith("-") for path in paths):
        wants_help = any(path in ("-h", "--help") for path in paths)
        print(_USAGE, file=sys.stdout if wants_help else sys.stderr)
        return 0 if wants_help else 2
    findings: list[Finding] = []
    looked: set[str] = set()
    problems: list[str] = []
    for program in (program for path in paths for program in programs(path)):
        if program.problem:
            problems.append(program.problem)
            continue
        looked.add(program.path)
        try:
            findings += check_source(program.text, program.path)
        except SyntaxError as error:
            problems.append(f"{program.path}:{error.lineno or 1}: {error.msg}")
    for problem in problems:
        print(f"weft compat-check: {' '.join(problem.split())}", file=sys.stderr)
    if "--json" in arguments:
        print(json.dumps([asdict(finding) for finding in findings], indent=1))
    else:
        for finding in findings:
            print(finding)
        counted, used = ("program", "programs")[len(looked) != 1], ("use", "uses")[len(findings) != 1]
        print(f"{len(looked):,} {counted}, {len(findings):,} {used} of what Weft does not have", file=sys.stderr)
    return 2 if problems else int(bool(findings))

"""Names that hang on a session or on the JVM: ``spark.read.csv``, ``sc._jvm.org.apache.spark``."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from weft._pyspark.reader import DataFrameReader, TextFrame
from weft._pyspark.session import Builder, SparkSession

__all__ = ["Chains"]

_SESSION, _READ, _FRAME = "pyspark.sql.SparkSession", "pyspark.sql.SparkSession.read", "pyspark.sql.DataFrame"
_OPEN = (("java",), ("javax",), ("org", "apache", "hadoop"))
_JVM = "the JVM has the classes of java, javax and org.apache.hadoop"
_JSC = "sc._jsc.hadoopConfiguration()"


def _names(kind: type, *more: str) -> frozenset[str]:
    return frozenset({name for name in vars(kind) if not name.startswith("__")} | set(more))


_OF_SESSION = _names(SparkSession, "conf")
_OF_BUILDER = _names(Builder)
_OF_READER = _names(DataFrameReader)
_OF_FRAME = _names(TextFrame)
_OF_JSC = {"hadoopConfiguration", "sc", "stop"}


class Chains:
    """Follows the names of one program that stand for sessions, and for what leads into the JVM.

    A name counts as a session if it is given one anywhere in the program, or is ``spark`` as in PySpark's shell.
    """

    def __init__(self, tree: ast.AST) -> None:
        self._classes = {"SparkSession"}
        self._names: dict[str, tuple[str, ...]] = {"spark": ("SparkSession", "()")}
        for node in ast.walk(tree):
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("pyspark.sql"):
                self._classes |= {alias.asname or alias.name for alias in node.names if alias.name == "SparkSession"}
        for target, value in _assignments(tree):
            path = self._path(value)
            if path and (self._is_session(path) or self._is_java(path) or path[-1] in ("read", "builder")):
                self._names[target] = ("SparkSession", "()") if self._is_session(path) else path

    def first_absent(self, node: ast.Attribute) -> str:
        """As much of the name as Weft does not have; empty if it has all of it, or the name is none of these."""
        path = self._path(node)
        if self._is_java(path):
            return self._absent_in_java(path)
        if not path or path[0] not in self._classes:
            return ""
        rest = [name for name in path[1:] if name != "()"]
        if not rest:
            return ""
        if rest[0] not in _OF_SESSION:
            return f"{_SESSION}.{rest[0]}"
        if rest[0] in ("builder", "Builder"):
            wrong = next((name for name in self._until(rest[1:], "getOrCreate") if name not in _OF_BUILDER), "")
            return f"{_SESSION}.builder.{wrong}" if wrong else ""
        if rest[0] == "read" and len(rest) > 1 and rest[1] not in _OF_READER:
            return f"{_READ}.{rest[1]}"
        if rest[0] == "read" and len(rest) > 2 and rest[2] not in _OF_FRAME:
            return f"{_FRAME}.{rest[2]}"
        return ""

    def is_followed(self, node: ast.Attribute) -> bool:
        """Whether the name is one of these up to its end, so that nothing is to be guessed from its last part."""
        path = self._path(node)
        return self._is_java(path) or (bool(path) and path[0] in self._classes and "rdd" not in path and len(path) < 4)

    def is_java(self, node: ast.Attribute) -> bool:
        """Whether the name leads into the JVM."""
        return self._is_java(self._path(node))

    @staticmethod
    def instead_of(name: str) -> str:
        """What to use for a name of the JVM's."""
        return _JSC if name.startswith("sc._jsc.") else _JVM if name.startswith("sc._jvm.") else ""

    @staticmethod
    def _until(names: list[str], last: str) -> list[str]:
        return names[: names.index(last)] if last in names else names

    @staticmethod
    def _is_java(path: tuple[str, ...]) -> bool:
        return any(name in ("_jvm", "_jsc") for name in path) or "_gateway" in path

    @staticmethod
    def _absent_in_java(path: tuple[str, ...]) -> str:
        names = [name for name in path if name != "()"]
        if "_jsc" in names:
            rest = names[names.index("_jsc") + 1 :]
            while rest[:1] == ["sc"]:
                rest = rest[1:]
            return f"sc._jsc.{rest[0]}" if rest and rest[0] not in _OF_JSC else ""
        start = "_jvm" if "_jvm" in names else "jvm"
        if start not in names:
            return ""
        inside = path[path.index(start) + 1 :]
        package = tuple(inside[: inside.index("()")] if "()" in inside else inside)
        for end in range(1, len(package) + 1):
            if package[:end] in _OPEN:
                return ""
            if not any(one[:end] == package[:end] for one in _OPEN):
                return "sc._jvm." + ".".join(package)
        return ""

    def _is_session(self, path: tuple[str, ...]) -> bool:
        if not path or path[0] not in self._classes:
            return False
        made = path[1:] == ("()",) or path[-2:] in (("getOrCreate", "()"), ("newSession", "()"))
        return made or path[1:] == ("getActiveSession", "()")

    def _path(self, node: ast.expr) -> tuple[str, ...]:
        """The names from the first to the last, ``()`` for a call; empty if it does not begin with a name."""
        parts: list[str] = []
        inner = node
        while True:
            if isinstance(inner, ast.Attribute):
                parts.append(inner.attr)
                inner = inner.value
            elif isinstance(inner, ast.Call):
                parts.append("()")
                inner = inner.func
            elif isinstance(inner, ast.Name):
                first = (inner.id,) if inner.id in self._classes else self._names.get(inner.id, (inner.id,))
                return (*first, *reversed(parts))
            else:
                return ()


def _assignments(tree: ast.AST) -> Iterator[tuple[str, ast.expr]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign):
            for target in node.targets:
                name = target.attr if isinstance(target, ast.Attribute) else getattr(target, "id", "")
                if name:
                    yield name, node.value
        elif isinstance(node, ast.AnnAssign) and node.value is not None and isinstance(node.target, ast.Name):
            yield node.target.id, node.value
        elif isinstance(node, (ast.With, ast.AsyncWith)):
            for item in node.items:
                if isinstance(item.optional_vars, ast.Name):
                    yield item.optional_vars.id, item.context_expr

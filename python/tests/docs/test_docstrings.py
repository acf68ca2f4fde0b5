"""Every public callable says what it takes, gives, raises and costs, and shows it."""

from __future__ import annotations

import ast
import builtins
import doctest
import importlib.util
import inspect
import re
import textwrap
import types
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import pytest

import weft
from tests.conform.support import OWNERS
from weft import errors
from weft.rdd import Partitioner
from weft.resultiterable import ResultIterable
from weft.serializers import ArrowRecordBatchSerializer, AvroSerializer, read_int, write_int, write_with_length
from weft.threads import inheritable_thread_target

COST = re.compile(r"(Narrow\.|Shuffle: \w|Action: \w|Driver only\.)")
HEADS = ("Attributes", "Parameters", "Returns", "Yields", "Raises", "Notes", "Examples")
LARGE = ("RDD", "SparkContext")
"""Classes whose methods run jobs or make RDDs, and are too many for one example of the class."""

OWN: dict[str, type] = {"ArrowRecordBatchSerializer": ArrowRecordBatchSerializer, "AvroSerializer": AvroSerializer}
FUNCTIONS: list[Any] = [weft.activate, inheritable_thread_target, read_int, write_int, write_with_length]
if importlib.util.find_spec("fsspec") is not None:
    fs = importlib.import_module("weft.fs")
    OWN["WeftFileSystem"] = fs.WeftFileSystem
    FUNCTIONS += [fs.filesystem, fs.register]
CLASSES = {one.__name__: one for one in (*OWNERS.values(), *OWN.values(), weft.BadRecords, ResultIterable, Partitioner)}
MADE = ("RDD", "Accumulator", "Broadcast", "StatusTracker", "WeftFileSystem")
"""Classes that no program makes by their own name."""

NOT_RUN = ("activate", "MemoryProfiler.show", "MemoryProfiler.dump")
"""Of which an example changes the process, or shows what no two runs have alike."""

NEVER = {
    "RDD.countApprox": TypeError,  # its accumulator has a parameter
    "RDD.sumApprox": TypeError,
    "RDD.meanApprox": TypeError,
    "RDD.groupWith": ValueError,  # takes no number of partitions
    "RDD.intersection": ValueError,
    "RDD.saveAsHadoopDataset": (TypeError, ValueError),  # takes no path, and has defaults for the classes
    "RDD.saveAsNewAPIHadoopDataset": (TypeError, ValueError),
    "SparkContext.fromDB": errors.ClosureError,  # its splits are ranges
    "SparkContext.hadoopRDD": TypeError,  # takes no path
    "SparkContext.newAPIHadoopRDD": TypeError,
}
"""Errors of functions below, which what these give them cannot raise."""


class Documented(NamedTuple):
    owner: type | None
    function: Any

    @property
    def text(self) -> str:
        return inspect.getdoc(self.function) or ""

    def sections(self) -> dict[str, list[str]]:
        found: dict[str, list[str]] = {}
        lines = self.text.split("\n")
        now: list[str] = []
        for line, under in zip(lines, [*lines[1:], ""]):
            if line in HEADS and under == "-" * len(line):
                now = found[line] = []
            elif set(line) != {"-"}:
                now.append(line)
        return found


def public() -> Iterator[tuple[str, Documented]]:
    """All functions and methods that users call, each once."""
    seen: set[Any] = set()
    for label, owner in {**OWNERS, **OWN}.items():
        for name in sorted(dir(owner)):
            member = inspect.getattr_static(owner, name)
            function = getattr(member, "__func__", member)
            own = isinstance(function, types.FunctionType) and function.__module__.startswith("weft.")
            if own and not name.startswith("_") and function not in seen:
                seen.add(function)
                yield f"{label}.{name}", Documented(owner, function)
    for function in FUNCTIONS:
        yield function.__name__, Documented(None, function)


PUBLIC = dict(public())


def taken(function: Callable[..., Any]) -> list[str]:
    names = list(inspect.signature(function).parameters)
    return [name for name in names if name not in ("self", "cls")]


def named(lines: list[str]) -> list[str]:
    heads = [line.partition(" : ")[0] for line in lines if line and not line.startswith(" ")]
    return [name.strip().lstrip("*") for head in heads for name in head.split(",")]


def raised(documented: Documented, function: Any, seen: set[Any]) -> set[type]:
    """What the code raises itself: here, in methods of the same object and in plain functions that it calls."""
    if function in seen:
        return set()
    seen.add(function)
    tree = ast.parse(textwrap.dedent(inspect.getsource(function))).body[0]
    names = dict(function.__globals__)
    found: set[type] = set()
    for node in within(tree):
        if isinstance(node, ast.ImportFrom) and node.module:
            module = importlib.import_module(node.module)
            names.update({one.name: getattr(module, one.name, None) for one in node.names})
        elif isinstance(node, ast.Raise) and node.exc is not None:
            made = node.exc.func if isinstance(node.exc, ast.Call) else node.exc
            kind = names.get(ast.unparse(made), getattr(builtins, ast.unparse(made), None))
            if isinstance(kind, type):
                found.add(kind)
        elif isinstance(node, ast.Call):
            called = target(node.func, names, documented.owner)
            if called is not None:
                found |= raised(documented, called, seen)
    return found


def within(tree: ast.AST) -> Iterator[ast.AST]:
    """The nodes of a function without those of functions in it, which run elsewhere."""
    for node in ast.iter_child_nodes(tree):
        if not isinstance(node, (ast.FunctionDef, ast.Lambda)):
            yield node
            yield from within(node)


def target(called: ast.expr, names: dict[str, Any], owner: type | None) -> Any:
    found: Any = None
    if isinstance(called, ast.Name):
        found = names.get(called.id)
    elif isinstance(called, ast.Attribute) and isinstance(called.value, ast.Name):
        module = names.get(called.value.id)
        found = getattr(module, called.attr, None) if isinstance(module, types.ModuleType) else None
    if found is None and isinstance(called, ast.Attribute) and not isinstance(called.value, ast.Attribute):
        found = getattr(owner, called.attr, None) if called.attr.startswith("_") else None
    function = getattr(found, "__func__", found)
    own = isinstance(function, types.FunctionType) and function.__module__.startswith("weft.")
    return function if own and "._ops" not in function.__module__ else None


def error_of(text: str) -> type | None:
    kind = getattr(errors, text, getattr(builtins, text, None))
    if kind is None and "." in text:
        module, _, name = text.rpartition(".")
        kind = getattr(importlib.import_module(module), name)
    return kind if isinstance(kind, type) else None


@pytest.mark.parametrize("name", PUBLIC)
def test_a_public_callable_says_what_it_does(name: str) -> None:
    assert PUBLIC[name].text.split("\n")[0].endswith((".", ":")) or len(PUBLIC[name].text.split("\n")) > 1


ARGUED = [name for name, one in PUBLIC.items() if taken(one.function) and not name.startswith("WeftFileSystem")]


@pytest.mark.parametrize("name", ARGUED)  # fsspec documents those of its interface
def test_each_parameter_is_described(name: str) -> None:
    documented = PUBLIC[name]
    assert sorted(named(documented.sections().get("Parameters", []))) == sorted(taken(documented.function))


@pytest.mark.parametrize("name", PUBLIC)
def test_what_comes_back_is_described_where_something_does(name: str) -> None:
    gives = PUBLIC[name].function.__annotations__["return"] not in ("None", "NoReturn")
    assert ("Returns" in PUBLIC[name].sections()) == gives


@pytest.mark.parametrize("name", PUBLIC)
def test_errors_that_the_code_raises_itself_are_described(name: str) -> None:
    told = [error_of(one) for one in named(PUBLIC[name].sections().get("Raises", []))]
    assert None not in told
    kinds = [kind for kind in told if kind is not None]
    missing = [
        kind.__name__
        for kind in raised(PUBLIC[name], PUBLIC[name].function, set())
        if not any(issubclass(kind, one) or issubclass(one, kind) for one in kinds)
        and not issubclass(kind, NEVER.get(name, ()))
        and kind.__name__ not in (getattr(PUBLIC[name].owner, "__doc__", None) or "")  # once for all methods
    ]
    assert missing == []


@pytest.mark.parametrize("name", [name for name in PUBLIC if name.startswith(LARGE)])
def test_the_notes_begin_with_what_it_costs(name: str) -> None:
    notes = PUBLIC[name].sections().get("Notes", [""])
    assert COST.match(notes[0]), notes[0]


@pytest.mark.parametrize("name", PUBLIC)
def test_an_example_shows_it(name: str) -> None:
    documented = PUBLIC[name]
    texts = [documented.text]
    if not name.startswith(LARGE) and documented.owner is not None:
        texts += [inspect.getdoc(one) or "" for one in documented.owner.__mro__ if one.__module__.startswith("weft.")]
    found = [example for text in texts for example in doctest.DocTestParser().get_examples(text)]
    run = [one.source for one in found if doctest.SKIP not in one.options or name in NOT_RUN]
    assert [source for source in run if re.search(rf"\b{documented.function.__name__}\b", source)]


@pytest.mark.parametrize("name", CLASSES)
def test_a_class_says_what_it_is_and_what_it_is_made_of(name: str) -> None:
    owner = CLASSES[name]
    sections = Documented(owner, owner).sections()
    told = named(sections.get("Parameters", []) + sections.get("Attributes", []))
    assert ">>>" in (inspect.getdoc(owner) or "")
    if name not in MADE:
        parameters = list(inspect.signature(owner).parameters)
        assert [one for one in parameters if not one.startswith("_") and one not in told] == []


@pytest.mark.parametrize("name", CLASSES)
def test_each_property_is_described(name: str) -> None:
    properties = [one for one in vars(CLASSES[name]).items() if isinstance(one[1], property)]
    assert [key for key, one in properties if not key.startswith("_") and not one.__doc__] == []

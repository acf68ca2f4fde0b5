"""The examples of the documentation run."""

from __future__ import annotations

import doctest
import importlib
from pathlib import Path

import pytest

import weft
from weft.context import WeftContext

LAYERS = [path for folder in ("_rdd", "_context") for path in (Path(weft.__file__).parent / folder).glob("[a-z]*.py")]
MODULES = sorted(f"{path.parent.name}.{path.stem}" for path in LAYERS if ">>>" in path.read_text(encoding="utf-8"))
IN_TASKS = {"_context.shared", "_context.tables", "_rdd.tables", "_context.batches", "_rdd.batches"}
IN_TASKS |= {"_context.files", "_context.jobcontrol", "_rdd.actions", "_rdd.approximate", "_rdd.written"}
IN_TASKS |= {"_context.core"}
IN_TASKS |= {"_context.checkpointing", "_rdd.output", "_rdd.storage"}
IN_JAVA = {"_context.formats", "_rdd.formats"}  # Hadoop's classes read and write
MODULES = [name for name in MODULES if name not in IN_TASKS | IN_JAVA]
MODULES += ["conf", "statcounter", "storagelevel", "resultiterable", "_progress"]


@pytest.mark.parametrize("name", MODULES)
def test_examples_give_what_they_show(name: str, sc: WeftContext) -> None:
    module = importlib.import_module(f"weft.{name}")
    failed, attempted = doctest.testmod(module, extraglobs={"sc": sc})
    assert attempted > 0
    assert failed == 0


RUN = [
    "_framed",
    "_profilercollector",
    "_streamed",
    "accumulators",
    "badrecords",
    "broadcast",
    "context",
    "files",
    "profiler",
    "resources",
    "serializers",
    "status",
    "taskcontext",
    "threads",
]


@pytest.mark.parametrize("name", [*RUN, *sorted(IN_TASKS)])
def test_examples_of_tasks_give_what_they_show_where_tasks_run(name: str) -> None:
    module = importlib.import_module(f"weft.{name}")
    with WeftContext("inline[2]") as sc:
        failed, attempted = doctest.testmod(module, extraglobs={"sc": sc})
    assert attempted > 0
    assert failed == 0


@pytest.mark.local
@pytest.mark.parametrize("name", sorted(IN_JAVA))
def test_examples_of_formats_give_what_they_show_where_hadoop_is(name: str) -> None:
    module = importlib.import_module(f"weft.{name}")
    with WeftContext("local[2]") as sc:
        failed, attempted = doctest.testmod(module, extraglobs={"sc": sc})
    assert attempted > 0
    assert failed == 0


def test_every_public_method_has_an_example_or_says_why() -> None:
    from weft.rdd import RDD

    without = {"context", "id", "name"}
    missing = [
        name
        for layer in RDD.__mro__
        for name, member in vars(layer).items()
        if layer.__module__.startswith("weft._rdd")
        and not name.startswith("_")
        and callable(member)
        and ">>>" not in (member.__doc__ or "")
        and name not in without
    ]
    assert missing == []

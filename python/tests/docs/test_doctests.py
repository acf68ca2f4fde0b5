"""The examples of the documentation run, all of them."""

from __future__ import annotations

import doctest
import importlib
import re
from pathlib import Path

import pytest

import weft
from weft.context import WeftContext

PACKAGE = Path(weft.__file__).parent
EXAMPLE = re.compile(r"^ *>>> (?!.*# doctest: \+SKIP)", re.MULTILINE)


def named(path: Path) -> str:
    return ".".join(path.relative_to(PACKAGE.parent).with_suffix("").parts).removesuffix(".__init__")


MODULES = sorted(named(path) for path in PACKAGE.rglob("*.py") if EXAMPLE.search(path.read_text(encoding="utf-8")))
IN_JAVA = ["weft._context.formats", "weft._rdd.formats"]  # Hadoop's classes read and write
CHANGING = ["weft", "weft._pyspark"]  # what `import pyspark` gives, or the context that runs


def run(name: str, master: str) -> None:
    module = importlib.import_module(name)
    with WeftContext(master) as sc:
        failed, attempted = doctest.testmod(module, extraglobs={"sc": sc})
    assert attempted > 0
    assert failed == 0


def test_modules_are_found() -> None:
    assert {"weft.conf", "weft._rdd.narrow", *IN_JAVA} < set(MODULES)


@pytest.mark.parametrize("name", [name for name in MODULES if name not in IN_JAVA + CHANGING])
def test_examples_give_what_they_show(name: str) -> None:
    run(name, "inline[2]")


@pytest.mark.local
@pytest.mark.parametrize("name", IN_JAVA)
def test_examples_of_formats_give_what_they_show_where_hadoop_is(name: str) -> None:
    run(name, "local[2]")

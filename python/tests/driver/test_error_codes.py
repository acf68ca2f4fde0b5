"""The error documentation holds every code that the sources raise, with the class and exit code they have."""

from __future__ import annotations

import re
from pathlib import Path

from weft.errors import _CLASSES

ROOT = Path(__file__).resolve().parents[3]
RAISED = re.compile(r'"(E[0-2][0-9])"')
# a Kerberos cluster is not served yet
UNUSED = {"E13"}


def _raised() -> set[str]:
    sources = [*ROOT.glob("python/weft/**/*.py"), *ROOT.glob("*/src/main/java/**/*.java")]
    return {code for path in sources for code in RAISED.findall(path.read_text(encoding="utf-8"))} - UNUSED


def test_every_code_that_is_raised_is_explained() -> None:
    explained = set(re.findall(r"^\*\*(E\d\d),", (ROOT / "docs" / "errors.md").read_text(encoding="utf-8"), re.M))
    assert explained == _raised()


def test_the_classes_of_the_documentation_are_those_that_are_raised() -> None:
    text = (ROOT / "docs" / "errors.md").read_text(encoding="utf-8")
    for code, name in re.findall(r"^\*\*(E\d\d),[^·\n]*· `(\w+)`", text, re.M):
        assert _CLASSES[code].__name__ == name, code


def test_every_module_has_the_names_that_it_lists() -> None:
    import importlib

    for path in sorted((ROOT / "python" / "weft").glob("*.py")):
        module = importlib.import_module("weft" if path.stem == "__init__" else f"weft.{path.stem}")
        assert [name for name in getattr(module, "__all__", ()) if not hasattr(module, name)] == [], path.name

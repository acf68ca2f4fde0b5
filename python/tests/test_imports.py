"""Which module may know which: the Python half of the coupling rules (import-control.xml is the Java half)."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parent.parent / "weft"
# the driver's modules: whatever imports one of them drags the gateway and the lineage along
DRIVER = {
    "weft.context",
    "weft._context",
    "weft.rdd",
    "weft._rdd",
    "weft.conf",
    "weft._plan",
    "weft._gateway",
    "weft._jobs",
    "weft._lineage",
    "weft._progress",
    "weft._datasocket",
    "weft._install",
    "weft._setup",
    "weft._cli",
    "weft._run",
}
INPUT_OUTPUT = DRIVER | {"weft._worker"}
OUTER = {"py4j", "fastavro", "pyarrow", "pandas", "numpy", "psycopg", "requests", "fsspec"}


def modules(folder: str) -> list[Path]:
    return sorted((PACKAGE / folder).rglob("*.py"))


def imports(path: Path) -> set[str]:
    """Full names of the modules that a file imports, at any depth of it; `from a import b` gives a and a.b."""
    found: set[str] = set()
    package = list(path.relative_to(PACKAGE.parent).with_suffix("").parts[:-1])
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {name.name for name in node.names}
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else []
            module = ".".join([*base, node.module] if node.module else base)
            found |= {module} | {f"{module}.{name.name}" for name in node.names}
    return found


def forbidden(path: Path, names: set[str]) -> set[str]:
    return {found for found in imports(path) for name in names if found == name or found.startswith(name + ".")}


@pytest.mark.parametrize("path", modules("_worker") + modules("_tables"), ids=lambda p: p.stem)
def test_the_worker_imports_nothing_of_the_driver(path: Path) -> None:
    assert forbidden(path, DRIVER) == set()


@pytest.mark.parametrize("path", modules("_ops"), ids=lambda p: p.stem)
def test_operators_import_no_module_of_ours_that_does_input_or_output(path: Path) -> None:
    assert forbidden(path, INPUT_OUTPUT) == set()


@pytest.mark.parametrize("path", modules("_ops") + modules("_worker") + modules("_tables"), ids=lambda p: p.stem)
def test_the_worker_side_imports_no_optional_library_when_it_is_loaded(path: Path) -> None:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    top = {alias.name for node in tree.body if isinstance(node, ast.Import) for alias in node.names}
    top |= {node.module or "" for node in tree.body if isinstance(node, ast.ImportFrom)}
    assert {name for name in top if name.split(".")[0] in OUTER} == set()


def test_the_rule_finds_imports_inside_functions_and_relative_ones(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys.modules[__name__], "PACKAGE", tmp_path / "weft")
    planted = tmp_path / "weft" / "_worker" / "planted.py"
    planted.parent.mkdir(parents=True)
    planted.write_text("def f():\n    from .. import context\n    import weft._gateway\n    from weft.rdd import RDD\n")
    assert forbidden(planted, DRIVER) == {"weft.context", "weft._gateway", "weft.rdd", "weft.rdd.RDD"}


def test_loading_the_worker_side_loads_no_driver_module() -> None:
    names = [".".join(path.relative_to(PACKAGE.parent).with_suffix("").parts) for path in modules("_ops")]
    program = f"import sys\nfor n in {names!r}:\n    __import__(n.replace('.__init__', ''))\nprint(sorted(sys.modules))"
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, cwd=PACKAGE.parent, check=True
    )
    loaded = set(ast.literal_eval(done.stdout))
    assert loaded & (DRIVER | {"py4j", "fastavro"}) == set()


def test_a_program_can_be_imported_before_the_packages_are_there() -> None:
    # a context fetches them: PYTHONPATH=python python app.py
    program = """
import sys
sys.modules.update(cloudpickle=None, py4j=None, fastavro=None)
import weft
print([name for name in weft.__all__ if not hasattr(weft, name)])
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, cwd=PACKAGE.parent)
    assert (done.stdout, done.stderr) == ("[]\n", "")


LONGER = {"tests/conform/cases.py": 700}  # a table


@pytest.mark.parametrize("folder", ["weft", "tests", "examples"])
def test_no_file_has_more_than_500_lines(folder: str) -> None:
    root = PACKAGE.parent
    files = (root / folder).rglob("*.py")
    sizes = {str(path.relative_to(root)): path.read_text(encoding="utf-8").count("\n") for path in files}
    assert {name: lines for name, lines in sizes.items() if lines > LONGER.get(name, 500)} == {}


def test_every_name_that_the_package_exports_exists() -> None:
    import weft

    assert [name for name in weft.__all__ if not hasattr(weft, name)] == []
    assert set(weft.__all__) <= set(dir(weft))

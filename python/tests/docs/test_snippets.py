"""What the pages of the documentation show in Python runs as it stands, but for the places of files and databases."""

from __future__ import annotations

import ast
import os
import re
import sqlite3
import subprocess
import sys
from collections import namedtuple
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from weft import RDD, WeftConf, WeftContext

ROOT = Path(__file__).resolve().parents[3]
FENCED = re.compile(r"^( *)```(\w*)\n(.*?)^ *```", re.DOTALL | re.MULTILINE)
INDENTED = re.compile(r"(?:(?<=\n\n)|\A)((?:    .*\n|[ \t]*\n(?=    ))+)")


def snippets(page: Path) -> list[str]:
    """The parts of a page that are Python; those that only name something are text."""
    text = page.read_text(encoding="utf-8")
    found = [(one.start(), one.group(3)) for one in FENCED.finditer(text) if one.group(2) == "python"]
    plain = FENCED.sub(lambda one: re.sub(r"[^\n]", "-", one.group()), text)
    found += [(one.start(), re.sub(r"^    ", "", one.group(1), flags=re.M)) for one in INDENTED.finditer(plain)]
    return [part for _, part in sorted(found) if is_python(part)]


def is_python(part: str) -> bool:
    try:
        return any(not isinstance(one, ast.Expr) or isinstance(one.value, ast.Call) for one in ast.parse(part).body)
    except SyntaxError:
        return False


Names = dict[str, Any]


def broadcast(sc: WeftContext, folder: Path) -> Names:
    return {"rdd": sc.parallelize([1, 2])}


def files(sc: WeftContext, folder: Path) -> Names:
    rows = sc.parallelize([namedtuple("Row", "day line")(1, "a"), namedtuple("Row", "day line")(2, "b")], 2)
    return {"counts": sc.parallelize(["a 1"]), "rows": rows, "parse": int}


def skew(sc: WeftContext, folder: Path) -> Names:
    clicks = sc.parallelize([("-", n) for n in range(90)] + [("ann", n) for n in range(10)], 3)
    return {"clicks": clicks, "times": clicks.values(), "urls": clicks.keys()}


def tables(sc: WeftContext, folder: Path) -> Names:
    if not (folder / "sales").exists():
        sc.parallelize([{"shop": "a", "amount": n} for n in range(200)], 2).saveAsParquetFile(f"{folder}/sales")
        with sqlite3.connect(folder / "shop.db") as db:
            db.execute("CREATE TABLE orders (id INTEGER PRIMARY KEY, total REAL, year INTEGER)")
            db.executemany("INSERT INTO orders VALUES (?, ?, ?)", ((n, n / 2, 2023 + n % 2) for n in range(100)))
        db.close()

    @contextmanager
    def connect(host: str) -> Iterator[Any]:
        yield namedtuple("Connection", "rows")(lambda first, last: range(first, last))

    splits = [{"host": "here", "first": n, "last": n + 5} for n in (0, 5)]
    return {"connect": connect, "splits": splits}


def nothing(sc: WeftContext, folder: Path) -> Names:
    return {"WeftConf": WeftConf}


def barrier(sc: WeftContext, folder: Path) -> Names:
    return {"rdd": sc.range(20)}


GIVEN: dict[str, Callable[[WeftContext, Path], Names]] = {
    "barrier.md": barrier,
    "broadcast.md": broadcast,
    "files.md": files,
    "fs.md": nothing,
    "serializers.md": nothing,
    "skew.md": skew,
    "tables.md": tables,
    "testing.md": nothing,
}
NEEDED = {"skew.md": ("ddsketch", "datasketches"), "tables.md": ("pyarrow", "pandas"), "fs.md": ("fsspec", "pandas")}
# what each must have computed, of the names that it leaves behind; RDDs are collected
LEFT: dict[str, Names] = {
    "broadcast.md": {"bad": 0},
    "files.md": {"lines": ["1", "2", "3"] + ["4"] * 100},
    "skew.md": {"p50": 39.0, "at_least": 10, "key": "ann", "rows": 10},
    "tables.md": {"rows": list(range(10)), "orders": [(n, n / 2) for n in range(100) if n % 2]},
}


@pytest.mark.parametrize("page", sorted(GIVEN))
def test_what_a_page_shows_runs(page: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in NEEDED.get(page, ()):
        pytest.importorskip(module)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("WEFT_MASTER", "inline[2]")
    (tmp_path / "logs").write_text("1\n2\n3\n" + "4\n" * 100)
    shown = snippets(ROOT / "docs" / page)
    assert shown
    names: Names = {"__name__": "shown"}
    left: Names = {}
    for part in shown:
        text = part.replace("hdfs:///", f"{tmp_path}/")
        text = text.replace("postgresql://etl:…@db1/shop", f"sqlite:///{tmp_path}/shop.db")
        if "with WeftContext(" in text:
            exec(compile(text, page, "exec"), names)
            continue
        conf = WeftConf().set("spark.python.profile", "show_profiles" in text)
        with WeftContext("inline[2]", conf=conf) as sc:
            names.update(GIVEN[page](sc, tmp_path), sc=sc)
            before = dict(names)
            exec(compile(text, page, "exec"), names)
            for name in LEFT.get(page, {}):
                value = names.get(name)
                if value is before.get(name):  # another part's; its context is stopped
                    continue
                left[name] = value.collect() if isinstance(value, RDD) else getattr(value, "value", value)
    assert {name: left[name] for name in LEFT.get(page, {})} == LEFT.get(page, {})


def test_every_page_with_python_is_run() -> None:
    with_python = {page.name for page in (ROOT / "docs").glob("*.md") if snippets(page)}
    assert with_python == {*GIVEN, "pyspark.md"}


def test_the_program_that_activates_pysparks_names_runs(tmp_path: Path) -> None:
    shown = "\n".join(snippets(ROOT / "docs" / "pyspark.md"))
    (tmp_path / "shown.py").write_text(shown + "\nassert SparkContext is weft.WeftContext\n")
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "python")}
    subprocess.run([sys.executable, "shown.py"], cwd=tmp_path, env=environment, timeout=60, check=True)

"""What the documents say is so: named files exist, the README's program is the example, its output is what comes."""

from __future__ import annotations

import re
import subprocess
from collections import Counter
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent.parent
DOCUMENTS = ("README.md", "ARCHITECTURE.md", "CONTRIBUTING.md")
PAGES = sorted(str(page.relative_to(ROOT)) for page in (*ROOT.glob("docs/*.md"), *ROOT.glob("it/bench/*.md")))
NAMED = re.compile(r"`((?:python|app-master|container-runner|bin|it|conf|\.ci)(?:/[\w.\-]+)+)`")
LINKED = re.compile(r"\]\(([^):#]+)\)")


def text(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


@pytest.mark.parametrize("name", DOCUMENTS)
def test_every_file_that_a_document_names_exists(name: str) -> None:
    named = NAMED.findall(text(name)) + LINKED.findall(text(name))
    assert named
    assert [path for path in named if not (ROOT / path).exists()] == []


@pytest.mark.parametrize("name", PAGES)
def test_every_file_that_a_page_of_the_documentation_names_exists(name: str) -> None:
    named = [ROOT / path for path in NAMED.findall(text(name))]
    named += [(ROOT / name).parent / path for path in LINKED.findall(text(name))]
    assert [path for path in named if not path.exists()] == []


def test_the_architecture_follows_the_data_in_nine_steps() -> None:
    steps = re.findall(r"^(\d)\. \*\*", text("ARCHITECTURE.md"), re.MULTILINE)
    assert steps == list("123456789")


def test_the_program_of_the_readme_is_the_example() -> None:
    shown = re.findall(r"```python\n(.*?)```", text("README.md"), re.DOTALL)[0]
    example = text("python/examples/word_count.py")

    def lines(source: str) -> list[str]:
        code = (line.partition("  # ")[0].rstrip() for line in source.splitlines())
        return [line for line in code if line and not line.startswith(('"""', "from __future__"))]

    assert lines(shown) == lines(example)


def shown_output() -> list[str]:
    return re.findall(r"^    (\d+\t\S+)$", text("README.md"), re.MULTILINE)


def test_the_output_that_the_readme_shows_is_that_of_the_readme() -> None:
    counts = Counter(text("README.md").split())
    commonest = sorted(counts.items(), key=lambda item: (-item[1], item[0]))[:10]
    assert shown_output() == [f"{count}\t{word}" for word, count in commonest]


@pytest.mark.local
def test_the_first_command_of_the_readme_prints_what_it_shows() -> None:
    command = [str(ROOT / "bin" / "weft"), "run", "python/examples/word_count.py", "README.md"]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=600, check=False)
    assert run.returncode == 0, run.stderr
    assert run.stdout.splitlines() == shown_output()
    assert re.match(r"weft: 1 job, 2 stages, \d+ tasks in [\d.]+ s; ", run.stderr.splitlines()[-1])

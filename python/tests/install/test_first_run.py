"""The README's first command in a fresh copy of the checkout, in a folder with a blank, twice at once; then again."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.install.checkout import ROOT, copy_checkout, own_environment, weft

pytestmark = pytest.mark.local

WORD_COUNT = "python/examples/word_count.py"
# runs the rest of its arguments in a network namespace of its own, whose only interface is the loopback
WITHOUT_NETWORK = """
import ctypes, fcntl, os, socket, struct, sys
libc = ctypes.CDLL(None, use_errno=True)
if libc.unshare((0 if os.geteuid() == 0 else 0x10000000) | 0x40000000):
    sys.exit(77)
up = socket.socket()
fcntl.ioctl(up, 0x8914, struct.pack("16sH14x", b"lo", 1))
os.execv(sys.argv[1], sys.argv[1:])
"""


class FirstRun:
    """A copy of the checkout after two first runs at once, with what both of them said."""

    def __init__(self, folder: Path) -> None:
        self.checkout = copy_checkout(folder / "a checkout")
        self.text = folder / "text.txt"
        self.text.write_bytes((ROOT / "LICENSE").read_bytes() + "näher näher 東京 東京\n".encode() * 200)
        with ThreadPoolExecutor(2) as pool:
            runs = [pool.submit(self.word_count, own_environment()) for _ in range(2)]
            self.first = [run.result() for run in runs]

    def word_count(self, environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
        return weft(self.checkout, environment, "run", WORD_COUNT, str(self.text))

    def expected(self) -> str:
        counts = Counter(self.text.read_text(encoding="utf-8").split())
        commonest = sorted(counts.items(), key=lambda item: (-item[1], item[0]))[:10]
        return "".join(f"{count}\t{word}\n" for word, count in commonest)


@pytest.fixture(scope="module")
def first_run(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FirstRun]:
    yield FirstRun(tmp_path_factory.mktemp("first"))


def test_two_first_runs_at_once_both_succeed(first_run: FirstRun) -> None:
    for run in first_run.first:
        assert run.returncode == 0, run.stderr
        assert run.stdout == first_run.expected()


def test_each_step_is_one_line_and_is_done_by_one_of_the_two(first_run: FirstRun) -> None:
    said = [line for run in first_run.first for line in run.stderr.splitlines()]
    for step in ("weft: fetching ", "weft: building the jars", "weft: recording the class data archive"):
        assert len([line for line in said if line.startswith(step)]) == 1, said
    assert [line for line in said if "no archive was written" in line] == []


def test_nothing_but_finished_pieces_is_left(first_run: FirstRun) -> None:
    names = {path.name.split("-")[0].partition(".")[0] for path in (first_run.checkout / ".weft").iterdir()}
    assert names <= {"lib", "venv", "classes", "operators", "installed", "install"}
    assert not (first_run.checkout / "app-master" / "target").exists()


def test_the_second_run_says_nothing_but_the_summary(first_run: FirstRun) -> None:
    run = first_run.word_count(own_environment())
    assert run.stdout == first_run.expected()
    assert [line for line in run.stderr.splitlines() if line.strip()][-1].startswith("weft: 1 job, 2 stages, ")
    assert len(run.stderr.strip().splitlines()) == 1


def test_the_second_run_starts_one_jvm_that_reads_the_archive_of_classes(
    first_run: FirstRun, tmp_path: Path
) -> None:
    logging = f"-Xlog:class+load:file={tmp_path}/%p.log"  # %p: one file for each JVM
    assert first_run.word_count(dict(own_environment(), _JAVA_OPTIONS=logging)).returncode == 0
    (log,) = tmp_path.iterdir()
    # of the jars' own classes there are none in it: JDK 17 archives none of a jar below a folder with a blank
    archived = [line for line in log.read_text().splitlines() if line.endswith("shared objects file (top)")]
    assert len(archived) > 500


def test_the_second_run_needs_no_network(first_run: FirstRun) -> None:
    command = [str(first_run.checkout / "bin" / "weft"), "run", WORD_COUNT, str(first_run.text)]
    run = subprocess.run(
        [sys.executable, "-c", WITHOUT_NETWORK, *command],
        env=own_environment(),
        cwd=first_run.checkout,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    if run.returncode == 77:
        pytest.skip("this machine allows no network namespaces")
    assert run.returncode == 0, run.stderr
    assert run.stdout == first_run.expected()


def test_a_c_locale_and_a_configured_cluster_change_nothing(first_run: FirstRun, tmp_path: Path) -> None:
    (tmp_path / "core-site.xml").write_text(
        "<configuration><property><name>fs.defaultFS</name><value>hdfs://127.0.0.1:1</value></property></configuration>"
    )
    environment = {name: value for name, value in own_environment().items() if not name.startswith("LC_")}
    run = first_run.word_count(dict(environment, LANG="C", HADOOP_CONF_DIR=str(tmp_path)))
    assert run.returncode == 0, run.stderr
    assert run.stdout == first_run.expected()


def test_a_plain_python_runs_the_script_too(first_run: FirstRun) -> None:
    run = subprocess.run(
        [sys.executable, WORD_COUNT, str(first_run.text)],
        env=dict(own_environment(), PYTHONPATH=str(first_run.checkout / "python")),
        cwd=first_run.checkout,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    assert run.stdout == first_run.expected()


def test_touching_a_source_without_changing_it_builds_nothing(first_run: FirstRun) -> None:
    state = first_run.checkout / ".weft"
    before = json.loads((state / "installed.json").read_text())
    os.utime(first_run.checkout / "pom.xml")
    done = weft(first_run.checkout, own_environment(), "setup")
    after = json.loads((state / "installed.json").read_text())
    assert "building" not in done.stderr
    assert after["lib"] == before["lib"] and after["stamp"] != before["stamp"]

"""The programs of python/examples run as they stand."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

PYTHON = Path(__file__).resolve().parents[2]


def run(name: str, *arguments: str, path: str = "") -> str:
    environment = {**os.environ, "PYTHONPATH": f"{PYTHON}:{path}", "WEFT_MASTER": "inline"}
    command = [sys.executable, str(PYTHON / "examples" / name), *arguments]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_a_database_goes_to_avro_and_parquet(tmp_path: Path) -> None:
    pytest.importorskip("pyarrow")
    printed = run("tables.py", str(tmp_path))
    sums = {f"shop {shop}": 0.0 for shop in range(3)}
    for i in range(10_000):
        if i % 40 / 2 > 15:
            sums[f"shop {i % 3}"] += i % 40 / 2
    assert printed.splitlines() == [f"{shop}\t{total:.1f}" for shop, total in sums.items()]
    assert sorted(os.listdir(tmp_path)) == ["avro", "parquet", "sales.db"]


def test_shards_are_read_by_the_users_function() -> None:
    assert run("own_source.py").splitlines() == [f"shard {i}: {1000 * (i + 1)} rows" for i in range(4)]


def test_lines_that_can_be_parsed_are_kept_by_day_and_others_put_aside(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "one.txt").write_text("mon\t1\ntue\t2\nbroken\n")
    (tmp_path / "in" / "two.txt").write_text("mon\t30\nmon\tx\ntue\t4\n")
    printed = run("clean_lines.py", str(tmp_path / "in"), str(tmp_path / "out"))
    letters = [json.loads(line) for line in printed.splitlines()]
    places = {(os.path.basename(letter["path"]), letter["offset"], letter["record"]) for letter in letters}
    assert places == {("one.txt", 12, "broken"), ("two.txt", 7, "mon\tx")}
    for day, numbers in (("mon", ["1", "30"]), ("tue", ["2", "4"])):
        parts = (tmp_path / "out" / "days" / day).glob("part-*")
        assert sorted(line for part in parts for line in part.read_text().split()) == numbers


def test_a_hot_key_is_found_and_joined_around() -> None:
    pytest.importorskip("ddsketch")
    pytest.importorskip("datasketches")
    count = 20_000
    users = Counter("nobody" if n % 5 else f"User {n % 7}" for n in range(count))
    first, second = sorted(users.items(), key=lambda item: (-item[1], item[0]))[:2]
    took = sorted(1 + n % 200 for n in range(count))
    pages = Counter(f"/page{n % 3}" if n % 4 else "/" for n in range(count))
    printed = run("hot_keys.py", str(count)).splitlines()
    assert printed[:4] == [
        f"hot: - has {users['nobody']} clicks, 80%",
        f"joined: {first[0]} {first[1]}",
        f"joined: {second[0]} {second[1]}",
        f"known: {count - users['nobody']}",
    ]
    found = re.fullmatch(r"milliseconds: half within (\d+), 95 % within (\d+)", printed[4])
    assert found is not None
    for text, rank in zip(found.groups(), (0.5, 0.95)):
        assert abs(int(text) - took[int(rank * count) - 1]) <= 0.01 * took[int(rank * count)] + 0.5
    common = {page for page, rows in pages.items() if rows > count / 4}
    assert common <= {line.split()[1] for line in printed[5:]}
    assert all(int(line.split()[-1]) <= pages[line.split()[1]] for line in printed[5:])


def test_the_example_of_tests_passes_without_java() -> None:
    environment = {**os.environ, "PYTHONPATH": str(PYTHON), "PATH": "/nowhere"}
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "weft.pytest_plugin"]
    command += ["-c", os.devnull, str(PYTHON / "examples" / "test_words.py")]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120, check=False)
    assert "4 passed" in done.stdout, done.stdout + done.stderr

"""The truth about the web log, counted again from the files in plain Python."""

from __future__ import annotations

import bz2
import csv
import datetime
import gzip
import hashlib
import importlib.util
import json
import shutil
import subprocess
import sys
import sysconfig
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import fastavro
import pytest

ETL = Path(__file__).resolve().parents[3] / "it" / "etl"
GAP = 30 * 60 * 1000
EPOCH = datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc)


def generate(folder: Path, *more: str) -> Path:
    command = [sys.executable, str(ETL / "generate.py"), "--seed", "7", "--scale", "0.001", *more, str(folder)]
    subprocess.run(command, check=True, capture_output=True, timeout=300)
    return folder


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return generate(tmp_path_factory.mktemp("etl") / "data")


@pytest.fixture(scope="module")
def manifest(made: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((made / "truth" / "manifest.json").read_text())
    return found


def unpacked(path: Path) -> bytes:
    data = path.read_bytes()
    if path.name.endswith(".bz2"):
        return bz2.decompress(data)
    return gzip.decompress(data) if path.name.endswith(".gz") and data else data


def lines(made: Path) -> Iterator[tuple[str, int, bytes]]:
    """File, offset and text of each line."""
    for path in sorted((made / "logs").iterdir()):
        if path.is_file() and not path.name.startswith((".", "_")) and not path.name.endswith("._COPYING_"):
            at = 0
            for line in unpacked(path).splitlines(keepends=True) if b"\r" not in unpacked(path) else crlf(path):
                yield path.name, at, line.rstrip(b"\r\n")
                at += len(line)


def crlf(path: Path) -> list[bytes]:
    return [line + b"\r\n" for line in unpacked(path).split(b"\r\n")[:-1]]


def reason(line: bytes) -> str:
    """What is wrong with a line, or nothing."""
    if b"\0" in line:
        return "nul"
    try:
        text = line.decode()
    except UnicodeDecodeError:
        return "utf8"
    if not text.endswith('"'):
        return "truncated"
    parts = text.split("\t")
    if len(parts) != 10:
        return "fields"
    try:
        datetime.datetime.fromisoformat(parts[0])
    except ValueError:
        return "date"
    return "" if all(parts[place].isdigit() for place in (6, 7, 8)) else "number"


@pytest.fixture(scope="module")
def good(made: Path) -> list[list[str]]:
    """The fields of the lines that count."""
    seen: dict[str, list[str]] = {}
    for _, _, line in lines(made):
        if not reason(line):
            parts = line.decode().split("\t")
            assert seen.setdefault(parts[1], parts) == parts
    return list(seen.values())


def millis(row: list[str]) -> int:
    return (datetime.datetime.fromisoformat(row[0]) - EPOCH) // datetime.timedelta(milliseconds=1)


def test_lines_are_good_or_repeated_or_broken_as_the_manifest_says(
    made: Path, manifest: dict[str, Any], good: list[list[str]]
) -> None:
    broken = [f"{name}\t{at}\t{why}" for name, at, line in lines(made) for why in [reason(line)] if why]
    assert broken == (made / "truth" / "rejects.tsv").read_text().splitlines()
    assert Counter(line.split("\t")[2] for line in broken) == manifest["reasons"]
    assert (sum(1 for _ in lines(made)), len(good)) == (manifest["lines"], manifest["good"])
    assert manifest["lines"] == manifest["good"] + manifest["duplicates"] + manifest["rejected"]
    assert manifest["duplicates"] == 120 and manifest["reasons"]["nul"] == 2


def test_sessions_and_urls_are_those_of_the_lines(manifest: dict[str, Any], good: list[list[str]]) -> None:
    found, total, last, open_ = 0, 0, ("", 0), [0, 0, 0]
    for user, time, size in [*sorted((row[2], millis(row), int(row[7])) for row in good), ("~", 0, 0)]:
        if user != last[0] or time - last[1] > GAP:
            if last[0]:
                text = f"{last[0]}|{open_[0]}|{last[1]}|{open_[1]}|{open_[2]}"
                total += int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "big")
                found += 1
            open_ = [time, 0, 0]
        open_ = [open_[0], open_[1] + 1, open_[2] + size]
        last = (user, time)
    assert (manifest["sessions"]["sessions"], manifest["sessions"]["digest"]) == (found, total % (1 << 64))
    urls = sorted(Counter(row[5] for row in good).items(), key=lambda item: (-item[1], item[0]))[:100]
    assert manifest["top_urls"] == [list(item) for item in urls]


def test_cells_and_rows_are_those_of_the_lines(made: Path, manifest: dict[str, Any], good: list[list[str]]) -> None:
    with open(made / "countries.csv", newline="") as file:
        ranges = sorted((int(start), int(end), country) for start, end, country in csv.reader(file))
    users: dict[str, dict[str, Any]] = {}
    for path in sorted((made / "users").iterdir()):
        with open(path, "rb") as data:
            for user in fastavro.reader(data):
                if users.get(user["user"], {"version": 0})["version"] < user["version"]:
                    users[user["user"]] = user
    cells: dict[tuple[str, str, str], tuple[list[int], list[int], set[str]]] = {}
    digests: Counter[str] = Counter()
    for row in good:
        a, b, c, d = map(int, row[3].split("."))
        place = bisect_right(ranges, (((a * 256 + b) * 256 + c) * 256 + d, 1 << 33, "")) - 1
        inside = place >= 0 and ((a * 256 + b) * 256 + c) * 256 + d <= ranges[place][1]
        country = ranges[place][2] if inside else "ZZ"
        moment = EPOCH + datetime.timedelta(milliseconds=millis(row))
        sizes, times, names = cells.setdefault((str(moment.date()), str(moment.hour), country), ([], [], set()))
        sizes.append(int(row[7]))
        times.append(int(row[8]))
        names |= {row[2]} - {"-"}
        user = users.get(row[2], {"plan": ""})
        text = "|".join([row[1], str(millis(row)), row[2], country, user["plan"], user.get("segment") or "", row[5],
                         row[6], row[7], row[8]])  # fmt: skip
        digests[str(moment.date())] += int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "big")
    assert {day: one["digest"] for day, one in manifest["days"].items()} == {
        day: total % (1 << 64) for day, total in digests.items()
    }
    told = [line.split("\t") for line in (made / "truth" / "cells.tsv").read_text().splitlines()]
    assert len(told) == len(cells)
    for day, hour, country, requests, size, distinct, low, high, low95, high95 in told:
        sizes, times, names = cells[day, hour, country]
        assert (int(requests), int(size), int(distinct)) == (len(sizes), sum(sizes), len(names))
        for quantile, least, most in ((0.5, low, high), (0.95, low95, high95)):
            for value in {*times, min(times) - 1, max(times) + 1}:
                below = sum(time < value for time in times) / len(times)
                upto = sum(time <= value for time in times) / len(times)
                near = below <= quantile + 0.01 and upto >= quantile - 0.01
                assert near == ((not least or value >= int(least)) and (not most or value <= int(most)))


def test_the_same_seed_gives_the_same_bytes_with_any_number_of_processes(made: Path, tmp_path: Path) -> None:
    again = generate(tmp_path / "again", "--processes", "1")

    def tree(folder: Path) -> dict[str, bytes]:
        return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}

    assert tree(made) == tree(again)


def test_the_odd_files_are_there(made: Path, manifest: dict[str, Any]) -> None:
    logs = made / "logs"
    assert unpacked(logs / "app-0-0000.log")[manifest["block"] - 1 :][:2] == "é".encode()
    assert not unpacked(logs / "app-1-0001.log").endswith(b"\n")
    text = unpacked(logs / "app-1-0000.log")
    assert text.count(b"\r\n") == text.count(b"\n") > 100
    assert [(logs / name).stat().st_size for name in ("empty.log", "empty.log.gz")] == [0, 0]
    assert max(len(line) for _, _, line in lines(made)) > 3_000_000
    offsets = {line[23:29] for _, _, line in lines(made) if not reason(line)}
    assert offsets == {b"+00:00", b"+05:30", b"+01:00", b"+02:00"}


@pytest.mark.skipif(shutil.which("gcc") is None, reason="the extension needs a C compiler")
def test_the_extension_finds_the_same_reasons_and_fields(made: Path, tmp_path: Path) -> None:
    target = tmp_path / ("weblogparse" + str(sysconfig.get_config_var("EXT_SUFFIX")))
    include = f"-I{sysconfig.get_paths()['include']}"
    source = str(ETL / "parser" / "weblogparse.c")
    subprocess.run(["gcc", "-O1", "-Wall", "-shared", "-fPIC", include, source, "-o", str(target)], check=True)
    spec = importlib.util.spec_from_file_location("weblogparse", target)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    for _, _, line in lines(made):
        why, found = reason(line), module.parse(line)
        if why:
            assert found == why
            continue
        row = line.decode().split("\t")
        a, b, c, d = map(int, row[3].split("."))
        address = ((a * 256 + b) * 256 + c) * 256 + d
        assert found == (row[1], millis(row), row[2], address, row[5], int(row[6]), int(row[7]), int(row[8]))
        assert module.parse(line.decode()) == found
    assert module.parse("é\ufffd\t") == "utf8" and module.parse("") == "truncated"
    with pytest.raises(TypeError, match="bytes or str"):
        module.parse(3)

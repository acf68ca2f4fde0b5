"""Input of the demonstration, the same on every run, and the answers by a single process in plain Python."""

from __future__ import annotations

import collections
import hashlib
import random
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

CHUNK = 50_000
CODES, REGIONS = 3_800, 40


@dataclass(frozen=True)
class Scale:
    """How large it is.

    Attributes
    ----------
    block : int
        Bytes of an HDFS block.
    blocks : int
        Blocks of each file; there are as many files as nodes.
    map_pause : float
        Seconds that each map task of the word count lasts longer, so that there is time to kill its runner.
    """

    block: int
    blocks: int
    map_pause: float


SMALL = Scale(block=256 << 10, blocks=64, map_pause=0.03)
FULL = Scale(block=16 << 20, blocks=22, map_pause=0.0)


@dataclass(frozen=True)
class Answers:
    """What the three jobs must write."""

    counts: list[str]
    sorted_lines: int
    sorted_sha256: str
    joined: list[str]


def write_inputs(folder: Path, scale: Scale, files: int) -> list[Path]:
    """Files of exactly `blocks` blocks; a line is 12 hexadecimal digits and a phrase, the last one is cut off."""
    rng = random.Random(20)
    vocabulary = [f"w{rng.randrange(10**6)}" for _ in range(5_000)]
    phrases = [" ".join(rng.choices(vocabulary, k=rng.randrange(6, 17))) for _ in range(20_000)]
    paths = []
    for number in range(files):
        path = folder / f"part{number}"
        left = scale.block * scale.blocks
        with open(path, "wb") as out:
            while left:
                keys = rng.getrandbits(48 * CHUNK).to_bytes(6 * CHUNK, "big").hex()
                chosen = rng.choices(phrases, k=CHUNK)
                text = "".join([f"{keys[12 * i : 12 * i + 12]} {phrase}\n" for i, phrase in enumerate(chosen)])
                chunk = text.encode()
                if len(chunk) >= left:
                    chunk = chunk[: left - 1] + b"\n"
                out.write(chunk)
                left -= len(chunk)
        paths.append(path)
    return paths


def write_regions(path: Path) -> None:
    """A region for most of the 4,096 codes that a line can begin with: what is not there, a join drops."""
    path.write_text("".join(f"{code:03x},r{code % REGIONS}\n" for code in range(CODES)))


def answers(paths: Iterable[Path]) -> Answers:
    """Counts of words, the lines sorted, and the lengths of lines by region."""
    phrases: collections.Counter[str] = collections.Counter()
    lengths: dict[str, int] = collections.defaultdict(int)
    lines: list[str] = []
    for path in paths:
        some = path.read_text().split("\n")[:-1]
        phrases.update(line[13:] for line in some)
        for line in some:
            lengths[line[:3]] += len(line)
        lines += some
    counts: dict[str, int] = collections.defaultdict(int)
    for phrase, times in phrases.items():
        for word in phrase.split():
            counts[word] += times
    regions: dict[str, int] = collections.defaultdict(int)
    for code in range(CODES):
        if f"{code:03x}" in lengths:
            regions[f"r{code % REGIONS}"] += lengths[f"{code:03x}"]
    lines.sort()
    digest = hashlib.sha256()
    for start in range(0, len(lines), CHUNK):
        digest.update("".join([line + "\n" for line in lines[start : start + CHUNK]]).encode())
    return Answers(
        sorted(f"{word}\t{count}" for word, count in counts.items()),
        len(lines),
        digest.hexdigest(),
        sorted(f"{region}\t{total}" for region, total in regions.items()),
    )

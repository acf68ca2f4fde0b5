"""Write MB megabytes of lines of words to PATH, the same bytes for the same numpy: the input of the benchmark.

usage: make_words.py MB PATH

Five to fifteen words a line out of 200,000, drawn by Zipf's law with exponent 1.05, built of sixteen syllables.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np

SYLLABLES = "ka to ri mo ne su la pe di go ba zu fi wo ra te".split()
WORDS = 200_000
LINES_AT_ONCE = 20_000


def words(random: np.random.Generator) -> np.ndarray:
    """The vocabulary: distinct words, numbered where syllables alone would repeat one."""
    made: dict[str, None] = {}
    while len(made) < WORDS:
        word = "".join(SYLLABLES[i] for i in random.integers(0, 16, random.integers(1, 5)))
        made.setdefault(word if word not in made else f"{word}{len(made) % 997}")
    return np.array(list(made), dtype=object)


def write(megabytes: int, path: Path) -> None:
    """Write whole blocks of lines until there are so many megabytes."""
    random = np.random.default_rng(7)
    vocabulary = words(random)
    weights = 1 / np.arange(1, WORDS + 1) ** 1.05
    weights /= weights.sum()
    left = megabytes * 1_000_000
    with open(path, "w", encoding="ascii") as out:
        while left > 0:
            drawn = vocabulary[random.choice(WORDS, size=LINES_AT_ONCE * 10, p=weights)]
            ends = np.cumsum(random.integers(5, 16, LINES_AT_ONCE))
            ends = ends[ends < len(drawn)]
            starts = np.concatenate(([0], ends[:-1]))
            text = "\n".join(" ".join(drawn[start:end]) for start, end in zip(starts, ends)) + "\n"
            out.write(text)
            left -= len(text)


if __name__ == "__main__":
    write(int(sys.argv[1]), Path(sys.argv[2]))

"""Prints the ten commonest words of a text: count, TAB, word."""

from __future__ import annotations

import sys

from weft import WeftContext

path = sys.argv[1]
with WeftContext() as sc:
    counts = (
        sc.textFile(path)
        .flatMap(str.split)
        .map(lambda word: (word, 1))
        .reduceByKey(lambda a, b: a + b)
    )
    for word, n in counts.takeOrdered(10, key=lambda kv: (-kv[1], kv[0])):
        print(n, word, sep="\t")

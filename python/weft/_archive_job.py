"""The short job whose classes go into the class data archive: reads, shuffles, collects and saves."""

from __future__ import annotations

import sys

from weft import _install


def main(text: str, out: str) -> None:
    """Counts the words of `text` and saves the counts to `out`."""
    _install.link_dependencies()  # the context's modules import them; a plain Python has none of its own
    from weft import WeftContext

    with WeftContext(master="local[2]", appName="class-archive") as sc:
        counts = sc.textFile(text).flatMap(str.split).map(lambda word: (word, 1)).reduceByKey(lambda a, b: a + b)
        counts.collect()
        counts.takeOrdered(3)
        counts.saveAsTextFile(out)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])

"""Which documents have a word, with how often, from a folder of files."""

import os
import sys
import tempfile

from pyspark import SparkConf, SparkContext

TEXTS = {
    "one.txt": "to be or not to be",
    "two.txt": "to err is human, to forgive divine",
    "three.txt": "nothing will come of nothing",
}


def main():
    conf = SparkConf().setAppName("index").setMaster("local[2]").set("spark.ui.enabled", "false")
    sc = SparkContext(conf=conf)
    folder = tempfile.mkdtemp()
    for name, text in TEXTS.items():
        with open(os.path.join(folder, name), "w") as out:
            out.write(text.replace(", ", "\n") + "\n")
    words = sc.emptyRDD()
    for name in sorted(TEXTS):
        lines = sc.textFile(os.path.join(folder, name))
        words = words.union(lines.flatMap(str.split).map(lambda word, name=name: ((word, name), 1)))
    counts = words.reduceByKey(lambda a, b: a + b)
    index = counts.map(lambda pair: (pair[0][0], (pair[0][1], pair[1]))).groupByKey().mapValues(sorted)
    out = os.path.join(folder, "index")
    index.sortByKey().map(lambda pair: f"{pair[0]}\t{pair[1]}").saveAsTextFile(out)
    for line in sorted(sc.textFile(out).collect()):
        print(line)
    sc.stop()


if __name__ == "__main__":
    sys.exit(main())

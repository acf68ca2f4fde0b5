"""Weighs the words of documents by tf-idf and finds the most alike, with broadcast weights and a word index."""

import json
import math
import os
import re
import tempfile
from collections import Counter

from pyspark import SparkContext

TEXTS = {
    "whale": "Call me Ishmael. Some years ago, never mind how long precisely, having little money in my purse.",
    "pride": "It is a truth universally acknowledged, that a single man in possession of money must want a wife.",
    "cities": "It was the best of times, it was the worst of times, it was the age of wisdom, of foolishness.",
    "years": "Some years are the best of times; never mind the worst of years, and the money of the age.",
    "empty": "",
}


def words(text):
    return re.findall(r"[a-z]+", text.lower())


def cosine(one, other):
    both = sum(weight * other.get(word, 0.0) for word, weight in one.items())
    sizes = math.sqrt(sum(w * w for w in one.values())) * math.sqrt(sum(w * w for w in other.values()))
    return both / sizes if sizes else 0.0


if __name__ == "__main__":
    folder = tempfile.mkdtemp()
    for name, text in TEXTS.items():
        with open(os.path.join(folder, f"{name}.json"), "w") as out:
            json.dump({"name": name, "text": text}, out)
    sc = SparkContext("local[2]", "tf-idf")
    files = sc.wholeTextFiles(f"file://{folder}", minPartitions=3)
    texts = files.mapValues(json.loads).map(lambda pair: (pair[1]["name"], Counter(words(pair[1]["text"])))).cache()
    count = texts.count()
    found_in = texts.flatMap(lambda pair: [(word, 1) for word in pair[1]]).reduceByKey(lambda a, b: a + b)
    idf = sc.broadcast(found_in.mapValues(lambda n: math.log(count / n)).collectAsMap())
    index = found_in.keys().sortBy(lambda word: word).zipWithIndex()
    print(count, index.count(), index.lookup("money"), index.take(3))

    def weighed(counts):
        total = sum(counts.values())
        return {word: n / total * idf.value[word] for word, n in counts.items()}

    weights = texts.mapValues(weighed)
    top = weights.flatMapValues(lambda found: sorted(found.items(), key=lambda i: (-i[1], i[0]))[:2])
    for name, (word, weight) in sorted(top.collect()):
        print(name, word, f"{weight:.6f}")
    pairs = weights.cartesian(weights).filter(lambda pair: pair[0][0] < pair[1][0])
    alike = pairs.map(lambda pair: (cosine(pair[0][1], pair[1][1]), pair[0][0], pair[1][0]))
    print([(f"{value:.6f}", one, other) for value, one, other in alike.top(3)])
    idf.unpersist()
    sc.stop()

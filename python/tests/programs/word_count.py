"""Counts words that are no stop words; how many lines and stop words there were, by accumulators."""

import sys
from operator import add

from pyspark import AccumulatorParam, SparkContext, StorageLevel


class Longest(AccumulatorParam):
    def zero(self, value):
        return ""

    def addInPlace(self, one, other):
        return max(one, other, key=lambda word: (len(word), word))


TEXT = ["the quick brown fox", "jumps over the lazy dog", "", "the dog sleeps", "a fox is a fox is a fox"] * 40

if __name__ == "__main__":
    sc = SparkContext("local[2]", "words")
    stop_words = sc.broadcast({"the", "a", "is", "over"})
    lines_seen, stopped, longest = sc.accumulator(0), sc.accumulator(0), sc.accumulator("", Longest())

    def words(line):
        global lines_seen
        lines_seen += 1
        for word in line.split():
            if word in stop_words.value:
                stopped.add(1)
            else:
                longest.add(word)
                yield word

    found = sc.parallelize(TEXT, 6).flatMap(words).persist(StorageLevel.MEMORY_AND_DISK)
    for word, count in sorted(found.map(lambda word: (word, 1)).reduceByKey(add).collect()):
        print(word, count)
    print(lines_seen.value, stopped.value, longest.value)
    print(found.distinct().count(), lines_seen.value)
    stop_words.destroy()
    found.unpersist()
    sc.stop()
    sys.exit(0)

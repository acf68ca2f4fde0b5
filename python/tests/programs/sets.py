"""A tour of the operations in the old style: sets of numbers and words, groups, sorts, zips and what comes of them."""

from operator import add, itemgetter

from pyspark import SparkConf, SparkContext
from pyspark.resultiterable import ResultIterable


def describe(name, rdd):
    print(name, rdd.getNumPartitions(), rdd.count(), sorted(rdd.collect(), key=repr)[:8])


if __name__ == "__main__":
    conf = SparkConf().setAppName("tour").setMaster("local[3]").set("spark.default.parallelism", "4")
    sc = SparkContext.getOrCreate(conf)
    evens, threes = sc.range(0, 40, 2), sc.parallelize(range(0, 40, 3), 2)
    describe("union", sc.union([evens, threes, sc.emptyRDD()]))
    describe("intersection", evens.intersection(threes))
    describe("subtract", evens.subtract(threes))
    describe("distinct", evens.union(threes).distinct())
    describe("product", threes.cartesian(sc.parallelize("ab", 2)))
    print("glom", threes.glom().collect(), evens.coalesce(2).glom().map(len).collect())
    print("repartition", sorted(evens.repartition(3).glom().map(len).collect()), evens.isEmpty(), sc.defaultParallelism)

    text = sc.parallelize(["to be or not to be", "that is the question", "whether tis nobler in the mind"], 3)
    words = text.flatMap(lambda line: line.split(" "))
    pairs = words.map(lambda word: (word, 1))
    print("local", sorted(pairs.reduceByKeyLocally(add).items())[:4], pairs.countByKey()["to"])
    by_letter = words.groupBy(lambda word: word[0])
    print("groups", [(letter, sorted(found)) for letter, found in sorted(by_letter.collect())][:4])
    print(isinstance(by_letter.values().first(), ResultIterable), by_letter.mapValues(len).values().sum())
    longest, shortest = words.max(key=len), words.min(key=lambda word: (len(word), word))
    print("longest", longest, shortest, words.keyBy(len).sortByKey().first())
    print("sorted", pairs.sortByKey(False, 1, lambda word: (len(word), word)).keys().take(4))
    print("by", words.sortBy(itemgetter(0)).glom().map(len).sum(), words.distinct().sortBy(lambda w: w[::-1]).take(4))
    print("zip", text.map(len).zip(text.map(str.upper)).collect()[:2], words.zipWithUniqueId().take(4))
    grown, joined = (lambda a, v: (a[0] + v, a[1] + 1)), (lambda a, b: (a[0] + b[0], a[1] + b[1]))
    print("fold", sc.parallelize([[1], [2], [3]], 3).fold([], add), evens.aggregate((0, 0), grown, joined))
    print("numbers", evens.sum(), evens.mean(), evens.variance(), evens.sampleStdev(), evens.stats())
    print("top", evens.top(2), evens.top(2, key=lambda v: v % 7), threes.takeOrdered(2), threes.take(99)[-1])
    print("index", words.mapPartitionsWithIndex(lambda i, part: [(i, len(list(part)))]).collect(), words.first())
    print("runJob", sc.runJob(threes, lambda part: [sum(part)]), sc.runJob(evens, lambda part: [max(part)], [1, 3]))
    print("lookup", threes.map(lambda v: (v % 5, v)).mapValues(str).lookup(4), threes.context is sc)
    sc.stop()

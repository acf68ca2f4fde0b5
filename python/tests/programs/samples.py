"""Samples, random splits and tree aggregation of measurements."""

import math

from pyspark import SparkContext
from pyspark.statcounter import StatCounter


def grown(sums, value):
    return sums[0] + value, sums[1] + value * value, sums[2] + 1


def joined(one, other):
    return tuple(a + b for a, b in zip(one, other))


if __name__ == "__main__":
    sc = SparkContext(master="local[4]", appName="samples")
    values = sc.parallelize([i * 7919 % 1009 for i in range(3000)], 16).cache()
    for depth in (1, 2, 4):
        total, squares, count = values.treeAggregate((0, 0, 0), grown, joined, depth)
        print(depth, total, squares, count, f"{math.sqrt(squares / count - (total / count) ** 2):.6f}")
    print(values.treeReduce(max), values.treeReduce(lambda a, b: a + b, 3))
    print(values.sample(False, 0.01, 7).collect())
    print(values.sample(True, 0.005, 11).collect())
    print(values.takeSample(False, 8, 3), values.takeSample(True, 5, 9), len(values.takeSample(False, 5000, 1)))
    train, test, rest = values.randomSplit([0.6, 0.3, 0.1], 17)
    print(train.count(), test.count(), rest.count(), rest.take(10))
    print(sorted(train.union(test).union(rest).collect()) == sorted(values.collect()))
    classes = values.map(lambda v: ("odd" if v % 2 else "even", v))
    print(sorted(classes.sampleByKey(False, {"odd": 0.02, "even": 0.005}, 5).collect()))
    stats = values.map(float).stats()
    print(f"{stats.count()} {stats.mean():.6f} {stats.stdev():.6f} {stats.sampleVariance():.4f} {stats.max()}")
    print(values.aggregate(StatCounter(), StatCounter.merge, StatCounter.mergeStats).sum())
    print(values.histogram([0, 250, 500, 1009]), values.histogram(3)[1])
    print(f"{values.meanApprox(10_000):.4f} {values.sumApprox(10_000):.1f} {values.countApprox(10_000)}")
    sc.stop()

"""Cuts each user's clicks into sessions: a pause of half an hour ends one."""

from pyspark import SparkContext
from pyspark.statcounter import StatCounter

PAUSE = 1800


def sessions(clicks):
    ordered = sorted(clicks)
    first = last = ordered[0]
    count = 0
    for moment in ordered:
        if moment - last > PAUSE:
            yield first, last, count
            first, count = moment, 0
        count += 1
        last = moment
    yield first, last, count


if __name__ == "__main__":
    sc = SparkContext("local[4]", "sessions")
    clicks = sc.range(0, 5000, 1, 8).map(lambda i: (f"user{i * i % 7}", i * 7919 % 100_003))
    found = clicks.groupByKey(5).flatMapValues(sessions)
    print(found.count(), found.countByKey()["user2"])
    lengths = found.map(lambda pair: pair[1][1] - pair[1][0])
    stats = lengths.aggregate(StatCounter(), StatCounter.merge, StatCounter.mergeStats)
    print(f"{stats.count()} {stats.mean():.4f} {stats.max():.0f} {stats.stdev():.4f}")
    print(lengths.histogram(4))
    print(found.sortBy(lambda pair: (-pair[1][2], pair[0], pair[1][0])).take(3))
    print(found.values().map(lambda s: s[2]).top(4))
    sc.stop()

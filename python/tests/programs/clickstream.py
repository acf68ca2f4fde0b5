"""Secondary sort, ranks and running totals of clicks; modules and files shipped to the workers."""

import os
import tempfile
from datetime import datetime, timedelta

from pyspark import SparkConf, SparkContext, SparkFiles
from pyspark.rdd import portable_hash

START = datetime(2024, 2, 28, 22, 0)
MODULE = """
PAGES = {"/": 0, "/cart": 5, "/pay": 20}

def worth(page):
    return PAGES.get(page, 1)
"""


def click(i):
    page = ["/", "/cart", "/pay", f"/p{i % 4}"][i * 7 // 3 % 4]
    return (f"u{i * 13 % 9}", START + timedelta(minutes=i * 71 % 600)), page


def totals(part):
    from prices import worth

    user, total = None, 0
    for (name, moment), page in part:
        total = (total if name == user else 0) + worth(page)
        user = name
        yield name, moment, total


def bots(_):
    with open(SparkFiles.get("bots.txt")) as listed:
        return [line.strip() for line in listed]


if __name__ == "__main__":
    folder = tempfile.mkdtemp()
    with open(os.path.join(folder, "prices.py"), "w") as out:
        out.write(MODULE)
    with open(os.path.join(folder, "bots.txt"), "w") as out:
        out.write("u3\nu7\n")
    sc = SparkContext(conf=SparkConf().setMaster("local[2]").setAppName("clicks").set("shop.limit", "30"))
    sc.addPyFile(os.path.join(folder, "prices.py"))
    sc.addFile(os.path.join(folder, "bots.txt"))
    listed = sc.broadcast(set(sc.parallelize([0], 1).flatMap(bots).collect()))
    limit = int(sc.getConf().get("shop.limit"))

    clicks = sc.range(500, numSlices=7).map(click).filter(lambda c: c[0][0] not in listed.value)
    ordered = clicks.repartitionAndSortWithinPartitions(3, lambda key: portable_hash(key[0]), True)
    sums = ordered.mapPartitions(totals).persist()
    print(sums.count(), sums.map(lambda s: s[0]).distinct().count(), sums.glom().map(len).collect())
    last = sums.map(lambda s: (s[0], (s[1], s[2]))).reduceByKey(max)
    for user, (moment, total) in last.sortBy(lambda pair: (-pair[1][1], pair[0])).take(3):
        print(user, moment.isoformat(), total, total > limit)
    ranked = last.mapValues(lambda v: v[1]).sortBy(lambda pair: pair[1], ascending=False).zipWithIndex()
    print(ranked.map(lambda pair: (pair[1], pair[0][1])).collect())
    print(sorted((str(day), n) for day, n in sums.map(lambda s: s[1].date()).countByValue().items()))
    print(sums.map(lambda s: s[2]).top(3), sums.map(lambda s: s[2]).takeOrdered(3), sums.max(key=lambda s: s[2])[2])
    print(clicks.values().zipWithUniqueId().filter(lambda pair: pair[0] == "/pay").values().take(5))
    pages = clicks.values().coalesce(2)
    print(sorted(pages.pipe("tr a-z A-Z").countByValue().items()), pages.pipe("wc -l").map(str.strip).collect())
    print([page for page, _ in zip(pages.toLocalIterator(), range(4))], pages.repartition(5).getNumPartitions())
    sc.stop()

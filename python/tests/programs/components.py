"""Connected components and the transitive closure of a graph: loops that persist, checkpoint, and end by a count."""

import tempfile

from pyspark import SparkContext, StorageLevel

EDGES = [(i, i * 3 % 40) for i in range(0, 40, 2)] + [(i, i + 5) for i in range(41, 60, 4)] + [(100, 101), (101, 102)]


def components(sc, edges):
    neighbours = edges.flatMap(lambda e: [e, (e[1], e[0])]).distinct(4).groupByKey(4).mapValues(list).cache()
    labels = neighbours.map(lambda pair: (pair[0], pair[0]), preservesPartitioning=True)
    rounds = 0
    while True:
        changes = sc.accumulator(0)
        sent = neighbours.join(labels, 4).flatMap(lambda pair: [(n, pair[1][1]) for n in pair[1][0]])

        def smaller(pair, changes=changes):
            old, new = pair[1]
            if new is not None and new < old:
                changes += 1
                return pair[0], new
            return pair[0], old

        newer = labels.leftOuterJoin(sent.reduceByKey(min, 4), 4).map(smaller).persist(StorageLevel.MEMORY_AND_DISK)
        if rounds % 3 == 2:
            newer.checkpoint()
        newer.count()
        labels.unpersist()
        labels = newer
        rounds += 1
        if changes.value == 0:
            return labels, rounds


def closure(paths):
    backwards = paths.map(lambda pair: (pair[1], pair[0]))
    found, before = paths.count(), -1
    while found != before:
        longer = paths.join(backwards).map(lambda pair: (pair[1][1], pair[1][0]))
        paths = paths.union(longer).distinct(3).cache()
        found, before = paths.count(), found
    return paths


if __name__ == "__main__":
    sc = SparkContext("local[2]", "graph")
    sc.setCheckpointDir(tempfile.mkdtemp())
    edges = sc.parallelize(EDGES, 3)
    labels, rounds = components(sc, edges)
    print(rounds, sorted(labels.map(lambda pair: (pair[1], pair[0])).groupByKey().mapValues(sorted).collect()))
    print(labels.isCheckpointed(), labels.getStorageLevel(), labels.partitioner is None)
    paths = closure(edges.filter(lambda edge: edge[0] != edge[1]))
    print(paths.count(), sorted(paths.filter(lambda p: p[0] >= 41).collect()))
    sc.stop()

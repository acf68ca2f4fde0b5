"""Ranks pages by the links between them; the classic loop of join, flatMap and reduceByKey."""

from operator import add

from pyspark import SparkContext

LINKS = """a b
a c
b c
c a
d c
d a
e d
e a
e e
f a"""


def contributions(pages, rank):
    for page in pages:
        yield page, rank / len(pages)


if __name__ == "__main__":
    sc = SparkContext("local[2]", "PageRank")
    links = sc.parallelize(LINKS.split("\n"), 3).map(lambda line: tuple(line.split())).distinct().groupByKey().cache()
    ranks = links.map(lambda pair: (pair[0], 1.0))
    for _ in range(8):
        shares = links.join(ranks).flatMap(lambda pair: contributions(list(pair[1][0]), pair[1][1]))
        ranks = shares.reduceByKey(add).mapValues(lambda rank: rank * 0.85 + 0.15)
    for page, rank in sorted(ranks.collect()):
        print(f"{page} {rank:.6f}")
    sc.stop()

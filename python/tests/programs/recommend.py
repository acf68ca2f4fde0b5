"""Recommends films: alternating least squares and pairs of films seen together, with numpy and cartesian."""

import itertools

import numpy as np

from pyspark import SparkContext

LAMBDA, USERS, FILMS, FACTORS = 0.01, 20, 12, 3


def update(i, fixed, ratings):
    count = fixed.shape[0]
    left = fixed.T @ fixed + LAMBDA * count * np.eye(FACTORS)
    return np.linalg.solve(left, fixed.T @ ratings[i, :])


def similarity(pair):
    (one, a), (other, b) = pair
    return (one, other), float(a @ b / (np.linalg.norm(a) * np.linalg.norm(b)))


if __name__ == "__main__":
    sc = SparkContext(appName="ALS")
    rng = np.random.RandomState(42)
    ratings = rng.rand(USERS, FACTORS) @ rng.rand(FACTORS, FILMS)
    films, users = rng.rand(FILMS, FACTORS), rng.rand(USERS, FACTORS)
    shared = sc.broadcast(ratings)
    for _ in range(4):
        fixed = sc.broadcast(films)
        users = np.array(sc.range(USERS, numSlices=4).map(lambda i: update(i, fixed.value, shared.value)).collect())
        fixed = sc.broadcast(users)
        films = np.array(sc.range(FILMS, numSlices=4).map(lambda i: update(i, fixed.value, shared.value.T)).collect())
        print(f"{np.sqrt(np.mean((ratings - users @ films.T) ** 2)):.6f}")

    vectors = sc.parallelize(list(enumerate(films)), 3)
    pairs = vectors.cartesian(vectors).filter(lambda pair: pair[0][0] < pair[1][0]).map(similarity)
    for (one, other), value in pairs.takeOrdered(3, key=lambda pair: -pair[1]):
        print(one, other, f"{value:.5f}")
    baskets = sc.range(60, numSlices=4).map(lambda i: sorted({i % 5, i * i % 7, i // 9}))
    together = baskets.flatMap(lambda films: itertools.combinations(films, 2)).countByValue()
    print(sorted(together.items(), key=lambda pair: (-pair[1], pair[0]))[:5])
    columns = sc.parallelize(list(ratings), 4).mapPartitions(lambda rows: [np.sum(np.vstack(list(rows)), axis=0)])
    print(np.round(columns.reduce(np.add), 4).tolist()[:3], columns.count())
    sc.stop()

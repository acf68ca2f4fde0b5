"""Fits a line between two clouds by gradient descent, a matrix per partition."""

import numpy as np

from pyspark import SparkContext

DIMENSIONS = 3


def matrix(records):
    rows = np.array(list(records))
    return [rows.reshape(-1, DIMENSIONS + 1)]


def gradient(points, weights):
    labels, inputs = points[:, 0], points[:, 1:]
    return ((1.0 / (1.0 + np.exp(-labels * inputs.dot(weights))) - 1.0) * labels * inputs.T).sum(1)


def add(one, other):
    one += other
    return one


if __name__ == "__main__":
    sc = SparkContext("local[2]", "LogisticRegression")
    rng = np.random.RandomState(7)
    labels = rng.choice([-1.0, 1.0], 400)
    rows = [[label, *(rng.normal(label * 0.7, 1.0, DIMENSIONS))] for label in labels]
    points = sc.parallelize(rows, 4).mapPartitions(matrix).cache()
    weights = np.zeros(DIMENSIONS)
    for _ in range(5):
        weights -= 0.01 * points.map(lambda part: gradient(part, weights)).reduce(add)
    print(" ".join(f"{weight:.6f}" for weight in weights))
    sc.stop()

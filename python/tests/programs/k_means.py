"""Finds three clusters of points with numpy."""

import numpy as np

from pyspark import SparkContext


def closest(point, centers):
    return int(np.argmin([np.sum((point - center) ** 2) for center in centers]))


if __name__ == "__main__":
    sc = SparkContext(appName="KMeans")
    rng = np.random.RandomState(4)
    cloud = [rng.normal(center, 0.3, 2) for center in ((0, 0), (5, 5), (0, 5)) for _ in range(60)]
    points = sc.parallelize(cloud, 4).cache()
    centers = points.takeSample(False, 3, 1)
    distance = 1.0
    while distance > 1e-6:
        assigned = points.map(lambda p: (closest(p, centers), (p, 1)))
        sums = assigned.reduceByKey(lambda a, b: (a[0] + b[0], a[1] + b[1]))
        found = sums.map(lambda pair: (pair[0], pair[1][0] / pair[1][1])).collect()
        distance = sum(np.sum((centers[index] - point) ** 2) for index, point in found)
        for index, point in found:
            centers[index] = point
    for x, y in sorted((round(float(c[0]), 6), round(float(c[1]), 6)) for c in centers):
        print(x, y)
    sc.stop()

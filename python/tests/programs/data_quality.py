"""Counts what is wrong with records, by accumulators of own kinds, and writes the good ones in gzip."""

import json
import os
import tempfile
from collections import defaultdict

from pyspark import AccumulatorParam, SparkConf, SparkContext


class CounterParam(AccumulatorParam):
    def zero(self, initial):
        return defaultdict(int)

    def addInPlace(self, one, other):
        for key, value in other.items():
            one[key] += value
        return one


class VectorParam(AccumulatorParam):
    def zero(self, value):
        return [0.0] * len(value)

    def addInPlace(self, val1, val2):
        return [a + b for a, b in zip(val1, val2)]


class SetParam(AccumulatorParam):
    def zero(self, value):
        return set()

    def addInPlace(self, v1, v2):
        v1 |= v2 if isinstance(v2, set) else {v2}
        return v1


def line(i):
    if i % 50 == 7:
        return '{"id": '
    return json.dumps({"id": i, "age": -1 if i % 33 == 0 else i % 90, "city": ["Köln", "Łódź", None][i % 3]})


class Job:
    def __init__(self, sc):
        self.problems = sc.accumulator(defaultdict(int), CounterParam())
        self.sums = sc.accumulator([0.0, 0.0, 0.0], VectorParam())
        self.cities = sc.accumulator(set(), SetParam())
        self.partitions = sc.accumulator(0)

    def clean(self, lines):
        problems = defaultdict(int)
        for text in lines:
            try:
                record = json.loads(text)
            except ValueError:
                problems["no JSON"] += 1
                continue
            if record["age"] < 0:
                problems["negative age"] += 1
            elif record["city"] is None:
                problems["no city"] += 1
            else:
                self.sums += [1.0, float(record["age"]), record["id"] / 2]
                self.cities.add(record["city"])
                yield record
        self.problems.add(problems)
        self.partitions += 1


if __name__ == "__main__":
    sc = SparkContext(conf=SparkConf().setMaster("local[2]").setAppName("quality"))
    job = Job(sc)
    lines = sc.parallelize(range(400), 6).map(line)
    good = lines.mapPartitions(job.clean)
    target = os.path.join(tempfile.mkdtemp(), "good")
    good.map(json.dumps).saveAsTextFile(target, "org.apache.hadoop.io.compress.GzipCodec")
    print(sorted(job.problems.value.items()), job.sums.value, sorted(job.cities.value), job.partitions.value)
    print(sorted(os.path.basename(name) for name in os.listdir(target) if not name.startswith(".")))
    again = sc.textFile(target).map(json.loads)
    print(again.count(), again.map(lambda r: r["age"]).sum())
    print(sorted(again.map(lambda r: r["city"]).countByValue().items()))
    seen, visited = sc.accumulator(0.0), sc.accumulator(0)
    again.foreach(lambda r: seen.add(r["id"]))
    again.foreachPartition(lambda part: visited.add(sum(1 for _ in part)))
    print(seen.value, visited.value)
    try:
        lines.map(json.loads).count()
    except Exception as problem:
        print("failed:", "JSONDecodeError" in str(problem))
    sc.stop()

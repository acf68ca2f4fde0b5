"""What the tests beside it are of: counts of lines of access logs."""

from pyspark.errors import PySparkValueError
from pyspark.storagelevel import StorageLevel


def parse(line):
    fields = line.split()
    if len(fields) != 3:
        raise PySparkValueError(f"no line of a log: {line!r}")
    return fields[0], (fields[1], int(fields[2]))


def bytes_by_host(sc, path):
    parsed = sc.textFile(path).map(parse).persist(StorageLevel.MEMORY_AND_DISK)
    try:
        totals = parsed.mapValues(lambda found: found[1]).reduceByKey(lambda a, b: a + b)
        return dict(totals.sortByKey().collect())
    finally:
        parsed.unpersist()


def pages_of_known_hosts(sc, path, names):
    known = sc.broadcast(names)
    unknown = sc.accumulator(0)

    def named(pair):
        host, (page, _) = pair
        if host in known.value:
            return [(known.value[host], page)]
        unknown.add(1)
        return []

    grouped = sc.textFile(path).map(parse).flatMap(named).groupByKey().mapValues(sorted)
    return grouped.collectAsMap(), unknown.value

"""A report as a class with a session: classes, enums and data classes of the program itself as records and keys."""

import logging
import sys
from dataclasses import dataclass, field
from decimal import Decimal
from enum import Enum

from pyspark import StorageLevel, TaskContext
from pyspark.sql import Row, SparkSession

log = logging.getLogger("report")


class Kind(Enum):
    SALE = "s"
    RETURN = "r"

    def __hash__(self):
        return hash(self.value)


@dataclass(frozen=True, order=True)
class Entry:
    shop: str
    kind: Kind = field(compare=False)
    amount: Decimal


class Report:
    rate = Decimal("1.19")

    def __init__(self, sc, entries):
        self.entries = entries
        self.slices = sc.defaultParallelism

    @staticmethod
    def parse(text):
        shop, kind, amount = text.split()
        return Entry(shop, Kind(kind), Decimal(amount))

    @classmethod
    def gross(cls, entry):
        return (entry.shop, entry.amount * cls.rate * (1 if entry.kind is Kind.SALE else -1))

    def totals(self):
        rate = self.rate
        return self.entries.map(Report.gross).reduceByKey(lambda a, b: a + b).mapValues(lambda v: (v / rate, v))


def where(_):
    context = TaskContext.get()
    return context.partitionId(), context.attemptNumber(), context.stageId() >= 0


def main(arguments):
    spark = SparkSession.builder.master("local[2]").appName("report").getOrCreate()
    sc = spark.sparkContext
    sc.setLogLevel("ERROR")
    sc.setJobGroup("night", "the nightly report")
    count = int(arguments[0])
    lines = [f"shop{i % 3} {'r' if i % 10 == 0 else 's'} {i * 101 % 997}.{i % 100:02}" for i in range(count)]
    entries = sc.parallelize(lines, 4).map(Report.parse).persist(StorageLevel.DISK_ONLY)
    report = Report(sc, entries)
    for shop, (net, gross) in sorted(report.totals().collect()):
        print(shop, f"{net:.2f}", f"{gross:.4f}")
    print(report.slices, max(entries.collect()), entries.min().amount)
    print(sorted((kind.name, n) for kind, n in entries.map(lambda e: e.kind).countByValue().items()))
    rows = entries.map(lambda e: Row(shop=e.shop, kind=e.kind.value, amount=float(e.amount)))
    print(rows.filter(lambda row: row.kind == "r").first(), rows.map(lambda row: row["amount"]).max())
    print(sc.parallelize(range(3), 3).map(where).collect(), sc.getLocalProperty("spark.jobGroup.id"))
    log.info("done")
    print(entries.is_cached, entries.setName("entries").name(), entries.id() > 0, sc.applicationId != "")
    spark.stop()


if __name__ == "__main__":
    main(sys.argv[1:] or ["60"])

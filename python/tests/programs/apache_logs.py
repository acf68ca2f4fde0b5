"""Reads a web server's log as the tutorials do: a regular expression, a bad line, sizes, codes, hosts and paths."""

import datetime
import os
import re
import sys
import tempfile

from pyspark.sql import Row, SparkSession

LINE = r'^(\S+) (\S+) (\S+) \[([\w:/]+\s[+\-]\d{4})\] "(\S+) (\S+)\s*(\S*)\s?" (\d{3}) (\S+)'


def parse_time(text):
    return datetime.datetime.strptime(text, "%d/%b/%Y:%H:%M:%S %z")


def parse_line(line):
    match = re.search(LINE, line)
    if match is None:
        return (line, 0)
    size = int(match.group(9)) if match.group(9) != "-" else 0
    return (
        Row(
            host=match.group(1),
            date_time=parse_time(match.group(4)),
            method=match.group(5),
            endpoint=match.group(6),
            response_code=int(match.group(8)),
            content_size=size,
        ),
        1,
    )


def write_log(path):
    with open(path, "w", encoding="utf-8") as out:
        for i in range(500):
            if i % 97 == 13:
                out.write(f"broken line {i}\n")
                continue
            code = [200, 200, 304, 404, 500][i % 5]
            size = "-" if code == 304 else i * 37 % 5000
            when = f"{i % 28 + 1:02}/Aug/1995:{i % 24:02}:00:{i % 60:02} -0400"
            out.write(f'h{i % 17}.example.com - - [{when}] "GET /p{i * 3 % 11}.html HTTP/1.0" {code} {size}\n')


if __name__ == "__main__":
    path = sys.argv[1] if len(sys.argv) > 1 else os.path.join(tempfile.mkdtemp(), "access.log")
    if not os.path.exists(path):
        write_log(path)
    spark = SparkSession.builder.appName("logs").master("local[2]").getOrCreate()
    sc = spark.sparkContext
    parsed = sc.textFile(path, 4).map(parse_line).cache()
    logs = parsed.filter(lambda pair: pair[1] == 1).map(lambda pair: pair[0]).cache()
    failed = parsed.filter(lambda pair: pair[1] == 0).map(lambda pair: pair[0])
    print("read", parsed.count(), "parsed", logs.count(), "failed", failed.count(), failed.take(2))
    sizes = logs.map(lambda log: log.content_size).cache()
    print("sizes", sizes.reduce(lambda a, b: a + b) / sizes.count(), sizes.min(), sizes.max())
    codes = logs.map(lambda log: (log.response_code, 1)).reduceByKey(lambda a, b: a + b).cache()
    print("codes", sorted(codes.take(100)), dict(codes.collect()) == codes.collectAsMap())
    hosts = logs.map(lambda log: (log.host, 1)).reduceByKey(lambda a, b: a + b)
    print("hosts", hosts.filter(lambda pair: pair[1] > 10).count(), hosts.takeOrdered(3, lambda s: (-s[1], s[0])))
    ends = logs.filter(lambda log: log.response_code == 404).map(lambda log: (log.endpoint, 1))
    print("missing", ends.reduceByKey(lambda a, b: a + b).takeOrdered(3, key=lambda pair: (-1 * pair[1], pair[0])))
    days = logs.map(lambda log: (log.date_time.day, log.host)).distinct().groupByKey().mapValues(len)
    daily = logs.map(lambda log: (log.date_time.day, 1)).reduceByKey(lambda a, b: a + b).join(days)
    print("a day", daily.mapValues(lambda v: round(v[0] / v[1], 3)).sortByKey().take(4))
    print("first", logs.first())
    print("hours", sorted(logs.map(lambda log: log.date_time.hour).countByValue().items())[:3])
    spark.stop()

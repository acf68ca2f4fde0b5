"""Reaches RDDs through a SparkSession."""

import os
import tempfile

from pyspark.sql import Row, SparkSession

if __name__ == "__main__":
    builder = SparkSession.builder.master("local[2]").appName("by session")
    spark = builder.config("spark.ui.enabled", False).getOrCreate()
    path = os.path.join(tempfile.mkdtemp(), "people.txt")
    with open(path, "w") as out:
        out.write("Michael, 29\nAndy, 30\nJustin, 19\n")
    lines = spark.read.text(path).rdd.map(lambda row: row[0])
    people = lines.map(lambda line: line.split(", ")).map(lambda parts: Row(name=parts[0], age=int(parts[1])))
    for person in people.sortBy(lambda row: row.age).collect():
        print(person, person.name, person["age"], person.asDict())
    print(spark.sparkContext.appName, people.map(lambda row: row.age).mean())
    print(spark.conf.get("spark.app.name"), SparkSession.builder.getOrCreate() is spark)
    spark.stop()

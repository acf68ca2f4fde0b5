"""Saves a day's records in every way that RDDs have, compressed and not, and reads them back."""

import os
import shutil
import sys
import tempfile

from pyspark import SparkContext

CODECS = "org.apache.hadoop.io.compress."
MAPREDUCE = "org.apache.hadoop.mapreduce.lib."


def shown(folder):
    return sorted(name for name in os.listdir(folder) if not name.startswith("."))


def main(base):
    sc = SparkContext("local[2]", "archive")
    days = sc.parallelize([(f"day {i % 7}", i) for i in range(70)], 3)
    lines = days.map(lambda pair: f"{pair[0]}\té{pair[1]}")
    for name, codec in (("plain", None), ("bzip2", "BZip2Codec"), ("gzip", "GzipCodec"), ("deflate", "DefaultCodec")):
        folder = os.path.join(base, name)
        lines.saveAsTextFile(folder, codec and CODECS + codec)
        back = sc.textFile(folder)
        print(name, shown(folder), back.getNumPartitions(), sorted(back.collect()) == sorted(lines.collect()))
    both = sc.textFile(f"{base}/plain,{base}/gzip")
    print(both.count(), both.distinct().count(), sc.textFile(f"{base}/*/part-00000*").count())
    print(sorted((os.path.basename(p), len(t)) for p, t in sc.wholeTextFiles(f"{base}/gzip").collect()))
    print(sorted((os.path.basename(p), len(b)) for p, b in sc.binaryFiles(f"{base}/plain").collect()))

    days.saveAsSequenceFile(f"{base}/seq")
    days.map(lambda pair: (pair[1], {"day": pair[0], "half": pair[1] / 2})).saveAsSequenceFile(
        f"{base}/maps", CODECS + "GzipCodec"
    )
    text, number = "org.apache.hadoop.io.Text", "org.apache.hadoop.io.IntWritable"
    print(sorted(sc.sequenceFile(f"{base}/seq", text, number).collect())[:3], sc.sequenceFile(f"{base}/seq").count())
    print(sc.sequenceFile(f"{base}/maps").mapValues(lambda found: sorted(found.items())).sortByKey().take(2))
    output = MAPREDUCE + "output.SequenceFileOutputFormat"
    days.saveAsNewAPIHadoopFile(f"{base}/new", output, text, number)
    read = sc.newAPIHadoopFile(f"{base}/new", MAPREDUCE + "input.SequenceFileInputFormat", text, number)
    print(read.reduceByKey(lambda a, b: a + b).sortByKey().collect(), shown(f"{base}/new"))
    days.saveAsHadoopFile(f"{base}/old", "org.apache.hadoop.mapred.TextOutputFormat")
    print(sorted(sc.textFile(f"{base}/old").collect())[:2])

    records = sc.parallelize([1, "two", (3.0, None), {"four": [4]}, b"five", {6}] * 4, 2)
    records.saveAsPickleFile(f"{base}/pickles", 5)
    print(shown(f"{base}/pickles"), sorted(sc.pickleFile(f"{base}/pickles").collect(), key=repr)[::4])
    try:
        lines.saveAsTextFile(f"{base}/plain")
    except Exception as problem:
        print("refused:", "already exists" in str(problem))
    sc.stop()


if __name__ == "__main__":
    base = sys.argv[1] if len(sys.argv) > 1 else tempfile.mkdtemp()
    try:
        main(base)
    finally:
        shutil.rmtree(base)

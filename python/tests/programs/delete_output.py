"""Deletes its output by Hadoop's FileSystem before it writes it anew, as many nightly jobs do."""

import os
import tempfile

from pyspark import SparkContext

if __name__ == "__main__":
    sc = SparkContext("local[2]", "nightly")
    output = os.path.join(tempfile.mkdtemp(), "out")
    for day in range(2):
        hadoop = sc._jvm.org.apache.hadoop
        path = hadoop.fs.Path(output)
        files = path.getFileSystem(sc._jsc.hadoopConfiguration())
        if files.exists(path):
            print("deleted:", files.delete(path, True))
        sc.parallelize(range(day * 10, day * 10 + 4), 2).saveAsTextFile(output)
        print(sorted(int(line) for line in sc.textFile(output).collect()))
        statuses = files.listStatus(path)
        print(sorted(status.getPath().getName() for status in statuses))
    sc.stop()

"""The job of yarn.py on either engine, in cluster mode: 4 tasks. Prints when it got where, as seconds since the epoch.

usage: yarn_job.py weft|pyspark
"""

import time

script = time.time()

import sys  # noqa: E402 - the clock starts first

if sys.argv[1] == "weft":
    from weft import WeftContext as Context
else:
    from pyspark import SparkContext as Context

sc = Context()
context = time.time()
first, total = (
    sc.parallelize(range(1000), 4)
    .map(lambda number: (time.time(), number * number))
    .reduce(lambda a, b: (min(a[0], b[0]), a[1] + b[1]))
)
job = time.time()
assert total == sum(number * number for number in range(1000)), total
sc.stop()
print(f"stamps script={script} context={context} task={first} job={job}", flush=True)

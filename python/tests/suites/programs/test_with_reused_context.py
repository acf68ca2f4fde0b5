import time
from operator import add

from py4j.protocol import Py4JJavaError
from pyspark import SparkConf, SparkContext
from pyspark.testing.utils import PySparkTestCase, QuietTest, ReusedPySparkTestCase, eventually, have_package


class RDDTests(ReusedPySparkTestCase):
    @classmethod
    def conf(cls):
        return SparkConf().set("spark.ui.enabled", "false").set("spark.default.parallelism", "2")

    def test_context(self):
        self.assertIs(self.sc, type(self).sc)
        self.assertEqual(self.sc.master, "local[4]")
        self.assertEqual(self.sc.appName, "RDDTests")
        self.assertEqual(self.sc.defaultParallelism, 2)

    def test_join(self):
        left = self.sc.parallelize([("a", 1), ("b", 2)])
        right = self.sc.parallelize([("a", 3), ("c", 4)])
        self.assertEqual(left.join(right).collect(), [("a", (1, 3))])
        self.assertEqual(sorted(left.fullOuterJoin(right).keys().collect()), ["a", "b", "c"])

    def test_failures_are_quiet(self):
        with QuietTest(self.sc):
            self.assertRaises(Py4JJavaError, lambda: self.sc.parallelize([0]).map(lambda x: 1 // x).collect())
        with self.quiet():
            self.assertRaises(Py4JJavaError, lambda: self.sc.parallelize([0]).map(lambda x: {}[x]).collect())

    def test_what_comes_later(self):
        start = time.time()

        @eventually(timeout=20, interval=0.05, catch_assertions=True)
        def later():
            self.assertGreater(time.time() - start, 0.1)

        later()
        self.assertTrue(have_package("json"))

    def test_what_never_comes(self):
        @eventually(timeout=0.3, interval=0.1)
        def never():
            return "no"

        with self.assertRaises(AssertionError):
            never()


class OwnContextTests(PySparkTestCase):
    def test_one(self):
        self.assertEqual(self.sc.parallelize(range(10)).reduce(add), 45)
        self.assertIs(SparkContext._active_spark_context, self.sc)

    def test_another(self):
        self.assertEqual(self.sc.parallelize(range(10)).countByValue()[3], 1)

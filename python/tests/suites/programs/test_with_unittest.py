import tempfile
import unittest

from pyspark import SparkConf, SparkContext
from pyspark.errors import PySparkTypeError, PySparkValueError
from pyspark.resultiterable import ResultIterable
from pyspark.statcounter import StatCounter


class NumbersTest(unittest.TestCase):
    def setUp(self):
        conf = SparkConf().set("spark.ui.enabled", "false")
        self.sc = SparkContext("local[2]", type(self).__name__, conf=conf)

    def tearDown(self):
        self.sc.stop()

    def test_statistics(self):
        stats = self.sc.parallelize([1.0, 2.0, 3.0, 4.0]).stats()
        self.assertIsInstance(stats, StatCounter)
        self.assertAlmostEqual(stats.stdev(), 1.118, places=3)
        self.assertEqual((stats.count(), stats.min(), stats.max()), (4, 1.0, 4.0))

    def test_groups(self):
        grouped = self.sc.parallelize([("a", 1), ("b", 2), ("a", 3)]).groupByKey().collectAsMap()
        self.assertIsInstance(grouped["a"], ResultIterable)
        self.assertEqual(sorted(grouped["a"]), [1, 3])
        self.assertEqual(len(grouped["b"]), 1)

    def test_two_contexts(self):
        with self.assertRaises(ValueError):
            SparkContext("local[1]", "another")
        self.assertIs(SparkContext.getOrCreate(), self.sc)

    def test_arguments(self):
        with self.assertRaisesRegex(ValueError, "nonnegative"):
            self.sc.parallelize([1]).sample(False, -1.0)
        with self.assertRaises(TypeError):
            self.sc.parallelize([1]).histogram("three")
        with self.assertRaisesRegex(ValueError, "empty"):
            self.sc.parallelize([]).reduce(lambda a, b: a + b)

    def test_own_errors(self):
        for kind, base in ((PySparkTypeError, TypeError), (PySparkValueError, ValueError)):
            with self.assertRaises(base) as caught:
                raise kind("so")
            self.assertEqual(str(caught.exception), "so")
            self.assertIsNone(caught.exception.getCondition())

    def test_files(self):
        with tempfile.TemporaryDirectory() as folder:
            self.sc.parallelize(range(100), 4).saveAsPickleFile(folder + "/out")
            self.assertEqual(sorted(self.sc.pickleFile(folder + "/out").collect()), list(range(100)))

    @unittest.skip("shows how a skipped test is counted")
    def test_skipped(self):
        self.fail("never")


if __name__ == "__main__":
    unittest.main(verbosity=2)

import importlib.util
import os

import pytest

if importlib.util.find_spec("pyspark") is None:  # `weft run --pyspark -m pytest` needs nothing of this
    import weft

    weft.activate()

from pyspark import SparkConf, SparkContext
from pyspark.sql import SparkSession


@pytest.fixture(scope="session")
def sc():
    conf = SparkConf().setMaster("local[2]").setAppName("tests").set("spark.ui.enabled", "false")
    conf.set("spark.default.parallelism", "3")
    context = SparkContext.getOrCreate(conf)
    context.setLogLevel("OFF")
    yield context
    context.stop()


@pytest.fixture(scope="session")
def spark(sc):
    return SparkSession.builder.getOrCreate()


@pytest.fixture
def log(tmp_path):
    path = os.path.join(tmp_path, "access.log")
    with open(path, "w") as file:
        file.write("h1 /a 10\nh2 /b 5\nh1 /c 7\nh3 /a 1\n")
    return path

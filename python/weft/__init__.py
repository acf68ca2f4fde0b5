"""PySpark's RDD API, name for name, on Hadoop YARN.

>>> from weft import WeftContext
>>> with WeftContext("local[2]") as sc:                     # doctest: +SKIP
...     sc.parallelize(range(10)).map(lambda x: x * x).sum()
285
"""

from weft._version import __version__
from weft.conf import WeftConf
from weft.context import WeftContext
from weft.errors import WeftError
from weft.rdd import RDD
from weft.statcounter import StatCounter
from weft.storagelevel import StorageLevel

__all__ = ["RDD", "StatCounter", "StorageLevel", "WeftConf", "WeftContext", "WeftError", "__version__"]

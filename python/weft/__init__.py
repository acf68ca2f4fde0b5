"""PySpark's RDD API, name for name, on Hadoop YARN.

>>> from weft import WeftContext
>>> with WeftContext("local[2]") as sc:                     # doctest: +SKIP
...     sc.parallelize(range(10)).map(lambda x: x * x).sum()
285

The names are imported when they are first used: a worker imports this package too, and must not load the driver.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from weft._version import __version__
    from weft.accumulators import Accumulator, AccumulatorParam
    from weft.conf import WeftConf
    from weft.context import WeftContext
    from weft.errors import WeftError
    from weft.rdd import RDD
    from weft.statcounter import StatCounter
    from weft.storagelevel import StorageLevel

__all__ = [
    "RDD",
    "Accumulator",
    "AccumulatorParam",
    "StatCounter",
    "StorageLevel",
    "WeftConf",
    "WeftContext",
    "WeftError",
    "__version__",
]

_MODULES = {
    "Accumulator": "weft.accumulators",
    "AccumulatorParam": "weft.accumulators",
    "RDD": "weft.rdd",
    "StatCounter": "weft.statcounter",
    "StorageLevel": "weft.storagelevel",
    "WeftConf": "weft.conf",
    "WeftContext": "weft.context",
    "WeftError": "weft.errors",
    "__version__": "weft._version",
}


def __getattr__(name: str) -> Any:
    module = _MODULES.get(name)
    if module is None:
        raise AttributeError(f"module 'weft' has no attribute {name!r}")
    import importlib

    value = getattr(importlib.import_module(module), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})

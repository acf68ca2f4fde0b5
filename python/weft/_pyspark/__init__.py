"""Weft behind PySpark's names, for programs that are not to be edited."""

from __future__ import annotations

import importlib.abc
import importlib.machinery
import sys
from collections.abc import Sequence
from types import ModuleType

__all__ = ["API_VERSION", "PYSPARK_VARIABLE", "activate", "is_active"]

API_VERSION = "4.3.0"
"""The PySpark whose API this is."""

PYSPARK_VARIABLE = "WEFT_PYSPARK"
"""Set in the workers of a program that has called :func:`activate`."""
_ROOT = "pyspark"


class _Finder(importlib.abc.MetaPathFinder):
    """Finds every module of PySpark's."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        """Give the shim's own loader for ``pyspark`` and all below it."""
        if fullname != _ROOT and not fullname.startswith(_ROOT + "."):
            return None
        from weft._pyspark.modules import ShimLoader

        return importlib.machinery.ModuleSpec(fullname, ShimLoader(), is_package=True)


def is_active() -> bool:
    """Whether ``import pyspark`` gives Weft in this process."""
    return any(isinstance(finder, _Finder) for finder in sys.meta_path)


def activate() -> None:
    """Let ``import pyspark`` give Weft, in this process and in the workers of contexts that are made from now on.

    Names that Weft has are Weft's: ``pyspark.SparkContext`` is :class:`weft.WeftContext`. Every other name of PySpark's
    can be imported, and raises when it is used. A PySpark that was imported before is put aside; what was taken from it
    stays what it is. Harmless when repeated.

    Examples
    --------
    >>> import weft
    >>> weft.activate()                                         # doctest: +SKIP
    >>> from pyspark import SparkContext                        # doctest: +SKIP
    """
    if is_active():
        return
    for name in [name for name in sys.modules if name == _ROOT or name.startswith(_ROOT + ".")]:
        del sys.modules[name]
    sys.meta_path.insert(0, _Finder())

"""What PyPy needs before anything is pickled."""

from __future__ import annotations

import copyreg
import pickle
import sys
import threading
from typing import Any

__all__ = ["import_cloudpickle"]


def import_cloudpickle() -> None:
    """Imports cloudpickle, which fails on PyPy 8 otherwise; elsewhere nothing, and nothing without cloudpickle.

    Locks are refused from then on as CPython refuses them: else cloudpickle takes their class, which has no name in a
    module, for one of the user's, and gives workers objects that are no locks.

    On PyPy cloudpickle extends the pickler written in Python. Up to PyPy 7 that is ``pickle.Pickler``; PyPy 8 has a
    faster one there, which lacks what cloudpickle extends, so cloudpickle sees the other one while it is imported.
    """
    known: Any = pickle
    if sys.implementation.name == "pypy":
        copyreg.pickle(type(threading.Lock()), _refuse)
    if sys.implementation.name != "pypy" or hasattr(known.Pickler, "dispatch") or "cloudpickle" in sys.modules:
        return
    faster = known.Pickler
    known.Pickler = known._Pickler
    try:
        import cloudpickle  # noqa: F401
    except ModuleNotFoundError:
        pass  # the first run fetches it
    finally:
        known.Pickler = faster


def _refuse(lock: object) -> Any:
    raise TypeError(f"cannot pickle {type(lock).__module__ + '.' + type(lock).__qualname__!r} object")

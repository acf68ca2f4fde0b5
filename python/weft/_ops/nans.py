"""NaN as a key: all NaNs are one key, as all zeros are, though Python's ``==`` tells each from itself.

A dict finds an object that differs from itself only by identity. So before a key goes to a table, a NaN is replaced by
one object: floats, numpy's floats and Decimals by :data:`NAN`, complex numbers by one complex NaN, numpy's NaT by one
of its class. Tuples, named tuples and frozensets are looked into. Texts, bytes and integers cost one look at the
column's types; the compiled operators do the same for single keys.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

__all__ = ["NAN", "canonical", "canonical_keys", "may_hold_nan"]

NAN = float("nan")
_COMPLEX_NAN = complex(NAN, NAN)
_KNOWN_CLASSES_LIMIT = 4096

_Replace = Callable[[Any], Any]


def canonical(key: Any) -> Any:
    """The key itself, or what stands for it in tables where it is or holds a NaN."""
    kind = type(key)
    replace = _REPLACE[kind] if kind in _REPLACE else _learn(kind)
    return key if replace is None else replace(key)


def canonical_keys(keys: list[Any]) -> list[Any]:
    """A column of keys with one object for all NaNs: the same list where there are none."""
    if all([may_hold_nan(kind) is False for kind in set(map(type, keys))]):
        return keys
    changed = list(map(canonical, keys))
    return keys if all(map(_same, keys, changed)) else changed


def may_hold_nan(kind: type) -> bool:
    """Whether objects of a class can be, or hold, a NaN."""
    return (_REPLACE[kind] if kind in _REPLACE else _learn(kind)) is not None


def _same(one: object, other: object) -> bool:
    return one is other


def _float(key: Any) -> Any:
    return key if key == key else NAN


def _decimal(key: Any) -> Any:
    return NAN if key.is_nan() else key


def _complex(key: Any) -> Any:
    return key if key == key else _COMPLEX_NAN


def _not_a_time(kind: Any) -> _Replace:
    nothing = kind("NaT", "s")  # NumPy 2.5 gives up times without a unit
    return lambda key: key if key == key else nothing


def _tuple(key: tuple[Any, ...]) -> tuple[Any, ...]:
    parts = list(map(canonical, key))
    if all(map(_same, key, parts)):
        return key
    make = getattr(key, "_make", None)
    return tuple(parts) if make is None else make(parts)


def _frozenset(key: frozenset[Any]) -> frozenset[Any]:
    parts = {id(part): canonical(part) for part in key}
    return key if all(parts[id(part)] is part for part in key) else frozenset(parts.values())


_REPLACE: dict[type, _Replace | None] = {}


def _learn(kind: type) -> _Replace | None:
    if len(_REPLACE) >= _KNOWN_CLASSES_LIMIT:
        _REPLACE.clear()
    replace = _classify(kind)
    _REPLACE[kind] = replace
    return replace


def _classify(kind: type) -> _Replace | None:
    if kind.__hash__ is None:
        return None  # no key: Python says so itself
    if issubclass(kind, tuple):
        return _tuple if kind is tuple or hasattr(kind, "_make") else None
    if issubclass(kind, frozenset):
        return _frozenset if kind is frozenset else None
    if kind.__module__ == "numpy" and kind.__name__ in ("datetime64", "timedelta64"):
        return _not_a_time(kind)
    if issubclass(kind, _known("decimal", "Decimal")):
        return _decimal
    if issubclass(kind, complex) or (kind.__module__ == "numpy" and kind.__name__.startswith("complex")):
        return _complex
    if issubclass(kind, (int, *_known("fractions", "Fraction"))):
        return None
    numpy_scalar = kind.__module__ == "numpy" and not hasattr(kind, "__len__")
    return _float if issubclass(kind, (float, *_known("numbers", "Real"))) or numpy_scalar else None


def _known(module: str, name: str) -> tuple[type, ...]:
    """A class of the standard library if its module is loaded: else nothing can be of it; nothing is imported."""
    found = getattr(sys.modules.get(module), name, None)
    return () if found is None else (found,)

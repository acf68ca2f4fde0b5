"""The partition hash: the same number for equal keys in every worker, attempt and host of an application.

Workers run with PYTHONHASHSEED=0, and an application runs one interpreter, so the builtin hash is stable for
str, bytes, numbers, dates and what is built of them. What is not stable, and is made so here:

1. ``None`` hashes to an address before CPython 3.12, a NaN (also numpy's, and its NaT) to its own address: both
   count as 0.
2. Tuples, frozensets, ranges and frozen dataclasses hash what is in them, so they are hashed part by part.
3. Classes hash to their address: they count by their name.
4. A user's own ``__hash__`` is run with this hash in place of the builtin one (userhash.py).
5. Any other object with only object's hash has no stable number: :class:`UnstableKeyError`.

The driver has another seed, so a partition is only ever computed in a worker, or in the driver of an inline job after
`seeded` has replaced what the seed changes.
"""

from __future__ import annotations

import dataclasses
import datetime
import decimal
import enum
import fractions
import numbers
import sys
import types
import uuid
import weakref
from collections.abc import Callable, Mapping
from typing import Any

from weft._ops.userhash import portable_method

__all__ = ["UnstableKeyError", "are_builtin", "partition_column", "portable_hash", "use_hashers"]

_Hasher = Callable[[Any], int]

_MASK = sys.maxsize
_KNOWN_TYPES_LIMIT = 4096


class UnstableKeyError(TypeError):
    """A key's class has only object's hash, which differs from process to process.

    Attributes
    ----------
    class_name : str
        The class, with its module unless it is a builtin.
    """

    def __init__(self, class_name: str) -> None:
        super().__init__(
            f"a key of class {class_name} has a hash that differs from process to process (object's own). "
            "Give the class __eq__ and __hash__ over its values, or key by a tuple."
        )
        self.class_name = class_name

    def __reduce__(self) -> tuple[type[UnstableKeyError], tuple[str]]:
        return UnstableKeyError, (self.class_name,)


def portable_hash(x: Any) -> int:
    """The hash of a key, equal for equal keys, the same in every worker of an application.

    Parameters
    ----------
    x : hashable
        Any key whose class has a hash over its values.

    Returns
    -------
    int
        Signed; ``portable_hash(x) % n`` is the key's partition among n.

    Raises
    ------
    UnstableKeyError
        When the key, or a part of it, has only object's hash.
    TypeError
        When the key is not hashable.

    Examples
    --------
    >>> portable_hash(7), portable_hash((1, None)) == portable_hash((1.0, None))
    (7, True)
    >>> sc.parallelize([(7, "a"), (8, "b")]).partitionBy(4, portable_hash).glom().collect()
    [[(8, 'b')], [], [], [(7, 'a')]]
    """
    hasher = _HASHERS.get(type(x))
    if hasher is None:
        hasher = _learn(type(x))
    return hasher(x)


def partition_column(keys: list[Any], partitions: int) -> list[int]:
    """The partition of each key, in order.

    The types are looked at once for the whole column; strings, bytes and integers then take one pass at C speed.

    Parameters
    ----------
    keys : list
    partitions : int
        At least 1.

    Raises
    ------
    UnstableKeyError, TypeError
        As `portable_hash`.
    """
    hashers = {_HASHERS.get(kind) or _learn(kind) for kind in set(map(type, keys))}
    if hashers <= {hash}:
        if partitions == 1:
            for key in keys:
                hash(key)
            return [0] * len(keys)
        return [hash(key) % partitions for key in keys]
    if len(hashers) == 1:
        hasher = hashers.pop()
        return [hasher(key) % partitions for key in keys]
    return [portable_hash(key) % partitions for key in keys]


def _hash_none(_key: object) -> int:
    return 0


def _hash_number(key: Any) -> int:
    """Hash a number that may be a NaN; a NaN is the one number that differs from itself."""
    return hash(key) if key == key else 0


def _hash_decimal(key: decimal.Decimal) -> int:
    return 0 if key.is_nan() else hash(key)


def _hash_tuple(key: tuple[Any, ...]) -> int:
    """PySpark's formula, so that tuples of None, numbers and texts fall where PySpark puts them."""
    known = _HASHERS.get
    mixed = 0x345678
    for part in key:
        mixed ^= (known(type(part)) or _learn(type(part)))(part)
        mixed = mixed * 1000003 & _MASK
    mixed ^= len(key)
    return mixed if mixed != -1 else -2


def _hash_frozenset(key: frozenset[Any]) -> int:
    """A sum of spread element hashes: the order in which a set is walked differs between equal sets."""
    total = 0
    for part in key:
        spread = portable_hash(part) & 0xFFFFFFFFFFFFFFFF
        spread = (spread ^ (spread >> 31) ^ 0x9E3779B97F4A7C15) * 0xBF58476D1CE4E5B9 & 0xFFFFFFFFFFFFFFFF
        total += spread ^ (spread >> 29)
    return (total * 1000003 ^ len(key)) & _MASK


def _hash_range(key: range) -> int:
    """Builtin range hashes hold None for what does not matter to equality, and so an address."""
    length = len(key)
    if length == 0:
        return _hash_tuple((0, None, None))
    return _hash_tuple((length, key.start, key.step if length > 1 else None))


def _hash_enum(key: enum.Enum) -> int:
    """By name, as Enum does it; a combined flag may have none."""
    name = key._name_
    return portable_hash(name if name is not None else key._value_)


def _hash_class(key: type) -> int:
    """By name: equal classes are one class, wherever it was imported."""
    return portable_hash(f"{key.__module__}.{key.__qualname__}")


def _hash_of_fields(owner: type) -> _Hasher:
    """A hasher for a dataclass whose ``__hash__`` was generated: its compared fields may hold None."""
    names = [field.name for field in dataclasses.fields(owner) if (field.compare if field.hash is None else field.hash)]

    def hash_fields(key: Any) -> int:
        return _hash_tuple(tuple([getattr(key, name) for name in names]))

    return hash_fields


def _unstable(kind: type) -> _Hasher:
    name = kind.__qualname__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"

    def refuse(_key: object) -> int:
        raise UnstableKeyError(name)

    return refuse


_HASHERS: dict[type, _Hasher] = {}

# What a class inherits as __hash__ decides: a subclass that keeps its parent's hash keeps its equality too.
_BY_HASH: dict[object, _Hasher] = {
    str.__hash__: hash,
    bytes.__hash__: hash,
    int.__hash__: hash,
    float.__hash__: _hash_number,
    complex.__hash__: _hash_number,
    decimal.Decimal.__hash__: _hash_decimal,
    fractions.Fraction.__hash__: hash,
    tuple.__hash__: _hash_tuple,
    frozenset.__hash__: _hash_frozenset,
    range.__hash__: _hash_range,
    datetime.date.__hash__: hash,
    datetime.datetime.__hash__: hash,
    datetime.time.__hash__: hash,
    datetime.timedelta.__hash__: hash,
    uuid.UUID.__hash__: hash,
    enum.Enum.__hash__: _hash_enum,
}

# Types with a hash of their own that is nevertheless made of addresses.
_ADDRESSED = (
    types.FunctionType,
    types.BuiltinFunctionType,
    types.MethodType,
    type(object().__str__),
    weakref.ref,
    type(Ellipsis),
    type(NotImplemented),
    types.GenericAlias,
)


_REPLACED: dict[object, _Hasher] = {}


def use_hashers(replaced: Mapping[object, _Hasher]) -> None:
    """Hash classes with these ``__hash__`` methods otherwise; nothing given: as ever."""
    _REPLACED.clear()
    _REPLACED.update(replaced)
    _HASHERS.clear()


def are_builtin() -> bool:
    """Whether text and numbers have the hash that the builtin function gives."""
    return not _REPLACED


def _learn(kind: type) -> _Hasher:
    """Find and remember how to hash a class."""
    if len(_HASHERS) >= _KNOWN_TYPES_LIMIT:
        _HASHERS.clear()
    hasher = _classify(kind)
    _HASHERS[kind] = hasher
    return hasher


def _classify(kind: type) -> _Hasher:
    if kind is type(None):
        return _hash_none
    method: object = kind.__hash__
    if method is None:
        return hash  # raises Python's own "unhashable type"
    if method is type.__hash__ and issubclass(kind, type):
        return _hash_class
    if method is object.__hash__ or issubclass(kind, _ADDRESSED):
        return _unstable(kind)
    known = _REPLACED.get(method) or _BY_HASH.get(method)
    if known is not None:
        return known
    owner = next((base for base in kind.__mro__ if "__hash__" in base.__dict__), kind)
    code = getattr(method, "__code__", None)
    if code is not None and code.co_filename == "<string>" and "__dataclass_fields__" in owner.__dict__:
        return _hash_of_fields(owner)
    own = portable_method(method, portable_hash, _unstable(kind))
    if own is not None:
        return own
    numpy_scalar = kind.__module__ == "numpy"  # datetime64 and timedelta64 are no Numbers, and may be NaT
    return _hash_number if numpy_scalar or issubclass(kind, numbers.Number) else hash

"""The partition hash of a user's own class: its ``__hash__``, with a portable `hash` in place of the builtin one.

``hash((self.name, self.parent))`` differs from process to process where the parent is None (before CPython 3.12) or a
class, whatever PYTHONHASHSEED: such objects hash to their address, and the tuple hash takes that in. So equal keys
would fall into different partitions. The method's code is run as it stands, with globals in which `hash` is the
partition hash; that raises where an object has no other number than its address, and so does `id` then.

What is not seen here: a ``__hash__`` that is not written in Python, one that leaves the hashing to a function
elsewhere or to another object's ``__hash__``, and one that keeps its number (as pathlib's does): that is asked for by
tables too, which use the builtin hash, so both must be the same.
"""

from __future__ import annotations

import builtins
import dis
import types
from collections.abc import Callable
from typing import Any

__all__ = ["portable_method"]


_STORING = frozenset({"setattr", "__setattr__", "__dict__", "vars", "setdefault", "update"})
_STORES = frozenset({"STORE_ATTR", "STORE_SUBSCR", "STORE_GLOBAL", "STORE_SLICE"})


class _Globals(dict):  # type: ignore[type-arg]
    """A function's globals as they are now, but for some names; CPython and PyPy ask `__missing__` for the others."""

    def __init__(self, behind: dict[str, Any], names: dict[str, Any]) -> None:
        super().__init__(names)
        self["__builtins__"] = behind.get("__builtins__", builtins)
        self._behind = behind

    def __missing__(self, name: str) -> Any:
        return self._behind[name]


def portable_method(
    method: object, portable_hash: Callable[[Any], int], refuse: Callable[[Any], int]
) -> Callable[[Any], int] | None:
    """A ``__hash__`` that gives the same number in every process.

    Parameters
    ----------
    method : object
        A class's ``__hash__``.
    portable_hash : callable
        Stands for `hash`.
    refuse : callable
        Stands for `id`: raises.

    Returns
    -------
    callable or None
        None where `method` is no Python function, calls neither, or stores anything.
    """
    if not isinstance(method, types.FunctionType):
        return None
    if _stores(method.__code__):
        return None
    called = _names(method.__code__) - method.__globals__.keys()
    names = {name: stands for name, stands in (("hash", portable_hash), ("id", refuse)) if name in called}
    if not names:
        return None
    changed = types.FunctionType(
        method.__code__,
        _Globals(method.__globals__, names),
        method.__name__,
        method.__defaults__,
        method.__closure__,
    )
    changed.__kwdefaults__ = method.__kwdefaults__

    def hash_key(key: Any) -> int:
        number = changed(key)
        if not isinstance(number, int):
            raise TypeError("__hash__ method should return an integer")
        return hash(number)

    return hash_key


def _stores(code: types.CodeType) -> bool:
    """Whether the code may change something that outlives it."""
    if _names(code) & _STORING:
        return True
    codes = [code, *(constant for constant in code.co_consts if isinstance(constant, types.CodeType))]
    return any(step.opname in _STORES for some in codes for step in dis.get_instructions(some))


def _names(code: types.CodeType) -> set[str]:
    """What the code, and the code within it, looks up as globals or attributes."""
    found = set(code.co_names)
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            found |= _names(constant)
    return found

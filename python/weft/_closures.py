"""The user's functions on their way to the workers: pickled once, named when they cannot be."""

from __future__ import annotations

import builtins
import hashlib
import types
from collections.abc import Callable, Iterator
from typing import Any

from weft._ops.sealing import sealed_whole, sealer
from weft.broadcast import in_closure
from weft.errors import BroadcastGoneError, ClosureError, DriverOnlyError

__all__ = ["Blob", "Closure", "DriverObject"]

_MAX_DEPTH = 4


class DriverObject:
    """Something that only the driver has (an RDD, a context); pickling one fails."""

    def __reduce__(self) -> Any:
        raise DriverOnlyError(f"{self._described()} cannot leave the driver.", "E05")

    def _described(self) -> str:
        """Say what this is in a few words, with its article."""
        raise NotImplementedError


class Blob:
    """The pickled form of a function; ``identity`` is the SHA-256 of ``data`` in hexadecimal digits.

    ``data`` is sealed if the context seals; ``by`` says by what.
    """

    __slots__ = ("__weakref__", "by", "data", "identity")

    def __init__(self, pickled: bytes) -> None:
        self.by = sealer()
        data = sealed_whole(pickled)
        self.identity = hashlib.sha256(data).hexdigest()
        self.data = data


class Closure:
    """A function that a method was given.

    Parameters
    ----------
    function : callable
        What the workers call.
    method : str
        The method that got it, such as ``"map"``.
    site : str
        The ``file:line`` of that call.
    user : callable, optional
        The user's own function inside ``function``, where it is wrapped.
    """

    __slots__ = ("_blob", "_identity", "function", "method", "site", "user")

    def __init__(self, function: Any, method: str, site: str, user: Any = None) -> None:
        self.function = function
        self.method = method
        self.site = site
        self.user = function if user is None else user
        self._blob: Blob | None = None
        self._identity: str | None = None

    def blob(self) -> Blob:
        """Pickle the function, once.

        Raises
        ------
        ClosureError
            If something in it cannot be pickled; the message names the variable.
        DriverOnlyError
            If it uses an RDD or the context.
        """
        if self._blob is None or self._blob.by is not sealer():
            import cloudpickle  # type: ignore[import-untyped, unused-ignore]

            if not callable(self.user):
                raise TypeError(f"{self.method} at {self.site} needs a function, not {_kind(self.user)}")
            try:
                with in_closure():
                    data = cloudpickle.dumps(self.function, protocol=5)
            except BroadcastGoneError:
                raise
            except Exception as error:
                raise self._explained(error) from None
            self._blob = Blob(data)
        return self._blob

    def _explained(self, error: Exception) -> Exception:
        found = _culprit(self.user, error)
        given = f"The function given to {self.method} at {self.site}"
        if isinstance(error, DriverOnlyError):
            return DriverOnlyError(_driver_only_text(given, found), "E05")
        if found is None:
            return ClosureError(f"{given} cannot be sent to workers: {error}", "E04")
        name, value = found
        if isinstance(error, RecursionError) or "excessively deep recursion" in str(error):
            return ClosureError(
                f"{given} cannot be sent to workers: its variable `{name}`, {_kind(value)}, is nested too deeply to be "
                "pickled.\nGive it a flatter form, or raise sys.setrecursionlimit.",
                "E04",
            )
        return ClosureError(
            f"{given} cannot be sent to workers: its variable `{name}` is {_kind(value)}, which cannot be pickled.\n"
            f"Make it in the worker instead: mapPartitions(lambda records: use(make_{_word(name)}(), records)).",
            "E04",
        )


def _driver_only_text(given: str, found: tuple[str, Any] | None) -> str:
    if found is None:
        return f"{given} uses an RDD or the context. Only the driver can use them."
    name, value = found
    described = value._described() if isinstance(value, DriverObject) else _kind(value)
    if described.startswith("an RDD"):
        return (
            f"{given} uses `{name}`, {described}. Only the driver can use RDDs.\n"
            f"Use join, or collect it first and use the result: {name}.collectAsMap()."
        )
    return f"{given} uses `{name}`, {described}. Only the driver can use it."


def _kind(value: Any) -> str:
    kind = type(value)
    if value is None:
        return "None"
    name = (
        kind.__qualname__ if kind.__module__ in ("builtins", "__main__") else f"{kind.__module__}.{kind.__qualname__}"
    )
    article = "an" if name[:1].lower() in "aeiou" else "a"
    return f"{article} {name} object"


def _word(name: str) -> str:
    word = name.rpartition(".")[2]
    return word if word.isidentifier() else "it"


def _culprit(function: Any, error: Exception, depth: int = 0) -> tuple[str, Any] | None:
    """Find the variable of ``function`` that makes pickling fail; the innermost one that has a name."""
    for name, value in _variables(function):
        if isinstance(value, DriverObject):
            return name, value
        if isinstance(value, types.ModuleType) or not _fails(value):
            continue
        if depth < _MAX_DEPTH:
            inner = _culprit(value, error, depth + 1)
            if inner is not None:
                inside = inner[0] if isinstance(value, types.FunctionType) else f"{name}.{inner[0]}"
                return inside, inner[1]
        return name, value
    return None


def _fails(value: Any) -> bool:
    import cloudpickle  # type: ignore[import-untyped, unused-ignore]

    try:
        cloudpickle.dumps(value, protocol=5)
    except Exception:
        return True
    return False


def _variables(value: Any) -> Iterator[tuple[str, Any]]:
    """Give what a callable carries with it: closure cells, globals it names, defaults, attributes of its object."""
    if isinstance(value, types.MethodType):
        yield "self", value.__self__
        value = value.__func__
    if isinstance(value, types.FunctionType):
        for name, cell in zip(value.__code__.co_freevars, value.__closure__ or ()):
            try:
                yield name, cell.cell_contents
            except ValueError:  # a variable that has no value yet
                continue
        for name in _global_names(value.__code__):
            if name in value.__globals__ and not hasattr(builtins, name):
                yield name, value.__globals__[name]
        for position, default in enumerate(value.__defaults__ or ()):
            yield (
                value.__code__.co_varnames[value.__code__.co_argcount - len(value.__defaults__ or ()) + position],
                default,
            )
    else:
        partial: Callable[..., Any] | None = getattr(value, "func", None)
        if callable(partial):
            yield "func", partial
            yield from ((f"args[{i}]", item) for i, item in enumerate(getattr(value, "args", ())))
        attributes = getattr(value, "__dict__", None)
        if isinstance(attributes, dict):
            yield from ((str(name), item) for name, item in attributes.items())


def _global_names(code: types.CodeType) -> Iterator[str]:
    yield from code.co_names
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            yield from _global_names(constant)

"""Exceptions of the user's on their way from a worker to the driver."""

from __future__ import annotations

import pickle
from typing import Any

__all__ = ["pickled"]

_MOST_BYTES = 1 << 20


def pickled(error: BaseException) -> bytes:
    """Pickle an exception so that it can be unpickled; nothing where that is impossible.

    Many classes cannot be unpickled the usual way, which calls the class with ``args``: their ``__init__`` takes other
    arguments. Those travel as their class, ``args`` and attributes; attributes that cannot be pickled stay behind.
    SystemExit and its like do not travel: they would end the driver in silence.
    """
    if not isinstance(error, Exception):
        return b""
    for form in (error, _Parts(error)):
        try:
            data = _dumped(form)
            if len(data) <= _MOST_BYTES and isinstance(pickle.loads(data), BaseException):
                return data
        except Exception:  # the user's classes may raise anything
            continue
    return b""


class _Parts:
    """Pickles as an exception's class, arguments and attributes."""

    def __init__(self, error: Exception) -> None:
        self._error = error

    def __reduce__(self) -> Any:
        error = self._error
        arguments = tuple(item if _fits(item) else repr(item) for item in error.args)
        attributes = {name: value for name, value in vars(error).items() if _fits(value)}
        return _joined, (type(error), arguments, attributes)


def _joined(kind: type[Exception], arguments: tuple[Any, ...], attributes: dict[str, Any]) -> Exception:
    error = kind.__new__(kind, *arguments)
    error.args = arguments
    error.__dict__.update(attributes)
    return error


def _dumped(value: Any) -> bytes:
    import cloudpickle  # type: ignore[import-untyped, unused-ignore]

    return bytes(cloudpickle.dumps(value, 5))


def _fits(value: Any) -> bool:
    try:
        pickle.loads(_dumped(value))
    except Exception:  # the user's classes may raise anything
        return False
    return True

"""Failures that are also what programs catch when they were written for Py4J's errors."""

from __future__ import annotations

from types import FunctionType
from typing import Any

__all__ = ["JavaException", "with_java"]


class JavaException:
    """What stands for the exception of a JVM: its methods give the failure's class and text."""

    _target_id = ""

    def __init__(self, name: str, message: str) -> None:
        self._name = name
        self._message = message

    def getMessage(self) -> str:
        """Give the text of the failure."""
        return self._message

    def toString(self) -> str:
        """Give class and text."""
        return f"{self._name}: {self._message}"

    def getClass(self) -> JavaException:
        """Give what knows the class's name: this object."""
        return self

    def getName(self) -> str:
        """Give the class's name."""
        return self._name

    def getCause(self) -> None:
        """There is none."""

    def __str__(self) -> str:
        return self.toString()


def with_java(error: BaseException) -> BaseException:
    """Make of an exception one that ``except Py4JJavaError`` catches, as well as what caught it before.

    One whose class cannot be combined with Py4J's comes back as it is.
    """
    from py4j.protocol import Py4JJavaError

    kind = type(error)
    if issubclass(kind, Py4JJavaError):
        return error
    try:
        both: Any = type(kind.__name__, (kind, Py4JJavaError), _members(kind, error))
        initialize: Any = getattr(kind, "__init__")  # noqa: B009 - so that type checkers do not mind
        arguments = error.args
        if not isinstance(initialize, FunctionType):  # a builtin's, which keeps fields in C: pickling knows them all
            arguments = error.__reduce__()[1]  # type: ignore[assignment, unused-ignore]
        made: Any = both.__new__(both, *arguments)
        if not isinstance(initialize, FunctionType):
            initialize(made, *arguments)
        made.__dict__.update(error.__dict__)
        made.args = error.args
    except Exception:
        return error
    made.__cause__, made.__context__ = error.__cause__, error.__context__
    made.__suppress_context__ = error.__suppress_context__
    made.__traceback__ = error.__traceback__
    result: BaseException = made
    return result


def _members(kind: type, error: BaseException) -> dict[str, Any]:
    text = str(error)
    name = kind.__qualname__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"
    return {
        "__module__": kind.__module__,
        "__qualname__": kind.__qualname__,
        "__doc__": kind.__doc__,
        "__init__": getattr(kind, "__init__"),  # noqa: B009 - so that type checkers do not mind
        "__str__": kind.__str__,
        "__reduce__": lambda self: (kind, self.args),
        "errmsg": text,
        "java_exception": JavaException(name, text),
    }

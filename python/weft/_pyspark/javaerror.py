"""Failures that are also what programs catch when they were written for Py4J's errors."""

from __future__ import annotations

from types import FunctionType
from typing import Any

from weft._pyspark.exceptions import (
    CapturedException,
    IllegalArgumentException,
    PySparkException,
    PythonException,
)
from weft.errors import WeftError

__all__ = ["JavaException", "plain_text", "with_java"]

_PYTHON = "org.apache.spark.api.python.PythonException"
_OF_CODES = {  # of Weft's errors: the class that PySpark's programs know, and how its text begins
    "E02": ("org.apache.hadoop.mapred.InvalidInputException", "Input path does not exist: "),
    "E03": ("org.apache.hadoop.mapred.FileAlreadyExistsException", "Output directory already exists: "),
    "E16": ("org.apache.hadoop.security.AccessControlException", "Permission denied: "),
}
_ARGUMENT = ("java.lang.IllegalArgumentException", "")
_OTHER = ("org.apache.spark.SparkException", "Job aborted: ")


class JavaException:
    """What stands for the exception of a JVM: its methods give the failure's class and text."""

    _target_id = ""

    def __init__(self, name: str, message: str) -> None:
        self._name = name
        self._message = message

    def getMessage(self) -> str:
        """Give the text of the failure."""
        return self._message

    def getLocalizedMessage(self) -> str:
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

    def getSimpleName(self) -> str:
        """Give the class's name without its package."""
        return self._name.rpartition(".")[2]

    def getCause(self) -> None:
        """There is none."""

    def getStackTrace(self) -> list[Any]:
        """Give the frames of Java's: none."""
        return []

    def printStackTrace(self) -> None:
        """Do nothing."""

    def __str__(self) -> str:
        return self.toString()


def with_java(error: BaseException, traceback: str = "") -> BaseException:
    """Make of an exception one that ``except Py4JJavaError`` catches, as well as what caught it before.

    A user's is a :class:`PythonException`, too, which PySpark makes of it in programs that have a session. Its text
    holds what PySpark's holds: the traceback of the worker. One whose class cannot be combined with Py4J's comes back
    as it is.

    Parameters
    ----------
    error : BaseException
        What was raised.
    traceback : str
        That of the worker, if a function of the user's raised it.
    """
    from py4j.protocol import Py4JJavaError

    kind = type(error)
    if issubclass(kind, Py4JJavaError):
        return error
    users = (PythonException, CapturedException)
    more: tuple[Any, ...] = (Py4JJavaError,) if isinstance(error, WeftError) else (*users, Py4JJavaError)
    try:
        both: Any = type(kind.__name__, (kind, *more), _members(kind, error, traceback))
        initialize: Any = getattr(kind, "__init__")  # noqa: B009 - so that type checkers do not mind
        arguments = error.args
        if not isinstance(initialize, FunctionType):  # a builtin's, which keeps fields in C: pickling knows them all
            pickling: Any = error.__reduce__
            arguments = pickling()[1]
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


def plain_text(error: BaseException) -> str | None:
    """What the exception that one of :func:`with_java` stands for says itself; None for any other."""
    found: str | None = vars(type(error)).get("_weft_text")
    return found


def _members(kind: type, error: BaseException, traceback: str) -> dict[str, Any]:
    text = str(error)
    members = {
        "__module__": kind.__module__,
        "__qualname__": kind.__qualname__,
        "__doc__": kind.__doc__,
        "__init__": getattr(kind, "__init__"),  # noqa: B009 - so that type checkers do not mind
        "__reduce__": lambda self: (kind, self.args),
        "_weft_text": text,
    }
    if isinstance(error, WeftError):
        other = _ARGUMENT if isinstance(error, IllegalArgumentException) else _OTHER
        name, lead = _OF_CODES.get(error.code, other)
        java = JavaException(name, lead + text)
        members["__str__"] = lambda _: f"{text}\n: {java}" if error.code in _OF_CODES else text
    else:
        own = kind.__name__ if kind.__module__ in ("builtins", "__main__") else f"{kind.__module__}.{kind.__name__}"
        told = traceback.rstrip("\n") or f"{own}: {text}"
        java = JavaException(_PYTHON, f"[PYTHON_EXCEPTION] An exception was thrown from the Python worker: {told}")
        members["__str__"] = lambda _: f"An error occurred while a job ran.\n: {java}"
        for name in ("getCondition", "getMessage", "getMessageParameters", "getQueryContext", "getSqlState"):
            if not hasattr(kind, name):
                members[name] = getattr(_Told, name)
    return {**members, "errmsg": text, "java_exception": java}


class _Told(PySparkException):
    """What a user's exception says when it is asked as PySpark's are: it was not made by their constructor."""

    java_exception: JavaException

    def getCondition(self) -> str | None:
        return "PYTHON_EXCEPTION"

    def getMessage(self) -> str:
        return self.java_exception.getMessage()

    def getMessageParameters(self) -> dict[str, str] | None:
        return None

    def getQueryContext(self) -> list[Any]:
        return []

    def getSqlState(self) -> str | None:
        return None

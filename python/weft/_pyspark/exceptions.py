"""The exceptions of PySpark's, name for name, which Weft's own derive from.

::

    PySparkException
    ├── AnalysisException
    │   ├── ParseException
    │   └── TempTableAlreadyExistsException
    ├── IllegalArgumentException
    │   └── NumberFormatException
    ├── ArithmeticException, ArrayIndexOutOfBoundsException, CapturedException, DateTimeException, PickleException,
    │   PythonException, QueryExecutionException, SessionNotSameException, SparkNoSuchElementException,
    │   SparkRuntimeException, SparkUpgradeException, StreamingPythonRunnerInitializationException,
    │   StreamingQueryException, UnknownException, UnsupportedOperationException
    └── PySparkAssertionError, PySparkAttributeError, PySparkImportError, PySparkIndexError, PySparkKeyError,
        PySparkNotImplementedError, PySparkPicklingError, PySparkRuntimeError, PySparkTypeError, PySparkValueError:
        each also what Python has by the end of its name

Those of SQL are there to be named in ``except``, and nothing of Weft's raises them.
"""

from __future__ import annotations

import pickle
import warnings
from collections.abc import Iterable, Mapping
from typing import Any

__all__ = [
    "AnalysisException",
    "ArithmeticException",
    "ArrayIndexOutOfBoundsException",
    "CapturedException",
    "DateTimeException",
    "IllegalArgumentException",
    "NumberFormatException",
    "ParseException",
    "PickleException",
    "PySparkAssertionError",
    "PySparkAttributeError",
    "PySparkException",
    "PySparkImportError",
    "PySparkIndexError",
    "PySparkKeyError",
    "PySparkNotImplementedError",
    "PySparkPicklingError",
    "PySparkRuntimeError",
    "PySparkTypeError",
    "PySparkValueError",
    "PythonException",
    "QueryExecutionException",
    "SessionNotSameException",
    "SparkNoSuchElementException",
    "SparkRuntimeException",
    "SparkUpgradeException",
    "StreamingPythonRunnerInitializationException",
    "StreamingQueryException",
    "TempTableAlreadyExistsException",
    "UnknownException",
    "UnsupportedOperationException",
]


class PySparkException(Exception):
    """What all of them are.

    Parameters
    ----------
    message : str, optional
        What happened; without it the condition and its parameters are shown.
    errorClass : str, optional
        The condition: a name in capitals.
    messageParameters : mapping, optional
        What goes with the condition.
    contexts : iterable, optional
        Parts of queries, which are kept.
    """

    def __init__(
        self,
        message: str | None = None,
        errorClass: str | None = None,
        messageParameters: Mapping[str, str] | None = None,
        contexts: Iterable[Any] | None = None,
    ) -> None:
        if message is None:
            message = ", ".join(f"{name}: {value}" for name, value in (messageParameters or {}).items())
        super().__init__(message)  # next is Exception, or the builtin class that a subclass names
        self._message = message
        self._condition = errorClass
        self._parameters = None if messageParameters is None else dict(messageParameters)
        self._contexts = list(contexts or ())

    def getCondition(self) -> str | None:
        """Give the condition; None if there is none."""
        return self._condition

    def getErrorClass(self) -> str | None:
        """Give the condition; deprecated in PySpark."""
        warnings.warn("Deprecated in 4.0.0, use getCondition instead.", FutureWarning, stacklevel=2)
        return self.getCondition()

    def getMessageParameters(self) -> dict[str, str] | None:
        """Give what goes with the condition; None if there is nothing."""
        return self._parameters

    def getSqlState(self) -> str | None:
        """Give the state of SQL's: None."""
        return None

    def getMessage(self) -> str:
        """Give condition and text."""
        return f"[{self.getCondition()}] {self._message}"

    def getBreakingChangeInfo(self) -> dict[str, Any] | None:
        """Give what a new version has changed: None."""
        return None

    def getQueryContext(self) -> list[Any]:
        """Give the parts of queries."""
        return self._contexts

    def __str__(self) -> str:
        return self._message if self.getCondition() is None else self.getMessage()


class AnalysisException(PySparkException):
    """A query cannot be planned, or what it reads is not there."""


class SessionNotSameException(PySparkException):
    """Two sessions were mixed."""


class TempTableAlreadyExistsException(AnalysisException):
    """A view exists already."""


class ParseException(AnalysisException):
    """A query cannot be parsed."""


class IllegalArgumentException(PySparkException):
    """An argument cannot be used."""


class ArithmeticException(PySparkException):
    """An arithmetic error."""


class UnsupportedOperationException(PySparkException):
    """An operation that there is not."""


class ArrayIndexOutOfBoundsException(PySparkException):
    """An index beyond an array's end."""


class DateTimeException(PySparkException):
    """A date or time that cannot be."""


class NumberFormatException(IllegalArgumentException):
    """A text that is no number."""


class StreamingQueryException(PySparkException):
    """A streaming query ended by an error."""


class StreamingPythonRunnerInitializationException(PySparkException):
    """A streaming query's Python did not start."""


class QueryExecutionException(PySparkException):
    """A query failed."""


class PythonException(PySparkException):
    """A function of the user's failed in a query."""


class SparkRuntimeException(PySparkException):
    """An error while a query ran."""


class SparkUpgradeException(PySparkException):
    """Versions differ in what they give."""


class SparkNoSuchElementException(PySparkException):
    """An element that is not there."""


class UnknownException(PySparkException):
    """None of the others."""


class CapturedException(PySparkException):
    """An exception of a JVM."""


class PickleException(PySparkException):
    """A JVM could not unpickle."""


class PySparkValueError(PySparkException, ValueError):
    """A ValueError."""


class PySparkTypeError(PySparkException, TypeError):
    """A TypeError."""


class PySparkIndexError(PySparkException, IndexError):
    """An IndexError."""


class PySparkAttributeError(PySparkException, AttributeError):
    """An AttributeError."""


class PySparkRuntimeError(PySparkException, RuntimeError):
    """A RuntimeError."""


class PySparkAssertionError(PySparkException, AssertionError):
    """An AssertionError; ``data`` holds the rows that differ.

    Parameters
    ----------
    message, errorClass, messageParameters
        As of :class:`PySparkException`.
    data : iterable, optional
        The rows.
    """

    def __init__(
        self,
        message: str | None = None,
        errorClass: str | None = None,
        messageParameters: Mapping[str, str] | None = None,
        data: Iterable[Any] | None = None,
    ) -> None:
        super().__init__(message, errorClass, messageParameters)
        self.data = data


class PySparkNotImplementedError(PySparkException, NotImplementedError):
    """A NotImplementedError."""


class PySparkPicklingError(PySparkException, pickle.PicklingError):
    """A PicklingError."""


class PySparkKeyError(PySparkException, KeyError):
    """A KeyError."""


class PySparkImportError(PySparkException, ImportError):
    """An ImportError."""

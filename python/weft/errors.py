"""Errors that Weft itself raises.

An exception of a user's function is not among them: it is raised again as itself in the driver, with notes that
say which record, stage and task it was (:attr:`BaseException.__notes__`).

Each derives from a builtin class and from the class of PySpark's that goes with it, so that a program written for
PySpark catches it too: a SettingError is a PySparkValueError, and so a ValueError and a PySparkException.

::

    WeftError                          code, exit_code
    ├── InputMissingError              E02  FileNotFoundError
    ├── OutputExistsError              E03  FileExistsError
    ├── ClosureError                   E04  pickle.PicklingError
    ├── DriverOnlyError                E05  pickle.PicklingError, RuntimeError
    ├── ModuleMissingError             E06  ModuleNotFoundError
    ├── InterpreterError               E07, E14, E24  RuntimeError
    ├── WorkerDiedError                E08, E10  RuntimeError
    ├── WorkerMemoryError              E09  MemoryError
    ├── ResourcesError                 E11, E12  RuntimeError
    ├── ClusterError                   E13, E15, E23, E25  ConnectionError
    ├── AccessError                    E16  PermissionError
    ├── SettingError                   E17  ValueError
    ├── NotSupportedError              E18  NotImplementedError
    │   └── AbsentNameError            E18  AttributeError
    ├── ContextError                   E19  ValueError
    ├── ResultTooLargeError            E20  RuntimeError
    ├── InputDamagedError              E21  ValueError
    ├── KeyHashError                   E22  TypeError
    ├── BadRecordsError                E26  ValueError
    ├── ArgumentError                  -    ValueError
    ├── BarrierError                   E27  RuntimeError
    ├── BroadcastGoneError             -    FileNotFoundError
    ├── JobCancelledError              -    RuntimeError
    ├── UpdateTooLargeError            -    ValueError
    ├── WrongPlaceError                -    RuntimeError
    └── InternalError                  -    RuntimeError

UnsupportedError is NotSupportedError's older name.
"""

from __future__ import annotations

from weft._pyspark.exceptions import (
    IllegalArgumentException,
    PySparkAttributeError,
    PySparkException,
    PySparkImportError,
    PySparkNotImplementedError,
    PySparkPicklingError,
    PySparkRuntimeError,
    PySparkTypeError,
    PySparkValueError,
)

__all__ = [
    "AbsentNameError",
    "AccessError",
    "ArgumentError",
    "BadRecordsError",
    "BarrierError",
    "BroadcastGoneError",
    "ClosureError",
    "ClusterError",
    "ContextError",
    "DriverOnlyError",
    "InputDamagedError",
    "InputMissingError",
    "InternalError",
    "InterpreterError",
    "JobCancelledError",
    "KeyHashError",
    "ModuleMissingError",
    "NotSupportedError",
    "OutputExistsError",
    "ResourcesError",
    "ResultTooLargeError",
    "SettingError",
    "UnsupportedError",
    "UpdateTooLargeError",
    "WeftError",
    "WorkerDiedError",
    "WorkerMemoryError",
    "WrongPlaceError",
    "error_for",
]


class WeftError(PySparkException):
    """Something that Weft found wrong.

    Parameters
    ----------
    message : str
        What, where, which value, and what to do next; one or more lines.
    code : str
        The number under which ``docs/errors.md`` explains it, such as ``"E02"``; empty where there is none.
    exit_code : int
        What the process of the script ends with when nobody catches this.
    """

    code: str
    exit_code: int

    def __init__(self, message: str, code: str = "", exit_code: int = 1) -> None:
        super().__init__(message, code or None)
        self.message = message
        self.code = code
        self.exit_code = exit_code

    def __str__(self) -> str:
        return self.message


class InputMissingError(WeftError, FileNotFoundError):
    """An input does not exist, or a pattern matches nothing (E02)."""


class OutputExistsError(WeftError, FileExistsError):
    """An output exists already; nothing was run (E03)."""


class ClosureError(WeftError, PySparkPicklingError):
    """A function cannot be sent to workers (E04)."""


class DriverOnlyError(WeftError, PySparkPicklingError, PySparkRuntimeError):
    """A function uses an RDD or the context, which only the driver has (E05)."""


class ModuleMissingError(WeftError, PySparkImportError, ModuleNotFoundError):
    """A module that the driver has is missing on the workers (E06)."""


class InterpreterError(WeftError, PySparkRuntimeError):
    """Python or Java here or on the nodes does not fit (E07, E14, E24)."""


class WorkerDiedError(WeftError, PySparkRuntimeError):
    """A worker died by a signal, or its container was killed (E08, E10)."""


class WorkerMemoryError(WeftError, MemoryError):
    """A task needs more memory than a worker may use (E09)."""


class ResourcesError(WeftError, PySparkRuntimeError):
    """The cluster can never grant what was asked, or the queue refused (E11, E12)."""


class ClusterError(WeftError, ConnectionError):
    """The cluster was not found, is silent, refused the identity, or lost data again and again (E13, E15, E23, E25)."""


class AccessError(WeftError, PermissionError):
    """The filesystem refuses (E16)."""


class SettingError(WeftError, PySparkValueError):
    """A setting or flag is unknown, or its value cannot be used (E17)."""


class NotSupportedError(WeftError, PySparkNotImplementedError):
    """Weft does not have this (E18)."""


UnsupportedError = NotSupportedError
"""The same class; the name that it had first."""


class AbsentNameError(NotSupportedError, PySparkAttributeError):
    """A name of PySpark's that Weft does not have (E18)."""


class ContextError(WeftError, PySparkValueError):
    """A second context, or one that was stopped (E19)."""


class BadRecordsError(WeftError, PySparkValueError):
    """A step rejected more records than it may (E26)."""


class BarrierError(WeftError, PySparkRuntimeError):
    """A barrier stage cannot run here, or its tasks wait for each other in vain (E27)."""


class ResultTooLargeError(WeftError, PySparkRuntimeError):
    """A result is larger than the driver may hold (E20)."""


class InputDamagedError(WeftError, PySparkValueError):
    """An input cannot be read to its end (E21)."""


class KeyHashError(WeftError, PySparkTypeError):
    """A key's hash differs from process to process (E22)."""


class ArgumentError(WeftError, IllegalArgumentException, PySparkValueError):
    """An argument that PySpark's JVM would refuse: a partition that is not there, a tag that is none."""


class BroadcastGoneError(WeftError, FileNotFoundError):
    """A broadcast was used after it was destroyed."""


class JobCancelledError(WeftError, PySparkRuntimeError):
    """The job was cancelled: its group, all jobs, or the context was stopped."""


class UpdateTooLargeError(WeftError, PySparkValueError):
    """A task has added more to accumulators than its report can carry."""


class WrongPlaceError(WeftError, PySparkRuntimeError):
    """Something that only the driver can do was done in a task, or the other way round."""


class InternalError(WeftError, PySparkRuntimeError):
    """A fault of Weft's own, or of the machine; the message says what is known."""


_CLASSES: dict[str, type[WeftError]] = {
    "E02": InputMissingError,
    "E03": OutputExistsError,
    "E04": ClosureError,
    "E05": DriverOnlyError,
    "E06": ModuleMissingError,
    "E07": InterpreterError,
    "E08": WorkerDiedError,
    "E09": WorkerMemoryError,
    "E10": WorkerDiedError,
    "E11": ResourcesError,
    "E12": ResourcesError,
    "E13": ClusterError,
    "E14": InterpreterError,
    "E15": ClusterError,
    "E16": AccessError,
    "E17": SettingError,
    "E18": NotSupportedError,
    "E19": ContextError,
    "E20": ResultTooLargeError,
    "E21": InputDamagedError,
    "E22": KeyHashError,
    "E23": ClusterError,
    "E24": InterpreterError,
    "E25": ClusterError,
    "E26": BadRecordsError,
    "E27": BarrierError,
}


def error_for(code: str, message: str, exit_code: int = 1) -> WeftError:
    """Make the error of the class that belongs to ``code``; an unknown code gives an :class:`InternalError`."""
    return _CLASSES.get(code, InternalError)(message, code, exit_code)

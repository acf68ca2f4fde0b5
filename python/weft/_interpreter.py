"""The interpreter of the workers on this machine: it must be able to exchange functions with this one."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys

from weft.errors import InterpreterError

__all__ = ["worker_python"]

_VARIABLES = ("WEFT_PYTHON", "PYSPARK_PYTHON")
_ASK = "import sys; print(sys.implementation.name, '%d.%d.%d' % sys.version_info[:3])"
_NAMES = {"cpython": "CPython", "pypy": "PyPy"}
_SECONDS = 60.0


def worker_python() -> str:
    """Give what WEFT_PYTHON or PYSPARK_PYTHON names, else this interpreter.

    Raises
    ------
    InterpreterError
        It cannot be run, or it is of another version or kind (E07). Another patch level will do.
    """
    for variable in _VARIABLES:
        given = os.environ.get(variable)
        if given:
            _check(given, variable)
            return given
    return sys.executable


def _check(python: str, variable: str) -> None:
    found = shutil.which(python)
    if found is not None and os.path.realpath(found) == os.path.realpath(sys.executable):
        return
    try:
        done = subprocess.run(
            [python, "-E", "-S", "-c", _ASK], capture_output=True, text=True, timeout=_SECONDS, check=True
        )
        kind, version = done.stdout.split()
    except (OSError, subprocess.SubprocessError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise InterpreterError(f"{python} (from {variable}) is no Python that runs: {reason}.", "E07", 4) from None
    here = "%d.%d.%d" % sys.version_info[:3]
    if (kind, version.split(".")[:2]) != (sys.implementation.name, here.split(".")[:2]):
        raise InterpreterError(
            f"The driver runs {_name(sys.implementation.name)} {here}, the workers {_name(kind)} {version} "
            f"({python} on localhost): functions cannot be exchanged.\n"
            f"Set {variable} to the driver's interpreter, {sys.executable}, or unset it.",
            "E07",
            4,
        )


def _name(kind: str) -> str:
    return _NAMES.get(kind, kind)

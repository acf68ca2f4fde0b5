"""`weft submit` and `weft kill`: hand over to the Java client."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

from weft import _install
from weft._framework import ensure_framework

__all__ = ["kill", "main"]

_CLIENT = "io.weft.master.submit.SubmitMain"


def main(arguments: Sequence[str]) -> int:
    """Submits a script; does not return when the client could be started."""
    extra = [f"-Dweft.framework={ensure_framework()}"]
    return _client(["submit", *arguments], extra)


def kill(arguments: Sequence[str]) -> int:
    """Ends an application."""
    return _client(["kill", *arguments], [])


def _client(arguments: list[str], extra: list[str]) -> int:
    command = _install.java_command(_CLIENT, heap="256m", extra=extra)
    sys.stdout.flush()
    sys.stderr.flush()
    os.execv(command[0], [*command, *arguments])
    return 7

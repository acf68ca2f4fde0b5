"""Where in the user's code a call was made."""

from __future__ import annotations

import os
import sys
import threading
from types import FrameType

__all__ = ["PACKAGE", "call_site", "file_name", "is_own_file", "pin"]

PACKAGE = os.path.dirname(os.path.abspath(__file__)) + os.sep
"""The folder of this package, with a separator at its end."""

_pinned = threading.local()


def is_own_file(path: str) -> bool:
    """Whether ``path`` is a source file of this package."""
    return path.startswith(PACKAGE) or os.path.abspath(path).startswith(PACKAGE)


def pin(site: str) -> None:
    """Let :func:`call_site` give this in the calling thread, which works for a line of another one."""
    _pinned.site = site


def call_site() -> str:
    """Give ``file:line`` of the innermost frame outside this package, ``<unknown>:0`` if there is none."""
    pinned: str | None = getattr(_pinned, "site", None)
    if pinned is not None:
        return pinned
    frame: FrameType | None = sys._getframe(1)
    while frame is not None:
        path = frame.f_code.co_filename
        if not path.startswith(PACKAGE) and not path.startswith("<frozen"):
            return f"{file_name(path)}:{frame.f_lineno}"
        frame = frame.f_back
    return "<unknown>:0"


def file_name(path: str) -> str:
    """Give the name under which a person knows a source file: a cell of a notebook, or the file's last part."""
    if path.startswith("<ipython-input-"):
        return "cell " + path[len("<ipython-input-") :].split("-")[0]
    if f"{os.sep}ipykernel_" in path:
        return "cell"
    return os.path.basename(path)

"""From a FAILED frame to the exception that the user sees, and how it is printed."""

from __future__ import annotations

import builtins
import os
import pickle
import sys
from types import TracebackType
from typing import TYPE_CHECKING, Any

from weft._callsite import file_name, is_own_file
from weft._datasocket import Failure
from weft.errors import JobCancelledError, WeftError, error_for

if TYPE_CHECKING:
    import traceback

__all__ = ["exit_code_of", "format_failure", "install_hook", "to_exception"]

_DETAIL = "_weft_failure"


def to_exception(failure: Failure) -> BaseException:
    """Make the exception of a failed job.

    A user's own exception comes back as itself, with the failing record and place as notes; one that cannot be
    unpickled here becomes a :class:`WeftError` that names its class and shows its message.
    """
    detail = failure.detail
    code, message = str(detail.get("code") or ""), str(detail.get("message") or "").strip("\n")
    error = detail.get("error") or {}
    result: BaseException
    if code == "E01":
        result = _user_exception(failure.pickled, error)
        for line in message.split("\n") if message else ():
            _add_note(result, line)
    elif detail.get("kind") == "cancelled":
        result = JobCancelledError(message, code, int(detail.get("exit") or 1))
    else:
        result = error_for(code, message, int(detail.get("exit") or 1))
    try:
        setattr(result, _DETAIL, detail)
    except AttributeError:  # an exception class with slots: it is printed without the worker's frames
        pass
    return result


def _user_exception(pickled: bytes, error: dict[str, Any]) -> BaseException:
    reason = "it was not sent"
    if pickled:
        try:
            value = pickle.loads(pickled)
        except Exception as problem:
            reason = f"{type(problem).__name__}: {problem}"
        else:
            if isinstance(value, BaseException):
                return value
            reason = f"it is a {type(value).__name__}"
    module, name = error.get("module") or "builtins", error.get("type") or "Exception"
    known = getattr(builtins, str(name), None) if module == "builtins" else None
    if isinstance(known, type) and issubclass(known, Exception):
        try:
            return known(error.get("message", ""))
        except TypeError:  # one that takes more than a message
            pass
    full = name if module in ("builtins", "__main__") else f"{module}.{name}"
    result = WeftError(f"{full}: {error.get('message', '')}", "E01")
    _add_note(result, f"The exception itself could not be brought to the driver: {reason}")
    return result


def _add_note(error: BaseException, line: str) -> None:
    """``add_note`` of Python 3.11, which older ones can show only by our own hook."""
    add = getattr(error, "add_note", None)
    if add is not None:
        add(line)
        return
    notes = getattr(error, "__notes__", None)
    if notes is None:
        notes = []
        error.__notes__ = notes  # type: ignore[attr-defined, unused-ignore]
    notes.append(line)


def exit_code_of(error: BaseException) -> int:
    """Give what a script that ends with this exception exits with."""
    return error.exit_code if isinstance(error, WeftError) else 1


def is_ours(error: BaseException) -> bool:
    """Whether the exception is Weft's, or a user's that came from a worker."""
    return isinstance(error, WeftError) or hasattr(error, _DETAIL)


def format_failure(error: BaseException, trace: TracebackType | None, verbose: bool) -> str:
    """Give the text of standard error: the user's frames of driver and worker, what happened, the notes.

    ``verbose`` adds every frame of the worker and the stack of the JVM.
    """
    detail: dict[str, Any] = getattr(error, _DETAIL, None) or {}
    worker: dict[str, Any] = detail.get("error") or {}
    lines: list[str] = []
    if not isinstance(error, WeftError) or error.code == "E01":
        lines += [_frame(f.filename, f.lineno or 0, f.name, f.line or "") for f in _user_frames(trace)]
        lines += [
            _frame(f.get("file", ""), f.get("line", 0), f.get("name", ""), f.get("text", ""))
            + "           (in a worker)"
            for f in worker.get("frames") or ()
        ]
    lines += _what(error)
    lines += [f"  {note}" for note in getattr(error, "__notes__", None) or ()]
    if verbose:
        for more in (worker.get("allFrames"), detail.get("jvm")):
            if more:
                lines += ["", str(more).rstrip("\n")]
    return "\n".join(lines) + "\n"


def _what(error: BaseException) -> list[str]:
    if isinstance(error, WeftError):
        first, *rest = error.message.split("\n")
        return [first, *(f"  {line.strip()}" for line in rest)]
    import traceback

    return [
        line.rstrip("\n") for line in traceback.format_exception_only(type(error), error) if not _is_note(error, line)
    ]


def _is_note(error: BaseException, line: str) -> bool:
    """Python 3.11 and newer format the notes themselves; we indent them."""
    return line.rstrip("\n") in (getattr(error, "__notes__", None) or ())


def _user_frames(trace: TracebackType | None) -> list[traceback.FrameSummary]:
    import traceback

    return [
        frame
        for frame in traceback.extract_tb(trace)
        if not is_own_file(frame.filename) and not _is_launcher(frame.filename)
    ]


def _is_launcher(path: str) -> bool:
    return path.startswith("<frozen") or os.path.basename(path) in ("runpy.py", "pkgutil.py", "threading.py")


def _frame(path: str, line: int, name: str, text: str) -> str:
    place = f'  File "{file_name(path)}", line {line}'
    if name and name != "<module>":
        place += f", in {name}"
    return f"{place}: {text}" if text else place


def install_hook() -> None:
    """Let uncaught exceptions of Weft print without its own frames, and end the process with their exit code.

    Other exceptions go to the hook that was there before.
    """
    before = sys.excepthook
    if getattr(before, "_weft", False):
        return

    def hook(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        if not is_ours(error):
            before(kind, error, trace)
            return
        sys.stderr.write(format_failure(error, trace, bool(os.environ.get("WEFT_VERBOSE"))))
        sys.stderr.flush()
        if exit_code_of(error) != 1 and not hasattr(sys, "ps1"):
            raise SystemExit(exit_code_of(error))

    hook._weft = True  # type: ignore[attr-defined]
    sys.excepthook = hook

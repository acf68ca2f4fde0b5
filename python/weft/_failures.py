"""From a FAILED frame to the exception that the user sees, and how it is printed."""

from __future__ import annotations

import builtins
import importlib.util
import itertools
import os
import pickle
import re
import sys
from collections.abc import Sequence
from types import TracebackType
from typing import TYPE_CHECKING, Any

from weft._callsite import file_name, is_own_file
from weft._datasocket import Failure
from weft.errors import JobCancelledError, WeftError, error_for

if TYPE_CHECKING:
    import traceback

__all__ = ["exit_code_of", "for_pyspark", "format_failure", "install_hook", "to_exception"]

_DETAIL = "_weft_failure"
_CLASS_PREFIX = re.compile(r"^[A-Za-z_][\w.]*(?:Error|Exception): ")
_LONGEST_TEXT = 4000
_MOST_PARTS = 10
_NO_MODULE = re.compile(r"No module named '([\w.]+)'")


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
        for cause in error.get("causes") or ():
            _add_note(result, _cause_text(cause))
        for line in message.split("\n") if message else ():
            _add_note(result, line)
    elif detail.get("kind") == "cancelled":
        result = JobCancelledError(message, code, int(detail.get("exit") or 1))
    else:
        result = error_for(code, _message(code, message, error), int(detail.get("exit") or 1))
    try:
        setattr(result, _DETAIL, detail)
    except AttributeError:  # an exception class with slots: it is printed without the worker's frames
        pass
    return for_pyspark(result)


def for_pyspark(error: BaseException) -> BaseException:
    """In a program that was written for PySpark, what ``except Py4JJavaError`` catches, too."""
    from weft._pyspark import is_active

    if not is_active():
        return error
    from weft._pyspark.javaerror import with_java

    detail: dict[str, Any] = getattr(error, _DETAIL, None) or {}
    return with_java(error, str((detail.get("error") or {}).get("allFrames") or ""))


def _cause_text(cause: dict[str, str]) -> str:
    text = f"{cause['how']} {cause['type']}"
    if cause.get("message"):
        text += f": {cause['message']}"
    return f"{text} ({cause['at']})" if cause.get("at") else text


def _message(code: str, message: str, error: dict[str, Any]) -> str:
    """The text of an error that is not the user's exception; what only the driver knows is added."""
    message = _CLASS_PREFIX.sub("", message)
    return _missing_module(message, error) if code == "E06" else message


def _missing_module(message: str, error: dict[str, Any]) -> str:
    first, _, rest = message.partition("\n")
    found = _NO_MODULE.search(first)
    if found is None:
        return message
    name, frames, step = found.group(1), error.get("frames") or [], error.get("step") or {}
    where = f"imported by {file_name(frames[-1]['file'])}:{frames[-1]['line']}" if frames else ""
    what = f"for {step['name']} at {step['site']}" if step.get("site") else ""
    text = f"No module named '{name}' on the workers"
    if where or what:
        text += f" ({' '.join(part for part in (where, what) if part)})"
    spec = importlib.util.find_spec(name.partition(".")[0])
    if spec is not None:
        text += f"; the driver has it, from {os.path.dirname(spec.origin or '') or 'its path'}"
    text += ".\nShip it: --py-files, or sc.addPyFile(\"…\")."
    return f"{text}\n{rest}" if rest else text


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
    message = error.get("message", "")
    result = WeftError(f"{full}: {message}" if message else str(full), "E01")
    if known is not None:  # SystemExit and its like
        _add_note(result, f"{full} fails the task and ends no process: raise an ordinary exception, or return to go on")
        return result
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
        lines += _worker_frames(worker.get("frames") or ())
    lines += _what(error)
    lines += [f"  {note}" for note in getattr(error, "__notes__", None) or ()]
    if verbose:
        for more in (worker.get("allFrames"), detail.get("jvm")):
            if more:
                lines += ["", str(more).rstrip("\n")]
    return "\n".join(lines) + "\n"


def _worker_frames(frames: Sequence[dict[str, Any]]) -> list[str]:
    """Frames as lines; of equal ones that follow each other two are shown, and their number."""
    lines: list[str] = []
    for _, equal in itertools.groupby(frames, lambda f: (f.get("file", ""), f.get("line", 0), f.get("name", ""))):
        same = list(equal)
        first = same[0]
        if not first.get("file"):
            lines.append(f"  {first.get('text', '')}")
            continue
        line = _frame(first["file"], first.get("line", 0), first.get("name", ""), first.get("text", ""))
        lines += [f"{line}           (in a worker)"] * min(2, len(same))
        if len(same) > 2:
            lines.append(f"  the same line {len(same) - 2} times more")
    return lines


def _what(error: BaseException) -> list[str]:
    if isinstance(error, WeftError):
        first, *rest = _cut(error.message).split("\n")
        return [first, *(f"  {line.strip()}" for line in rest)]
    from weft._pyspark.javaerror import plain_text

    text = plain_text(error)
    if text is not None:  # a PySpark program's, which says more when it is asked: all that Py4J's say
        module, name = type(error).__module__, type(error).__qualname__
        full = name if module in ("__main__", "builtins") else f"{module}.{name}"
        return _cut(f"{full}: {text}" if text else full).split("\n")
    import traceback

    lines = [
        line for line in traceback.format_exception_only(type(error), error) if not _is_note(error, line)
    ]
    parts = getattr(error, "exceptions", None)  # of an ExceptionGroup
    if isinstance(parts, tuple):
        shown = [f"  {line}" for part in parts[:_MOST_PARTS] if isinstance(part, BaseException) for line in _what(part)]
        lines += shown if len(parts) <= _MOST_PARTS else [*shown, f"  … {len(parts) - _MOST_PARTS} more"]
    return _cut("".join(line.rstrip("\n") + "\n" for line in lines)).rstrip("\n").split("\n")


def _cut(text: str) -> str:
    """What a terminal can take of a text; all of it is the exception's."""
    return text if len(text) <= _LONGEST_TEXT else f"{text[:_LONGEST_TEXT]}…"


def _is_note(error: BaseException, line: str) -> bool:
    """Python 3.11 and newer format the notes themselves; we indent them."""
    return line.rstrip("\n") in (getattr(error, "__notes__", None) or ())


def _user_frames(trace: TracebackType | None) -> list[traceback.FrameSummary]:
    import traceback

    frames = traceback.extract_tb(trace)
    if len(frames) > 1 and frames[0].filename == "<string>":  # `python -c`, by which a script is started on YARN
        frames = traceback.StackSummary.from_list(frames[1:])
    return [frame for frame in frames if not is_own_file(frame.filename) and not _is_launcher(frame.filename)]


def _is_launcher(path: str) -> bool:
    return path.startswith("<frozen") or os.path.basename(path) in ("runpy.py", "pkgutil.py")


def _frame(path: str, line: int, name: str, text: str) -> str:
    place = f'  File "{file_name(path)}", line {line}'
    if name and name != "<module>":
        place += f", in {name}"
    return f"{place}: {text}" if text else place


def install_hook() -> None:
    """Let uncaught exceptions print without frames of Weft's own, and end the process with their exit code.

    Weft's errors, and users' exceptions that came from a worker, print as :func:`format_failure` has them; others as
    ever, but for the frames. A running context is stopped first, so that its summary stands above the error.
    """
    before = sys.excepthook
    if getattr(before, "_weft", False):
        return

    def hook(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        context = sys.modules.get("weft.context")
        if context is not None:
            context.stop_active()
        if is_ours(error):
            sys.stderr.write(format_failure(error, trace, bool(os.environ.get("WEFT_VERBOSE"))))
        else:
            _trim_chain(error)
            before(kind, error, error.__traceback__)
        sys.stderr.flush()
        if exit_code_of(error) != 1 and not hasattr(sys, "ps1"):
            raise SystemExit(exit_code_of(error))

    hook._weft = True  # type: ignore[attr-defined]
    sys.excepthook = hook


def _trim_chain(error: BaseException) -> None:
    """Take Weft's own frames out of the tracebacks of an exception and of those that led to it."""
    seen: set[int] = set()
    some: BaseException | None = error
    while some is not None and id(some) not in seen:
        seen.add(id(some))
        some.__traceback__ = _trimmed(some.__traceback__)
        some = some.__cause__ or some.__context__


def _trimmed(trace: TracebackType | None) -> TracebackType | None:
    kept: list[TracebackType] = []
    while trace is not None:
        path = trace.tb_frame.f_code.co_filename
        if not is_own_file(path) and not _is_launcher(path):
            kept.append(trace)
        trace = trace.tb_next
    for one, following in zip(kept, [*kept[1:], None]):
        one.tb_next = following
    return kept[0] if kept else None

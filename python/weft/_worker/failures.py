"""What a failed task says: the body of an ERROR frame."""

from __future__ import annotations

import errno
import functools
import linecache
import os
import sysconfig
import traceback
from collections.abc import Iterator
from types import CodeType, FrameType, FunctionType, TracebackType
from typing import Any

from weft._exceptions import pickled
from weft._ops.keys import UnstableKeyError
from weft._ops.pipeline import Step, failing_record
from weft._ops.spill import DiskFullError
from weft._worker.frames import FrameError
from weft._worker.program import BlobImportError, Program
from weft._worker.streams import InputFailed
from weft.errors import BadRecordsError

__all__ = ["describe"]

_WEFT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
_STDLIB = tuple({sysconfig.get_paths()["stdlib"], sysconfig.get_paths()["platstdlib"]})
_LONGEST_RECORD = 200
_MOST_FRAMES = 40
_MOST_CAUSES = 5


def describe(error: BaseException, program: Program | None) -> tuple[dict[str, Any], bytes]:
    """The JSON object and the pickled exception."""
    origin = error.__cause__ if isinstance(error, BlobImportError) and error.__cause__ is not None else error
    report: dict[str, Any] = {
        "kind": _kind(error),
        "type": type(error).__qualname__,
        "module": type(error).__module__,
        "message": _disk_text(error, program) if _is_disk_full(error) else _safe_text(error),
        "frames": _user_frames(origin.__traceback__) or _frames_of_stop(origin),
        "causes": _causes(origin),
        "allFrames": "".join(traceback.format_exception(type(error), error, error.__traceback__))[-65536:],
        "cause": error.cause if isinstance(error, InputFailed) else None,
        "input": None,
    }
    if isinstance(origin, ImportError) and report["kind"] == "import":
        report["missing"] = origin.name
    if program is not None:
        _add_place(report, origin, program)
    return report, pickled(error)


def _kind(error: BaseException) -> str:
    if isinstance(error, InputFailed):
        return "input"
    if isinstance(error, UnstableKeyError):
        return "key"
    if isinstance(error, BadRecordsError):
        return "budget"
    if isinstance(error, MemoryError):
        return "memory"
    if isinstance(error, FrameError):
        return "protocol"
    if _is_disk_full(error):
        return "disk"
    if isinstance(error, (BlobImportError, ModuleNotFoundError)):
        return "import"
    return "user"


def _is_disk_full(error: BaseException) -> bool:
    """Whether Weft's own files found no room, not the user's."""
    if not isinstance(error, OSError) or error.errno not in (errno.ENOSPC, errno.EDQUOT):
        return False
    innermost = None
    for frame, _ in traceback.walk_tb(error.__traceback__):
        innermost = frame.f_code.co_filename
    return innermost is not None and innermost.startswith(_WEFT)


def _disk_text(error: BaseException, program: Program | None) -> str:
    if isinstance(error, DiskFullError):
        text = str(error.strerror)
        return text[:1].upper() + text[1:] + "."
    folders = ", ".join(program.scope.spill_dirs) if program is not None else "the folder for temporary files"
    return f"No room left in {folders} for the output of this task; free space there, or set weft.local.dir."


def _causes(error: BaseException) -> list[dict[str, str]]:
    """What led to the exception, the nearest first; Python's own way to tell does not survive pickling."""
    causes: list[dict[str, str]] = []
    seen = {id(error)}
    while len(causes) < _MOST_CAUSES:
        cause = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
        if cause is None or id(cause) in seen:
            break
        seen.add(id(cause))
        if type(cause) is type(error) and _safe_text(cause) == _safe_text(error):  # a second attempt at the same
            error = cause
            continue
        frames = _user_frames(cause.__traceback__)
        at = f"{os.path.basename(frames[-1]['file'])}:{frames[-1]['line']}" if frames else ""
        how = "caused by" if error.__cause__ is cause else "raised while handling"
        text = _safe_text(cause)
        text = text if len(text) <= _LONGEST_RECORD else text[: _LONGEST_RECORD - 1] + "…"
        causes.append({"how": how, "type": type(cause).__qualname__, "message": text, "at": at})
        error = cause
    return causes


def _frames_of_stop(error: BaseException) -> list[dict[str, Any]]:
    """Where the StopIteration came from that the error stands for."""
    cause = error.__cause__
    return _user_frames(cause.__traceback__) if isinstance(cause, StopIteration) else []


def _safe_text(error: BaseException) -> str:
    try:
        return str(error)
    except Exception as second:  # the user's __str__ may do anything
        return f"<its message cannot be shown: {type(second).__name__}>"


def _user_frames(trace: TracebackType | None) -> list[dict[str, Any]]:
    """The user's frames, outermost first; of a deep recursion the outer and the inner ones."""
    found: list[tuple[FrameType, int]] = []
    for frame, lineno in traceback.walk_tb(trace):
        file = frame.f_code.co_filename
        if file.startswith((_WEFT, "<weft", "<frozen")) or (not found and file.startswith(_STDLIB)):
            continue
        found.append((frame, lineno))
    left_out = len(found) - _MOST_FRAMES
    half = _MOST_FRAMES // 2
    frames = [_frame(*one) for one in (found if left_out <= 0 else found[:half] + found[-half:])]
    if left_out > 0:
        frames.insert(half, {"file": "", "line": 0, "name": "", "text": f"… {left_out:,} frames more"})
    return frames


def _frame(frame: FrameType, lineno: int) -> dict[str, Any]:
    file = frame.f_code.co_filename
    text = linecache.getline(file, lineno, frame.f_globals).strip()
    return {"file": file, "line": lineno, "name": frame.f_code.co_name, "text": text}


def _add_place(report: dict[str, Any], error: BaseException, program: Program) -> None:
    found = _record_of(error, program)
    if found is not None:
        step, record = found
        report["step"] = {"name": step.name, "site": step.site}
        text = _safe_repr(record)
        report["record"] = text if len(text) <= _LONGEST_RECORD else text[: _LONGEST_RECORD - 1] + "…"
        report["recordLength"] = len(record) if isinstance(record, (str, bytes)) else len(text)
    else:
        by_code = _step_of_code(error.__traceback__, program.steps)
        if by_code is not None:
            report["step"] = {"name": by_code.name, "site": by_code.site}
    place = program.texts[-1].locate() if program.texts else None
    if place is not None:
        report["input"] = {"path": place[0], "offset": place[1]}


def _record_of(error: BaseException, program: Program) -> tuple[Step, Any] | None:
    for frame, lineno in traceback.walk_tb(error.__traceback__):
        found = failing_record(frame, lineno)
        if found is not None:
            steps = _steps_of_frame(frame.f_locals, program.steps)
            if found[0] < len(steps):
                return steps[found[0]], found[1]
    for pipeline, steps in reversed(program.pipelines):
        current = pipeline.current()
        if current is not None and current[0] < len(steps):
            return steps[current[0]], current[1]
    return None


def _steps_of_frame(variables: dict[str, Any], steps: list[Step]) -> list[Step]:
    """The steps whose functions this generated frame calls, in order."""
    functions = [variables[name] for name in (f"f{i}" for i in range(len(steps))) if name in variables]
    for first in range(len(steps) - len(functions) + 1):
        part = steps[first : first + len(functions)]
        if all(step.function is function for step, function in zip(part, functions)):
            return part
    return []


def _step_of_code(trace: TracebackType | None, steps: list[Step]) -> Step | None:
    owners = {code: step for step in steps for code in _codes(step.function, 4)}
    found = None
    for frame, _ in traceback.walk_tb(trace):
        found = owners.get(frame.f_code, found)
    return found


def _codes(function: Any, depth: int) -> Iterator[CodeType]:
    """The code of a function and of those it holds: wrapped in partials, closures, methods."""
    if depth == 0:
        return
    if isinstance(function, functools.partial):
        for inner in (function.func, *function.args, *function.keywords.values()):
            yield from _codes(inner, depth - 1)
    elif isinstance(function, FunctionType):
        yield function.__code__
        for cell in function.__closure__ or ():
            try:
                yield from _codes(cell.cell_contents, depth - 1)
            except ValueError:
                continue
    elif hasattr(function, "__func__"):
        yield from _codes(function.__func__, depth - 1)


def _safe_repr(value: Any) -> str:
    try:
        if isinstance(value, (str, bytes)) and len(value) > 2 * _LONGEST_RECORD:
            return repr(value[: 2 * _LONGEST_RECORD])
        return repr(value)
    except Exception as error:  # the user's __repr__ may do anything
        return f"<{type(value).__name__}; its repr failed with {type(error).__name__}>"

"""Functions that may fail on some records: those are skipped, counted and sent to the dead letters."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from typing import Any

from weft._rejects import over_budget
from weft._worker.frames import Connection, FrameType, pack_json_and_bytes
from weft.errors import BadRecordsError

__all__ = ["Guard"]

_FIRST = 3
_SEND_BYTES = 256 << 10
_RECORD = 64 << 10  # characters of a record that are kept
_ERROR = 1000
Locate = Callable[[], "tuple[str, int] | None"]


class Guard:
    """A step's function, around which nothing is raised; a flatMap function whatever the step was.

    Parameters
    ----------
    op : str
        map, flatMap, filter, mapValues or flatMapValues.
    function : callable
        The user's.
    policy : dict
        ``errors`` of the step, decoded.
    connection : Connection
        Where the dead letters go.
    locate : callable
        Gives file and byte of the line read last.
    """

    def __init__(
        self, op: str, function: Callable[..., Any], policy: dict[str, Any], connection: Connection, locate: Locate
    ) -> None:
        self._apply: Callable[[Any], Iterable[Any]] = _APPLY[op]
        self.function = function
        self._policy = policy
        self._connection = connection
        self._locate = locate
        self._seen = 0
        self._rejected = 0
        self._first: list[dict[str, Any]] = []
        self._lines: list[bytes] = []
        self._size = 0

    def __call__(self, record: Any) -> Iterable[Any]:
        self._seen += 1
        try:
            return self._apply(self.function, record)  # type: ignore[call-arg]
        except Exception as error:  # that is what the user asked for
            self._reject(record, error)
            return ()

    def report(self) -> dict[str, Any]:
        """Send what is left, and give what DONE says of this step."""
        self._flush()
        return {"id": self._policy["id"], "seen": self._seen, "rejected": self._rejected, "first": self._first}

    def _reject(self, record: Any, error: Exception) -> None:
        self._rejected += 1
        place = self._locate()
        text = _text(record)
        letter: dict[str, Any] = {
            "path": place[0] if place else None,
            "offset": place[1] if place else None,
            "step": self._policy["what"],
            "error": f"{type(error).__name__}: {_message(error)}"[:_ERROR],
            "record": text[:_RECORD],
            "length": len(text),
        }
        if len(self._first) < _FIRST:
            self._first.append({**letter, "record": text[:200]})
        if self._policy["deadLetters"] is not None:
            line = json.dumps(letter, ensure_ascii=False).encode("utf-8", "replace") + b"\n"
            self._lines.append(line)
            self._size += len(line)
            if self._size >= _SEND_BYTES:
                self._flush()
        most = self._policy["max"]
        if most is not None and self._rejected > most:
            raise BadRecordsError(over_budget(self._policy, self._seen, self._rejected, self._first), "E26", 1)

    def _flush(self) -> None:
        if self._lines:
            body = pack_json_and_bytes({"id": self._policy["id"]}, b"".join(self._lines))
            self._connection.send(FrameType.REJECTS, 0, body)
            self._lines, self._size = [], 0


def _text(record: Any) -> str:
    if isinstance(record, str):
        return record
    if isinstance(record, bytes):
        return record.decode("utf-8", "backslashreplace")
    try:
        return repr(record)
    except Exception as error:  # the user's __repr__ may do anything
        return f"<{type(record).__name__}; its repr failed with {type(error).__name__}>"


def _message(error: Exception) -> str:
    try:
        return str(error)
    except Exception as second:  # the user's __str__ may do anything
        return f"<its message cannot be shown: {type(second).__name__}>"


_APPLY: dict[str, Any] = {
    "map": lambda function, record: (function(record),),
    "flatMap": lambda function, record: list(function(record)),
    "filter": lambda function, record: (record,) if function(record) else (),
    "mapValues": lambda function, record: ((record[0], function(record[1])),),
    "flatMapValues": lambda function, record: [(record[0], value) for value in function(record[1])],
}

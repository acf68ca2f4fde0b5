"""Threads that begin with the local properties of the thread that makes them."""

from __future__ import annotations

import functools
import threading
from collections.abc import Callable
from typing import Any, Optional

__all__ = ["InheritableThread", "inheritable_thread_target"]


class InheritableThread(threading.Thread):
    """A thread whose jobs have the local properties of the thread that starts it.

    Parameters
    ----------
    target : callable
        What the thread runs.
    session : object, optional
        Ignored; PySpark has it.
    args, kwargs
        As of :class:`threading.Thread`.

    Examples
    --------
    >>> sc.setLocalProperty("mine", "1")
    >>> found = []
    >>> thread = InheritableThread(target=lambda: found.append(sc.getLocalProperty("mine")))
    >>> thread.start()
    >>> thread.join()
    >>> sc.setLocalProperty("mine", None)
    >>> found
    ['1']
    """

    def __init__(self, target: Callable[..., Any], *args: Any, session: object = None, **kwargs: Any) -> None:
        self._inherited: dict[str, str] = {}

        @functools.wraps(target)
        def inherits(*given: Any, **named: Any) -> Any:
            _use(self._inherited)
            return target(*given, **named)

        super().__init__(None, inherits, *args, **kwargs)

    def start(self) -> None:
        """Take the properties of this thread, and start the other.

        Raises
        ------
        RuntimeError
            If it was started before.
        """
        self._inherited = _current()
        super().start()


def inheritable_thread_target(f: Any) -> Callable[..., Any]:
    """Make a function carry the local properties of the thread that wraps it to the thread that runs it.

    Parameters
    ----------
    f : callable
        What the thread shall run. For anything else (PySpark takes a session) a decorator is returned.

    Returns
    -------
    callable
        The function with the properties of now, to be given to a thread; or a decorator.

    Examples
    --------
    >>> import threading
    >>> sc.setLocalProperty("mine", "1")
    >>> @inheritable_thread_target
    ... def look():
    ...     print(sc.getLocalProperty("mine"))
    >>> sc.setLocalProperty("mine", None)
    >>> thread = threading.Thread(target=look)
    >>> thread.start(); thread.join()
    1
    """
    properties = _current()
    return _carrying(f, properties) if callable(f) else functools.partial(_carrying, properties=properties)


def _carrying(target: Callable[..., Any], properties: dict[str, str]) -> Callable[..., Any]:
    @functools.wraps(target)
    def carries(*args: Any, **kwargs: Any) -> Any:
        _use(properties)
        return target(*args, **kwargs)

    return carries


def _properties() -> Optional[dict[str, str]]:
    """The properties of this thread; None when no context runs."""
    from weft.context import WeftContext

    active = WeftContext._active
    return None if active is None else active._jobs.properties


def _current() -> dict[str, str]:
    return dict(_properties() or {})


def _use(properties: dict[str, str]) -> None:
    own = _properties()
    if own is not None:
        own.clear()
        own.update(properties)

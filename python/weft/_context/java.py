"""The gateway's JVM, as PySpark programs reach it: ``sc._jvm`` and ``sc._jsc``."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from weft._callsite import call_site
from weft._context.looks import Looks
from weft._inline import is_inline
from weft.errors import NotSupportedError

__all__ = ["JavaSide"]

_INLINE = "inline has no JVM. Use the master local[2]; settings of Hadoop's can be given as spark.hadoop.NAME there"


class Packages:
    """Java packages of which only some can be entered: those of Java and Hadoop."""

    def __init__(self, view: Any, path: tuple[str, ...], open_paths: tuple[tuple[str, ...], ...]) -> None:
        self._view = view
        self._path = path
        self._open = open_paths

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        path = (*self._path, name)
        inner = getattr(self._view, name)
        if path in self._open or name.startswith("_"):  # Py4J's own, which its java_import asks for
            return inner
        full = getattr(inner, "_fqn", "")  # of a class that the program has imported, or of java.lang
        if not self._path and any(full.startswith(".".join(one) + ".") for one in self._open):
            return inner
        if any(one[: len(path)] == path for one in self._open):
            return Packages(inner, path, self._open)
        raise NotSupportedError(
            f"sc._jvm.{'.'.join(path)} ({call_site()}) is not in Weft: its JVM has the classes of java, javax and "
            "org.apache.hadoop.",
            "E18",
            2,
        )


_OPEN = (("java",), ("javax",), ("org", "apache", "hadoop"))


class JavaContext:
    """What stands for a JavaSparkContext: Hadoop's configuration, and the way to stop."""

    def __init__(self, context: JavaSide) -> None:
        self._context = context

    def hadoopConfiguration(self) -> Any:
        """Give Hadoop's ``Configuration``; what is changed there is what jobs that start later work with.

        Those that run keep what they began with. A file system that was used before stays open as it was, as Hadoop
        keeps it.
        """
        self._context._need_jvm("sc._jsc.hadoopConfiguration")
        self._context._jobs.hadoop_opened = True
        return self._context._jobs.control("hadoopConfiguration")

    def sc(self) -> JavaContext:
        """Give itself."""
        return self

    def stop(self) -> None:
        """Stop the context."""
        self._context.stop()  # type: ignore[attr-defined]

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        raise NotSupportedError(
            f"sc._jsc.{name} ({call_site()}) is not in Weft; there is sc._jsc.hadoopConfiguration().", "E18", 2
        )


class _OfRunning:
    """An attribute of a context that can be asked of its class, too, for the running context: None if there is none."""

    def __init__(self, give: Callable[[Any], Any]) -> None:
        self._give = give

    def __get__(self, context: Any, owner: Any) -> Any:
        found = getattr(owner, "_active", None) if context is None else context
        return None if found is None else self._give(found)


class JavaSide(Looks):
    """What programs know of the JVM behind a context, though no documentation tells it."""

    def _need_jvm(self, name: str) -> None:
        if is_inline(self.master):
            raise NotSupportedError(f"{name} ({call_site()}) is Java's, and {_INLINE}.", "E18", 2)

    def _entry_point(self) -> Any:
        self._need_jvm("sc._gateway")
        gateway = self._jobs._gateway
        gateway.java()
        return gateway._java

    def _view(self) -> Any:
        self._need_jvm("sc._jvm")
        return Packages(self._entry_point().jvm, (), _OPEN)

    _gateway = _OfRunning(lambda context: context._entry_point())
    _jvm = _OfRunning(lambda context: context._view())
    _jsc = _OfRunning(lambda context: JavaContext(context))

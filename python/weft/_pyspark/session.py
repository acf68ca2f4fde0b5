"""As much of a SparkSession as programs need to reach RDDs."""

from __future__ import annotations

import threading
from types import TracebackType
from typing import TYPE_CHECKING, Any, ClassVar

from weft._callsite import call_site
from weft._pyspark import API_VERSION
from weft._pyspark.exceptions import PySparkRuntimeError, SparkNoSuchElementException
from weft._pyspark.modules import absent
from weft._pyspark.reader import DataFrameReader

if TYPE_CHECKING:
    from weft._context.java import JavaContext
    from weft.conf import WeftConf
    from weft.context import WeftContext

__all__ = ["SparkSession"]

_ABSENT = "pyspark.sql.SparkSession"
_NOT_GIVEN: Any = object()


class Builder:
    """Gathers the settings of a session."""

    def __init__(self) -> None:
        self._options: dict[str, Any] = {}

    def master(self, master: str) -> Builder:
        """Set where jobs run."""
        return self.config("spark.master", master)

    def appName(self, name: str) -> Builder:
        """Set the name that people see."""
        return self.config("spark.app.name", name)

    def config(
        self,
        key: str | None = None,
        value: Any = None,
        conf: WeftConf | None = None,
        *,
        map: dict[str, Any] | None = None,
    ) -> Builder:
        """Set one setting, or those of a conf or a dict."""
        if conf is not None:
            self._options.update(conf.getAll())
        self._options.update(map or {})
        if key is not None:
            self._options[key] = value
        return self

    def getOrCreate(self) -> SparkSession:
        """Give the running session, with these settings added, or make one."""
        from weft.conf import WeftConf
        from weft.context import WeftContext

        with SparkSession._lock:
            active = SparkSession._active
            if active is None or active.sparkContext._jobs._stopped_at is not None:
                conf = WeftConf()
                for key, value in self._options.items():
                    conf.set(key, value)
                active = SparkSession._active = SparkSession(WeftContext.getOrCreate(conf))
            for key, value in self._options.items():
                active.conf.set(key, value)
            return active

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return absent(f"{_ABSENT}.builder.{name}")


class _BuilderOfClass:
    """``SparkSession.builder`` is a new one at each look."""

    def __get__(self, _session: object, _owner: type) -> Builder:
        return Builder()


class SparkSession:
    """A context with another name, and what leads from a session to RDDs.

    Examples
    --------
    >>> session = SparkSession(sc)
    >>> session.sparkContext is sc
    True
    """

    builder = _BuilderOfClass()
    Builder = Builder
    _active: ClassVar[SparkSession | None] = None
    _lock: ClassVar[threading.RLock] = threading.RLock()

    def __init__(self, sparkContext: WeftContext, *_: Any, **__: Any) -> None:
        self._sc = sparkContext
        self.conf = RuntimeConfig(sparkContext)

    @property
    def sparkContext(self) -> WeftContext:
        """The context behind it."""
        return self._sc

    @property
    def version(self) -> str:
        """The version of PySpark whose API this is."""
        return API_VERSION

    @property
    def _jvm(self) -> Any:
        return self._sc._jvm

    @property
    def _jsc(self) -> JavaContext:
        gateway: JavaContext = self._sc._jsc
        return gateway

    @property
    def read(self) -> DataFrameReader:
        """Readers of files."""
        return DataFrameReader(self._sc)

    @classmethod
    def getActiveSession(cls) -> SparkSession | None:
        """Give the running session, None if there is none."""
        return cls._active

    @classmethod
    def active(cls) -> SparkSession:
        """Give the running session.

        Raises
        ------
        PySparkRuntimeError
            If there is none.
        """
        if cls._active is None:
            text = f"No session is running ({call_site()}): SparkSession.builder.getOrCreate() makes one."
            raise PySparkRuntimeError(text)
        return cls._active

    def newSession(self) -> SparkSession:
        """Give another session of the same context, with settings of its own."""
        return SparkSession(self._sc)

    def stop(self) -> None:
        """Stop the context."""
        self._sc.stop()
        with SparkSession._lock:
            if SparkSession._active is self:
                SparkSession._active = None

    def __enter__(self) -> SparkSession:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return absent(f"{_ABSENT}.{name}")


class RuntimeConfig:
    """The session's settings."""

    def __init__(self, context: WeftContext) -> None:
        self._settings = dict(context.getConf().getAll())

    def get(self, key: str, default: str | None = _NOT_GIVEN) -> str | None:
        """Give a setting, ``default`` if it is not set.

        Raises
        ------
        SparkNoSuchElementException
            If it is not set and there is no default.
        """
        if key not in self._settings and default is _NOT_GIVEN:
            raise SparkNoSuchElementException(f"The setting {key} is not set ({call_site()}).")
        return self._settings.get(key, default)

    @property
    def getAll(self) -> dict[str, str]:
        """All settings."""
        return dict(self._settings)

    def set(self, key: str, value: Any) -> None:
        """Set a setting, which only :meth:`get` sees: those of a running context do not change."""
        self._settings[key] = str(value).lower() if isinstance(value, bool) else str(value)

    def unset(self, key: str) -> None:
        """Forget a setting."""
        self._settings.pop(key, None)

    def isModifiable(self, key: str) -> bool:
        """Whether setting it has an effect on running jobs: never."""
        return False

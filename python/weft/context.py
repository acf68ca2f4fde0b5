"""Where a program begins."""

from __future__ import annotations

import atexit
import os
import sys
import threading
from collections.abc import Iterable
from types import TracebackType
from typing import TYPE_CHECKING, Any, ClassVar

from weft._absent import absent_name
from weft._broadcasts import Broadcasts
from weft._callsite import call_site
from weft._context.java import JavaSide
from weft._context.looks import batched, collector
from weft._defaults import default_settings, set_system_property, system_properties
from weft._failures import install_hook
from weft._fs import door
from weft._gateway import GATEWAY_VARIABLE, Answer, Gateway, new_token, start_line
from weft._inline import is_inline
from weft._interpreter import worker_python
from weft._jobs import Jobs
from weft._late import tell_master
from weft._ops.sealing import seal_by
from weft._progress import Console
from weft._pyspark import PYSPARK_VARIABLE, is_active
from weft._pyspark.keys import translate
from weft._tables.needs import aesgcm, need_here
from weft.conf import WeftConf
from weft.errors import ContextError, InputMissingError, InterpreterError, NotSupportedError
from weft.files import set_driver_folder
from weft.profiler import Profiler
from weft.serializers import CloudPickleSerializer, Serializer

__all__ = ["WeftContext"]

_BATCH = 1024
_PICKLED: Serializer = CloudPickleSerializer()


class WeftContext(JavaSide):
    """The connection of a program to the workers; one at a time.

    Parameters
    ----------
    master : str, optional
        ``local[N]``, ``local[N,maxFailures]``, ``local-cluster[C,S,MB]`` or ``yarn``; ``inline`` runs every task in
        this process, without Java, for tests. Else what the settings or the variable WEFT_MASTER say, else
        ``local[*]``.
    appName : str, optional
        A name for people; else that of the script.
    sparkHome : str, optional
        Kept as :attr:`sparkHome`, and ignored.
    pyFiles : list of str, optional
        Modules (.py), packages (.zip, .whl) that the workers shall be able to import.
    environment : dict, optional
        Environment variables of the workers.
    batchSize : int
        How many records ``parallelize`` keeps together; 0: as many as suit.
    serializer : Serializer
        What records are written by where they leave a task, of :mod:`weft.serializers`.
    conf : WeftConf, optional
        Settings.
    gateway, jsc : None
        PySpark has them; anything but None is refused.
    profiler_cls, memory_profiler_cls : type, optional
        Profilers of one's own, for ``spark.python.profile`` and ``spark.python.profile.memory``: :mod:`weft.profiler`.
    udf_profiler_cls : None
        PySpark has it, for functions of SQL; anything but None is refused.

    Raises
    ------
    ContextError
        If another context is running (E19).
    WeftError
        If the settings are wrong (E17), Java is missing (E14), the cluster cannot be reached (E15), …

    Examples
    --------
    >>> WeftContext.getOrCreate() is sc
    True
    """

    _active: ClassVar[WeftContext | None] = None
    _active_spark_context: ClassVar[WeftContext | None] = None  # PySpark's name for it, which programs look at
    _lock: ClassVar[threading.RLock] = threading.RLock()
    PACKAGE_EXTENSIONS: ClassVar[tuple[str, ...]] = (".zip", ".egg", ".jar")

    def __init__(
        self,
        master: str | None = None,
        appName: str | None = None,
        sparkHome: str | None = None,
        pyFiles: Iterable[str] | None = None,
        environment: dict[str, Any] | None = None,
        batchSize: int = 0,
        serializer: Serializer = _PICKLED,
        conf: WeftConf | None = None,
        gateway: Any = None,
        jsc: Any = None,
        profiler_cls: type[Profiler] | None = None,
        udf_profiler_cls: type[Profiler] | None = None,
        memory_profiler_cls: type[Profiler] | None = None,
    ) -> None:
        install_hook()
        self._site = call_site()
        _refuse(self._site, gateway=gateway, jsc=jsc, udf_profiler_cls=udf_profiler_cls)
        self.environment = {} if environment is None else dict(environment)
        self.sparkHome = sparkHome
        self.pythonExec = worker_python()
        self.pythonVer = "{}.{}".format(*sys.version_info)
        self._conf = _settings(master, appName, self.environment, conf)
        self._process = os.getpid()
        self._batch = batchSize if batchSize > 0 else _BATCH
        self.serializer = batched(serializer, batchSize, self._site)
        self.profiler_collector = collector(self._conf, profiler_cls, memory_profiler_cls)
        if self._conf.get("weft.io.encryption") == "true":
            need_here("cryptography.hazmat.primitives.ciphers.aead", f"weft.io.encryption at {self._site}")
        with WeftContext._lock:
            self._refuse_second()
            console = Console(enabled=self._conf.get("weft.ui.progress", "true") != "false")
            gateway = _open_gateway(self._conf, console)
            self._answer = gateway.answer
            seal_by(aesgcm(self._answer.seal) if self._answer.seal else None)
            self._jobs = Jobs(gateway, console)
            gateway.open_files()
            if GATEWAY_VARIABLE in os.environ:
                tell_master(self._conf, self._jobs, self._answer)
            _add_facts(self._conf, self._answer)
            self._mark_plans(serializer)
            self._added_files = []
            self._archives = {}
            self._broadcasts = Broadcasts(self._jobs, self._answer.info.get("broadcasts"))
            set_driver_folder(self._answer.info.get("files"))
            WeftContext._active = WeftContext._active_spark_context = self
        atexit.register(self.stop)
        try:
            for path in pyFiles or ():
                self.addPyFile(path)
        except BaseException:
            self.stop()
            raise

    @classmethod
    def getOrCreate(cls, conf: WeftConf | None = None) -> WeftContext:
        """Give the running context, or make one.

        Parameters
        ----------
        conf : WeftConf, optional
            Settings of a context that is made; a running one keeps its own.

        Returns
        -------
        WeftContext
            The running one, whatever ``conf`` says.

        Notes
        -----
        Driver only.

        Examples
        --------
        >>> WeftContext.getOrCreate() is sc
        True
        """
        with cls._lock:
            return cls._active or WeftContext(conf=conf)

    @classmethod
    def _refuse_second(cls) -> None:
        other = cls._active
        if other is not None:
            raise ContextError(
                f"A context is already running ({other.applicationId}, made at {other._site}).\n"
                "Use WeftContext.getOrCreate(), or stop it first.",
                "E19",
            )

    @classmethod
    def setSystemProperty(cls, key: str, value: str) -> None:
        """Set a system property of Java's; one of a setting's name is its value for contexts that are made later.

        Parameters
        ----------
        key : str
            Such as ``spark.default.parallelism``.
        value : str
            Its value.

        Notes
        -----
        Driver only.

        Examples
        --------
        >>> WeftContext.setSystemProperty("my.property", "1")
        >>> WeftContext.getSystemProperty("my.property")
        '1'
        """
        with cls._lock:
            set_system_property(key, str(value))
            if cls._active is not None and not is_inline(cls._active.master):
                cls._active._gateway.jvm.java.lang.System.setProperty(key, str(value))

    @classmethod
    def getSystemProperty(cls, key: str) -> str | None:
        """Give a system property: that of the running context's JVM, else what :meth:`setSystemProperty` has set.

        Parameters
        ----------
        key : str
            Such as ``user.home``.

        Returns
        -------
        str or None
            None if it is not set.

        Notes
        -----
        Driver only.

        Examples
        --------
        >>> print(WeftContext.getSystemProperty("no.such.property"))
        None
        """
        with cls._lock:
            own = system_properties().get(key)
            if own is None and cls._active is not None and not is_inline(cls._active.master):
                found: str | None = cls._active._gateway.jvm.java.lang.System.getProperty(key)
                return found
            return own

    def __enter__(self) -> WeftContext:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    if not TYPE_CHECKING:  # or type checkers would allow any name

        def __getattr__(self, name: str) -> Any:
            raise absent_name("WeftContext", name)

    def __repr__(self) -> str:
        return f"<WeftContext {self.applicationId} on {self.master}, {self.appName}>"

    def _described(self) -> str:
        return f"the context (line {self._site.rpartition(':')[2]})"

    def stop(self) -> None:
        """Stop jobs and workers.

        It is harmless when repeated; the end of the program and of a ``with`` block do it, too. A context that was
        stopped cannot be used any more, but another can be made.

        Notes
        -----
        Driver only.

        Examples
        --------
        >>> sc.stop()
        >>> sc.stop()
        >>> try:
        ...     sc.range(3)
        ... except ValueError as error:
        ...     print(str(error)[:31])
        This context was stopped at <do
        """
        if os.getpid() != self._process:  # a child that the program has forked: the context is its parent's
            return
        with WeftContext._lock:
            if WeftContext._active is self:
                WeftContext._active = WeftContext._active_spark_context = None
                set_driver_folder(None)
                door.close(call_site())
            atexit.unregister(self.stop)
            self._jobs.stop(call_site())


def _add_facts(conf: WeftConf, answer: Answer) -> None:
    """What a program that looks into its settings expects to find there, though nobody has set it."""
    conf.setIfMissing("weft.app.name", answer.info.get("name", ""))
    conf.setIfMissing("weft.master", answer.info.get("master", ""))
    if is_active():
        conf.set("spark.app.id", answer.application)


def _refuse(site: str, **given: object) -> None:
    for name, value in given.items():
        if value is not None:
            raise NotSupportedError(f"WeftContext({name}=...) at {site} is not in Weft: leave it out.", "E18", 2)


def stop_active() -> None:
    """Stop the running context, if there is one."""
    active = WeftContext._active
    if active is not None:
        active.stop()


def _settings(master: str | None, appName: str | None, environment: dict[str, Any], conf: WeftConf | None) -> WeftConf:
    settings = WeftConf() if conf is None else conf.copy()
    if conf is not None:
        for key, value in WeftConf().getAll():
            settings.setIfMissing(key, value)
    if master:
        settings.setMaster(master)
    if appName:
        settings.setAppName(appName)
    for name, value in environment.items():
        settings.setExecutorEnv(name, str(value))
    if is_active():
        settings.setExecutorEnv(PYSPARK_VARIABLE, "1")
    _tell_ignored(settings)
    return settings


_told: set[str] = set()


def _tell_ignored(settings: WeftConf) -> None:
    """Name each of Spark's settings that has no effect, once in the life of the process.

    What was given to ``weft submit`` has had its effect there.
    """
    submitted = default_settings() if GATEWAY_VARIABLE in os.environ else {}
    _, ignored = translate({name: value for name, value in settings.getAll() if submitted.get(name) != value})
    new = [one for one in ignored if one not in _told]
    if new:
        _told.update(new)
        print(f"weft: without effect: {', '.join(new)}. See docs/spark-keys.md.", file=sys.stderr)


def _own_jars(given: str) -> list[str]:
    """The jars of the setting weft.jars as paths from the root.

    Raises
    ------
    InputMissingError
        If one is not there (E02).
    NotSupportedError
        If one is not local (E18).
    """
    jars = []
    for one in filter(None, (part.strip() for part in given.split(","))):
        path = "/" + one[len("file:") :].lstrip("/") if one.startswith("file:") else one
        if "://" in path:
            raise NotSupportedError(f"{one} of weft.jars is not local; copy it here first.", "E18", 2)
        if not os.path.isfile(path):
            raise InputMissingError(f"{one} of weft.jars does not exist.", "E02", 3)
        jars.append(os.path.abspath(path))
    return jars


def _open_gateway(conf: WeftConf, console: Console) -> Gateway:
    described = os.environ.get(GATEWAY_VARIABLE)
    if described:
        return Gateway.connect(described)
    from weft import _install

    own, hadoop = conf.split()
    if is_inline(own.get("weft.master", "")):
        from weft._inline.gateway import InlineGateway

        try:
            _install.ensure_packages()
        except _install.InstallError as error:
            raise InterpreterError(str(error), "E14", error.code) from None
        _install.link_dependencies()
        return InlineGateway(own)
    try:
        _install.ensure_installed()
        _install.link_dependencies()
        command = _install.java_command("io.weft.master.app.GatewayMain", jars=_own_jars(own.get("weft.jars", "")))
    except _install.InstallError as error:
        raise InterpreterError(str(error), "E14", error.code) from None
    line = start_line(new_token(), conf.get("weft.master") or "", conf.get("weft.app.name") or "", own, hadoop)
    return Gateway.start(command, line, console)

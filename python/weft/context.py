"""Where a program begins."""

from __future__ import annotations

import atexit
import os
import sys
import threading
from collections.abc import Callable, Iterable, Sequence
from types import TracebackType
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

from weft._absent import absent_name
from weft._callsite import call_site
from weft._closures import DriverObject
from weft._failures import install_hook
from weft._gateway import GATEWAY_VARIABLE, Gateway, new_token, start_line
from weft._jobs import Jobs
from weft._lineage import DataNode, EmptyNode, Node, RangeNode, TextNode
from weft._progress import Console
from weft._rdd.core import positive
from weft._slices import cut_range, encode_slices
from weft._version import __version__
from weft.conf import WeftConf
from weft.errors import ContextError, InterpreterError, UnsupportedError
from weft.rdd import RDD

__all__ = ["WeftContext"]

T = TypeVar("T")
U = TypeVar("U")

_BATCH = 1024
_LEVELS = ("ALL", "DEBUG", "ERROR", "FATAL", "INFO", "OFF", "TRACE", "WARN")


class WeftContext(DriverObject):
    """The connection of a program to the workers; one at a time.

    Parameters
    ----------
    master : str, optional
        ``local[N]``, ``local[N,maxFailures]``, ``local-cluster[C,S,MB]`` or ``yarn``; else what the settings or
        the variable WEFT_MASTER say, else ``local[*]``.
    appName : str, optional
        A name for people; else that of the script.
    sparkHome : str, optional
        Ignored; PySpark has it.
    pyFiles : list of str, optional
        Modules (.py), packages (.zip, .whl) that the workers shall be able to import.
    environment : dict, optional
        Environment variables of the workers.
    batchSize : int
        How many records ``parallelize`` keeps together; 0: as many as suit.
    serializer : None
        PySpark has it; anything but None is refused.
    conf : WeftConf, optional
        Settings.

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
    _lock: ClassVar[threading.RLock] = threading.RLock()

    def __init__(
        self,
        master: str | None = None,
        appName: str | None = None,
        sparkHome: str | None = None,
        pyFiles: Iterable[str] | None = None,
        environment: dict[str, Any] | None = None,
        batchSize: int = 0,
        serializer: object = None,
        conf: WeftConf | None = None,
    ) -> None:
        install_hook()
        self._site = call_site()
        if serializer is not None:
            raise UnsupportedError(f"A serializer for all RDDs ({self._site}) is not in Weft: leave it out.", "E18", 2)
        self.environment = {} if environment is None else dict(environment)
        self._conf = _settings(master, appName, self.environment, conf)
        self._process = os.getpid()
        self._batch = batchSize if batchSize > 0 else _BATCH
        with WeftContext._lock:
            self._refuse_second()
            console = Console(enabled=self._conf.get("weft.ui.progress", "true") != "false")
            gateway = _open_gateway(self._conf, console)
            self._answer = gateway.answer
            self._jobs = Jobs(gateway, console)
            WeftContext._active = self
        atexit.register(self.stop)
        try:
            for path in pyFiles or ():
                self.addPyFile(path)
        except BaseException:
            self.stop()
            raise

    @classmethod
    def getOrCreate(cls, conf: WeftConf | None = None) -> WeftContext:
        """Give the running context, or make one."""
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
        """Stop jobs and workers; harmless when repeated. The end of the program does it, too."""
        if os.getpid() != self._process:  # a child that the program has forked: the context is its parent's
            return
        with WeftContext._lock:
            if WeftContext._active is self:
                WeftContext._active = None
            atexit.unregister(self.stop)
            self._jobs.stop(call_site())

    # what it is

    @property
    def master(self) -> str:
        """Where jobs run."""
        return str(self._answer.info.get("master", ""))

    @property
    def appName(self) -> str:
        """The application's name."""
        return str(self._answer.info.get("name", ""))

    @property
    def applicationId(self) -> str:
        """The application's id, on YARN the one that YARN gave."""
        return self._answer.application

    @property
    def version(self) -> str:
        """Weft's version."""
        return __version__

    @property
    def uiWebUrl(self) -> str | None:
        """The address of the application's web page, None if it has none."""
        url = self._answer.info.get("webUrl")
        return None if url is None else str(url)

    @property
    def startTime(self) -> int:
        """When the application started, in milliseconds since 1970."""
        return int(self._answer.info["startMillis"])

    @property
    def defaultParallelism(self) -> int:
        """Into how many partitions ``parallelize`` cuts what it is given."""
        return int(self._answer.info["parallelism"])

    @property
    def defaultMinPartitions(self) -> int:
        """How many partitions ``textFile`` makes at least."""
        return min(self.defaultParallelism, 2)

    def sparkUser(self) -> str:
        """Give the name of the user as whom the application runs."""
        return str(self._answer.info.get("user", ""))

    def getConf(self) -> WeftConf:
        """Give a copy of the settings."""
        return self._conf.copy()

    def setLogLevel(self, logLevel: str) -> None:
        """Set the level of the Java side's messages: ALL, DEBUG, ERROR, FATAL, INFO, OFF, TRACE or WARN.

        Raises
        ------
        ValueError
            If it is another.
        """
        if logLevel.upper() not in _LEVELS:
            raise ValueError(f"logLevel {logLevel!r} is none of {', '.join(_LEVELS)}")
        self._jobs.control("setLogLevel", logLevel.upper())

    # where records come from

    def parallelize(self, c: Iterable[T], numSlices: int | None = None) -> RDD[T]:
        """Make an RDD of records that the driver has; a ``range`` is counted by the workers.

        Parameters
        ----------
        c : iterable
            The records.
        numSlices : int, optional
            Into how many partitions; else :attr:`defaultParallelism`.

        Examples
        --------
        >>> sc.parallelize([0, 2, 3, 4, 6], 5).glom().collect()
        [[0], [2], [3], [4], [6]]
        >>> sc.parallelize(range(0, 6, 2), 5).glom().collect()
        [[], [0], [], [2], [4]]
        """
        slices = positive(self.defaultParallelism if numSlices is None else int(numSlices))
        site = call_site()
        if isinstance(c, range) and len(c) > 0:
            node: Node = RangeNode(self._next_id(), "parallelize", site, cut_range(c, slices), c.step)
        else:
            block = encode_slices(list(c), slices, self._batch, site)
            self._jobs.hold_block(block)
            node = DataNode(self._next_id(), "parallelize", site, block)
        return RDD(node, self)

    def range(self, start: int, end: int | None = None, step: int = 1, numSlices: int | None = None) -> RDD[int]:
        """Make an RDD of whole numbers, as the builtin ``range`` counts them.

        Examples
        --------
        >>> sc.range(5).collect(), sc.range(2, 4).collect(), sc.range(1, 7, 2).collect()
        ([0, 1, 2, 3, 4], [2, 3], [1, 3, 5])
        """
        numbers = range(start) if end is None else range(start, end, step)
        return self.parallelize(numbers, numSlices)

    def emptyRDD(self) -> RDD[Any]:
        """Make an RDD without partitions.

        Examples
        --------
        >>> sc.emptyRDD().getNumPartitions()
        0
        """
        return RDD(EmptyNode(self._next_id(), "emptyRDD", call_site(), 0), self)

    def textFile(self, name: str, minPartitions: int | None = None, use_unicode: bool = True) -> RDD[str]:
        """Make an RDD of the lines of text files, without their line ends.

        Parameters
        ----------
        name : str
            A file, a folder, a pattern, or several of them with commas, on any filesystem that Hadoop knows.
            Files in .gz, .bz2 and the like are unpacked.
        minPartitions : int, optional
            How many partitions at least; else :attr:`defaultMinPartitions`.
        use_unicode : bool
            False gives bytes.

        Examples
        --------
        >>> import tempfile
        >>> with tempfile.NamedTemporaryFile("w", suffix=".txt", delete=False) as file:
        ...     _ = file.write("one\\ntwo\\n")
        >>> sc.textFile(file.name).collect()
        ['one', 'two']
        """
        least = minPartitions or self.defaultMinPartitions
        return RDD(TextNode(self._next_id(), "textFile", call_site(), name, least, use_unicode), self)

    def union(self, rdds: Sequence[RDD[T]]) -> RDD[T]:
        """Give the records of several RDDs; nothing is moved.

        Examples
        --------
        >>> sc.union([sc.parallelize([1]), sc.parallelize([2]), sc.parallelize([3])]).collect()
        [1, 2, 3]
        """
        return rdds[0]._union(tuple(rdds), "union")

    # what goes to the workers beside the functions

    def addFile(self, path: str) -> None:
        """Send a file to the working folder of every task.

        Parameters
        ----------
        path : str
            A local file, or a URI of a filesystem that Hadoop knows.
        """
        self._add_file(path, False)

    def addPyFile(self, path: str) -> None:
        """Send a module (.py) or package (.zip, .whl, .egg) to the workers, for tasks from now on, and import it here.

        Parameters
        ----------
        path : str
            A local file, or a URI of a filesystem that Hadoop knows.
        """
        self._add_file(path, True)
        local = path.removeprefix("file://")
        if os.path.exists(local):
            folder = os.path.abspath(local) if not local.endswith(".py") else os.path.dirname(os.path.abspath(local))
            if folder not in sys.path:
                sys.path.insert(1, folder)

    def _add_file(self, path: str, python: bool) -> None:
        if "://" not in path:
            path = os.path.abspath(path)
            if not os.path.exists(path):
                raise FileNotFoundError(f"{path} does not exist (add{'Py' if python else ''}File at {call_site()})")
        self._jobs.control("addFile", path, python)

    # jobs

    def runJob(
        self,
        rdd: RDD[T],
        partitionFunc: Callable[[Iterable[T]], Iterable[U]],
        partitions: Sequence[int] | None = None,
        allowLocal: bool = False,
    ) -> list[U]:
        """Apply a function to some partitions and bring the results to the driver.

        Parameters
        ----------
        rdd : RDD
            Whose partitions.
        partitionFunc : callable
            Gets an iterator over a partition's records, gives an iterable.
        partitions : sequence of int, optional
            The partitions' numbers; else all.
        allowLocal : bool
            Ignored; PySpark has it.

        Examples
        --------
        >>> sc.runJob(sc.parallelize(range(6), 3), lambda part: [x * x for x in part], [0, 2])
        [0, 1, 16, 25]
        """
        if partitions is not None and len(partitions) == 0:
            return []
        return rdd.mapPartitions(partitionFunc)._collect("runJob", partitions or ())

    def setJobGroup(self, groupId: str, description: str, interruptOnCancel: bool = False) -> None:
        """Put the jobs that this thread starts from now on into a group, which can be cancelled as one."""
        self.setLocalProperty("weft.job.group", groupId)
        self.setLocalProperty("weft.job.description", description)
        self.setLocalProperty("weft.job.interruptOnCancel", str(bool(interruptOnCancel)).lower())

    def setJobDescription(self, value: str | None) -> None:
        """Describe the jobs that this thread starts from now on."""
        self.setLocalProperty("weft.job.description", value)

    def setLocalProperty(self, key: str, value: str | None) -> None:
        """Set a property of the jobs that this thread starts from now on; None takes it away."""
        if value is None:
            self._jobs.properties.pop(key, None)
        else:
            self._jobs.properties[key] = str(value)

    def getLocalProperty(self, key: str) -> str | None:
        """Give a property that this thread has set, or None.

        Examples
        --------
        >>> sc.setLocalProperty("mine", "1")
        >>> sc.getLocalProperty("mine")
        '1'
        >>> sc.setLocalProperty("mine", None)
        """
        return self._jobs.properties.get(key)

    def cancelJobGroup(self, groupId: str) -> None:
        """Cancel the running jobs of a group; their actions raise JobCancelledError."""
        self._jobs.control("cancelJobGroup", groupId)

    def cancelAllJobs(self) -> None:
        """Cancel all running jobs; their actions raise JobCancelledError."""
        self._jobs.control("cancelAllJobs")

    # for RDDs

    def _next_id(self) -> int:
        self._jobs.require_running()
        return self._jobs.next_id()

    def _default_partitions(self) -> int:
        """How many partitions shuffles make by the settings; 0 if those do not say."""
        return int(self._answer.info.get("shufflePartitions") or 0)

    def _count_partitions(self, node: Node) -> int:
        self._jobs.require_running()
        return self._jobs.count_partitions(node)

    def _collect(self, node: Node, name: str, partitions: Sequence[int]) -> list[Any]:
        return self._jobs.collect(node, name, partitions)

    def _drain(self, node: Node, name: str) -> None:
        self._jobs.drain(node, name)

    def _save_text(self, node: Node, path: str, codec: str | None) -> None:
        self._jobs.save_text(node, path, codec)

    def _forget_shuffle(self, rdd: int) -> None:
        self._jobs.forget_shuffle(rdd)


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
    return settings


def _open_gateway(conf: WeftConf, console: Console) -> Gateway:
    described = os.environ.get(GATEWAY_VARIABLE)
    if described:
        return Gateway.connect(described)
    from weft import _install

    own, hadoop = conf.split()
    try:
        _install.ensure_installed()
        _install.link_dependencies()
        command = _install.java_command("io.weft.master.app.GatewayMain")
    except _install.InstallError as error:
        raise InterpreterError(str(error), "E14", error.code) from None
    line = start_line(new_token(), conf.get("weft.master") or "", conf.get("weft.app.name") or "", own, hadoop)
    return Gateway.start(command, line, console)

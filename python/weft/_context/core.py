"""What a context knows of itself, and what RDDs ask of it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, cast

from weft._closures import DriverObject
from weft._gateway import Answer
from weft._jobs import Jobs
from weft._lineage import HadoopFormat, Node
from weft._pyspark import API_VERSION, is_active
from weft._saving import Placing
from weft._version import __version__
from weft.conf import WeftConf
from weft.rdd import RDD

if TYPE_CHECKING:
    from weft.context import WeftContext
    from weft.resources import ResourceInformation
    from weft.serializers import Serializer

__all__ = ["Core"]

_LEVELS = ("ALL", "DEBUG", "ERROR", "FATAL", "INFO", "OFF", "TRACE", "WARN")


class Core(DriverObject):
    """The state of a context, which :class:`~weft.context.WeftContext` sets, and its facts."""

    environment: dict[str, Any]
    sparkHome: str | None
    pythonExec: str
    pythonVer: str
    _answer: Answer
    _batch: int
    _conf: WeftConf
    _jobs: Jobs
    _site: str

    @property
    def master(self) -> str:
        """Where jobs run."""
        return str(self._answer.info.get("master", ""))

    @property
    def appName(self) -> str:
        """The application's name: that of the program's settings, else that it was submitted with."""
        return self._conf.get("weft.app.name") or str(self._answer.info.get("name", ""))

    @property
    def applicationId(self) -> str:
        """The application's id, on YARN the one that YARN gave."""
        return self._answer.application

    @property
    def version(self) -> str:
        """Weft's version; after :func:`weft.activate` that of the PySpark whose API this is."""
        return API_VERSION if is_active() else __version__

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

    @property
    def resources(self) -> dict[str, ResourceInformation]:
        """The devices that are the driver's: none, Weft hands out no devices."""
        return {}

    def sparkUser(self) -> str:
        """Give the name of the user as whom the application runs.

        Returns
        -------
        str
            On YARN who submitted it; else who runs the program.

        Notes
        -----
        Driver only.

        Examples
        --------
        >>> isinstance(sc.sparkUser(), str)
        True
        """
        return str(self._answer.info.get("user", ""))

    def getConf(self) -> WeftConf:
        """Give a copy of the settings.

        Returns
        -------
        WeftConf
            Changes of it reach nothing: settings are read when the context is made.

        Notes
        -----
        Driver only.

        Examples
        --------
        >>> sc.getConf().get("weft.master") == sc.master
        True
        """
        return self._conf.copy()

    def setLogLevel(self, logLevel: str) -> None:
        """Set the level of the Java side's messages.

        Parameters
        ----------
        logLevel : str
            ALL, DEBUG, ERROR, FATAL, INFO, OFF, TRACE or WARN, in any case.

        Raises
        ------
        ValueError
            If it is another.

        Notes
        -----
        Driver only.

        Examples
        --------
        >>> sc.setLogLevel("WARN")
        """
        if logLevel.upper() not in _LEVELS:
            raise ValueError(f"logLevel {logLevel!r} is none of {', '.join(_LEVELS)}")
        self._jobs.control("setLogLevel", logLevel.upper())

    # for RDDs

    def _rdd(self, node: Node) -> RDD[Any]:
        return RDD(node, cast("WeftContext", self))

    def _coder(self) -> Serializer | None:
        """What records of the driver's are written by, None: pickle."""
        return None

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

    def _save_text(self, node: Node, path: str, codec: str | None, placing: Placing, name: str) -> None:
        self._jobs.save_text(node, path, codec, placing, name)

    def _save_bytes(self, node: Node, path: str, suffix: str, placing: Placing, name: str) -> None:
        self._jobs.save_bytes(node, path, suffix, placing, name)

    def _save_records(self, node: Node, path: str | None, output: HadoopFormat, first: bytes, name: str) -> None:
        self._jobs.save_records(node, path, output, first, name)

    def _forget_shuffle(self, rdd: int) -> None:
        self._jobs.forget_shuffle(rdd)

"""What stages may ask of containers and tasks."""

from __future__ import annotations

import itertools
import re
from typing import Any, Optional, overload

__all__ = [
    "ExecutorResourceRequest",
    "ExecutorResourceRequests",
    "ResourceInformation",
    "ResourceProfile",
    "ResourceProfileBuilder",
    "TaskResourceRequest",
    "TaskResourceRequests",
]

_MEMORY = re.compile(r"\s*(\d+)\s*([kmgtp]?)b?\s*$", re.IGNORECASE)
_KIB = {"": 10, "k": 0, "m": 10, "g": 20, "t": 30, "p": 40}
_ids = itertools.count(1)


def _mebibytes(text: str) -> int:
    found = _MEMORY.match(text)
    if found is None:
        raise ValueError(f"{text!r} is no size; one such as 512m or 2g is wanted.")
    return (int(found.group(1)) << _KIB[found.group(2).lower()]) >> 10


class ResourceInformation:
    """A kind of device, and which of them are given.

    Parameters
    ----------
    name : str
        Such as ``gpu``.
    addresses : list of str
        The devices' addresses.

    Examples
    --------
    >>> from weft.resources import ResourceInformation
    >>> ResourceInformation("gpu", ["0", "1"]).addresses
    ['0', '1']
    """

    def __init__(self, name: str, addresses: list[str]) -> None:
        self._name = name
        self._addresses = addresses

    @property
    def name(self) -> str:
        """The kind."""
        return self._name

    @property
    def addresses(self) -> list[str]:
        """The addresses."""
        return self._addresses


class ExecutorResourceRequest:
    """So much of one thing for a container.

    Parameters
    ----------
    resourceName : str
        ``cores``, ``memory``, ``memoryOverhead``, ``pyspark.memory``, ``offHeap``, or a kind of device.
    amount : int
        How much: memory in MiB.
    discoveryScript, vendor : str
        Of devices.

    Examples
    --------
    >>> from weft.resources import ExecutorResourceRequest
    >>> ExecutorResourceRequest("memory", 2048).amount
    2048
    """

    def __init__(self, resourceName: str, amount: int, discoveryScript: str = "", vendor: str = "") -> None:
        self._name = resourceName
        self._amount = amount
        self._discovery_script = discoveryScript
        self._vendor = vendor

    @property
    def resourceName(self) -> str:
        """What it is of."""
        return self._name

    @property
    def amount(self) -> int:
        """How much."""
        return self._amount

    @property
    def discoveryScript(self) -> str:
        """What finds the devices."""
        return self._discovery_script

    @property
    def vendor(self) -> str:
        """Who makes the devices."""
        return self._vendor


class ExecutorResourceRequests:
    """What a container shall have; its methods give the object itself, so that calls can be chained.

    Examples
    --------
    >>> from weft.resources import ExecutorResourceRequests
    >>> wanted = ExecutorResourceRequests().cores(4).memory("2g").pysparkMemory("512m")
    >>> {name: one.amount for name, one in wanted.requests.items()}
    {'cores': 4, 'memory': 2048, 'pyspark.memory': 512}
    """

    @overload
    def __init__(self, _jvm: Any) -> None: ...

    @overload
    def __init__(self, _jvm: None = ..., _requests: Optional[dict[str, ExecutorResourceRequest]] = ...) -> None: ...

    def __init__(self, _jvm: Any = None, _requests: Optional[dict[str, ExecutorResourceRequest]] = None) -> None:
        self._requests = dict(_requests or {})

    def _add(self, name: str, amount: int, script: str = "", vendor: str = "") -> ExecutorResourceRequests:
        self._requests[name] = ExecutorResourceRequest(name, amount, script, vendor)
        return self

    def memory(self, amount: str) -> ExecutorResourceRequests:
        """Ask for memory, such as ``2g``.

        Parameters
        ----------
        amount : str
            Such as ``2g`` or ``512m``; a number alone is of MiB.

        Returns
        -------
        ExecutorResourceRequests
            This object.

        Raises
        ------
        ValueError
            If it is no size.

        Examples
        --------
        >>> from weft.resources import ExecutorResourceRequests
        >>> ExecutorResourceRequests().memory("2g").requests["memory"].amount
        2048
        """
        return self._add("memory", _mebibytes(amount))

    def memoryOverhead(self, amount: str) -> ExecutorResourceRequests:
        """Ask for memory beside the JVM's.

        Parameters
        ----------
        amount : str
            As of :meth:`memory`.

        Returns
        -------
        ExecutorResourceRequests
            This object.

        Raises
        ------
        ValueError
            If it is no size.

        Examples
        --------
        >>> from weft.resources import ExecutorResourceRequests
        >>> ExecutorResourceRequests().memoryOverhead("512m").requests["memoryOverhead"].amount
        512
        """
        return self._add("memoryOverhead", _mebibytes(amount))

    def offheapMemory(self, amount: str) -> ExecutorResourceRequests:
        """Ask for memory of the JVM's outside its heap.

        Parameters
        ----------
        amount : str
            As of :meth:`memory`.

        Returns
        -------
        ExecutorResourceRequests
            This object.

        Raises
        ------
        ValueError
            If it is no size.

        Examples
        --------
        >>> from weft.resources import ExecutorResourceRequests
        >>> ExecutorResourceRequests().offheapMemory("1g").requests["offHeap"].amount
        1024
        """
        return self._add("offHeap", _mebibytes(amount))

    def pysparkMemory(self, amount: str) -> ExecutorResourceRequests:
        """Ask for memory of the Python workers.

        Parameters
        ----------
        amount : str
            As of :meth:`memory`.

        Returns
        -------
        ExecutorResourceRequests
            This object.

        Raises
        ------
        ValueError
            If it is no size.
        """
        return self._add("pyspark.memory", _mebibytes(amount))

    def cores(self, amount: int) -> ExecutorResourceRequests:
        """Ask for processors.

        Parameters
        ----------
        amount : int
            How many.

        Returns
        -------
        ExecutorResourceRequests
            This object.
        """
        return self._add("cores", amount)

    def resource(
        self, resourceName: str, amount: int, discoveryScript: str = "", vendor: str = ""
    ) -> ExecutorResourceRequests:
        """Ask for devices.

        Parameters
        ----------
        resourceName : str
            The kind, such as ``gpu``.
        amount : int
            How many.
        discoveryScript, vendor : str
            What finds them, and who makes them.

        Returns
        -------
        ExecutorResourceRequests
            This object.

        Examples
        --------
        >>> from weft.resources import ExecutorResourceRequests
        >>> ExecutorResourceRequests().resource("gpu", 2).requests["gpu"].amount
        2
        """
        return self._add(resourceName, amount, discoveryScript, vendor)

    @property
    def requests(self) -> dict[str, ExecutorResourceRequest]:
        """What is asked for, by name."""
        return self._requests


class TaskResourceRequest:
    """So much of one thing for a task.

    Parameters
    ----------
    resourceName : str
        ``cpus``, or a kind of device.
    amount : float
        How much; of a device a part up to a half, or whole ones.

    Examples
    --------
    >>> from weft.resources import TaskResourceRequest
    >>> TaskResourceRequest("cpus", 2).amount
    2.0
    """

    def __init__(self, resourceName: str, amount: float) -> None:
        self._name = resourceName
        self._amount = float(amount)

    @property
    def resourceName(self) -> str:
        """What it is of."""
        return self._name

    @property
    def amount(self) -> float:
        """How much."""
        return self._amount


class TaskResourceRequests:
    """What a task shall have; its methods give the object itself.

    Examples
    --------
    >>> from weft.resources import TaskResourceRequests
    >>> TaskResourceRequests().cpus(2).requests["cpus"].amount
    2.0
    """

    @overload
    def __init__(self, _jvm: Any) -> None: ...

    @overload
    def __init__(self, _jvm: None = ..., _requests: Optional[dict[str, TaskResourceRequest]] = ...) -> None: ...

    def __init__(self, _jvm: Any = None, _requests: Optional[dict[str, TaskResourceRequest]] = None) -> None:
        self._requests = dict(_requests or {})

    def cpus(self, amount: float) -> TaskResourceRequests:
        """Ask for processors.

        Parameters
        ----------
        amount : float
            How many.

        Returns
        -------
        TaskResourceRequests
            This object.
        """
        return self.resource("cpus", amount)

    def resource(self, resourceName: str, amount: float) -> TaskResourceRequests:
        """Ask for devices, or a part of one.

        Parameters
        ----------
        resourceName : str
            ``cpus``, or a kind of device.
        amount : float
            How many; of a device a part up to a half, or whole ones.

        Returns
        -------
        TaskResourceRequests
            This object.

        Examples
        --------
        >>> from weft.resources import TaskResourceRequests
        >>> TaskResourceRequests().resource("gpu", 0.5).requests["gpu"].amount
        0.5
        """
        self._requests[resourceName] = TaskResourceRequest(resourceName, amount)
        return self

    @property
    def requests(self) -> dict[str, TaskResourceRequest]:
        """What is asked for, by name."""
        return self._requests


class ResourceProfile:
    """What a stage asks of its containers and tasks; a :class:`ResourceProfileBuilder` makes one.

    Examples
    --------
    >>> from weft.resources import ResourceProfileBuilder, TaskResourceRequests
    >>> profile = ResourceProfileBuilder().require(TaskResourceRequests().cpus(2)).build
    >>> profile.taskResources["cpus"].amount, profile.executorResources
    (2.0, {})
    """

    @overload
    def __init__(self, _java_resource_profile: Any) -> None: ...

    @overload
    def __init__(
        self,
        _java_resource_profile: None = ...,
        _exec_req: Optional[dict[str, ExecutorResourceRequest]] = ...,
        _task_req: Optional[dict[str, TaskResourceRequest]] = ...,
    ) -> None: ...

    def __init__(
        self,
        _java_resource_profile: Any = None,
        _exec_req: Optional[dict[str, ExecutorResourceRequest]] = None,
        _task_req: Optional[dict[str, TaskResourceRequest]] = None,
    ) -> None:
        self._executor = dict(_exec_req or {})
        self._task = dict(_task_req or {})
        self._id = next(_ids)

    @property
    def id(self) -> int:
        """A number that no other profile of the program has; 0 is that of no profile."""
        return self._id

    @property
    def taskResources(self) -> dict[str, TaskResourceRequest]:
        """What a task shall have, by name."""
        return self._task

    @property
    def executorResources(self) -> dict[str, ExecutorResourceRequest]:
        """What a container shall have, by name."""
        return self._executor


class ResourceProfileBuilder:
    """Gathers what a :class:`ResourceProfile` asks for.

    Examples
    --------
    >>> from weft.resources import ExecutorResourceRequests, ResourceProfileBuilder
    >>> builder = ResourceProfileBuilder().require(ExecutorResourceRequests().memory("1g"))
    >>> sorted(builder.executorResources)
    ['memory']
    >>> builder.clearExecutorResourceRequests()
    >>> builder.build.executorResources
    {}
    """

    def __init__(self) -> None:
        self._executor: dict[str, ExecutorResourceRequest] = {}
        self._task: dict[str, TaskResourceRequest] = {}

    def require(self, resourceRequest: ExecutorResourceRequests | TaskResourceRequests) -> ResourceProfileBuilder:
        """Add what is asked for.

        Of what was asked for before the new amount counts.

        Parameters
        ----------
        resourceRequest : ExecutorResourceRequests or TaskResourceRequests
            What containers, or tasks, shall have.

        Returns
        -------
        ResourceProfileBuilder
            This object.
        """
        if isinstance(resourceRequest, TaskResourceRequests):
            self._task.update(resourceRequest.requests)
        else:
            self._executor.update(resourceRequest.requests)
        return self

    def clearExecutorResourceRequests(self) -> None:
        """Ask for nothing of containers."""
        self._executor = {}

    def clearTaskResourceRequests(self) -> None:
        """Ask for nothing of tasks.

        Examples
        --------
        >>> from weft.resources import ResourceProfileBuilder, TaskResourceRequests
        >>> builder = ResourceProfileBuilder().require(TaskResourceRequests().cpus(2))
        >>> builder.clearTaskResourceRequests()
        >>> builder.taskResources
        {}
        """
        self._task = {}

    @property
    def taskResources(self) -> dict[str, TaskResourceRequest]:
        """What a task shall have, by name."""
        return self._task

    @property
    def executorResources(self) -> dict[str, ExecutorResourceRequest]:
        """What a container shall have, by name."""
        return self._executor

    @property
    def build(self) -> ResourceProfile:
        """The profile."""
        return ResourceProfile(_exec_req=self._executor, _task_req=self._task)

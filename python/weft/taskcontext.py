"""What a function may know of the task that it runs in."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any, ClassVar, Optional

from weft.errors import BarrierError, WrongPlaceError

__all__ = ["BarrierTaskContext", "BarrierTaskInfo", "TaskContext"]

OWN_NAMES = {
    "spark.jobGroup.id": "weft.job.group",
    "spark.job.description": "weft.job.description",
    "spark.job.interruptOnCancel": "weft.job.interruptOnCancel",
    "spark.job.tags": "weft.job.tags",
}
"""Local properties that PySpark programs know under other names."""

ADDRESSES = "weft.barrier.addresses"
"""The property of tasks of barrier stages that names the runners of all of them."""

MOST_MESSAGE_BYTES = 128 << 10
"""What a message of :meth:`BarrierTaskContext.allGather` may have in UTF-8."""

_ATTEMPT_BITS = 16
_PARTITION_BITS = 24


class TaskContext:
    """The task that runs in this process: :meth:`get` gives it, or None in the driver.

    Examples
    --------
    >>> from weft import TaskContext
    >>> sc.setLocalProperty("mine", "1")
    >>> def describe(record):
    ...     task = TaskContext.get()
    ...     return record, task.partitionId(), task.getLocalProperty("mine")
    >>> sc.parallelize(["a", "b"], 2).map(describe).collect()
    [('a', 0, '1'), ('b', 1, '1')]
    >>> sc.setLocalProperty("mine", None)
    >>> TaskContext.get() is None
    True
    """

    _taskContext: ClassVar[Optional[TaskContext]] = None

    _stageId: int
    _partitionId: int
    _attemptNumber: int
    _localProperties: dict[str, str]
    _place: Optional[Callable[[], Optional[tuple[str, int]]]] = None

    def __new__(cls, **_: Any) -> TaskContext:
        """Give the running task's context, also to who constructs one, as PySpark does."""
        return cls._taskContext or object.__new__(cls)

    @classmethod
    def get(cls) -> Optional[TaskContext]:
        """Give the context of the running task; None in the driver.

        Returns
        -------
        TaskContext or None
            None in the driver.

        Examples
        --------
        >>> from weft import TaskContext
        >>> TaskContext.get() is None
        True
        >>> sc.parallelize([1]).map(lambda _: TaskContext.get() is None).collect()
        [False]
        """
        return cls._taskContext

    @classmethod
    def _enter(cls, task: Optional[dict[str, Any]]) -> None:
        """Begin a task, as its TASK frame describes it; None: the task has ended."""
        if task is None:
            TaskContext._taskContext = None
            return
        described = {
            "stageId": task["stage"],
            "partitionId": task["partition"],
            "attemptNumber": task["attempt"],
            "localProperties": task.get("properties", {}),
        }
        kind = BarrierTaskContext if ADDRESSES in described["localProperties"] else TaskContext
        TaskContext._taskContext = kind.from_json(described)

    @classmethod
    def _reads(cls, place: Callable[[], Optional[tuple[str, int]]]) -> None:
        """Note that the running task reads a text input, whose line read last ``place`` gives."""
        if TaskContext._taskContext is not None:
            TaskContext._taskContext._place = place

    @classmethod
    def from_json(cls, json: dict[str, Any]) -> TaskContext:
        """Make a context of a description with PySpark's names, for tests of functions that ask for one.

        Parameters
        ----------
        json : dict
            ``stageId``, ``partitionId``, ``attemptNumber`` and ``localProperties``; others are ignored.

        Returns
        -------
        TaskContext
            One that is not the running task's: :meth:`get` does not give it.

        Raises
        ------
        KeyError
            If one of the four is missing.

        Examples
        --------
        >>> described = {"stageId": 1, "partitionId": 2, "attemptNumber": 0, "localProperties": {"a": "b"}}
        >>> TaskContext.from_json(described).partitionId()
        2
        """
        context: TaskContext = object.__new__(cls)
        context._stageId = int(json["stageId"])
        context._partitionId = int(json["partitionId"])
        context._attemptNumber = int(json["attemptNumber"])
        context._localProperties = dict(json["localProperties"])
        return context

    def stageId(self) -> int:
        """Give the number of the stage in the application.

        Returns
        -------
        int
            Counted from 0 over all jobs of the application; at a later attempt the same.

        Examples
        --------
        >>> from weft import TaskContext
        >>> sc.parallelize([1], 1).map(lambda _: TaskContext.get().stageId() >= 0).collect()
        [True]
        """
        return self._stageId

    def partitionId(self) -> int:
        """Give the number of the partition that this task computes.

        Returns
        -------
        int
            Counted from 0 in the stage.

        Examples
        --------
        >>> from weft import TaskContext
        >>> sc.parallelize("ab", 2).map(lambda x: (x, TaskContext.get().partitionId())).collect()
        [('a', 0), ('b', 1)]
        """
        return self._partitionId

    def attemptNumber(self) -> int:
        """Give how many attempts at this task were begun before this one.

        Returns
        -------
        int
            0 for the first attempt.

        Examples
        --------
        >>> from weft import TaskContext
        >>> sc.parallelize([1], 1).map(lambda _: TaskContext.get().attemptNumber()).collect()
        [0]
        """
        return self._attemptNumber

    def taskAttemptId(self) -> int:
        """Give a number that no other attempt at any task of the application has.

        Returns
        -------
        int
            Made of the numbers of stage, partition and attempt.

        Examples
        --------
        >>> from weft import TaskContext
        >>> numbers = sc.parallelize("ab", 2).map(lambda _: TaskContext.get().taskAttemptId()).collect()
        >>> len(set(numbers))
        2
        """
        task = self._stageId << _PARTITION_BITS | self._partitionId
        return task << _ATTEMPT_BITS | self._attemptNumber

    def getLocalProperty(self, key: str) -> Optional[str]:
        """Give a local property of the thread that started the job.

        Parameters
        ----------
        key : str
            As the driver gave it to :meth:`WeftContext.setLocalProperty`.

        Returns
        -------
        str or None
            None if it had none of that name when it started the job.

        Examples
        --------
        >>> from weft import TaskContext
        >>> sc.setLocalProperty("mine", "1")
        >>> sc.parallelize([1], 1).map(lambda _: TaskContext.get().getLocalProperty("mine")).collect()
        ['1']
        >>> sc.setLocalProperty("mine", None)
        """
        return self._localProperties.get(OWN_NAMES.get(key, key))

    def inputPath(self) -> Optional[str]:
        """Give the file that the line is from which the task has read last.

        Not in PySpark. In a function of ``map``, ``flatMap`` or ``filter`` that follows ``textFile`` it is the file of
        the record at hand, however many files the partition is made of.

        Returns
        -------
        str or None
            As Hadoop writes it; None where the task reads no text file.

        Examples
        --------
        >>> import os, tempfile
        >>> from weft import TaskContext
        >>> folder = tempfile.mkdtemp()
        >>> for name in ("a", "b"):
        ...     with open(os.path.join(folder, name), "w") as file:
        ...         _ = file.write(f"first of {name}\\nsecond of {name}\\n")
        >>> def place(line):
        ...     task = TaskContext.get()
        ...     return os.path.basename(task.inputPath()), task.inputOffset(), line
        >>> sc.textFile(folder).map(place).collect()
        [('a', 0, 'first of a'), ('a', 11, 'second of a'), ('b', 0, 'first of b'), ('b', 11, 'second of b')]
        """
        place = self._place() if self._place is not None else None
        return None if place is None else place[0]

    def inputOffset(self) -> Optional[int]:
        """Give the byte of :meth:`inputPath` at which the line begins which the task has read last.

        Of a compressed file it is the byte of its text. In a range of a bzip2 file that does not begin the file, it is
        counted from the range's first line; in any bzip2 file a line end counts as one byte.

        Returns
        -------
        int or None
            Bytes from the file's beginning; None where the task reads no text file.

        Examples
        --------
        >>> import tempfile
        >>> from weft import TaskContext
        >>> with tempfile.NamedTemporaryFile("w", suffix=".txt", delete=False) as file:
        ...     _ = file.write("one\\ntwo\\n")
        >>> sc.textFile(file.name).map(lambda line: (TaskContext.get().inputOffset(), line)).collect()
        [(0, 'one'), (4, 'two')]
        """
        place = self._place() if self._place is not None else None
        return None if place is None else place[1]

    def cpus(self) -> int:
        """Give the number of processors that are the task's (``weft.task.cpus``).

        Returns
        -------
        int
            1 or more.

        Examples
        --------
        >>> from weft import TaskContext
        >>> sc.parallelize([1], 1).map(lambda _: TaskContext.get().cpus()).collect()
        [1]
        """
        return int(self._localProperties.get("weft.task.cpus", 1))

    def cpuAmount(self) -> Decimal:
        """Give the same as :meth:`cpus`.

        Returns
        -------
        Decimal
            1 or more.

        Examples
        --------
        >>> from weft import TaskContext
        >>> sc.parallelize([1], 1).map(lambda _: TaskContext.get().cpuAmount()).collect()
        [Decimal('1')]
        """
        return Decimal(self.cpus())

    def resources(self) -> dict[str, Any]:
        """Give the devices that are the task's alone: none, Weft hands out no devices.

        Returns
        -------
        dict
            Always empty.

        Examples
        --------
        >>> from weft import TaskContext
        >>> sc.parallelize([1], 1).map(lambda _: TaskContext.get().resources()).collect()
        [{}]
        """
        return {}


class BarrierTaskInfo:
    """A task of a barrier stage, as :meth:`BarrierTaskContext.getTaskInfos` tells of it.

    Parameters
    ----------
    address : str
        Host and port of the process that runs it, ``host:port``; the port is 0 in ``local`` masters.

    Examples
    --------
    >>> from weft import BarrierTaskInfo
    >>> BarrierTaskInfo("node1:7000").address
    'node1:7000'
    """

    def __init__(self, address: str) -> None:
        self.address = address


class BarrierTaskContext(TaskContext):
    """The task that runs in this process, in a barrier stage: :meth:`get` gives it.

    All tasks of a barrier stage run at the same time, and can wait for each other. They must all make the same calls of
    :meth:`barrier` and :meth:`allGather` in the same order; where one ends instead, or makes another call, the others'
    calls fail.

    Examples
    --------
    >>> from weft import BarrierTaskContext
    >>> def ranks(records):
    ...     task = BarrierTaskContext.get()
    ...     sizes = task.allGather(str(len(list(records))))
    ...     task.barrier()
    ...     yield task.partitionId(), sizes
    >>> sc.parallelize([1, 2, 3], 2).barrier().mapPartitions(ranks).collect()
    [(0, ['1', '2']), (1, ['1', '2'])]
    >>> def places(_):
    ...     yield len(BarrierTaskContext.get().getTaskInfos())
    >>> sc.parallelize([1, 2, 3], 2).barrier().mapPartitions(places).collect()
    [2, 2]
    """

    _calls: ClassVar[Optional[Callable[[bool, str], list[str]]]] = None

    @classmethod
    def get(cls) -> BarrierTaskContext:
        """Give the context of the running task.

        Returns
        -------
        BarrierTaskContext
            The same object as :meth:`TaskContext.get` gives.

        Raises
        ------
        WrongPlaceError
            A RuntimeError, in a task of another stage, and in the driver.
        """
        found = cls._taskContext
        if not isinstance(found, BarrierTaskContext):
            raise WrongPlaceError(
                "It is not in a barrier stage: "
                "BarrierTaskContext.get() works in functions of rdd.barrier().mapPartitions."
            )
        return found

    def barrier(self) -> None:
        """Wait until all tasks of the stage have called this as often.

        Raises
        ------
        BarrierError
            If not all tasks can come any more, or did not within ``weft.barrier.timeout`` (E27).
        WrongPlaceError
            In a thread that the task has started, and when it has ended.
        """
        self._call(False, "")

    def allGather(self, message: str = "") -> list[str]:
        """Wait as :meth:`barrier` does, and give what all tasks have said, in the order of their partitions.

        Parameters
        ----------
        message : str
            What this task says; at most 128 KiB in UTF-8, and at most 1 Mi characters for all tasks together.

        Returns
        -------
        list of str
            One of each task.

        Raises
        ------
        BarrierError
            As :meth:`barrier` does, and if the messages are too large (E27).
        TypeError
            If the message is no text.
        WrongPlaceError
            As :meth:`barrier` does.
        """
        if not isinstance(message, str):
            raise TypeError("Argument `message` must be of type `str`")
        length = len(message.encode())
        if length > MOST_MESSAGE_BYTES:
            raise BarrierError(
                f"A message of allGather has {length:,} bytes; it may have {MOST_MESSAGE_BYTES:,}. "
                "Write what is large to a file, and gather its path.",
                "E27",
            )
        return self._call(True, message)

    def getTaskInfos(self) -> list[BarrierTaskInfo]:
        """Give where the tasks of the stage run, in the order of their partitions.

        Returns
        -------
        list of BarrierTaskInfo
            One of each task.

        Raises
        ------
        WrongPlaceError
            If this is not the context of a task of a barrier stage.
        """
        if ADDRESSES not in getattr(self, "_localProperties", ()):
            raise WrongPlaceError("getTaskInfos() works in a task of a barrier stage only.")
        return [BarrierTaskInfo(address) for address in self._localProperties[ADDRESSES].split(",")]

    def _call(self, gathers: bool, message: str) -> list[str]:
        calls = BarrierTaskContext._calls
        if calls is None or TaskContext._taskContext is not self:
            name = "allGather" if gathers else "barrier"
            raise WrongPlaceError(f"{name}() works in a task of a barrier stage only, while it runs.")
        return calls(gathers, message)

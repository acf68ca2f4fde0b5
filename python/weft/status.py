"""How far jobs and stages are."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, NamedTuple, Optional

if TYPE_CHECKING:
    from weft._jobs import Jobs

__all__ = ["SparkExecutorInfo", "SparkJobInfo", "SparkStageInfo", "StatusTracker"]


class SparkJobInfo(NamedTuple):
    """A job.

    Attributes
    ----------
    jobId : int
        As of :meth:`StatusTracker.getJobIdsForGroup`.
    stageIds : list of int
        Of all stages that it has.
    status : str
        RUNNING, SUCCEEDED, FAILED or UNKNOWN.

    Examples
    --------
    >>> sc.setJobGroup("one", "")
    >>> sc.range(4).count()
    4
    >>> [job] = sc.statusTracker().getJobIdsForGroup("one")
    >>> info = sc.statusTracker().getJobInfo(job)
    >>> info.status, len(info.stageIds)
    ('SUCCEEDED', 1)
    """

    jobId: int
    stageIds: list[int]
    status: str


class SparkStageInfo(NamedTuple):
    """A stage.

    Attributes
    ----------
    stageId : int
        As in :class:`SparkJobInfo`.
    currentAttemptId : int
        Always 0: tasks are tried again, never stages.
    name : str
        The method that made it, and the user's line.
    numTasks : int
        How many tasks it has.
    numActiveTasks, numCompletedTasks : int
        How many of them run, and are done.
    numFailedTasks : int
        How many attempts at them have failed.

    Examples
    --------
    >>> sc.setJobGroup("two", "")
    >>> sc.range(4, numSlices=3).count()
    4
    >>> [job] = sc.statusTracker().getJobIdsForGroup("two")
    >>> [stage] = sc.statusTracker().getJobInfo(job).stageIds
    >>> info = sc.statusTracker().getStageInfo(stage)
    >>> info.numTasks, info.numActiveTasks, info.numCompletedTasks, info.numFailedTasks
    (3, 0, 3, 0)
    """

    stageId: int
    currentAttemptId: int
    name: str
    numTasks: int
    numActiveTasks: int
    numCompletedTasks: int
    numFailedTasks: int


class SparkExecutorInfo(NamedTuple):
    """A container.

    Attributes
    ----------
    host : str
        Where it is.
    port : int
        Always 0.
    cacheSize : int
        Bytes of persisted partitions that it keeps.
    numRunningTasks : int
        How many tasks it runs.
    usedOnHeapStorageMemory, usedOffHeapStorageMemory : int
        Always 0: persisted partitions lie in files.
    totalOnHeapStorageMemory, totalOffHeapStorageMemory : int
        Always 0.

    Examples
    --------
    >>> [info.numRunningTasks for info in sc.statusTracker().getExecutorInfos()]
    [0]
    """

    host: str
    port: int
    cacheSize: int
    numRunningTasks: int
    usedOnHeapStorageMemory: int
    usedOffHeapStorageMemory: int
    totalOnHeapStorageMemory: int
    totalOffHeapStorageMemory: int


class StatusTracker:
    """Tells of the running jobs, and of the 200 that have ended last; :meth:`WeftContext.statusTracker` makes one.

    What it says is of the moment; a job may have gone on when it is read.

    Examples
    --------
    >>> tracker = sc.statusTracker()
    >>> sc.setJobGroup("squares", "of a few numbers")
    >>> sc.parallelize(range(6), 3).map(lambda x: x * x).sum()
    55
    >>> [job] = tracker.getJobIdsForGroup("squares")
    >>> [stage] = tracker.getJobInfo(job).stageIds
    >>> tracker.getStageInfo(stage).numCompletedTasks
    3
    """

    def __init__(self, jobs: Jobs) -> None:
        self._jobs = jobs

    def _ask(self, method: str, *arguments: Any) -> Any:
        return json.loads(self._jobs.control(method, *arguments))

    def getJobIdsForGroup(self, jobGroup: Optional[str] = None) -> list[int]:
        """Give the ids of the jobs of a group, running and ended.

        Parameters
        ----------
        jobGroup : str, optional
            As of :meth:`WeftContext.setJobGroup`; None: the jobs that are of no group.

        Returns
        -------
        list of int
            An empty one if there is no such group.

        Examples
        --------
        >>> sc.setJobGroup("hourly", "")
        >>> sc.range(3).count(), len(sc.statusTracker().getJobIdsForGroup("hourly"))
        (3, 1)
        """
        return [int(one) for one in self._ask("jobIds", jobGroup or "")]

    def getActiveStageIds(self) -> list[int]:
        """Give the ids of the stages that run.

        Returns
        -------
        list of int
            Ascending.

        Examples
        --------
        >>> sc.statusTracker().getActiveStageIds()
        []
        """
        return sorted(int(one) for one in self._ask("activeStageIds"))

    def getActiveJobsIds(self) -> list[int]:
        """Give the ids of the jobs that run.

        Returns
        -------
        list of int
            Ascending.

        Examples
        --------
        >>> sc.statusTracker().getActiveJobsIds()
        []
        """
        return sorted(int(one) for one in self._ask("activeJobIds"))

    def getJobInfo(self, jobId: int) -> Optional[SparkJobInfo]:
        """Give what is known of a job.

        Parameters
        ----------
        jobId : int
            As of :meth:`getJobIdsForGroup`.

        Returns
        -------
        SparkJobInfo or None
            None if there was no such job, or 200 have ended since.

        Examples
        --------
        >>> print(sc.statusTracker().getJobInfo(1000000))
        None
        """
        found = self._ask("jobInfo", int(jobId))
        return None if found is None else SparkJobInfo(int(jobId), list(found["stages"]), str(found["status"]))

    def getStageInfo(self, stageId: int) -> Optional[SparkStageInfo]:
        """Give what is known of a stage.

        Parameters
        ----------
        stageId : int
            As in :class:`SparkJobInfo`.

        Returns
        -------
        SparkStageInfo or None
            None if there was no such stage, or 200 jobs have ended since.

        Examples
        --------
        >>> print(sc.statusTracker().getStageInfo(1000000))
        None
        """
        found = self._ask("stageInfo", int(stageId))
        if found is None:
            return None
        counts = (int(found[name]) for name in ("tasks", "running", "done", "failed"))
        return SparkStageInfo(int(stageId), 0, str(found["name"]), *counts)

    def getExecutorInfos(self) -> list[SparkExecutorInfo]:
        """Give the containers; Weft keeps persisted partitions in files, so that the sizes of memory are 0.

        Returns
        -------
        list of SparkExecutorInfo
            One for each container that runs.

        Examples
        --------
        >>> [one.numRunningTasks for one in sc.statusTracker().getExecutorInfos()]
        [0]
        """
        return [
            SparkExecutorInfo(str(one["host"]), int(one["port"]), int(one["cached"]), int(one["running"]), 0, 0, 0, 0)
            for one in self._ask("executors")
        ]

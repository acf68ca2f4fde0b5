"""Jobs: their groups and properties, and how to cancel them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TypeVar

from weft._callsite import call_site
from weft._context.shared import Shared
from weft._failures import for_pyspark
from weft.errors import ArgumentError
from weft.rdd import RDD
from weft.status import StatusTracker
from weft.taskcontext import OWN_NAMES

__all__ = ["JobControl"]

_TAGS = "weft.job.tags"
T = TypeVar("T")
U = TypeVar("U")


class JobControl(Shared):
    """What a thread says of the jobs that it starts."""

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
            The partitions' numbers, in the order in which their results are wanted; else all.
        allowLocal : bool
            Ignored; PySpark has it.

        Returns
        -------
        list
            What ``partitionFunc`` gives, in the order of ``partitions``.

        Raises
        ------
        ArgumentError
            If there is no such partition; nothing was run.

        Notes
        -----
        Action: one job; none if ``partitions`` is empty.

        Examples
        --------
        >>> sc.runJob(sc.parallelize(range(6), 3), lambda part: [x * x for x in part], [0, 2])
        [0, 1, 16, 25]
        """
        if partitions is not None and len(partitions) == 0:
            return []
        mapped = rdd.mapPartitions(partitionFunc)
        if partitions is None:
            return mapped._collect("runJob")
        count = rdd.getNumPartitions()
        wrong = next((one for one in partitions if not 0 <= one < count), None)
        if wrong is not None:
            there = f"its partitions are 0 to {count - 1}" if count else "it has no partitions"
            raise for_pyspark(ArgumentError(f"runJob ({call_site()}) asks for partition {wrong} of {rdd!r}: {there}."))
        if len(set(partitions)) == len(partitions):
            return mapped._collect("runJob", partitions)
        once = sorted(set(partitions))  # one that is asked for twice is computed once
        results = dict(zip(once, mapped.glom()._collect("runJob", once)))
        return [one for partition in partitions for one in results[partition]]

    def setJobGroup(self, groupId: str, description: str, interruptOnCancel: bool = False) -> None:
        """Put the jobs that this thread starts from now on into a group, which can be cancelled as one.

        Parameters
        ----------
        groupId : str
            The group's name, for :meth:`cancelJobGroup` and :meth:`StatusTracker.getJobIdsForGroup`.
        description : str
            For people.
        interruptOnCancel : bool
            Of no effect: Weft always interrupts the tasks of a cancelled job.

        Notes
        -----
        Driver only.

        Examples
        --------
        >>> sc.setJobGroup("nightly", "sums of the day")
        >>> sc.range(4).sum(), len(sc.statusTracker().getJobIdsForGroup("nightly"))
        (6, 1)
        >>> sc.getLocalProperty("spark.jobGroup.id")
        'nightly'
        >>> sc.setLocalProperty("spark.jobGroup.id", None)
        """
        self.setLocalProperty("weft.job.group", groupId)
        self.setLocalProperty("weft.job.description", description)
        self.setLocalProperty("weft.job.interruptOnCancel", str(bool(interruptOnCancel)).lower())

    def setJobDescription(self, value: str | None) -> None:
        """Describe the jobs that this thread starts from now on.

        Parameters
        ----------
        value : str or None
            For people; None takes it away.

        Notes
        -----
        Driver only.

        Examples
        --------
        >>> sc.setJobDescription("sums of the day")
        >>> sc.getLocalProperty("spark.job.description")
        'sums of the day'
        >>> sc.setJobDescription(None)
        """
        self.setLocalProperty("weft.job.description", value)

    def setLocalProperty(self, key: str, value: str | None) -> None:
        """Set a property of the jobs that this thread starts from now on.

        Tasks find it by :meth:`TaskContext.getLocalProperty`; other threads have their own, unless they are
        :class:`InheritableThread` s.

        Parameters
        ----------
        key : str
            Any name; ``spark.jobGroup.id`` and its like are those of Weft's own.
        value : str or None
            None takes it away.

        Notes
        -----
        Driver only.

        Examples
        --------
        >>> from weft import TaskContext
        >>> sc.setLocalProperty("run", "7")
        >>> sc.parallelize([1], 1).map(lambda _: TaskContext.get().getLocalProperty("run")).collect()
        ['7']
        >>> sc.setLocalProperty("run", None)
        """
        own = OWN_NAMES.get(key, key)
        if value is None:
            self._jobs.properties.pop(own, None)
        else:
            self._jobs.properties[own] = str(value)

    def getLocalProperty(self, key: str) -> str | None:
        """Give a property that this thread has set.

        Parameters
        ----------
        key : str
            Its name.

        Returns
        -------
        str or None
            None if it is not set.

        Notes
        -----
        Driver only.

        Examples
        --------
        >>> sc.setLocalProperty("mine", "1")
        >>> sc.getLocalProperty("mine")
        '1'
        >>> sc.setLocalProperty("mine", None)
        """
        return self._jobs.properties.get(OWN_NAMES.get(key, key))

    def setInterruptOnCancel(self, interruptOnCancel: bool) -> None:
        """Say whether a cancelled job's tasks shall be interrupted; kept as a property, Weft always interrupts them.

        Parameters
        ----------
        interruptOnCancel : bool
            Of no effect.

        Notes
        -----
        Driver only.

        Examples
        --------
        >>> sc.setInterruptOnCancel(True)
        >>> sc.getLocalProperty("spark.job.interruptOnCancel")
        'true'
        """
        self.setLocalProperty("weft.job.interruptOnCancel", str(bool(interruptOnCancel)).lower())

    def addJobTag(self, tag: str) -> None:
        """Tag the jobs that this thread starts from now on, beside the tags that they have already.

        Parameters
        ----------
        tag : str
            Neither empty nor with a comma in it.

        Raises
        ------
        ValueError
            If it is.

        Notes
        -----
        Driver only.

        Examples
        --------
        >>> sc.addJobTag("nightly")
        >>> sc.addJobTag("etl")
        >>> sorted(sc.getJobTags())
        ['etl', 'nightly']
        >>> sc.removeJobTag("etl")
        >>> sc.getJobTags()
        {'nightly'}
        >>> sc.clearJobTags()
        """
        self._set_tags([*self._tags(), _checked(tag)])

    def removeJobTag(self, tag: str) -> None:
        """Take a tag from the jobs that this thread starts from now on; one that they do not have is passed over.

        Parameters
        ----------
        tag : str
            As of :meth:`addJobTag`.

        Raises
        ------
        ValueError
            As by :meth:`addJobTag`.

        Notes
        -----
        Driver only.

        Examples
        --------
        >>> sc.addJobTag("etl")
        >>> sc.removeJobTag("etl")
        >>> sc.getJobTags()
        set()
        """
        _checked(tag)
        self._set_tags([one for one in self._tags() if one != tag])

    def getJobTags(self) -> set[str]:
        """Give the tags of the jobs that this thread starts.

        Returns
        -------
        set of str
            A copy.

        Notes
        -----
        Driver only.

        Examples
        --------
        >>> sc.addJobTag("etl")
        >>> sc.getJobTags()
        {'etl'}
        >>> sc.clearJobTags()
        """
        return set(self._tags())

    def clearJobTags(self) -> None:
        """Take all tags from the jobs that this thread starts from now on.

        Notes
        -----
        Driver only.

        Examples
        --------
        >>> sc.addJobTag("etl")
        >>> sc.clearJobTags()
        >>> sc.getJobTags()
        set()
        """
        self._set_tags([])

    def cancelJobsWithTag(self, tag: str) -> None:
        """Cancel the running jobs that have a tag, of any thread.

        Parameters
        ----------
        tag : str
            As of :meth:`addJobTag`.

        Raises
        ------
        ValueError
            As by :meth:`addJobTag`.

        Notes
        -----
        Driver only. The jobs' actions raise JobCancelledError.

        Examples
        --------
        >>> sc.cancelJobsWithTag("etl")         # none is running
        """
        self._jobs.control("cancelJobsWithTag", _checked(tag))

    def _tags(self) -> list[str]:
        return [tag for tag in (self.getLocalProperty(_TAGS) or "").split(",") if tag]

    def _set_tags(self, tags: list[str]) -> None:
        self.setLocalProperty(_TAGS, ",".join(dict.fromkeys(tags)) or None)

    def statusTracker(self) -> StatusTracker:
        """Give what tells of jobs and stages, how far they are.

        Returns
        -------
        StatusTracker
            One that always tells of the present.

        Notes
        -----
        Driver only.

        Examples
        --------
        >>> sc.setJobGroup("counted", "")
        >>> sc.range(10).count()
        10
        >>> tracker = sc.statusTracker()
        >>> [tracker.getJobInfo(job).status for job in tracker.getJobIdsForGroup("counted")]
        ['SUCCEEDED']
        """
        return StatusTracker(self._jobs)

    def cancelJobGroup(self, groupId: str) -> None:
        """Cancel the running jobs of a group, of any thread.

        Parameters
        ----------
        groupId : str
            As of :meth:`setJobGroup`.

        Notes
        -----
        Driver only. The jobs' actions raise JobCancelledError; another thread than theirs must call this.

        Examples
        --------
        >>> sc.cancelJobGroup("nightly")        # none is running
        """
        self._jobs.control("cancelJobGroup", groupId)

    def cancelAllJobs(self) -> None:
        """Cancel all running jobs, of any thread.

        Notes
        -----
        Driver only. The jobs' actions raise JobCancelledError.

        Examples
        --------
        >>> sc.cancelAllJobs()                  # none is running
        """
        self._jobs.control("cancelAllJobs")


def _checked(tag: str) -> str:
    if not isinstance(tag, str) or not tag or "," in tag:
        text = f"A job's tag is a text that is neither empty nor has a comma; this is {tag!r} ({call_site()})."
        raise for_pyspark(ArgumentError(text))
    return tag

"""Partitions that are kept between jobs."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar, cast

from weft._callsite import call_site
from weft._rdd.formats import FormatOutput
from weft.errors import NotSupportedError
from weft.storagelevel import StorageLevel

if TYPE_CHECKING:
    from weft.rdd import RDD

__all__ = ["Storage"]

T = TypeVar("T")


class Storage(FormatOutput[T]):
    """Persisting an RDD, and asking how it is persisted; checkpoints."""

    is_checkpointed = False
    """Whether :meth:`checkpoint` was called; see :meth:`isCheckpointed`."""

    @property
    def is_cached(self) -> bool:
        """Whether the RDD is persisted."""
        return self.ctx._jobs.level(self._node) is not None

    def cache(self) -> RDD[T]:
        """Persist in memory: ``persist(StorageLevel.MEMORY_ONLY)``.

        Returns
        -------
        RDD
            This object.

        Raises
        ------
        NotSupportedError
            If the RDD is persisted at another level (E18).

        Notes
        -----
        Driver only. The next job that computes the partitions keeps them.

        Examples
        --------
        >>> squares = sc.parallelize(range(4), 2).map(lambda x: x * x).cache()
        >>> squares.sum(), squares.max(), squares.is_cached
        (14, 9, True)
        """
        return self.persist(StorageLevel.MEMORY_ONLY)

    def persist(self, storageLevel: StorageLevel = StorageLevel.MEMORY_ONLY) -> RDD[T]:
        """Keep the partitions where they are computed first; later jobs read them there.

        They lie pickled in files of the container, which the system's page cache holds in memory as long as there is
        room. A partition that is lost with its container is computed again. Levels without a disk are dropped, the
        least recently read first, when a container keeps more than ``weft.cache.memory`` of them; levels with one stay.
        At levels with a replication of 2 a container of another host (of the same one if there is no other) makes a
        copy, which is read when the first is lost. It does so once the task has reported, so that no task waits for
        the network; a container that dies before costs what its partitions cost to compute.

        Parameters
        ----------
        storageLevel : StorageLevel
            Where to keep them.

        Returns
        -------
        RDD
            This object.

        Raises
        ------
        TypeError
            If ``storageLevel`` is none.
        NotSupportedError
            If the RDD is persisted at another level (E18).

        Notes
        -----
        Driver only. The next job that computes the partitions keeps them.

        Examples
        --------
        >>> from weft import StorageLevel
        >>> rdd = sc.parallelize(range(4), 2).map(str).persist(StorageLevel.MEMORY_AND_DISK)
        >>> rdd.collect(), rdd.map(len).sum()
        (['0', '1', '2', '3'], 4)
        """
        if not isinstance(storageLevel, StorageLevel):
            raise TypeError(f"persist at {call_site()}: storageLevel must be of type pyspark.StorageLevel")
        before = self.ctx._jobs.level(self._node)
        if before is not None and before != storageLevel:
            raise NotSupportedError(
                f"RDD {self.id()} is persisted at {before!r} already ({call_site()}); unpersist it first.", "E18", 2
            )
        if before is None and storageLevel != StorageLevel.NONE:
            self.ctx._jobs.persist(self._node, storageLevel)
        return cast("RDD[T]", self)

    def unpersist(self, blocking: bool = False) -> RDD[T]:
        """Delete what is kept of the partitions; what is not persisted stays as it is.

        Parameters
        ----------
        blocking : bool
            Ignored: jobs that start from now on find nothing kept in any case.

        Returns
        -------
        RDD
            This object.

        Notes
        -----
        Driver only.

        Examples
        --------
        >>> sc.parallelize([1]).cache().unpersist().is_cached
        False
        """
        self.ctx._jobs.unpersist(self._node)
        return cast("RDD[T]", self)

    def getStorageLevel(self) -> StorageLevel:
        """Give the level at which the RDD is persisted.

        Returns
        -------
        StorageLevel
            ``StorageLevel.NONE`` if it is not persisted.

        Notes
        -----
        Driver only.

        Examples
        --------
        >>> print(sc.parallelize([1]).getStorageLevel())
        Serialized 1x Replicated
        >>> print(sc.parallelize([1]).cache().getStorageLevel())
        Memory Serialized 1x Replicated
        """
        return self.ctx._jobs.level(self._node) or StorageLevel.NONE

    def checkpoint(self) -> None:
        """Have the next action write the RDD to the folder of ``setCheckpointDir``, and read it there from then on.

        The action runs as without, then a job writes a file for each partition, which are all there or none; it
        computes the RDD once more, unless that is persisted. After that nothing refers to what the RDD was made of. Of
        RDDs that are made of each other the last that is marked is written. The files stay when the context stops.

        Raises
        ------
        ContextError
            If there is no such folder (E19).

        Notes
        -----
        Driver only. The next action that needs the RDD runs one job more.

        Examples
        --------
        >>> import tempfile
        >>> sc.setCheckpointDir(tempfile.mkdtemp())
        >>> rdd = sc.parallelize(range(4), 2).map(lambda x: x * x)
        >>> rdd.checkpoint()
        >>> rdd.sum(), rdd.isCheckpointed(), rdd.collect()
        (14, True, [0, 1, 4, 9])
        """
        self.ctx._jobs.checkpoints.mark(self._node, call_site())
        self.is_checkpointed = True

    def localCheckpoint(self) -> None:
        """Have what is persisted of the RDD stand for it from the next action on.

        The RDD is persisted, at a level with disk, and the next action forgets what it was made of. That is faster than
        :meth:`checkpoint`, but not safe: when a container ends that holds a partition, or the RDD is unpersisted, it
        cannot be computed any more, and jobs that need it fail.

        Notes
        -----
        Driver only. The next action that needs the RDD runs one job more, which reads what was persisted.

        Examples
        --------
        >>> rdd = sc.parallelize(range(4), 2).map(lambda x: x * x)
        >>> rdd.localCheckpoint()
        >>> rdd.sum(), rdd.isCheckpointed(), rdd.collect()
        (14, True, [0, 1, 4, 9])
        """
        jobs = self.ctx._jobs
        level = jobs.level(self._node) or StorageLevel(True, True, False, True)
        if not level.useDisk or jobs.level(self._node) is None:
            flags = (level.useMemory, level.useOffHeap, level.deserialized, level.replication)
            jobs.persist(self._node, StorageLevel(True, *flags))
        jobs.checkpoints.mark_local(self._node)

    def isCheckpointed(self) -> bool:
        """Tell whether the RDD is read from a checkpoint by now, of either kind.

        Returns
        -------
        bool
            False until the action after :meth:`checkpoint` has ended.

        Notes
        -----
        Driver only.

        Examples
        --------
        >>> sc.parallelize([1]).isCheckpointed()
        False
        """
        found = self.ctx._jobs.checkpoints.of(self._node)
        return found is not None and found.done

    def isLocallyCheckpointed(self) -> bool:
        """Tell whether :meth:`localCheckpoint` was asked for, and :meth:`checkpoint` not before it.

        Returns
        -------
        bool
            True before the next action as well.

        Notes
        -----
        Driver only.

        Examples
        --------
        >>> sc.parallelize([1]).isLocallyCheckpointed()
        False
        """
        found = self.ctx._jobs.checkpoints.of(self._node)
        return found is not None and found.path is None

    def getCheckpointFile(self) -> str | None:
        """Give the folder that the RDD was written to.

        Returns
        -------
        str or None
            None before that, and for a local checkpoint.

        Notes
        -----
        Driver only.

        Examples
        --------
        >>> print(sc.parallelize([1]).getCheckpointFile())
        None
        """
        found = self.ctx._jobs.checkpoints.of(self._node)
        return found.path if found is not None and found.done else None

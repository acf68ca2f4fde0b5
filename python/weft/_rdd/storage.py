"""Partitions that are kept between jobs."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar, cast

from weft._callsite import call_site
from weft._rdd.formats import FormatOutput
from weft.errors import UnsupportedError
from weft.storagelevel import StorageLevel

if TYPE_CHECKING:
    from weft.rdd import RDD

__all__ = ["Storage"]

T = TypeVar("T")


class Storage(FormatOutput[T]):
    """Persisting an RDD, and asking how it is persisted."""

    @property
    def is_cached(self) -> bool:
        """Whether the RDD is persisted."""
        return self.ctx._jobs.level(self._node) is not None

    def cache(self) -> RDD[T]:
        """Persist in memory: ``persist(StorageLevel.MEMORY_ONLY)``.

        Examples
        --------
        >>> squares = sc.parallelize(range(4), 2).map(lambda x: x * x).cache()
        >>> squares.sum(), squares.max(), squares.is_cached
        (14, 9, True)
        """
        return self.persist(StorageLevel.MEMORY_ONLY)

    def persist(self, storageLevel: StorageLevel = StorageLevel.MEMORY_ONLY) -> RDD[T]:
        """Keep the partitions where they are computed first; later jobs read them there. Narrow.

        They lie pickled in files of the container, which the system's page cache holds in memory as long as there is
        room. A partition that is lost with its container is computed again. Levels without a disk are dropped, the
        least recently read first, when a container keeps more than ``weft.cache.memory`` of them; levels with one stay.
        Of levels with a replication each partition is kept once.

        Parameters
        ----------
        storageLevel : StorageLevel
            Where to keep them.

        Raises
        ------
        UnsupportedError
            If the RDD is persisted at another level.

        Examples
        --------
        >>> from weft import StorageLevel
        >>> rdd = sc.parallelize(range(4), 2).map(str).persist(StorageLevel.MEMORY_AND_DISK)
        >>> rdd.collect(), rdd.map(len).sum()
        (['0', '1', '2', '3'], 4)
        """
        before = self.ctx._jobs.level(self._node)
        if before is not None and before != storageLevel:
            raise UnsupportedError(
                f"RDD {self.id()} is persisted at {before!r} already ({call_site()}); unpersist it first.", "E18", 2
            )
        if before is None and storageLevel != StorageLevel.NONE:
            self.ctx._jobs.persist(self._node, storageLevel)
        return cast("RDD[T]", self)

    def unpersist(self, blocking: bool = False) -> RDD[T]:
        """Delete what is kept.

        Parameters
        ----------
        blocking : bool
            Ignored: jobs that start from now on find nothing kept in any case.

        Examples
        --------
        >>> sc.parallelize([1]).cache().unpersist().is_cached
        False
        """
        self.ctx._jobs.unpersist(self._node)
        return cast("RDD[T]", self)

    def getStorageLevel(self) -> StorageLevel:
        """Give the level at which the RDD is persisted.

        Examples
        --------
        >>> print(sc.parallelize([1]).getStorageLevel())
        Serialized 1x Replicated
        >>> print(sc.parallelize([1]).cache().getStorageLevel())
        Memory Serialized 1x Replicated
        """
        return self.ctx._jobs.level(self._node) or StorageLevel.NONE

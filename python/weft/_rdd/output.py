"""Actions that write files."""

from __future__ import annotations

from typing import Any, TypeVar

from weft._callsite import call_site
from weft._rdd.core import output_text
from weft._rdd.sampling import Sampling
from weft._saving import SaveMode, placing

__all__ = ["Output"]

T = TypeVar("T")


class Output(Sampling[T]):
    """Records into folders, by Hadoop's committers."""

    def saveAsTextFile(
        self,
        path: str,
        compressionCodecClass: str | None = None,
        *,
        mode: SaveMode = "error",
        targetFileBytes: int | None = None,
    ) -> None:
        """Write ``str`` of each record as a line, one file a partition, into a folder.

        The output is made in a hidden folder beside its place and appears there complete, with its ``_SUCCESS``.

        Parameters
        ----------
        path : str
            The folder, on any filesystem that Hadoop knows.
        compressionCodecClass : str, optional
            Such as ``"org.apache.hadoop.io.compress.GzipCodec"``.
        mode : str
            Where the folder exists: ``"error"`` fails before anything runs, ``"overwrite"`` replaces it once the new
            output is complete, ``"append"`` adds files to it.
        targetFileBytes : int, optional
            A file that has so many bytes, as stored, is ended behind the record, and another is begun.

        Raises
        ------
        TypeError
            If ``path`` is no str or path.
        ValueError
            If ``path`` is empty, ``mode`` unknown or ``targetFileBytes`` not positive.
        OutputExistsError
            If the folder exists, and ``mode`` is ``"error"``; nothing was run (E03).

        Notes
        -----
        Action: one job.

        ``mode`` and ``targetFileBytes`` are not in PySpark.

        Examples
        --------
        >>> import tempfile, os
        >>> folder = os.path.join(tempfile.mkdtemp(), "lines")
        >>> sc.parallelize(["one", 2]).saveAsTextFile(folder)
        >>> sorted(sc.textFile(folder).collect())
        ['2', 'one']
        >>> sc.parallelize(["three"]).saveAsTextFile(folder, mode="overwrite")
        >>> sc.parallelize(["four"]).saveAsTextFile(folder, mode="append")
        >>> sorted(sc.textFile(folder).collect())
        ['four', 'three']
        """
        self._save_lines("saveAsTextFile", path, compressionCodecClass, mode, targetFileBytes, by_key=False)

    def saveAsTextFilesByKey(
        self: Output[tuple[Any, Any]],
        path: str,
        compressionCodecClass: str | None = None,
        *,
        mode: SaveMode = "error",
        targetFileBytes: int | None = None,
    ) -> None:
        """Write the values of pairs as lines, those of each key into a folder of its own.

        The folder's name is the key's ``str``; of a tuple's parts one folder lies in the other. What names of folders
        cannot have is written as ``%XX``. A task has few files open at a time: it writes 32 keys side by side, and
        sorts the records of all further ones by key first. No data moves between tasks: with ``partitionBy`` or
        ``groupByKey`` before it each folder gets one file.

        Parameters
        ----------
        path : str
            The folder of the folders, on any filesystem that Hadoop knows.
        compressionCodecClass, mode, targetFileBytes
            As for :meth:`saveAsTextFile`; ``"overwrite"`` replaces all folders.

        Raises
        ------
        TypeError
            If ``path`` is no str or path.
        ValueError
            If ``path`` is empty, ``mode`` unknown or ``targetFileBytes`` not positive.
        OutputExistsError
            If the folder exists, and ``mode`` is ``"error"``; nothing was run (E03).

        Notes
        -----
        Action: one job.

        Not in PySpark.

        Examples
        --------
        >>> import tempfile, os
        >>> folder = os.path.join(tempfile.mkdtemp(), "days")
        >>> lines = sc.parallelize([("day=1", "a"), ("day=2", "b"), ("day=1", "c")], 1)
        >>> lines.saveAsTextFilesByKey(folder)
        >>> sorted(os.listdir(folder))
        ['_SUCCESS', 'day=1', 'day=2']
        >>> sc.textFile(folder + "/day=1").collect()
        ['a', 'c']
        """
        self._save_lines("saveAsTextFilesByKey", path, compressionCodecClass, mode, targetFileBytes, by_key=True)

    def _save_lines(
        self, name: str, path: str, codec: str | None, mode: str, target_bytes: int | None, *, by_key: bool
    ) -> None:
        site = call_site()
        folder = output_text(path, name, site)
        placed = placing(f"{name} at {site}", mode, target_bytes, by_key=by_key)
        self.ctx._save_text(self._node, folder, codec, placed, name)

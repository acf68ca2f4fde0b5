"""Actions that write files."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from weft._rdd.sampling import Sampling

if TYPE_CHECKING:
    pass

__all__ = ["Output"]

T = TypeVar("T")


class Output(Sampling[T]):
    """Records into folders, by Hadoop's committers."""

    def saveAsTextFile(self, path: str, compressionCodecClass: str | None = None) -> None:
        """Write ``str`` of each record as a line, one file a partition, into a folder that must not exist.

        Parameters
        ----------
        path : str
            The folder, on any filesystem that Hadoop knows.
        compressionCodecClass : str, optional
            Such as ``"org.apache.hadoop.io.compress.GzipCodec"``.

        Raises
        ------
        OutputExistsError
            If the folder exists; nothing was run.

        Examples
        --------
        >>> import tempfile, os
        >>> folder = os.path.join(tempfile.mkdtemp(), "lines")
        >>> sc.parallelize(["one", 2]).saveAsTextFile(folder)
        >>> sorted(sc.textFile(folder).collect())
        ['2', 'one']
        """
        self.ctx._save_text(self._node, path, compressionCodecClass)

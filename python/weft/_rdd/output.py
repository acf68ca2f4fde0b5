"""Actions that write files."""

from __future__ import annotations

from typing import TypeVar

from weft._callsite import call_site
from weft._rdd.core import path_text
from weft._rdd.sampling import Sampling

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
        site = call_site()
        folder = path_text(path, "saveAsTextFile", site)
        if not folder:
            raise ValueError(f"saveAsTextFile at {site}: the path is empty")
        self.ctx._save_text(self._node, folder, compressionCodecClass)

"""Where checkpoints are written."""

from __future__ import annotations

from weft._callsite import call_site
from weft._context.files import Files
from weft._rdd.core import path_text

__all__ = ["Checkpointing"]


class Checkpointing(Files):
    """The folder of the context's checkpoints."""

    def setCheckpointDir(self, dirName: str) -> None:
        """Set where :meth:`RDD.checkpoint` writes: a folder of a new name is made in ``dirName``.

        Parameters
        ----------
        dirName : str
            Any path that Hadoop understands; one that all nodes see. It stays when the context stops.

        Raises
        ------
        TypeError
            If ``dirName`` is no str or path.

        Notes
        -----
        Driver only.

        Examples
        --------
        >>> import tempfile
        >>> sc.setCheckpointDir(tempfile.mkdtemp())
        >>> sc.getCheckpointDir().startswith("file:/")
        True
        """
        path = path_text(dirName, "setCheckpointDir", call_site())
        self._jobs.checkpoints.folder = str(self._jobs.control("makeFolder", path))

    def getCheckpointDir(self) -> str | None:
        """Give the folder that was made for checkpoints.

        Returns
        -------
        str or None
            Its URI; None before :meth:`setCheckpointDir`.

        Notes
        -----
        Driver only.

        Examples
        --------
        >>> import tempfile
        >>> sc.setCheckpointDir(tempfile.mkdtemp())
        >>> sc.getCheckpointDir().startswith("file:/")
        True
        """
        return self._jobs.checkpoints.folder

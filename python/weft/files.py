"""Where the files of ``addFile`` and ``addPyFile`` are."""

from __future__ import annotations

import os
from typing import NoReturn, Optional

from weft.errors import ContextError

__all__ = ["WeftFiles"]

_driver_folder: list[str] = []


class WeftFiles:
    """Finds the files that :meth:`WeftContext.addFile` has sent, in tasks and in the driver.

    Examples
    --------
    >>> import os, tempfile
    >>> from weft import WeftFiles
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = os.path.join(folder, "factor.txt")
    ...     with open(path, "w") as file:
    ...         _ = file.write("10")
    ...     sc.addFile(path)
    >>> def scaled(x):
    ...     with open(WeftFiles.get("factor.txt")) as file:
    ...         return x * int(file.read())
    >>> sc.parallelize([1, 2]).map(scaled).collect()
    [10, 20]
    >>> os.path.dirname(WeftFiles.get("factor.txt")) == WeftFiles.getRootDirectory()
    True
    """

    def __init__(self) -> NoReturn:
        raise NotImplementedError("Do not construct WeftFiles; use WeftFiles.get(name)")

    @classmethod
    def get(cls, filename: str) -> str:
        """Give the path of a file that was sent to the tasks.

        Parameters
        ----------
        filename : str
            The file's own name, without folders.

        Returns
        -------
        str
            The path from the root; whether the file is there is not looked at.

        Raises
        ------
        ContextError
            In the driver, when no context runs (E19).
        """
        return os.path.abspath(os.path.join(cls.getRootDirectory(), filename))

    @classmethod
    def getRootDirectory(cls) -> str:
        """Give the folder that holds the files.

        Returns
        -------
        str
            A folder of the container's, or of the driver.

        Raises
        ------
        ContextError
            In the driver, when no context runs (E19).
        """
        found = _worker_folder() or (_driver_folder[0] if _driver_folder else None)
        if found is None:
            raise ContextError("The files of addFile are known while a context runs. Make one: WeftContext().", "E19")
        return found


def _worker_folder() -> Optional[str]:
    """The folder in a task, which the worker puts into its environment."""
    return os.environ.get("WEFT_FILES") or None


def set_driver_folder(folder: Optional[str]) -> None:
    """Note where the driver's copies are; None when the context has stopped."""
    _driver_folder[:] = [] if folder is None else [folder]

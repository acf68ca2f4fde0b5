"""The profilers of a context."""

from __future__ import annotations

import atexit
from typing import TYPE_CHECKING, Any, Optional

from weft._callsite import call_site
from weft.errors import NotSupportedError

if TYPE_CHECKING:
    from weft.context import WeftContext
    from weft.profiler import Profiler

__all__ = ["ProfilerCollector"]


class ProfilerCollector:
    """All profilers of a context, in the order in which their RDDs were run first.

    Parameters
    ----------
    profiler_cls, udf_profiler_cls, memory_profiler_cls : type
        Profilers of RDDs, of functions of SQL (of which there are none), and of memory.
    dump_path : str, optional
        Where to write the figures at the program's end; else they are printed then, if nobody asked for them.

    Examples
    --------
    >>> import os, tempfile
    >>> from weft.profiler import BasicProfiler, MemoryProfiler, ProfilerCollector
    >>> profilers, folder = ProfilerCollector(BasicProfiler, None, MemoryProfiler), tempfile.mkdtemp()
    >>> one, other = profilers.new_profiler(sc), profilers.new_memory_profiler(sc)
    >>> one.profile(sum, [1, 2])
    3
    >>> profilers.add_profiler(1, one)
    >>> profilers.dump_profiles(folder)
    >>> os.listdir(folder)
    ['rdd_1.pstats']
    >>> profilers.show_profiles()                 # nothing is left
    >>> try:
    ...     profilers.new_udf_profiler(sc)
    ... except NotImplementedError:
    ...     print("there are no functions of SQL")
    there are no functions of SQL
    """

    def __init__(
        self,
        profiler_cls: type[Profiler],
        udf_profiler_cls: Optional[type[Profiler]],
        memory_profiler_cls: type[Profiler],
        dump_path: Optional[str] = None,
    ) -> None:
        self.profiler_cls = profiler_cls
        self.udf_profiler_cls = udf_profiler_cls
        self.memory_profiler_cls = memory_profiler_cls
        self.profile_dump_path = dump_path
        self.profilers: list[list[Any]] = []

    def new_profiler(self, ctx: WeftContext) -> Profiler:
        """Make a profiler of an RDD.

        Parameters
        ----------
        ctx : WeftContext
            Whose tasks are looked at.

        Returns
        -------
        Profiler
            Of the class that the context was given.
        """
        return self.profiler_cls(ctx)

    def new_memory_profiler(self, ctx: WeftContext) -> Profiler:
        """Make a profiler of an RDD's memory.

        Parameters
        ----------
        ctx : WeftContext
            Whose tasks are looked at.

        Returns
        -------
        Profiler
            Of the class that the context was given.
        """
        return self.memory_profiler_cls(ctx)

    def new_udf_profiler(self, ctx: WeftContext) -> Profiler:
        """Refuse.

        Parameters
        ----------
        ctx : WeftContext
            Of no effect.

        Returns
        -------
        Profiler
            Never.

        Raises
        ------
        NotSupportedError
            Always: there are no functions of SQL.
        """
        raise NotSupportedError(
            f"new_udf_profiler ({call_site()}) is not in Weft, which has no functions of SQL. Instead: new_profiler.",
            "E18",
            2,
        )

    def add_profiler(self, id: int, profiler: Profiler) -> None:
        """Add the profiler of an RDD.

        Parameters
        ----------
        id : int
            The RDD's.
        profiler : Profiler
            As of :meth:`new_profiler`.
        """
        if not self.profilers:
            atexit.register(self._at_the_end)
        self.profilers.append([id, profiler, False])

    def _at_the_end(self) -> None:
        if self.profile_dump_path:
            self.dump_profiles(self.profile_dump_path)
        else:
            self.show_profiles()

    def dump_profiles(self, path: str) -> None:
        """Write all figures to a folder, and forget them.

        Parameters
        ----------
        path : str
            A folder of this machine; it is made if need be.
        """
        for id, profiler, _ in self.profilers:
            profiler.dump(id, path)
        self.profilers = []

    def show_profiles(self) -> None:
        """Print the figures that were not printed before."""
        for entry in self.profilers:
            id, profiler, shown = entry
            if not shown and profiler is not None:
                profiler.show(id)
                entry[2] = True

"""Where the time of tasks goes, and their memory.

With the setting ``spark.python.profile`` each task runs under a profiler, whose figures add up in the driver, for each
RDD that ends a stage: what is collected, saved or counted, and what a shuffle reads.

>>> from weft import WeftConf, WeftContext
>>> conf = WeftConf().set("spark.python.profile", True)
>>> with WeftContext("local[2]", conf=conf) as sc:              # doctest: +SKIP
...     sc.parallelize(range(1000)).map(str).count()
...     sc.show_profiles()
...     sc.dump_profiles("/tmp/profiles")
"""

from __future__ import annotations

import cProfile
import linecache
import os
import pstats
import sys
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Optional

from weft._profilercollector import ProfilerCollector
from weft.accumulators import AccumulatorParam

if TYPE_CHECKING:
    from weft.context import WeftContext

__all__ = ["BasicProfiler", "MemoryProfiler", "PStatsParam", "Profiler", "ProfilerCollector"]

Usage = dict[tuple[str, int], tuple[int, int]]
_LINES = 100
_SHOWN = 20
_GROWTH = 1.05
_SHORTEST_PAUSE, _LONGEST_PAUSE = 0.01, 0.2


class Profiler:
    """The base of profilers: one is made for an RDD, and pickled to the workers.

    Parameters
    ----------
    ctx : WeftContext
        Makes the accumulator in which the figures of tasks come to the driver.

    Examples
    --------
    >>> from weft.profiler import Profiler
    >>> class Calls(Profiler):
    ...     def __init__(self, ctx):
    ...         self._calls = ctx.accumulator(0)
    ...     def profile(self, func, *args, **kwargs):
    ...         self._calls.add(1)
    ...         return func(*args, **kwargs)
    ...     def stats(self):
    ...         return {"tasks": self._calls.value}
    ...     def show(self, id):
    ...         print(f"RDD {id}: {self.stats()}")
    ...     def dump(self, id, path):
    ...         pass
    >>> counted = Calls(sc)
    >>> sc.parallelize(range(4), 2).foreachPartition(lambda records: counted.profile(sum, records))
    >>> counted.show(1)
    RDD 1: {'tasks': 2}
    """

    def __init__(self, ctx: WeftContext) -> None:
        """Make what the tasks' figures are added to."""

    def profile(self, func: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        """Run a function; in a task, whose work it is. What it gives shall be given back.

        Parameters
        ----------
        func : callable
            The task's work.
        *args, **kwargs
            What it gets.

        Returns
        -------
        object
            What ``func`` gives.

        Raises
        ------
        NotImplementedError
            Here; a profiler of one's own has it.
        """
        raise NotImplementedError

    def stats(self) -> pstats.Stats | dict[Any, Any]:
        """Give the figures; in the driver.

        Returns
        -------
        pstats.Stats or dict
            The sum of all tasks' figures.

        Raises
        ------
        NotImplementedError
            Here; a profiler of one's own has it.
        """
        raise NotImplementedError

    def show(self, id: int) -> None:
        """Print the figures of the RDD with this id.

        Parameters
        ----------
        id : int
            The RDD's.

        Raises
        ------
        NotImplementedError
            Here; a profiler of one's own has it.
        """
        raise NotImplementedError

    def dump(self, id: int, path: str) -> None:
        """Write the figures of the RDD with this id to a folder.

        Parameters
        ----------
        id : int
            The RDD's.
        path : str
            A folder of this machine; it is made if need be.

        Raises
        ------
        NotImplementedError
            Here; a profiler of one's own has it.
        """
        raise NotImplementedError


class PStatsParam(AccumulatorParam[Optional[pstats.Stats]]):
    """Adds the figures of ``cProfile``."""

    def zero(self, value: Optional[pstats.Stats]) -> Optional[pstats.Stats]:
        """Give nothing."""
        return None

    def addInPlace(self, value1: Optional[pstats.Stats], value2: Optional[pstats.Stats]) -> Optional[pstats.Stats]:
        """Add figures to others."""
        if value1 is None:
            return value2
        if value2 is not None:
            value1.add(value2)
        return value1


class BasicProfiler(Profiler):
    """Calls and times of functions, by ``cProfile``.

    Parameters
    ----------
    ctx : WeftContext
        Makes the accumulator in which the figures of tasks come to the driver.

    Examples
    --------
    >>> import os, tempfile
    >>> from weft.profiler import BasicProfiler
    >>> profiler, folder = BasicProfiler(sc), tempfile.mkdtemp()
    >>> sc.parallelize(range(4), 2).foreachPartition(lambda records: profiler.profile(sorted, records))
    >>> profiler.stats().total_calls >= 2
    True
    >>> profiler.dump(7, folder)
    >>> os.listdir(folder)
    ['rdd_7.pstats']
    >>> import contextlib, io
    >>> with contextlib.redirect_stdout(io.StringIO()) as shown:
    ...     profiler.show(7)
    >>> "Profile of RDD<id=7>" in shown.getvalue()
    True
    """

    def __init__(self, ctx: WeftContext) -> None:
        self._accumulator = ctx.accumulator(None, PStatsParam())

    def profile(self, func: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        """Run a function under ``cProfile``.

        Parameters
        ----------
        func : callable
            The task's work.
        *args, **kwargs
            What it gets.

        Returns
        -------
        object
            What ``func`` gives.
        """
        profile = cProfile.Profile()
        try:
            return profile.runcall(func, *args, **kwargs)
        finally:
            figures = pstats.Stats(profile)
            figures.stream = None  # type: ignore[attr-defined]  # a stream cannot be pickled
            figures.strip_dirs()
            self._accumulator.add(figures)

    def stats(self) -> pstats.Stats:
        """Give the sums of all tasks.

        Returns
        -------
        pstats.Stats or None
            None before the first task has ended.
        """
        found: Any = self._accumulator.value
        return found  # type: ignore[no-any-return]

    def show(self, id: int) -> None:
        """Print the functions, those with most time first.

        Parameters
        ----------
        id : int
            The RDD's; it stands in the heading.
        """
        figures = self.stats()
        if figures is not None:
            print("=" * 60)
            print(f"Profile of RDD<id={id}>")
            print("=" * 60)
            figures.stream = sys.stdout  # type: ignore[attr-defined]
            figures.sort_stats("time", "cumulative").print_stats()

    def dump(self, id: int, path: str) -> None:
        """Write ``rdd_<id>.pstats``, which :class:`pstats.Stats` reads.

        Parameters
        ----------
        id : int
            The RDD's.
        path : str
            A folder of this machine; it is made if need be.
        """
        figures = self.stats()
        if figures is not None:
            os.makedirs(path, exist_ok=True)
            figures.dump_stats(os.path.join(path, f"rdd_{id}.pstats"))


class _MostParam(AccumulatorParam[Usage]):
    """Of each line the most that any task held at once."""

    def zero(self, value: Usage) -> Usage:
        """Give nothing."""
        return {}

    def addInPlace(self, value1: Usage, value2: Usage) -> Usage:
        """Take the larger of two, line by line."""
        for line, held in value2.items():
            value1[line] = max(held, value1.get(line, held))
        return value1


class MemoryProfiler(Profiler):
    """Which lines hold memory when a task holds most, by ``tracemalloc``, looked at a few times a second.

    A task runs two to four times as long under it, and memory that native code allocates is not seen.

    Parameters
    ----------
    ctx : WeftContext
        Makes the accumulator in which the figures of tasks come to the driver.

    Examples
    --------
    >>> from weft.profiler import MemoryProfiler
    >>> profiler = MemoryProfiler(sc)
    >>> profiler.profile(sum, [1, 2]), type(profiler.stats())
    (3, <class 'dict'>)
    >>> profiler.show(7)                                            # doctest: +SKIP
    >>> profiler.dump(7, "/tmp/profiles")                           # doctest: +SKIP
    """

    def __init__(self, ctx: WeftContext) -> None:
        self._accumulator = ctx.accumulator({}, _MostParam())

    def profile(self, func: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        """Run a function, and look at its memory meanwhile.

        Parameters
        ----------
        func : callable
            The task's work.
        *args, **kwargs
            What it gets.

        Returns
        -------
        object
            What ``func`` gives.
        """
        import tracemalloc  # PyPy has none

        ended = threading.Event()
        most: list[Any] = [0, None]
        tracemalloc.start()
        watch = threading.Thread(target=_watch, args=(ended, most), name="weft-memory-profiler", daemon=True)
        watch.start()
        try:
            return func(*args, **kwargs)
        finally:
            ended.set()
            watch.join()
            tracemalloc.stop()
            if most[1] is not None:
                lines = most[1].statistics("lineno")[:_LINES]
                found = {(one.traceback[0].filename, one.traceback[0].lineno): (one.size, one.count) for one in lines}
                self._accumulator.add(found)

    def stats(self) -> dict[Any, Any]:
        """Give bytes and blocks by file and line.

        Returns
        -------
        dict
            By (file, line) a tuple of bytes and blocks, of each line the most that any task held at once.
        """
        return dict(self._accumulator.value)

    def _report(self, id: int) -> str:
        lines = ["=" * 60, f"Memory of RDD<id={id}>", "=" * 60, f"{'bytes':>14} {'blocks':>10}  line"]
        rows = sorted(self.stats().items(), key=lambda one: one[1], reverse=True)
        for (file, line), (size, blocks) in rows[:_SHOWN]:
            lines.append(f"{size:>14,} {blocks:>10,}  {file}:{line}  {linecache.getline(file, line).strip()}")
        return "\n".join(lines)

    def show(self, id: int) -> None:
        """Print the lines, those with most memory first.

        Parameters
        ----------
        id : int
            The RDD's; it stands in the heading.
        """
        if self.stats():
            print(self._report(id))

    def dump(self, id: int, path: str) -> None:
        """Write ``rdd_<id>_memory.txt``.

        Parameters
        ----------
        id : int
            The RDD's.
        path : str
            A folder of this machine; it is made if need be.
        """
        if self.stats():
            os.makedirs(path, exist_ok=True)
            with open(os.path.join(path, f"rdd_{id}_memory.txt"), "w", encoding="utf-8") as file:
                file.write(self._report(id) + "\n")


def _watch(ended: threading.Event, most: list[Any]) -> None:
    """Take a snapshot whenever clearly more is held than at the last one; more seldom as time goes by."""
    import tracemalloc

    pause = _SHORTEST_PAUSE
    while not ended.wait(pause):
        held, _ = tracemalloc.get_traced_memory()
        if held > most[0] * _GROWTH:
            most[:] = held, tracemalloc.take_snapshot()
        pause = min(pause * 2, _LONGEST_PAUSE)


class Both(Profiler):
    """One profiler within another, for tasks that are to be looked at by two."""

    def __init__(self, outer: Profiler, inner: Profiler) -> None:
        self.outer = outer
        self.inner = inner

    def profile(self, func: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        """Run a function under both."""
        return self.outer.profile(self.inner.profile, func, *args, **kwargs)

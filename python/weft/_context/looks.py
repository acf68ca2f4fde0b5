"""How records are written, and who looks at the tasks."""

from __future__ import annotations

from typing import Any, cast

from weft._callsite import call_site
from weft._closures import Closure
from weft._context.jobcontrol import JobControl
from weft._markers import giving
from weft.conf import WeftConf
from weft.profiler import BasicProfiler, Both, MemoryProfiler, Profiler, ProfilerCollector
from weft.serializers import (
    AutoBatchedSerializer,
    BatchedSerializer,
    CloudPickleSerializer,
    PickleSerializer,
    Serializer,
)

__all__ = ["Looks", "batched", "collector"]

_MERGE = "weft.resources.mergeConflicts"
_PROFILE, _MEMORY, _DUMP = "spark.python.profile", "spark.python.profile.memory", "spark.python.profile.dump"


def batched(serializer: Serializer, size: int, site: str) -> Serializer:
    """What writes records several at a time, as PySpark's contexts make it.

    Raises
    ------
    TypeError
        If it is no serializer.
    """
    if not isinstance(serializer, Serializer):
        raise TypeError(f"WeftContext(serializer=...) at {site} needs one of weft.serializers, not {serializer!r}")
    if isinstance(serializer, BatchedSerializer):
        return serializer
    return AutoBatchedSerializer(serializer) if size == 0 else BatchedSerializer(serializer, size)


def collector(
    conf: WeftConf, profiler: type[Profiler] | None, memory: type[Profiler] | None
) -> ProfilerCollector | None:
    """What holds the profilers, None if the settings want none."""
    if not (_is_on(conf, _PROFILE) or _is_on(conf, _MEMORY)):
        return None
    return ProfilerCollector(profiler or BasicProfiler, None, memory or MemoryProfiler, conf.get(_DUMP))


def _is_on(conf: WeftConf, key: str) -> bool:
    return (conf.get(key) or "false").lower() == "true"


class Looks(JobControl):
    """Serializer and profilers."""

    serializer: Serializer
    profiler_collector: ProfilerCollector | None

    def _mark_plans(self, given: Serializer) -> None:
        """Have the plans of this context say by what records are written, and who profiles their tasks."""
        single = given.serializer if isinstance(given, BatchedSerializer) else given
        plain = type(single) in (CloudPickleSerializer, PickleSerializer) and "allowed_names" not in vars(single)
        if not plain:
            self._jobs.markers.serializer = Closure(giving(self.serializer), "WeftContext", self._site)
        if self.profiler_collector is not None:
            self._jobs.markers.profiler = self._profiler
        if self._conf.get(_MERGE) == "true":
            self._jobs.environment[_MERGE] = "true"

    def _profiler(self, rdd: int) -> Any:
        """Make what profiles the tasks that end with this RDD."""
        profilers = cast(ProfilerCollector, self.profiler_collector)
        made: list[Profiler] = []
        if _is_on(self._conf, _PROFILE):
            made.append(profilers.new_profiler(self))  # type: ignore[arg-type]
        if _is_on(self._conf, _MEMORY):
            made.append(profilers.new_memory_profiler(self))  # type: ignore[arg-type]
        for one in made:
            profilers.add_profiler(rdd, one)
        return made[0] if len(made) == 1 else Both(*made)

    def _coder(self) -> Serializer | None:
        """What records of the driver's are written by, None: pickle."""
        return None if self._jobs.markers.serializer is None else self.serializer

    def show_profiles(self) -> None:
        """Print where the time of the tasks went, for each RDD that was run.

        Each RDD is shown once; see :mod:`weft.profiler`.

        Raises
        ------
        RuntimeError
            If the settings want no profiles.

        Notes
        -----
        Driver only.

        Examples
        --------
        >>> try:
        ...     sc.show_profiles()
        ... except RuntimeError as error:
        ...     print(str(error).partition(": ")[2])
        set spark.python.profile or spark.python.profile.memory to true before the context is made.
        """
        self._profilers("show_profiles").show_profiles()

    def dump_profiles(self, path: str) -> None:
        """Write where the time of the tasks went: ``rdd_<id>.pstats`` for each RDD that was run.

        Parameters
        ----------
        path : str
            A folder of this machine.

        Raises
        ------
        RuntimeError
            If the settings want no profiles.

        Notes
        -----
        Driver only.

        Examples
        --------
        >>> try:
        ...     sc.dump_profiles("/tmp/profiles")
        ... except RuntimeError as error:
        ...     print(str(error).partition(": ")[2])
        set spark.python.profile or spark.python.profile.memory to true before the context is made.
        """
        self._profilers("dump_profiles").dump_profiles(path)

    def _profilers(self, method: str) -> ProfilerCollector:
        if self.profiler_collector is None:
            raise RuntimeError(
                f"{method} ({call_site()}) finds no profiles: set {_PROFILE} or {_MEMORY} to true before the context "
                "is made."
            )
        return self.profiler_collector

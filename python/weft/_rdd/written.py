"""How an RDD's records are written where they leave a task, and what its tasks need."""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING, Optional, TypeVar

from weft._callsite import call_site
from weft._closures import Closure
from weft._lineage import StepNode
from weft._markers import SERIALIZER, giving
from weft._rdd.skew import Skew
from weft.errors import NotSupportedError, SettingError
from weft.resources import ResourceProfile
from weft.serializers import Serializer

if TYPE_CHECKING:
    from weft.rdd import RDD

__all__ = ["Written"]

T = TypeVar("T")
RESOURCES_INSTEAD = (
    "weft submit with --executor-cores, --executor-memory and --conf weft.task.cpus for all stages, "
    "or an application of its own for this one"
)


class Written(Skew[T]):
    """Serializers and resources of single RDDs."""

    _profile: Optional[ResourceProfile] = None

    def withResources(self, profile: ResourceProfile) -> RDD[T]:
        """Say how many processors tasks need that compute the RDD; others have ``weft.task.cpus``.

        It counts for the whole stage. RDDs of one stage must not ask for different numbers, unless
        ``weft.resources.mergeConflicts`` is true: then the most counts.

        Parameters
        ----------
        profile : ResourceProfile
            What is needed: processors of tasks, and nothing of containers.

        Returns
        -------
        RDD
            This object.

        Raises
        ------
        NotSupportedError
            In ``local[N]`` and inline, as in PySpark; and if containers of their own are asked for, since all
            containers of an application are alike.
        SettingError
            If a container has fewer processors (E17).

        Notes
        -----
        Driver only. A container has as many slots as ``weft.task.cpus`` goes into its processors; such a task takes
        as many of them as it needs, and TaskContext.cpus() says its number.

        Examples
        --------
        >>> from weft.resources import ResourceProfileBuilder, TaskResourceRequests
        >>> two = ResourceProfileBuilder().require(TaskResourceRequests().cpus(2)).build
        >>> try:
        ...     sc.range(3).withResources(two)
        ... except NotImplementedError as error:
        ...     print(str(error).partition("Instead: ")[2][:30])
        weft submit with --executor-co
        """
        problem = self._problem(profile)
        if problem:
            raise NotSupportedError(
                f"RDD.withResources ({call_site()}): {problem}. Instead: {RESOURCES_INSTEAD}.", "E18", 2
            )
        cpus = profile.taskResources.get("cpus")
        if cpus is not None:
            self.ctx._jobs.markers.ask(self._node, self._processors(math.ceil(cpus.amount)))
        self._profile = profile
        return self._itself

    def _processors(self, wanted: int) -> int:
        cluster = re.match(r"local-cluster\[\s*\d+\s*,\s*(\d+)", self.ctx.master)
        most = int(cluster.group(1)) if cluster else self.ctx._answer.info.get("executorCores", wanted)
        if not 1 <= wanted <= most:
            raise SettingError(
                f"RDD.withResources ({call_site()}): a task of {wanted} processors, and each container has {most} "
                "(weft.executor.cores): no task could run there.",
                "E17",
                2,
            )
        return wanted

    @property
    def has_resource_profile(self) -> bool:
        """Whether :meth:`withResources` has set something.

        Examples
        --------
        >>> sc.range(3).has_resource_profile
        False
        """
        return self._profile is not None

    def _problem(self, profile: ResourceProfile) -> str:
        if not self.ctx.master.startswith(("yarn", "local-cluster")):
            return f"the master {self.ctx.master} has no containers to choose from"
        wanted = [f"{name} for containers" for name in profile.executorResources]
        wanted += [f"{one.amount:g} {name} for a task" for name, one in profile.taskResources.items() if name != "cpus"]
        return f"all containers of an application are alike, and this asks for {', '.join(wanted)}" if wanted else ""

    def getResourceProfile(self) -> Optional[ResourceProfile]:
        """Give what :meth:`withResources` has set, None if nothing was.

        Returns
        -------
        ResourceProfile or None
            None if none was set.

        Notes
        -----
        Driver only.

        Examples
        --------
        >>> sc.range(3).getResourceProfile() is None
        True
        """
        return self._profile

    def withSerializer(self, serializer: Serializer) -> RDD[T]:
        """Give the same records, to be written by a serializer: when they are collected, shuffled or persisted.

        It is that of this RDD alone: an RDD that is made of it is written by the context's serializer. Nothing is
        encoded twice for it, in unions neither; what is written says by what, so that readers need not know. Runs of
        sorts are pickled in any case.

        Parameters
        ----------
        serializer : Serializer
            One of :mod:`weft.serializers`, or of your own.

        Returns
        -------
        RDD
            The records in their partitions and order, with this RDD's partitioner.

        Raises
        ------
        TypeError
            If it is no serializer.

        Notes
        -----
        Narrow.

        Examples
        --------
        >>> from weft.serializers import MarshalSerializer
        >>> pairs = sc.parallelize([("a", 1), ("b", 2), ("a", 3)])
        >>> sorted(pairs.withSerializer(MarshalSerializer()).reduceByKey(lambda x, y: x + y).collect())
        [('a', 4), ('b', 2)]
        """
        site = call_site()
        if not isinstance(serializer, Serializer):
            raise TypeError(f"withSerializer at {site} needs a serializer of weft.serializers, not {serializer!r}")
        closure = Closure(giving(serializer), "withSerializer", site)
        node = StepNode(self.ctx._next_id(), "withSerializer", site, self._node, SERIALIZER, closure)
        return self._derive(node, self.partitioner)

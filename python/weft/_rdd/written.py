"""How an RDD's records are written where they leave a task, and what its tasks need."""

from __future__ import annotations

from typing import TYPE_CHECKING, Optional, TypeVar

from weft._callsite import call_site
from weft._closures import Closure
from weft._lineage import StepNode
from weft._markers import SERIALIZER, giving
from weft._rdd.skew import Skew
from weft.errors import NotSupportedError
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
        """Say what containers and tasks the RDD needs: nothing but what all tasks have (``weft.task.cpus``).

        Parameters
        ----------
        profile : ResourceProfile
            What is needed; on YARN one that asks for at most as many processors for a task as all have, and for
            nothing else.

        Returns
        -------
        RDD
            This object.

        Raises
        ------
        NotSupportedError
            In local modes, as in PySpark; and if more is asked for, since all containers of an application are alike.

        Notes
        -----
        Driver only.

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
        self._profile = profile
        return self._itself

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
        if not self.ctx.master.startswith("yarn"):
            return f"the master {self.ctx.master} has no containers to choose from"
        wanted = [f"{name} for containers" for name in profile.executorResources]
        cpus = int(self.ctx._conf.get("weft.task.cpus", "1"))
        for name, request in profile.taskResources.items():
            if name != "cpus" or request.amount > cpus:
                wanted.append(f"{request.amount:g} {name} for a task")
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

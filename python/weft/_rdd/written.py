"""How an RDD's records are written where they leave a task, and what its tasks need."""

from __future__ import annotations

import json
import math
import re
import sys
from typing import TYPE_CHECKING, Optional, TypeVar

from weft._callsite import call_site
from weft._closures import Closure
from weft._lineage import StepNode
from weft._markers import SERIALIZER, Asked, giving
from weft._rdd.skew import Skew
from weft.errors import NotSupportedError, ResourcesError, SettingError, WeftError
from weft.resources import ResourceProfile
from weft.serializers import Serializer

if TYPE_CHECKING:
    from weft.rdd import RDD

__all__ = ["Written"]

T = TypeVar("T")
_PARTS = ("cores", "memory", "memoryOverhead", "pyspark.memory")
_WITHOUT_EFFECT = "offHeap"
RESOURCES_INSTEAD = (
    "cpus of tasks on YARN and a local cluster; cores, memory, memoryOverhead and pysparkMemory of containers on YARN"
)


class Written(Skew[T]):
    """Serializers and resources of single RDDs."""

    _profile: Optional[ResourceProfile] = None

    def withResources(self, profile: ResourceProfile) -> RDD[T]:
        """Have the RDD computed by tasks of so many processors, in containers of such a size.

        It counts for the whole stage. RDDs of one stage must not ask for different things, unless
        ``weft.resources.mergeConflicts`` is true: then the most of each counts.

        Parameters
        ----------
        profile : ResourceProfile
            What is needed: cpus of tasks, and on YARN cores, memory, memoryOverhead and pysparkMemory of containers;
            what it does not say is as for all others.

        Returns
        -------
        RDD
            This object.

        Raises
        ------
        NotSupportedError
            In ``local[N]`` and inline, as in PySpark; if something else is asked for, such as GPUs; and in a local
            cluster, whose processes are alike, if containers of their own are asked for (E18).
        ResourcesError
            If no container of the cluster is that large (E11).
        SettingError
            If a container has fewer processors than a task (E17).

        Notes
        -----
        Driver only. Containers of their own are asked for when the first such stage is ready, as many as its tasks
        need: at most ``weft.executor.instances``, with dynamic allocation at most its maximum. One that had nothing to
        do for ``weft.dynamicAllocation.executorIdleTimeout`` goes. Stages run in the containers of their profile only,
        and others do not; profiles that ask for the same share them.

        A task that asks for nothing but processors runs in the containers of all, and takes as many slots as it needs.

        Examples
        --------
        >>> from weft.resources import ResourceProfileBuilder, TaskResourceRequests
        >>> two = ResourceProfileBuilder().require(TaskResourceRequests().cpus(2)).build
        >>> try:
        ...     sc.range(3).withResources(two)
        ... except NotImplementedError as error:
        ...     print(str(error).partition("Supported: ")[2][:42])
        cpus of tasks on YARN and a local cluster;
        """
        problem = self._problem(profile)
        if problem:
            raise NotSupportedError(
                f"RDD.withResources ({call_site()}): {problem}. Supported: {RESOURCES_INSTEAD}.", "E18", 2
            )
        cpus = profile.taskResources.get("cpus")
        processors = 0 if cpus is None else math.ceil(cpus.amount)
        if cpus is not None and processors < 1:
            raise self._setting_error(f"a task of {cpus.amount:g} processors; a number of at least 1 is needed")
        if profile.executorResources:
            asked = Asked(processors, self._ask_containers(profile, processors))
        else:
            asked = Asked(self._fitting(processors), 0)
        if any(asked):
            self.ctx._jobs.markers.ask(self._node, asked)
        self._profile = profile
        return self._itself

    def _fitting(self, wanted: int) -> int:
        cluster = re.match(r"local-cluster\[\s*\d+\s*,\s*(\d+)", self.ctx.master)
        most = int(cluster.group(1)) if cluster else self.ctx._answer.info.get("executorCores", wanted)
        if wanted > most:
            raise self._setting_error(
                f"a task of {wanted} processors, and each container has {most} (weft.executor.cores): no task could "
                "run there"
            )
        return wanted

    def _ask_containers(self, profile: ResourceProfile, processors: int) -> int:
        """The number under which the ApplicationMaster knows the profile."""
        if _WITHOUT_EFFECT in profile.executorResources and profile.id not in self.ctx._jobs.markers.named:
            self.ctx._jobs.markers.named.add(profile.id)
            print(
                f"weft: without effect: {_WITHOUT_EFFECT} of profile {profile.id}. No data lie in the JVM's memory "
                "outside its heap; memoryOverhead is for the workers.",
                file=sys.stderr,
            )
        asked = {name: one.amount for name, one in profile.executorResources.items() if name in _PARTS}
        for name, amount in asked.items():
            if not 0 < amount < 1 << 30:
                raise self._setting_error(f"{name} {amount} of profile {profile.id}: a number of at least 1 is needed")
        amounts = (asked.get(name, 0) for name in _PARTS)
        told = json.loads(self.ctx._jobs.control("profile", profile.id, processors, *amounts))
        if "message" in told:
            kind: type[WeftError] = ResourcesError if told["code"] == "E11" else SettingError
            where = f"RDD.withResources ({call_site()}), profile {profile.id}"
            raise kind(f"{where}: {told['message']}", told["code"], told["exit"])
        number: int = told["profile"]
        return number

    @staticmethod
    def _setting_error(problem: str) -> SettingError:
        return SettingError(f"RDD.withResources ({call_site()}): {problem}.", "E17", 2)

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
        if profile.executorResources and not self.ctx.master.startswith("yarn"):
            wanted = ", ".join(profile.executorResources)
            return f"the processes of a local cluster are alike, and profile {profile.id} asks for {wanted}"
        known = (*_PARTS, _WITHOUT_EFFECT)
        unknown = [f"{name} of containers" for name in profile.executorResources if name not in known]
        unknown += [f"{name} of tasks" for name in profile.taskResources if name != "cpus"]
        return f"profile {profile.id} asks for {', '.join(unknown)}" if unknown else ""

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

"""What the driver may ask of its jobs: the running one, and those that have ended last."""

from __future__ import annotations

import threading
from collections import OrderedDict
from typing import Any

from weft._inline.planning import Stage

__all__ = ["InlineHistory"]

_MOST_ENDED = 200
_GROUP, _TAGS = "weft.job.group", "weft.job.tags"


class InlineHistory:
    """Jobs by their ids, the oldest first; any thread."""

    def __init__(self) -> None:
        self._jobs: OrderedDict[int, dict[str, Any]] = OrderedDict()
        self._lock = threading.Lock()

    def started(self, job: int, properties: dict[str, str]) -> None:
        """Note a job that begins."""
        tags = properties.get(_TAGS, "").split(",")
        with self._lock:
            self._jobs[job] = {"status": "RUNNING", "group": properties.get(_GROUP, ""), "tags": tags, "stages": {}}
            while len(self._jobs) > _MOST_ENDED:
                self._jobs.popitem(last=False)

    def planned(self, job: int, first: int, stages: list[Stage]) -> None:
        """Note the stages of a job; ``first`` is the number of the first in the application."""
        with self._lock:
            for number, stage in enumerate(stages, first):
                counts = {"tasks": len(stage.partitions), "running": 0, "done": 0, "failed": 0}
                self._jobs[job]["stages"][number] = {"name": f"{stage.name} at {stage.site}", **counts}

    def began(self, job: int, stage: int) -> None:
        """Note that a task begins."""
        self._jobs[job]["stages"][stage]["running"] = 1

    def ended(self, job: int, stage: int) -> None:
        """Note that a task has succeeded."""
        counts = self._jobs[job]["stages"][stage]
        counts["running"] = 0
        counts["done"] += 1

    def finished(self, job: int, succeeded: bool) -> None:
        """Note the end of a job."""
        found = self._jobs[job]
        for counts in found["stages"].values():
            counts["failed"] += counts["running"]
            counts["running"] = 0
        found["status"] = "SUCCEEDED" if succeeded else "FAILED"

    def of_group(self, group: str) -> list[int]:
        """Ids of the jobs of a group; "": of none."""
        with self._lock:
            return [job for job, found in self._jobs.items() if found["group"] == group]

    def active(self) -> list[int]:
        """Ids of running jobs."""
        with self._lock:
            return [job for job, found in self._jobs.items() if found["status"] == "RUNNING"]

    def active_with(self, tag: str) -> bool:
        """Whether a running job has this tag."""
        return any(tag in self._jobs[job]["tags"] for job in self.active())

    def active_stages(self) -> list[int]:
        """Ids of running stages."""
        with self._lock:
            stages = [item for found in self._jobs.values() for item in found["stages"].items()]
        return [number for number, counts in stages if counts["running"]]

    def job(self, job: int) -> dict[str, Any] | None:
        """Status and stages of a job."""
        with self._lock:
            found = self._jobs.get(job)
            return None if found is None else {"status": found["status"], "stages": list(found["stages"])}

    def stage(self, stage: int) -> dict[str, Any] | None:
        """Name and counts of a stage."""
        with self._lock:
            for found in self._jobs.values():
                if stage in found["stages"]:
                    return dict(found["stages"][stage])
        return None

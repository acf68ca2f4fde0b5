"""What stands for the gateway JVM when the master is ``inline``."""

from __future__ import annotations

import getpass
import json
import os
import re
import shutil
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any
from uuid import uuid4

from weft._fs import door
from weft._gateway import Answer, Gateway
from weft._inline import MASTER
from weft._inline.jobs import InlineJobs, OnBatch, OnBytes, OnProgress, OnUpdates, Told
from weft._ops import seeded
from weft._unpack import PACKED
from weft.errors import NotSupportedError, SettingError

__all__ = ["InlineGateway"]

_PARTITIONS = 2
_SIZE = re.compile(r"\s*(\d+)\s*([kmgt]?)b?\s*$", re.IGNORECASE)
_UNITS = {"": 0, "k": 10, "m": 20, "g": 30, "t": 40}


class InlineChannel:
    """What :class:`~weft._datasocket.DataSocket` is to a gateway JVM."""

    closed = False

    def __init__(self, jobs: InlineJobs) -> None:
        self._jobs = jobs
        self._cancelled = False

    def close(self) -> None:
        """There is nothing to close."""

    def cancel(self) -> None:
        """End the job that another thread runs over this channel."""
        self._cancelled = True
        self._jobs.stopped()

    def missing(self, identities: Iterable[str]) -> list[str]:
        """Which of these blocks were not put."""
        return [identity for identity in identities if identity not in self._jobs.blocks]

    def put(self, identity: str, chunks: Iterable[bytes]) -> None:
        """Keep a block."""
        self._jobs.put(identity, chunks)

    def drop(self, shuffles: Iterable[int], blocks: Iterable[str], persisted: Iterable[int]) -> None:
        """Forget what the maps of shuffles have written, blocks, and what is kept of persisted RDDs."""
        for rdd in persisted:
            self._jobs.drop_cached(rdd)
        for rdd in shuffles:
            self._jobs.drop_shuffle(rdd)
        for identity in blocks:
            self._jobs.drop_block(identity)

    def link(self, identity: str, path: str) -> None:
        """Tasks find the driver's broadcasts in this process."""

    def forget(self, broadcasts: Iterable[int], *, destroyed: bool) -> None:
        """No node holds a copy."""

    def partitions(self, plan: bytes) -> int:
        """How many partitions the plan's result node has."""
        return self._jobs.partitions(plan)

    def run(
        self,
        plan: bytes,
        on_batch: OnBatch,
        on_progress: OnProgress,
        _on_again: Callable[[int | None], None],
        on_updates: OnUpdates,
        on_bytes: OnBytes | None = None,
    ) -> dict[str, Any]:
        """Run a job in this thread; no result is lost here."""
        told = Told(on_batch, on_progress, on_updates, on_bytes, lambda: self._cancelled)
        return self._jobs.run(plan, told)


class InlineControl:
    """The methods of the gateway's entry point, which DATASOCKET.md lists."""

    def __init__(self, jobs: InlineJobs, stop: Callable[[], None]) -> None:
        self._jobs = jobs
        self.stop = stop

    def cancelJobGroup(self, group: str) -> None:
        """Cancel the running job if it is of this group."""
        self._jobs.cancel(group)

    def cancelAllJobs(self) -> None:
        """Cancel the running job."""
        self._jobs.cancel(None)

    def cachedPartitions(self, rdd: int) -> int:
        """How many partitions of a persisted RDD are kept."""
        return self._jobs.cached_partitions(rdd)

    def addFile(self, path: str, _python: bool) -> str:
        """Copy a local file to where tasks look for files."""
        local = path[len("file:") :] if path.startswith("file:") else path
        if "://" in local:
            raise NotSupportedError(f"{path} is not a local file; inline takes no other.", "E18", 2)
        return os.path.basename(shutil.copy(local, self._jobs.files))

    def addArchive(self, path: str, name: str) -> None:
        """Copy a local archive to where tasks look for files."""
        if "://" in path:
            raise NotSupportedError(f"{path} is not a local file; inline takes no other.", "E18", 2)
        shutil.copy(path, os.path.join(self._jobs.files, name + PACKED))

    def cancelJobsWithTag(self, tag: str) -> None:
        """Cancel the running job if it has this tag."""
        self._jobs.cancel_tag(tag)

    def jobIds(self, group: str) -> str:
        """Ids of the jobs of a group, as JSON; as are those that follow."""
        return json.dumps(self._jobs.history.of_group(group))

    def activeJobIds(self) -> str:
        """Ids of the running job, if there is one."""
        return json.dumps(self._jobs.history.active())

    def activeStageIds(self) -> str:
        """Ids of the running stage, if there is one."""
        return json.dumps(self._jobs.history.active_stages())

    def jobInfo(self, job: int) -> str:
        """What is known of a job."""
        return json.dumps(self._jobs.history.job(job))

    def stageInfo(self, stage: int) -> str:
        """What is known of a stage."""
        return json.dumps(self._jobs.history.stage(stage))

    def executors(self) -> str:
        """This process."""
        running = len(self._jobs.history.active())
        return json.dumps([{"host": "localhost", "port": 0, "cached": 0, "running": running}])

    def makeFolder(self, path: str) -> str:
        """Make a folder of a new name in a local folder; gives its path."""
        local = path[len("file:") :] if path.startswith("file:") else path
        if "://" in local:
            raise NotSupportedError(f"{path} is not a local folder; inline takes no other.", "E18", 2)
        parent = "/" + local.lstrip("/") if path.startswith("file:") else local
        made = os.path.abspath(os.path.join(parent, str(uuid4())))
        os.makedirs(made)
        return f"file:{made}"

    def setLogLevel(self, level: str) -> None:
        """There is no Java that logs."""


class InlineGateway(Gateway):
    """Runs jobs in the thread that asks for them.

    Parameters
    ----------
    settings : dict
        Weft's settings; of effect here are ``weft.master``, ``weft.app.name``, ``weft.default.parallelism``,
        ``weft.python.worker.memory``, ``weft.driver.maxResultSize``, ``weft.input.splitBytes``,
        ``weft.task.cpus``, ``weft.files.ignoreCorrupt``, ``weft.output.validate``, ``weft.io.encryption`` and
        ``weft.env.*``.

    Raises
    ------
    SettingError
        If the value of one of them cannot be used.
    """

    def __init__(self, settings: dict[str, str]) -> None:
        _check_names(settings)
        master = settings.get("weft.master", "")
        found = MASTER.match(master)
        given = _number(settings, "weft.default.parallelism")
        info = {
            "master": master,
            "name": settings.get("weft.app.name") or "inline",
            "parallelism": given or int((found and found.group(1)) or _PARTITIONS),
            "shufflePartitions": given,
            "startMillis": int(time.time() * 1000),
            "user": getpass.getuser(),
            "webUrl": None,
        }
        environment = {
            name[len("weft.env.") :]: value for name, value in settings.items() if name.startswith("weft.env.")
        }
        memory = _size(settings, "weft.python.worker.memory", 512 << 20)
        split_bytes = _size(settings, "weft.input.splitBytes", 128 << 20)
        cpus = _number(settings, "weft.task.cpus")
        self._jobs = InlineJobs(
            memory,
            environment,
            _size(settings, "weft.driver.maxResultSize", 0),
            split_bytes,
            ignore_corrupt=_flag(settings, "weft.files.ignoreCorrupt", False),
            validate_output=_flag(settings, "weft.output.validate", True),
            properties={"weft.task.cpus": str(cpus)} if cpus > 1 else {},
        )
        info["files"] = self._jobs.files
        info["broadcasts"] = os.path.join(self._jobs.folder, "broadcasts")
        seal = os.urandom(32).hex() if _flag(settings, "weft.io.encryption", False) else ""
        super().__init__(Answer(0, "", "", f"inline_{info['startMillis']}_{os.getpid()}", info, seal), None)
        self._control = InlineControl(self._jobs, self.stop)
        seeded.install()

    def open_files(self) -> None:
        """Let :mod:`weft.fs` reach files of this machine."""
        door.open_local()

    @contextmanager
    def connection(self) -> Iterator[Any]:
        """Give a channel."""
        yield InlineChannel(self._jobs)

    def java(self) -> Any:
        """Give what answers control methods."""
        return self._control

    def stop(self) -> None:
        """Remove all files; harmless when repeated."""
        if not self._stopped:
            self._stopped = True
            seeded.uninstall()
            self._jobs.cancel(None)
            self._jobs.close()


def _check_names(settings: dict[str, str]) -> None:
    """Refuse names that are no settings, as the gateway JVM does."""
    import difflib

    from weft._conf import definitions

    known = definitions()
    for name in settings:
        if name.startswith("weft.") and not any(one.defines(name) for one in known):
            nearest = difflib.get_close_matches(name, [one.name for one in known], n=1, cutoff=0)[0]
            raise SettingError(f"{name} is not a setting. Nearest: {nearest}. All: weft conf --list", "E17", 2)


def _number(settings: dict[str, str], name: str) -> int:
    value = settings.get(name, "0")
    if not value.isdigit():
        raise SettingError(f"{name} is {value!r}; a whole number is wanted.", "E17", 2)
    return int(value)


def _flag(settings: dict[str, str], name: str, default: bool) -> bool:
    value = settings.get(name, str(default).lower())
    if value not in ("true", "false"):
        raise SettingError(f"{name} is {value!r}; true or false is wanted.", "E17", 2)
    return value == "true"


def _size(settings: dict[str, str], name: str, default: int) -> int:
    value = settings.get(name)
    if value is None:
        return default
    found = _SIZE.match(value)
    if found is None:
        raise SettingError(f"{name} is {value!r}; a size such as 512m is wanted.", "E17", 2)
    return int(found.group(1)) << _UNITS[found.group(2).lower()]

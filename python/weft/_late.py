"""Settings that a program makes on YARN, where the ApplicationMaster has started before the program."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable

from weft._defaults import default_settings
from weft._gateway import Answer
from weft._jobs import Jobs
from weft._pyspark.keys import translate
from weft.conf import WeftConf
from weft.errors import ResourcesError, SettingError, WeftError

__all__ = ["tell_master"]

_HADOOP = "weft.hadoop."
_ENVIRONMENT = "weft.env."
_FACTS = ("weft.master", "weft.app.name")
_AT_START = (
    "weft.cache.",
    "weft.driver.env.",
    "weft.gateway.",
    "weft.io.",
    "weft.jars",
    "weft.local.dir",
    "weft.log.",
    "weft.python",
    "weft.shuffle.",
    "weft.ui.",
    "weft.yarn.",
)
"""What containers or the ApplicationMaster have read at their start."""
_AFTER_ALL = ("weft.python.worker.memory", "weft.ui.progress")


def tell_master(conf: WeftConf, jobs: Jobs, answer: Answer) -> None:
    """Give the ApplicationMaster the settings that ``weft submit`` was not given, and name those that come too late.

    Where sizes of containers are among them it asks for others, as PySpark asks for its executors only when the context
    is made. Variables of the workers' environment go with each job, and are set when a task begins.

    Raises
    ------
    SettingError
        If the value of one cannot be used (E17).
    ResourcesError
        If no container of the cluster is as large as the program wants its own (E11).
    """
    submitted = dict(default_settings())
    submitted.update(translate(submitted)[0])
    new = {
        name: value
        for name, value in conf.getAll()
        if name.startswith("weft.") and name not in _FACTS and submitted.get(name) != value
    }
    late = [name for name in new if name.startswith(_AT_START) and name not in _AFTER_ALL]
    hadoop = {name[len(_HADOOP) :]: value for name, value in new.items() if name.startswith(_HADOOP)}
    if hadoop:
        opened = jobs.control("hadoopConfiguration")
        jobs.hadoop_opened = True
        for name, value in hadoop.items():
            opened.set(name, value)
    jobs.environment = {name: value for name, value in new.items() if name.startswith(_ENVIRONMENT)}
    elsewhere = {*late, *jobs.environment}
    own = {name: value for name, value in new.items() if name not in elsewhere and not name.startswith(_HADOOP)}
    if own:
        late += _configure(own, jobs, answer)
    _name(late)


def _configure(own: dict[str, str], jobs: Jobs, answer: Answer) -> list[str]:
    """Set them; gives the names of those without effect."""
    told = json.loads(jobs.control("configure", json.dumps(own)))
    if "message" in told:
        kind: type[WeftError] = ResourcesError if told["code"] == "E11" else SettingError
        raise kind(told["message"], told["code"], told["exit"])
    for name in ("parallelism", "shufflePartitions", "executorCores"):
        answer.info[name] = told[name]
    late: list[str] = told["late"]
    return late


def _name(late: Iterable[str]) -> None:
    if late:
        print(
            f"weft: without effect, as containers have started: {', '.join(sorted(late))}. Give them to weft submit, "
            "by --conf.",
            file=sys.stderr,
        )

"""Settings that a program makes on YARN, where the ApplicationMaster has started before the program."""

from __future__ import annotations

import json
import sys

from weft._defaults import default_settings
from weft._gateway import Answer
from weft._jobs import Jobs
from weft._pyspark.keys import translate
from weft.conf import WeftConf
from weft.errors import InputMissingError, SettingError

__all__ = ["tell_master"]

_HADOOP = "weft.hadoop."
_ENVIRONMENT = "weft.env."
_FACTS = ("weft.master", "weft.app.name")
_AT_START = (
    "weft.cache.",
    "weft.driver.env.",
    "weft.dynamicAllocation.",
    "weft.executor.",
    "weft.gateway.",
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

    Variables of the workers' environment go with each job, and are set when a task begins: containers run already.

    Raises
    ------
    SettingError
        If the value of one cannot be used (E17).
    """
    submitted = dict(default_settings())
    submitted.update(translate(submitted)[0])
    new = {
        name: value
        for name, value in conf.getAll()
        if name.startswith("weft.") and name not in _FACTS and submitted.get(name) != value
    }
    late = [name for name in new if name.startswith(_AT_START) and name not in _AFTER_ALL]
    if late:
        print(
            f"weft: without effect, as containers have started: {', '.join(sorted(late))}. Give them to weft submit, "
            "by --conf.",
            file=sys.stderr,
        )
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
        try:
            jobs.control("configure", json.dumps(own))
        except InputMissingError as wrong:
            raise SettingError(str(wrong), "E17", 2) from None
    parallelism = own.get("weft.default.parallelism", "")
    if parallelism.isdigit() and int(parallelism) > 0:
        answer.info["parallelism"] = answer.info["shufflePartitions"] = int(parallelism)

"""What becomes of Spark's settings."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

__all__ = ["KEYS", "Key", "find", "translate", "weft_name"]


_NOT_YET = "not in Weft yet"


@dataclass(frozen=True)
class Key:
    """A setting of Spark's; a name that ends in ``*`` stands for all that begin so.

    ``weft`` is the setting that it becomes, None if there is none; ``flag`` the option of ``weft submit`` that says the
    same; ``note`` what else is to be known.
    """

    spark: str
    weft: str | None
    flag: str = ""
    note: str = ""

    @property
    def is_harmless(self) -> bool:
        """Whether a program loses nothing when the setting has no effect."""
        return self.weft is not None or not (self.flag or self.note.startswith(_NOT_YET))


KEYS = (
    Key("spark.master", "weft.master"),
    Key("spark.app.name", "weft.app.name"),
    Key("spark.hadoop.*", "weft.hadoop.*", note="Hadoop's own settings, by their names"),
    Key("spark.executorEnv.*", "weft.env.*"),
    Key("spark.default.parallelism", "weft.default.parallelism"),
    Key("spark.task.maxFailures", "weft.task.maxFailures"),
    Key("spark.locality.wait", "weft.locality.wait"),
    Key("spark.local.dir", "weft.local.dir"),
    Key("spark.python.worker.memory", "weft.python.worker.memory"),
    Key("spark.executor.pyspark.memory", "weft.python.worker.limit"),
    Key("spark.driver.maxResultSize", "weft.driver.maxResultSize"),
    Key("spark.ui.showConsoleProgress", "weft.ui.progress"),
    Key("spark.eventLog.dir", "weft.log.dir", note="Weft's event log has a format of its own"),
    Key("spark.executor.memoryOverhead", "weft.executor.memoryOverhead"),
    Key("spark.executor.memory", None, "--executor-memory"),
    Key("spark.executor.cores", None, "--executor-cores"),
    Key("spark.executor.instances", None, "--num-executors"),
    Key("spark.driver.memory", None, "--driver-memory"),
    Key("spark.yarn.queue", None, "--queue"),
    Key("spark.submit.pyFiles", None, "--py-files"),
    Key("spark.yarn.dist.files", None, "--files"),
    Key("spark.yarn.dist.pyFiles", None, "--py-files"),
    Key("spark.yarn.dist.archives", None, "--archives"),
    Key("spark.archives", None, "--archives"),
    Key("spark.yarn.appMasterEnv.*", None, note="not in Weft yet"),
    Key("spark.dynamicAllocation.*", None, note="not in Weft yet: executors are as many as were asked for"),
    Key("spark.speculation*", None, note="not in Weft yet"),
    Key("spark.task.cpus", None, note="a task has one slot"),
    Key("spark.python.worker.reuse", None, note="workers are always reused"),
    Key("spark.python.profile*", None, note="not in Weft yet"),
    Key("spark.files.ignoreCorruptFiles", None, note="not in Weft yet: a damaged input fails its job"),
    Key("spark.hadoop.validateOutputSpecs", None, note="an output that exists is always refused"),
    Key("spark.io.encryption.enabled", None, note="not in Weft yet"),
    Key("spark.eventLog.enabled", None, note="a log is kept where weft.log.dir says"),
    Key("spark.serializer", None, note="records are pickled"),
    Key("spark.ui.*", None, note="there is no page"),
)

_EXACT = {key.spark: key for key in KEYS if not key.spark.endswith("*")}
_PREFIXES = tuple(key for key in KEYS if key.spark.endswith("*"))


def find(name: str) -> Key | None:
    """The entry for a setting of Spark's; None if Weft does not know it."""
    exact = _EXACT.get(name)
    return exact or next((key for key in _PREFIXES if name.startswith(key.spark[:-1])), None)


def weft_name(name: str) -> str | None:
    """The name of Weft's setting for one of Spark's; None if there is none."""
    key = find(name) if name.startswith("spark.") else None
    if key is None or key.weft is None:
        return None
    if key.weft.endswith("*"):
        return key.weft[:-1] + name[len(key.spark) - 1 :]
    return key.weft


def translate(settings: Mapping[str, str]) -> tuple[dict[str, str], list[str]]:
    """Weft's settings for Spark's, and a line for each of Spark's that a program may miss."""
    made: dict[str, str] = {}
    ignored: list[str] = []
    for name, value in settings.items():
        if not name.startswith("spark."):
            continue
        target, key = weft_name(name), find(name)
        if target is not None:
            made[target] = value
        elif key is None:
            ignored.append(name)
        elif not key.is_harmless:
            ignored.append(f"{name} ({f'weft submit {key.flag}' if key.flag else key.note})")
    return made, ignored


def table() -> Iterable[str]:
    """The lines of docs/spark-keys.md that follow its introduction."""
    yield "| Spark's setting | becomes | else |"
    yield "|---|---|---|"
    for key in KEYS:
        other = f"`weft submit {key.flag}`" if key.flag else key.note
        yield f"| `{key.spark}` | {f'`{key.weft}`' if key.weft else 'nothing'} | {other} |"

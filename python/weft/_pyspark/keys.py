"""What becomes of Spark's settings."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

__all__ = ["KEYS", "Key", "find", "translate", "weft_name", "weft_value"]


@dataclass(frozen=True)
class Key:
    """A setting of Spark's; a name that ends in ``*`` stands for all that begin so.

    ``weft`` is the setting that it becomes, None if there is none; ``flag`` the option of ``weft submit`` that says the
    same; ``note`` what else is to be known; ``unit`` what Spark takes a number without one to be in.
    """

    spark: str
    weft: str | None
    flag: str = ""
    note: str = ""
    unit: str = ""

    @property
    def is_harmless(self) -> bool:
        """Whether a program loses nothing when the setting has no effect."""
        return self.weft is not None or not self.flag


def _read() -> Iterator[Key]:
    """The table, which the Java client reads as well."""
    with open(os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "spark-keys.tsv")) as lines:
        for line in lines:
            if not line.startswith("#"):
                spark, weft, flag, note, unit = (line.rstrip("\n").split("\t") + [""] * 4)[:5]
                yield Key(spark, weft or None, flag, note, unit)


KEYS = tuple(_read())

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


def weft_value(name: str, value: str) -> str:
    """The value of a setting of Spark's as Weft's has it: words in small letters, numbers with their unit."""
    key = find(name)
    if key is None or key.weft is None or key.weft.endswith("*"):
        return value
    if value.lower() in ("true", "false"):
        return value.lower()
    return value + key.unit if value.isdigit() else value


def translate(settings: Mapping[str, str]) -> tuple[dict[str, str], list[str]]:
    """Weft's settings for Spark's, and a line for each of Spark's that a program may miss."""
    made: dict[str, str] = {}
    ignored: list[str] = []
    for name, value in settings.items():
        if not name.startswith("spark."):
            continue
        target, key = weft_name(name), find(name)
        if target is not None:
            made[target] = weft_value(name, value)
        elif key is None:
            ignored.append(name)
        elif not key.is_harmless:
            ignored.append(f"{name} (weft submit {key.flag})")
    return made, ignored


def table() -> Iterable[str]:
    """The lines of docs/spark-keys.md that follow its introduction."""
    yield "| Spark's setting | becomes | else |"
    yield "|---|---|---|"
    for key in KEYS:
        other = f"`weft submit {key.flag}`" if key.flag else key.note
        yield f"| `{key.spark}` | {f'`{key.weft}`' if key.weft else 'nothing'} | {other} |"

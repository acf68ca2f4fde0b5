"""PySpark's names that Weft does not have, with what to use instead where there is something."""

from __future__ import annotations

from weft._callsite import call_site
from weft.errors import AbsentNameError

__all__ = ["absent_name", "known_absent"]

_RDD = """
toDF _jrdd _jrdd_deserializer _reserialize _to_java_object_rdd
""".split()
_JAVA = "the RDD's own methods, such as getNumPartitions, id and mapPartitions: there is no RDD in the JVM"
_CONTEXT: list[str] = []
_INSTEAD: dict[str, dict[str, str]] = {
    "RDD": {
        "_jrdd": _JAVA,
        "_jrdd_deserializer": _JAVA,
        "_reserialize": "withSerializer",
        "_to_java_object_rdd": _JAVA,
        "toDF": "pandas.DataFrame(rdd.collect()), or pandas in mapPartitions",
    },
    "WeftContext": {},
}
_KNOWN = {"RDD": frozenset(_RDD), "WeftContext": frozenset(_CONTEXT)}


_OWNERS = {"RDD": "RDD", "WeftContext": "SparkContext"}  # as PySpark calls them


def known_absent() -> dict[str, tuple[str, str]]:
    """Names of methods that Weft does not have, with their full names and what to use instead (empty if nothing)."""
    return {
        name: (f"{_OWNERS[owner]}.{name}", _INSTEAD[owner].get(name, ""))
        for owner, names in _KNOWN.items()
        for name in (*names, *_INSTEAD[owner])
    }


def absent_name(owner: str, name: str) -> AttributeError:
    """Make the error for an attribute that does not exist.

    Parameters
    ----------
    owner : str
        ``RDD`` or ``WeftContext``.
    name : str
        The attribute.
    """
    instead = _INSTEAD[owner].get(name)
    if instead is None and name not in _KNOWN[owner]:
        return AttributeError(f"{owner!r} object has no attribute {name!r}")
    text = f"{owner}.{name} ({call_site()}) is not in Weft."
    return AbsentNameError(f"{text} Instead: {instead}." if instead else text, "E18", 2)

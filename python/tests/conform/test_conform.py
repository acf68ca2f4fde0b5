"""Every case gives on Weft what it gave on PySpark, but for the differences that are meant."""

from __future__ import annotations

import inspect
import json
import os
import sys
from collections.abc import Iterator
from typing import Any

import cloudpickle
import pytest

from tests.conform import (
    apicases,
    barriercases,
    cachecases,
    cases,
    differ,
    errorcases,
    morecases,
    record,
    sharedcases,
    support,
)
from weft import WeftContext
from weft._pyspark import exceptions

pytestmark = pytest.mark.local

with open(os.path.join(record.HERE, "recorded.json"), encoding="utf-8") as _file:
    RECORDED: dict[str, Any] = json.load(_file)
ALL = {**cases.CASES, **morecases.MORE, **sharedcases.SHARED, **apicases.API, **cachecases.CACHED, **errorcases.ERRORS}
ALL |= barriercases.BARRIERS
MEANT = differ.read_meant()
NEEDED: set[differ.Difference] = set()
# text and bytes hash otherwise before CPython 3.11, so that they fall into other partitions than in the record
SAME_HASH = sys.hash_info.algorithm == RECORDED["hash"][0] and sys.implementation.name == "cpython"
PYPY = sys.implementation.name == "pypy"
# what Python's own pickle raises of a lambda, AttributeError in the record
RAISED = {"serializers: pickle of a lambda": "PicklingError"} if PYPY or sys.version_info >= (3, 14) else {}


@pytest.fixture(scope="module", params=["inline[4]", "local[4]", pytest.param("local-cluster[2,2,512]", marks=pytest.mark.cluster)])
def sc(request: pytest.FixtureRequest) -> Iterator[WeftContext]:
    cloudpickle.register_pickle_by_value(cases)
    cloudpickle.register_pickle_by_value(morecases)
    cloudpickle.register_pickle_by_value(sharedcases)
    cloudpickle.register_pickle_by_value(apicases)
    cloudpickle.register_pickle_by_value(cachecases)
    cloudpickle.register_pickle_by_value(errorcases)
    cloudpickle.register_pickle_by_value(barriercases)
    with WeftContext(request.param) as made:
        yield made
    cloudpickle.unregister_pickle_by_value(barriercases)
    cloudpickle.unregister_pickle_by_value(errorcases)
    cloudpickle.unregister_pickle_by_value(apicases)
    cloudpickle.unregister_pickle_by_value(sharedcases)
    cloudpickle.unregister_pickle_by_value(cachecases)
    cloudpickle.unregister_pickle_by_value(morecases)
    cloudpickle.unregister_pickle_by_value(cases)


@pytest.mark.parametrize("name", ALL)
def test_a_case_gives_what_pyspark_gives(name: str, sc: WeftContext) -> None:
    theirs = dict(RECORDED["cases"][name])
    if name in RAISED:
        theirs["error"] = RAISED[name]
    ours = record.measure(ALL[name], sc, lambda: sc._jobs.count)
    found = differ.differences(theirs, ours)
    for aspect in list(found):
        rows = [row for row in MEANT if row.covers(name, aspect)]
        NEEDED.update(rows)
        hashed = aspect in ("layout", "order") and not SAME_HASH
        if rows or hashed or (aspect in ("layout", "order") and theirs.get("unstable")):
            del found[aspect]
    assert not found


def test_every_difference_that_is_meant_is_needed() -> None:
    if not NEEDED:
        pytest.skip("the cases were not run in this process")
    assert [row for row in MEANT if row not in NEEDED] == []


# parameters that mean nothing here: PySpark's own JVM
WITHOUT = {"_jvm", "_jconf", "jtracker"}
# made by the context, or by other means; names that PySpark does not have are nobody's business here
OURS = {("RDD", "__init__"), ("Broadcast", "__init__"), ("TaskContext", "__init__"), ("StatusTracker", "__init__")}
OURS |= {("MemoryProfiler", "profile"), ("ExecutorResourceRequests", "__init__"), ("TaskResourceRequests", "__init__")}
OURS |= {("SparkSession", "__init__"), ("RuntimeConfig", "__init__"), ("DataFrameReader", "__init__")}

MORE = {"mode", "targetFileBytes", "errors"}  # keywords of ours in methods of PySpark's

SIGNED = [*support.OWNERS.values(), *support.SHIMS.values()]


@pytest.mark.parametrize("owner", SIGNED, ids=lambda owner: str(owner.__name__))
def test_parameters_have_pysparks_names_in_its_order(owner: type) -> None:
    known = owner.__name__.replace("Spark", "Weft")
    theirs = RECORDED["signatures"][known]
    for name, parameters in record.signatures([owner])[known].items():
        if name in theirs and (owner.__name__, name) not in OURS:
            ours = [one for one in parameters if one not in MORE]
            assert ours == [one for one in theirs[name] if one not in WITHOUT], f"{owner.__name__}.{name}"


@pytest.mark.parametrize("name", support.FUNCTIONS)
def test_a_functions_parameters_have_pysparks_names(name: str) -> None:
    assert list(inspect.signature(support.FUNCTIONS[name]).parameters) == RECORDED["functions"][name]


@pytest.mark.parametrize("name", RECORDED["exceptions"])
def test_an_exception_has_pysparks_name_and_bases(name: str) -> None:
    own = getattr(exceptions, name)
    assert [base.__name__ for base in own.__mro__] == RECORDED["exceptions"][name]


def test_the_record_holds_all_and_only_the_cases() -> None:
    assert set(RECORDED["cases"]) == set(ALL)
    assert len(ALL) >= 400
    assert RECORDED["pyspark"] == "4.3.0"


def test_the_support_table_is_that_of_the_code() -> None:
    path = os.path.join(record.HERE, "..", "..", "..", "docs", "support.md")
    with open(path, encoding="utf-8") as file:
        assert file.read() == support.document()

"""The laws on records and partitions that Hypothesis makes up, with the master inline[3]."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator

import pytest

from weft import RDD, WeftContext

from .checking import LAWS, MODULES, check


@pytest.fixture(scope="module")
def sc() -> Iterator[WeftContext]:
    with WeftContext("inline[3]", "laws") as made:
        yield made


@pytest.mark.parametrize("name", LAWS)
def test_a_law_holds(name: str, sc: WeftContext) -> None:
    check(name, sc, 20)


# what tells about an RDD, not about its records
DESCRIBES = {"id", "name", "setName", "context", "toDebugString", "getStorageLevel", "getResourceProfile", "cache"}
DESCRIBES |= {"isLocallyCheckpointed", "getCheckpointFile", "cleanShuffleDependencies", "is_cached", "is_checkpointed"}
DESCRIBES |= {"has_resource_profile"}
# tested elsewhere: answers that need not be exact, resources, names for the same, Hadoop's output classes
ELSEWHERE = {"sumApprox", "meanApprox", "countApproxDistinct", "withResources", "barrier", "collectWithJobGroup"}
ELSEWHERE |= {"saveAsHadoopFile", "saveAsNewAPIHadoopFile", "saveAsHadoopDataset", "saveAsNewAPIHadoopDataset"}


def test_every_method_has_a_law() -> None:
    used = {name for module in MODULES for name in re.findall(r"\.(\w+)\b", inspect.getsource(module))}
    public = {name for name in dir(RDD) if not name.startswith("_")}
    assert public - used - DESCRIBES - ELSEWHERE == set()

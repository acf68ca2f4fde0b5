"""Files of Hadoop's formats: what PySpark reads and writes, and what it wrote."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.conform import differ, formats, record
from weft import WeftContext
from weft.errors import NotSupportedError

pytestmark = pytest.mark.local

with open(formats.RECORD, encoding="utf-8") as _file:
    RECORD: dict[str, Any] = json.load(_file)
RECORDED: dict[str, Any] = RECORD["cases"]

# PySpark raises Java's exceptions here, which say the same
OURS = {
    "save an empty RDD": "ValueError",
    "save lists": "TypeError",
    "save no pairs": "TypeError",
    "save a list as value": "ValueError",
    "save an integer of 70 bits": "ValueError",
    "save integers of two sizes": "ValueError",
    "save with an unknown codec": "PermissionError",
    "save where something is": "FileExistsError",
    "read an unknown class": "ValueError",
    "read what is not there": "FileNotFoundError",
    "read a tuple": "ValueError",
    "whole text files that are missing": "FileNotFoundError",
    "binary files that are missing": "FileNotFoundError",
    "binary records with a rest": "ValueError",
    "binary records in gzip": "ValueError",
    "hadoopFile of no class": "ValueError",
    "saveAsHadoopFile of wrong classes": "ValueError",
    "saveAsHadoopFile of no class": "ValueError",
}
MEANT = {
    "hadoopFile with settings",  # PySpark reads without them, though it documents that it passes them on
    "whole text files as bytes",  # PySpark replaces what is no UTF-8, although bytes were asked for
}

# inline reads these, and says of the others that they need Hadoop's classes
WITHOUT_JAVA = ("whole ", "binary ", "large binary ", "odd binary ", "pickle file", "save an empty", "save lists", "save no pairs")


@pytest.fixture(
    scope="module", params=["inline[4]", "local[4]", pytest.param("local-cluster[2,2,512]", marks=pytest.mark.cluster)]
)
def sc(request: pytest.FixtureRequest) -> Iterator[WeftContext]:
    with WeftContext(request.param) as made:
        yield made


@pytest.mark.parametrize("name", formats.CASES)
def test_a_case_gives_what_pyspark_gives(name: str, sc: WeftContext) -> None:
    theirs = RECORDED[name]
    if sc.master.startswith("inline") and not name.startswith(WITHOUT_JAVA):
        with pytest.raises(NotSupportedError, match="inline has no JVM. Use the master local"):
            formats.CASES[name](sc).collect()
        return
    ours = record.measure(formats.CASES[name], sc, lambda: 0)
    assert ours.get("error") == OURS.get(name)
    if "error" in theirs:
        assert "error" in ours
    else:
        assert bool(differ.differences(theirs, ours)) == (name in MEANT)


def test_the_record_holds_all_and_only_the_cases() -> None:
    assert set(RECORDED) == set(formats.CASES)
    assert RECORD["pyspark"] == "4.3.0"

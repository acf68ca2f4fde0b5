"""A mapped map answers as the dict that it was made of."""

from __future__ import annotations

import pickle
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from weft import _broadcastfile
from weft._mappedmap import MappedMap, decoded_key, encoded_key

scalars = st.one_of(st.text(), st.binary(), st.integers(), st.floats(allow_nan=False), st.none(), st.booleans())
keys = st.recursive(scalars, lambda inner: st.tuples(inner, inner) | st.tuples(), max_leaves=5)


@given(st.dictionaries(keys, st.one_of(st.integers(), st.text(), st.lists(st.integers()))), st.lists(keys))
def test_it_reads_as_the_dict(entries: dict[Any, Any], others: list[Any]) -> None:
    mapped = MappedMap.of(entries)
    assert len(mapped) == len(entries)
    assert list(mapped.items()) == list(entries.items())
    assert mapped == entries
    for key in [*entries, *others]:
        assert mapped.get(key, "none") == entries.get(key, "none")
        assert (key in mapped) == (key in entries)


@given(keys, keys)
def test_keys_are_encoded_alike_exactly_when_they_are_equal(one: Any, other: Any) -> None:
    assert (encoded_key(one) == encoded_key(other)) == (one == other)
    assert decoded_key(encoded_key(one)) == one


def test_equal_numbers_are_one_key_as_in_a_dict() -> None:
    mapped = MappedMap.of({1: "one", 2.5: "more", -0.0: "none"})
    assert mapped[1.0] == mapped[True] == "one"
    assert mapped[0] == "none" and mapped[2.5] == "more"
    with pytest.raises(KeyError, match="7"):
        mapped[7]


def test_other_keys_are_refused() -> None:
    with pytest.raises(TypeError, match="frozenset"):
        MappedMap.of({frozenset({1}): 2})


def test_it_lies_in_the_file_of_its_broadcast_and_other_processes_find_its_keys(tmp_path: Path) -> None:
    entries = {f"key {i}": i for i in range(20_000)} | {("a", 1.5, None): "tuple"}
    sizes = _broadcastfile.write(MappedMap.of(entries), str(tmp_path / "file"))
    assert sizes.pickled < 1000, "the entries are out of band"
    code = (
        "import sys; from weft import _broadcastfile; found = _broadcastfile.Mapped(sys.argv[1]).load();"
        "print(found['key 19999'], found[('a', 1.5, None)], 'key' in found, len(found))"
    )
    package = str(Path(_broadcastfile.__file__).parent.parent)
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path / "file")],
        capture_output=True,
        text=True,
        check=True,
        env={"PYTHONPATH": package, "PYTHONHASHSEED": "7"},
    )
    assert done.stdout == "19999 tuple False 20001\n"
    again = pickle.loads(pickle.dumps(MappedMap.of(entries), 4))
    assert again == entries

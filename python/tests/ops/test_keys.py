"""Keys that are equal fall together, in every process; keys without a stable hash are refused."""

from __future__ import annotations

import dataclasses
import datetime
import decimal
import enum
import fractions
import os
import pickle
import subprocess
import sys
import uuid
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from weft._ops.keys import UnstableKeyError, partition_column, portable_hash

NAN = float("nan")


class Point(NamedTuple):
    x: Any
    y: Any


class Colour(enum.Enum):
    RED = 1
    BLUE = 2


class Access(enum.Flag):
    READ = 1
    WRITE = 2


@dataclasses.dataclass(frozen=True)
class Account:
    name: Any
    branch: int | None = None
    note: str = dataclasses.field(default="", compare=False)


class Renamed(Account):
    pass


class Opaque:
    pass


class Owned:
    """A class as users write them."""

    def __init__(self, *parts: Any) -> None:
        self.parts = parts

    def __eq__(self, other: object) -> bool:
        return type(self) is type(other) and self.parts == other.parts  # type: ignore[attr-defined]

    def __hash__(self) -> int:
        return hash((type(self), module_prefix(), *[hash(part) for part in self.parts], self.parts))


class Leaf(Owned):
    """Keeps its parent's hash."""


class ById(Owned):
    """Whose equality is identity, said in another way."""

    def __hash__(self) -> int:
        return hash(id(self))


class Keeping(Owned):
    """Keeps its number, as pathlib's paths do."""

    kept: int | None = None

    def __hash__(self) -> int:
        if self.kept is None:
            self.kept = hash(self.parts)
        return self.kept


def module_prefix() -> str:
    return "prefix"


@pytest.mark.parametrize(
    ("key", "expected"),
    [(None, 0), (NAN, 0), (1, 1), (-1, -2), ((), 3430008), ((None, 1), 3430029580078870073)],
)
def test_numbers_none_and_tuples_fall_where_pyspark_puts_them(key: Any, expected: int) -> None:
    if isinstance(key, tuple):
        expected = 0x345678
        for part in key:
            expected ^= portable_hash(part)
            expected = expected * 1000003 & sys.maxsize
        expected ^= len(key)
    assert portable_hash(key) == expected


def test_equal_numbers_of_all_classes_fall_together() -> None:
    ones = [1, 1.0, True, decimal.Decimal(1), fractions.Fraction(1), complex(1)]
    assert len({portable_hash(one) for one in ones}) == 1
    assert len({portable_hash((one, None)) for one in ones}) == 1
    assert len({portable_hash(frozenset([one, None])) for one in ones}) == 1


def test_every_nan_falls_together() -> None:
    nans = [
        float("nan"),
        float("inf") - float("inf"),
        decimal.Decimal("nan"),
        decimal.Decimal("sNaN"),
        complex(NAN, 1),
    ]
    assert {portable_hash(nan) for nan in nans} == {0}


def test_a_named_tuple_falls_with_the_tuple_it_equals() -> None:
    assert portable_hash(Point(1, None)) == portable_hash((1, None))


def test_a_frozen_dataclass_is_hashed_by_its_compared_fields() -> None:
    assert portable_hash(Account("a", None, "x")) == portable_hash(Account("a", None, "y"))
    assert portable_hash(Account("a", 1)) != portable_hash(Account("a", 2))
    assert portable_hash(Renamed("a", None)) == portable_hash(Account("a", None))


@given(st.lists(st.one_of(st.integers(), st.none(), st.text(), st.floats(allow_nan=False)), max_size=8))
def test_a_frozenset_does_not_depend_on_its_order(parts: list[Any]) -> None:
    assert portable_hash(frozenset(parts)) == portable_hash(frozenset(reversed(parts)))


@pytest.mark.parametrize(
    "key",
    [
        Opaque(),
        (1, Opaque()),
        frozenset([Opaque()]),
        ((Opaque(),),),
        len,
        "".join,
        Account(Opaque()),
        Owned(Opaque()),
        ById("a"),
        list[int],
    ],
)
def test_a_key_with_only_objects_hash_is_refused(key: Any) -> None:
    with pytest.raises(UnstableKeyError, match="hash that differs from process to process"):
        portable_hash(key)
    with pytest.raises(UnstableKeyError):
        partition_column([1, key], 3)


def test_the_refusal_names_the_class_and_survives_pickling() -> None:
    with pytest.raises(UnstableKeyError) as caught:
        portable_hash((1, Opaque()))
    again = pickle.loads(pickle.dumps(caught.value))
    assert again.class_name == f"{__name__}.Opaque"
    assert str(again) == str(caught.value)


def test_an_unhashable_key_raises_pythons_own_error() -> None:
    with pytest.raises(TypeError, match="unhashable type: 'list'"):
        portable_hash(([],))


_KEYS = st.recursive(
    st.one_of(
        st.none(), st.booleans(), st.integers(), st.floats(), st.text(), st.binary(), st.dates(), st.datetimes(),
        st.decimals(allow_nan=False), st.sampled_from(list(Colour)), st.uuids(),
    ),
    lambda inner: st.one_of(st.tuples(inner, inner), st.frozensets(inner, max_size=3)),
    max_leaves=6,
)  # fmt: skip


@given(st.lists(_KEYS), st.integers(1, 50))
def test_a_column_is_partitioned_as_its_keys_are(keys: list[Any], partitions: int) -> None:
    assert partition_column(keys, partitions) == [portable_hash(key) % partitions for key in keys]


_PROGRAM = """
import datetime, decimal, enum, uuid
from weft._ops.keys import portable_hash
from tests.ops.test_keys import Access, Account, Colour, Keeping, Leaf, Owned, Point
keys = ["text", b"bytes", "", None, 1.5, float("nan"), datetime.date(2024, 5, 1), datetime.datetime(2024, 5, 1, 3),
        uuid.UUID(int=7), Colour.RED, Access.READ | Access.WRITE, frozenset(["a", None, datetime.date(2024, 1, 1)]),
        Point("a", None), Account("a"), (None, ("x", float("nan"))), range(0), decimal.Decimal("1.5"),
        Owned(None), Leaf("a", None, int, (None, (Point, float("nan")))), (1, Owned(Leaf(None))), int, Owned,
        Keeping("a", 1)]
print([portable_hash(key) for key in keys])
"""


def test_a_users_class_keeps_equal_keys_together() -> None:
    assert portable_hash(Owned(None, 1, True)) == portable_hash(Owned(None, 1.0, decimal.Decimal(1)))
    assert portable_hash(Owned(None)) != portable_hash(Leaf(None))
    assert portable_hash(Owned(1)) != portable_hash(Owned(2))


def test_a_kept_hash_is_the_one_that_tables_see() -> None:
    used, fresh = Keeping("a", (1, 2)), Keeping("a", (1, 2))
    assert {used: 1}[fresh] == 1
    assert portable_hash(used) == portable_hash(Keeping("a", (1, 2))) == hash(fresh)


def test_every_process_agrees() -> None:
    root = Path(__file__).parents[2]
    environment = {**os.environ, "PYTHONHASHSEED": "0", "PYTHONPATH": str(root)}
    prefixes = ["", "padding = [object() for _ in range(99999)]\n"]
    answers = {
        subprocess.run(
            [sys.executable, "-c", prefix + _PROGRAM],
            env=environment,
            check=True,
            capture_output=True,
            text=True,
        ).stdout
        for prefix in prefixes
    }
    assert len(answers) == 1


def test_dates_and_ids_are_hashed_by_value() -> None:
    assert portable_hash(datetime.date(2024, 5, 1)) == portable_hash(datetime.date(2024, 5, 1))
    assert portable_hash(uuid.UUID(int=3)) == portable_hash(uuid.UUID(int=3))


def test_numpy_scalars_fall_with_what_they_equal_and_all_that_is_not_a_time_falls_together() -> None:
    numpy = pytest.importorskip("numpy")
    ones = (numpy.int64(1), numpy.float32(1), numpy.bool_(True), numpy.complex64(1), 1)
    assert {portable_hash(one) for one in ones} == {1}
    nothing = [numpy.datetime64("NaT"), numpy.timedelta64("NaT", "s"), numpy.float32("nan"), float("nan")]
    assert {portable_hash(one) for one in nothing} == {0}
    assert portable_hash(numpy.datetime64("2024-05-01")) == portable_hash(numpy.datetime64("2024-05-01"))

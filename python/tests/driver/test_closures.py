"""Functions that cannot be sent are named, with their line and the variable at fault."""

from __future__ import annotations

import pickle
import threading

import pytest

from weft.context import WeftContext
from weft.errors import ClosureError, DriverOnlyError

LOCK = threading.Lock()


def test_a_variable_that_cannot_be_pickled_is_named(sc: WeftContext) -> None:
    connection = threading.Lock()
    with pytest.raises(ClosureError, match=r"given to map at test_closures.py:\d+ .* `connection` is a") as caught:
        sc.parallelize([1]).map(lambda x: (x, connection)).collect()
    assert caught.value.code == "E04"
    assert isinstance(caught.value, pickle.PicklingError)


def test_a_variable_of_a_function_that_the_function_calls_is_named(sc: WeftContext) -> None:
    connection = threading.Lock()

    def inner(x: int) -> object:
        return (x, connection)

    with pytest.raises(ClosureError, match="`connection`"):
        sc.parallelize([1]).map(lambda x: inner(x)).collect()


def test_an_attribute_of_the_methods_object_is_named(sc: WeftContext) -> None:
    class Parser:
        def __init__(self) -> None:
            self.lock = threading.Lock()

        def parse(self, x: int) -> int:
            return x

    with pytest.raises(ClosureError, match=r"`self.lock`"):
        sc.parallelize([1]).map(Parser().parse).collect()


def test_wrapped_functions_are_looked_into(sc: WeftContext) -> None:
    connection = threading.Lock()
    with pytest.raises(ClosureError, match="given to foreach .* `connection`"):
        sc.parallelize([1]).foreach(lambda x: print(connection))
    with pytest.raises(ClosureError, match="given to aggregateByKey .* `connection`"):
        sc.parallelize([(1, 1)]).aggregateByKey(0, lambda a, b: connection, max).collect()


def test_an_rdd_inside_a_function_is_named_with_its_line(sc: WeftContext) -> None:
    lookup = sc.parallelize([(1, 2)])
    with pytest.raises(DriverOnlyError, match=r"uses `lookup`, an RDD \(line \d+\)") as caught:
        sc.parallelize([1]).map(lambda x: lookup.count()).collect()
    assert isinstance(caught.value, RuntimeError)
    assert "lookup.collectAsMap()" in str(caught.value)


def test_the_context_inside_a_function_is_named(sc: WeftContext) -> None:
    with pytest.raises(DriverOnlyError, match="uses `sc`, the context"):
        sc.parallelize([1]).map(lambda x: sc.parallelize([x])).collect()


def test_the_error_comes_with_the_action(sc: WeftContext) -> None:
    rdd = sc.parallelize([1]).map(lambda x, lock=LOCK: x)
    with pytest.raises(ClosureError, match="`lock`"):
        rdd.collect()

"""Runs a test with the compiled operators, where they are, and with their twin in Python."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from weft._ops import native

both = pytest.mark.parametrize("operators", ["compiled", "pure"])


@contextmanager
def using(operators: str) -> Iterator[None]:
    """Have the operators of this kind used; skips the test where there are none."""
    if operators == "pure":
        module = native.module
        native.module = lambda: None  # type: ignore[assignment]
        try:
            yield
        finally:
            native.module = module
        return
    if native.module() is None:
        pytest.skip("the operators are not compiled here")
    yield

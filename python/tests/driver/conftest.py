"""A context on a gateway in this process."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.driver.fakegateway import FakeGateway
from weft import context as context_module
from weft.context import WeftContext


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeGateway]:
    gateway = FakeGateway()

    def open_gateway(*_: Any) -> Any:
        return gateway.gateway()

    monkeypatch.setattr(context_module, "_open_gateway", open_gateway)
    yield gateway
    gateway.close()


@pytest.fixture
def sc(fake: FakeGateway) -> Iterator[WeftContext]:
    with WeftContext("local[4]") as made:
        yield made

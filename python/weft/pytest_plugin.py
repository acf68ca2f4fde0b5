"""Fixtures for tests of programs that use Weft.

pytest finds them where Weft is installed; with a checkout on PYTHONPATH: ``pytest -p weft.pytest_plugin``.

Examples
--------
A test that needs neither Java nor a cluster::

    def test_words_are_counted(sc):
        lines = sc.parallelize(["a b", "b"])
        assert dict(count_words(lines).collect()) == {"a": 1, "b": 2}

``pytest --weft-master 'local[2]'`` runs the same tests on worker processes.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from weft.context import WeftContext

__all__ = ["pytest_addoption", "sc", "weft_context"]


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add ``--weft-master`` and the ini setting ``weft_master``.

    Parameters
    ----------
    parser : pytest.Parser
        Of the run that begins.
    """
    parser.getgroup("weft").addoption("--weft-master", help="where the jobs of the fixture sc run; else inline")
    parser.addini("weft_master", "where the jobs of the fixture sc run", default="inline")


@pytest.fixture(scope="session")
def weft_context(request: pytest.FixtureRequest) -> Iterator[WeftContext]:
    """Give the context of the whole run.

    Parameters
    ----------
    request : pytest.FixtureRequest
        Tells what ``--weft-master`` or ``weft_master`` say.

    Yields
    ------
    WeftContext
        It is stopped when the run ends.
    """
    from weft.context import WeftContext

    master = request.config.getoption("--weft-master") or request.config.getini("weft_master")
    with WeftContext(str(master), "pytest") as context:
        yield context


@pytest.fixture
def sc(weft_context: WeftContext) -> Iterator[WeftContext]:
    """Give the run's context; job groups and local properties that a test sets end with it.

    Parameters
    ----------
    weft_context : WeftContext
        The context of the whole run.

    Yields
    ------
    WeftContext
        The same one for all tests.
    """
    properties = dict(weft_context._jobs.properties)
    yield weft_context
    weft_context._jobs.properties.clear()
    weft_context._jobs.properties.update(properties)

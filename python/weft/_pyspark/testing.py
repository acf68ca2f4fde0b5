"""The bases of test cases of ``pyspark.testing``, for tests of RDD programs."""

from __future__ import annotations

import faulthandler
import functools
import importlib.util
import os
import shutil
import signal
import struct
import sys
import tempfile
import time
import unittest
from collections.abc import Callable, Sequence
from types import FrameType, TracebackType
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

if TYPE_CHECKING:
    from weft._pyspark.session import SparkSession
    from weft.conf import WeftConf
    from weft.context import WeftContext

_MASTER = "local[4]"
_TIMEOUT_VARIABLE = "PYSPARK_TEST_TIMEOUT"
C = TypeVar("C", bound=Callable[..., Any])


def have_package(name: str) -> bool:
    """Whether a package can be imported."""
    return importlib.util.find_spec(name) is not None


def _missing(name: str) -> str:
    return "" if have_package(name) else f"No module named '{name}'"


numpy_requirement_message = _missing("numpy")
pandas_requirement_message = _missing("pandas")
pyarrow_requirement_message = _missing("pyarrow")
scipy_requirement_message = _missing("scipy")
sklearn_requirement_message = _missing("sklearn")
have_numpy = not numpy_requirement_message
have_pandas = not pandas_requirement_message
have_pyarrow = not pyarrow_requirement_message
have_scipy = not scipy_requirement_message
have_sklearn = not sklearn_requirement_message


def is_remote() -> bool:
    """Whether a session is one of Spark Connect's: never."""
    return False


def read_int(b: bytes) -> int:
    """Four bytes as a number."""
    number: int = struct.unpack("!i", b)[0]
    return number


def write_int(i: int) -> bytes:
    """Give a number as four bytes."""
    return struct.pack("!i", i)


class PySparkBaseTestCase(unittest.TestCase):
    """A test case that shows its threads when it is ended by SIGTERM, if PYSPARK_TEST_TIMEOUT is set."""

    @classmethod
    def setUpClass(cls) -> None:
        """Prepare the class."""
        if os.environ.get(_TIMEOUT_VARIABLE):
            faulthandler.register(signal.SIGTERM, file=sys.__stderr__ or 2, all_threads=True)

    @classmethod
    def tearDownClass(cls) -> None:
        """Undo that."""
        if os.environ.get(_TIMEOUT_VARIABLE):
            faulthandler.unregister(signal.SIGTERM)


class PySparkTestCase(PySparkBaseTestCase):
    """A test case each of whose tests has a context of its own, ``self.sc``."""

    sc: WeftContext

    def setUp(self) -> None:
        """Start a context."""
        from weft.context import WeftContext

        self._path_before = list(sys.path)
        self.sc = WeftContext(_MASTER, type(self).__name__)

    def tearDown(self) -> None:
        """Stop it."""
        self.sc.stop()
        sys.path = self._path_before


class ReusedPySparkTestCase(PySparkBaseTestCase):
    """A test case whose tests share a context, ``self.sc``."""

    sc: ClassVar[WeftContext]

    @classmethod
    def conf(cls) -> WeftConf:
        """Give the settings; subclasses have others."""
        from weft.conf import WeftConf

        return WeftConf()

    @classmethod
    def master(cls) -> str:
        """Give where jobs run; subclasses have others."""
        return _MASTER

    @classmethod
    def setUpClass(cls) -> None:
        """Start the context."""
        super().setUpClass()
        from weft.context import WeftContext

        cls.sc = WeftContext(cls.master(), cls.__name__, conf=cls.conf())

    @classmethod
    def tearDownClass(cls) -> None:
        """Stop it."""
        try:
            cls.sc.stop()
        finally:
            super().tearDownClass()

    def test_assert_classic_mode(self) -> None:
        # every such test case has this test in PySpark; a docstring would be shown in place of its name
        self.assertFalse(is_remote())

    def quiet(self) -> QuietTest:
        """Give what mutes the log of a block."""
        return QuietTest(self.sc)


class ReusedSQLTestCase(ReusedPySparkTestCase):
    """One with a session, ``self.spark``, too, and with the name of a folder, ``self.tempdir.name``."""

    spark: ClassVar[SparkSession]
    tempdir: ClassVar[Any]

    @classmethod
    def setUpClass(cls) -> None:
        """Start the context."""
        super().setUpClass()
        from weft._pyspark.session import SparkSession

        cls.spark = SparkSession(cls.sc)
        cls.tempdir = tempfile.NamedTemporaryFile(delete=False)  # only its name is wanted
        cls.tempdir.close()
        os.unlink(cls.tempdir.name)

    @classmethod
    def tearDownClass(cls) -> None:
        """Stop it, and remove the folder."""
        try:
            cls.spark.stop()
            shutil.rmtree(cls.tempdir.name, ignore_errors=True)
        finally:
            super().tearDownClass()


class QuietTest:
    """A block during which nothing is logged; Weft logs nothing of a failed job that is caught.

    Parameters
    ----------
    sc : WeftContext
        Not looked at.
    """

    def __init__(self, sc: WeftContext) -> None:
        pass

    def __enter__(self) -> None:
        pass

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        pass


class ByteArrayOutput:
    """A file that keeps what is written to it, in ``buffer``."""

    def __init__(self) -> None:
        self.buffer = bytearray()

    def write(self, b: bytes) -> None:
        """Add bytes."""
        self.buffer += b

    def close(self) -> None:
        """Do nothing."""


def timeout(timeout: int) -> Callable[[C], C]:
    """Have a function raise ``TimeoutError`` when it takes longer than this many seconds."""

    def decorate(function: C) -> C:
        def late(_signal: int, _frame: FrameType | None) -> None:
            raise TimeoutError(f"Function {function.__name__} timed out after {timeout} seconds")

        @functools.wraps(function)
        def timed(*arguments: Any, **named: Any) -> Any:
            before = signal.signal(signal.SIGALRM, late)
            signal.alarm(timeout)
            try:
                return function(*arguments, **named)
            finally:
                signal.alarm(0)
                signal.signal(signal.SIGALRM, before)

        return timed  # type: ignore[return-value]

    return decorate


def eventually(
    timeout: float = 30.0,
    catch_assertions: bool = False,
    catch_timeout: bool = False,
    quiet: bool = True,
    interval: float = 0.1,
    expected_exceptions: Sequence[type[BaseException]] = (),
) -> Callable[[C], C]:
    """Have a function called again until it gives None or True.

    Parameters
    ----------
    timeout : float
        For how many seconds.
    catch_assertions, catch_timeout : bool
        Whether to go on after an ``AssertionError`` or a ``TimeoutError``.
    quiet : bool
        Whether to print nothing of each vain call.
    interval : float
        How many seconds to wait between two calls.
    expected_exceptions : sequence of type
        Further exceptions after which to go on.

    Raises
    ------
    AssertionError
        If it has given something else to the end; what it has raised, if it has.
    """
    caught: tuple[type[BaseException], ...] = tuple(expected_exceptions)
    caught += (AssertionError,) * catch_assertions + (TimeoutError,) * catch_timeout

    def decorate(condition: C) -> C:
        @functools.wraps(condition)
        def repeated(*arguments: Any, **named: Any) -> None:
            deadline = time.monotonic() + timeout
            calls = 0
            while True:
                calls += 1
                try:
                    found: Any = condition(*arguments, **named)
                except caught as error:
                    found = error
                if found is None or found is True:
                    return
                if not quiet:
                    print(f"\nAttempt #{calls} failed!\n{found}")
                if time.monotonic() + interval > deadline:
                    break
                time.sleep(interval)
            if isinstance(found, BaseException):
                raise found
            raise AssertionError(f"{condition.__name__} gave {found!r} after {timeout:g} seconds and {calls} calls")

        return repeated  # type: ignore[return-value]

    return decorate


def main(module: str | None = None, output: str = "target/test-reports") -> None:
    """Run the tests of a module, by default of the program itself, and end the process.

    Parameters
    ----------
    module : str, optional
        Its name.
    output : str
        The folder of reports, where the library ``xmlrunner`` is installed.
    """
    if module is None:
        spec = getattr(sys.modules["__main__"], "__spec__", None)
        module = spec.name if spec is not None and spec.name else "__main__"
    runner: Any = None
    if have_package("xmlrunner"):
        runner = importlib.import_module("xmlrunner").XMLTestRunner(output=output, verbosity=2, outsuffix="")
    unittest.main(module=module, testRunner=runner, verbosity=2)

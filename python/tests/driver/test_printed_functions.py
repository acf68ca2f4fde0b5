"""What `weft run` prints when a user's function does what functions seldom do, and its exit code."""

from __future__ import annotations

from pathlib import Path

import pytest

from weft._ops import native

from .printed import assert_prints, run_script

pytestmark = pytest.mark.local


def test_an_exception_with_another_init_comes_back_as_itself(tmp_path: Path) -> None:
    assert_prints(
        tmp_path,
        """
        class Odd(Exception):
            def __init__(self, a, b):
                super().__init__(f"{a} and {b}")
                self.lock = threading.Lock()
        def f(x):
            raise Odd(1, 2)
        sc = WeftContext("local[1]")
        try:
            sc.parallelize([1], 1).map(f).collect()
        except Odd as error:
            print(error.args)
            raise
        """,
        1,
        """
          File "etl.py", line 11: sc.parallelize([1], 1).map(f).collect()
          File "etl.py", line 8, in f: raise Odd(1, 2)           (in a worker)
        Odd: 1 and 2
          record: 1 (1 character)
          stage 1 (map, etl.py:11), task N of 1; failed on localhost
        """,
    )


def test_what_led_to_an_exception_is_told(tmp_path: Path) -> None:
    assert_prints(
        tmp_path,
        """
        sc = WeftContext("local[1]")
        def f(x):
            try:
                1 / 0
            except ZeroDivisionError as error:
                raise ValueError("outer") from error
        sc.parallelize([1], 1).map(f).collect()
        """,
        1,
        """
          File "etl.py", line 9: sc.parallelize([1], 1).map(f).collect()
          File "etl.py", line 8, in f: raise ValueError("outer") from error           (in a worker)
        ValueError: outer
          caused by ZeroDivisionError: division by zero (etl.py:6)
          record: 1 (1 character)
          stage 1 (map, etl.py:9), task N of 1; failed on localhost
        """,
    )


def test_a_system_exit_in_a_function_fails_the_job_and_says_so(tmp_path: Path) -> None:
    assert_prints(
        tmp_path,
        """
        sc = WeftContext("local[1]")
        def f(x):
            sys.exit(3)
        sc.parallelize([1], 1).map(f).collect()
        """,
        1,
        """
          File "etl.py", line 6: sc.parallelize([1], 1).map(f).collect()
          File "etl.py", line 5, in f: sys.exit(3)           (in a worker)
        SystemExit: 3
          SystemExit fails the task and ends no process: raise an ordinary exception, or return to go on
          record: 1 (1 character)
          stage 1 (map, etl.py:6), task N of 1; failed on localhost
        """,
    )


def test_a_process_that_a_function_ends_is_told(tmp_path: Path) -> None:
    assert_prints(
        tmp_path,
        """
        sc = WeftContext("local[1]")
        sc.parallelize([1], 1).map(lambda x: os._exit(0)).collect()
        """,
        1,
        """
        The Python worker of stage 1 task N ended with exit code 0 in the midst of the task
          A function that it ran has ended the process, as os._exit does. Raise an exception instead.
          stage 1 (map, etl.py:4), task N of 1; failed on localhost
        """,
    )


def test_a_deep_recursion_is_shown_in_a_few_lines(tmp_path: Path) -> None:
    assert_prints(
        tmp_path,
        """
        sc = WeftContext("local[1]")
        def f(x):
            return f(x + 1)
        sc.parallelize([1], 1).map(f).collect()
        """,
        1,
        """
          File "etl.py", line 6: sc.parallelize([1], 1).map(f).collect()
          File "etl.py", line 5, in f: return f(x + 1)           (in a worker)
          File "etl.py", line 5, in f: return f(x + 1)           (in a worker)
          the same line 18 times more
          … N frames more
          File "etl.py", line 5, in f: return f(x + 1)           (in a worker)
          File "etl.py", line 5, in f: return f(x + 1)           (in a worker)
          the same line 18 times more
        RecursionError: maximum recursion depth exceeded
          record: 1 (1 character)
          stage 1 (map, etl.py:6), task N of 1; failed on localhost
        """,
    )


def test_a_stop_iteration_is_told_with_its_line(tmp_path: Path) -> None:
    assert_prints(
        tmp_path,
        """
        sc = WeftContext("local[1]")
        def f(x):
            return next(iter([]))
        sc.parallelize([1], 1).map(f).collect()
        """,
        1,
        """
          File "etl.py", line 6: sc.parallelize([1], 1).map(f).collect()
          File "etl.py", line 5, in f: return next(iter([]))           (in a worker)
        RuntimeError: a function given to Weft raised StopIteration
          caused by StopIteration (etl.py:5)
          record: 1 (1 character)
          stage 1 (map, etl.py:6), task N of 1; failed on localhost
        """,
    )


def test_a_closure_that_is_too_deep_is_told(tmp_path: Path) -> None:
    assert_prints(
        tmp_path,
        """
        sc = WeftContext("local[1]")
        def nested(n):
            if not n:
                return lambda x: x
            inner = nested(n - 1)
            return lambda x: inner(x) + 1
        sc.parallelize([1], 1).map(nested(400)).collect()
        """,
        1,
        """
        The function given to map at etl.py:9 cannot be sent to workers: its variable `inner`, a function object, is \
nested too deeply to be pickled.
          Give it a flatter form, or raise sys.setrecursionlimit.
        """,
    )


def test_a_message_of_any_length_is_cut(tmp_path: Path) -> None:
    assert_prints(
        tmp_path,
        """
        sc = WeftContext("local[1]")
        def f(x):
            raise ValueError("y" * 50_000_000)
        sc.parallelize([1], 1).map(f).collect()
        """,
        1,
        """
          File "etl.py", line 6: sc.parallelize([1], 1).map(f).collect()
          File "etl.py", line 5, in f: raise ValueError("y" * 50_000_000)           (in a worker)
        ValueError: YYY…
          record: 1 (1 character)
          stage 1 (map, etl.py:6), task N of 1; failed on localhost
        """,
    )


@pytest.mark.skipif(native.module() is None, reason="the pure operators' words are Python's own")
def test_records_that_are_no_pairs_are_told_with_the_operation(tmp_path: Path) -> None:
    assert_prints(
        tmp_path,
        """
        sc = WeftContext("local[1]")
        sc.parallelize([1, 2], 1).reduceByKey(max).collect()
        """,
        1,
        """
          File "etl.py", line 4: sc.parallelize([1, 2], 1).reduceByKey(max).collect()
        TypeError: a pair (key, value) is needed here, not int
          stage 1 (parallelize, etl.py:4; for reduceByKey at etl.py:4), task N of 1; failed on localhost
        """,
    )


def test_a_process_that_a_function_forks_may_come_back(tmp_path: Path) -> None:
    assert_prints(
        tmp_path,
        """
        sc = WeftContext("local[1]")
        def f(x):
            return -x if os.fork() == 0 else (os.wait(), x)[1]
        assert sc.parallelize([1], 1).map(f).collect() == [1]
        assert sc.parallelize([(1, 2)], 1).mapValues(f).groupByKey(1).mapValues(list).collect() == [(1, [2])]
        assert sc.parallelize([3], 1).collect() == [3]
        """,
        0,
        """
        [stage 1 task N] weft: a process that a function forked came back, and was ended. End it by os._exit.
        [stage 1 task N] weft: a process that a function forked came back, and was ended. End it by os._exit.
        weft: 3 jobs, 4 stages, 4 tasks in TIME
        """,
    )


def test_an_exception_of_the_driver_has_the_scripts_frames_only(tmp_path: Path) -> None:
    code, text = run_script(
        tmp_path,
        """
        sc = WeftContext("local[1]")
        sc.emptyRDD().first()
        """,
    )
    assert code == 1
    assert [line for line in text.splitlines() if line.startswith("  File")] == ['  File "etl.py", line 4, in <module>']
    assert text.endswith("ValueError: RDD is empty\n")


def test_verbose_shows_all_frames_of_the_worker(tmp_path: Path) -> None:
    _, text = run_script(
        tmp_path,
        """
        sc = WeftContext("local[1]")
        sc.parallelize([1], 1).map(lambda x: 1 // 0).count()
        """,
        "--verbose",
    )
    assert "_worker" in text

"""Contexts: one at a time, settings, what is passed to the gateway, how failures are printed."""

from __future__ import annotations

import io
import os
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.driver.fakegateway import FakeGateway
from weft import WeftConf, errors
from weft._datasocket import Failure
from weft._failures import format_failure, to_exception
from weft.context import WeftContext
from weft.errors import ContextError, InputMissingError, JobCancelledError, SettingError, WeftError


def test_a_second_context_is_refused_with_the_place_of_the_first(sc: WeftContext) -> None:
    with pytest.raises(ContextError, match=r"local_1_1, made at conftest.py:\d+") as caught:
        WeftContext()
    assert caught.value.code == "E19"
    assert WeftContext.getOrCreate() is sc


def test_a_stopped_context_says_where_it_was_stopped(sc: WeftContext) -> None:
    rdd = sc.parallelize([1])
    sc.stop()
    sc.stop()
    with pytest.raises(ContextError, match=r"stopped at test_context.py:\d+"):
        rdd.collect()
    with pytest.raises(ContextError, match="stopped"):
        sc.parallelize([1])
    WeftContext().stop()


def test_arguments_win_over_settings_and_those_over_the_environment(
    fake: FakeGateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WEFT_MASTER", "local[1]")
    monkeypatch.setenv("WEFT_CONF", '{"weft.app.name": "from outside", "weft.task.maxFailures": "7"}')
    conf = WeftConf(loadDefaults=False).setAppName("from conf").setMaster("local[2]")
    with WeftContext("local[3]", conf=conf, environment={"LANG": "C"}) as sc:
        settings = dict(sc.getConf().getAll())
    assert settings == {
        "weft.app.name": "from conf",
        "weft.master": "local[3]",
        "weft.task.maxFailures": "7",
        "weft.env.LANG": "C",
    }


def test_what_cannot_be_used_is_refused_rather_than_ignored() -> None:
    with pytest.raises(TypeError, match="serializer"):
        WeftContext(serializer=object())  # type: ignore[arg-type]
    with pytest.raises(NotImplementedError, match="gateway"):
        WeftContext(gateway=object())


def test_a_forked_child_leaves_the_context_alone(sc: WeftContext) -> None:
    child = os.fork()
    if child == 0:
        sc.stop()
        os._exit(0 if WeftContext._active is sc else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert sc.parallelize([1]).count() == 1


def test_settings_for_hadoop_are_told_apart() -> None:
    conf = WeftConf(loadDefaults=False).set("weft.hadoop.fs.defaultFS", "hdfs://nn").set("weft.a", True)
    assert conf.split() == ({"weft.a": "true"}, {"fs.defaultFS": "hdfs://nn"})


def test_a_missing_py_file_is_told_at_once(sc: WeftContext, tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"no.py does not exist \(addPyFile at test_context.py:\d+\)"):
        sc.addPyFile(str(tmp_path / "no.py"))


def test_a_py_file_is_sent_and_importable_here(sc: WeftContext, fake: FakeGateway, tmp_path: Path) -> None:
    (tmp_path / "weft_test_dep.py").write_text("VALUE = 3\n")
    sc.addPyFile(str(tmp_path / "weft_test_dep.py"))
    assert fake.java.calls == [("addFile", str(tmp_path / "weft_test_dep.py"), True)]
    import weft_test_dep  # type: ignore[import-not-found]

    assert weft_test_dep.VALUE == 3


def test_a_name_of_pyspark_that_is_not_here_says_so(sc: WeftContext) -> None:
    rdd = sc.parallelize([1])
    with pytest.raises(AttributeError, match=r"RDD.toDF \(test_context.py:\d+\) is not in Weft. Instead: ") as caught:
        rdd.toDF  # type: ignore[attr-defined]  # noqa: B018
    assert (caught.value.code, caught.value.exit_code) == ("E18", 2)  # type: ignore[attr-defined]
    assert not hasattr(rdd, "toDF")
    with pytest.raises(AttributeError, match="object has no attribute 'mapp'"):
        rdd.mapp  # type: ignore[attr-defined]  # noqa: B018


def test_an_unknown_log_level_is_refused(sc: WeftContext) -> None:
    with pytest.raises(ValueError, match="LOUD"):
        sc.setLogLevel("LOUD")


def _failure(**detail: Any) -> Failure:
    return Failure({"code": "", "exit": 1, "kind": "external", "message": "", "error": None, **detail}, b"")


def test_codes_become_the_classes_that_users_expect() -> None:
    missing = to_exception(_failure(code="E02", exit=3, message="hdfs://nn/x does not exist (textFile at a.py:1)."))
    assert isinstance(missing, InputMissingError)
    assert isinstance(missing, FileNotFoundError)
    assert missing.exit_code == 3
    assert isinstance(to_exception(_failure(kind="cancelled", message="collect was cancelled.")), JobCancelledError)
    assert isinstance(to_exception(_failure(code="E17")), SettingError)


def test_every_error_class_can_be_pickled_and_is_documented() -> None:
    import pickle

    for name in errors.__all__:
        kind = getattr(errors, name)
        if isinstance(kind, type):
            again = pickle.loads(pickle.dumps(kind("what", "E99", 3)))
            assert (str(again), again.args) == ("what", ("what",))
            assert name in (errors.__doc__ or "")


def test_a_user_exception_comes_back_with_notes(sc: WeftContext) -> None:
    with pytest.raises(ZeroDivisionError) as caught:
        sc.parallelize([0], 1).map(lambda x: 1 // x).collect()
    assert caught.value.__notes__[0] == "record: 'x'"  # type: ignore[attr-defined]


def test_an_exception_that_cannot_be_brought_is_shown_by_name_and_text() -> None:
    error = {"type": "Broken", "module": "models", "message": "no", "frames": []}
    result = to_exception(_failure(code="E01", kind="user", message="stage 1", error=error))
    assert isinstance(result, WeftError)
    assert str(result) == "models.Broken: no"


def test_a_failure_prints_the_users_frames_and_nothing_of_ours(sc: WeftContext) -> None:
    frames = [{"file": "/x/etl.py", "line": 41, "name": "parse", "text": "return float(fields[7])"}]
    try:
        sc.parallelize([0], 1).map(lambda x: 1 // x).collect()
    except ZeroDivisionError as error:
        error._weft_failure["error"]["frames"] = frames  # type: ignore[attr-defined]
        text = format_failure(error, error.__traceback__, verbose=False)
    lines = text.splitlines()
    assert lines[0].startswith('  File "test_context.py", line ')
    assert lines[0].endswith("sc.parallelize([0], 1).map(lambda x: 1 // x).collect()")
    assert lines[1:] == [
        '  File "etl.py", line 41, in parse: return float(fields[7])           (in a worker)',
        "ZeroDivisionError: integer division or modulo by zero",
        "  record: 'x'",
        "  stage 1 (map, x.py:1), task 0 of 2",
    ]


def test_an_error_of_weft_prints_its_text_alone() -> None:
    error = to_exception(
        _failure(code="E02", exit=3, message="x does not exist.\nA local file does.", jvm="at io.weft")
    )
    assert format_failure(error, None, verbose=False) == "x does not exist.\n  A local file does.\n"
    assert "at io.weft" in format_failure(error, None, verbose=True)


def test_the_summary_is_printed_once_at_the_end(fake: FakeGateway, monkeypatch: pytest.MonkeyPatch) -> None:
    out = io.StringIO()
    monkeypatch.setattr(sys, "stderr", out)
    with WeftContext() as sc:
        sc.parallelize([1], 1).count()
    sc.stop()
    assert out.getvalue().count("weft: 1 job, 1 stage, 1 task in ") == 1


def test_stopping_without_a_job_prints_nothing(fake: FakeGateway, monkeypatch: pytest.MonkeyPatch) -> None:
    out = io.StringIO()
    monkeypatch.setattr(sys, "stderr", out)
    WeftContext().stop()
    assert out.getvalue() == ""


def test_the_package_imports_without_loading_the_driver() -> None:
    import subprocess

    code = "import sys, weft; print([m for m in ('weft.rdd', 'py4j', 'fastavro', 'cloudpickle') if m in sys.modules])"
    path = os.pathsep.join(sys.path)
    done = subprocess.run(
        [sys.executable, "-c", code], env={**os.environ, "PYTHONPATH": path}, capture_output=True, text=True, check=True
    )
    assert done.stdout == "[]\n"

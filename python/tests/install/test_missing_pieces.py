"""What a person reads when something that the first run needs is missing: one line, exit code 4, nothing built."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

import pytest

from tests.install.checkout import copy_checkout, fake_java, machine, weft


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    return copy_checkout(tmp_path / "checkout")


def refused(checkout: Path, environment: dict[str, str], *expected: str) -> None:
    """Runs the README's command and compares the one line that it must write."""
    done = weft(checkout, environment, "run", "python/examples/word_count.py", "pom.xml", seconds=60)
    assert done.stdout == ""
    lines = done.stderr.splitlines()
    assert len(lines) == 1, done.stderr
    assert lines[0].startswith("weft: ")
    for text in expected:
        assert text in lines[0]
    assert "Traceback" not in done.stderr
    assert done.returncode == 4


def test_no_java_names_the_package_and_the_variable(checkout: Path, tmp_path: Path) -> None:
    refused(checkout, machine(tmp_path, "mvn"), "17 or newer", "Install openjdk-17-jdk-headless, or set JAVA_HOME.")


@pytest.mark.parametrize("version", ["1.8.0_392", "11.0.22"])
def test_an_older_java_is_named_with_its_version(checkout: Path, tmp_path: Path, version: str) -> None:
    java = fake_java(tmp_path / "old java", version)
    environment = dict(machine(tmp_path, "mvn"), JAVA_HOME=str(java))
    refused(checkout, environment, f"{java} (from JAVA_HOME) is {version}", "openjdk-17-jdk-headless", "JAVA_HOME")


def test_a_java_without_compiler_is_named(checkout: Path, tmp_path: Path) -> None:
    java = fake_java(tmp_path / "jre", "17.0.9")
    (java / "bin" / "javac").unlink()
    environment = dict(machine(tmp_path, "mvn"), JAVA_HOME=str(java))
    refused(checkout, environment, "has no compiler", "openjdk-17-jdk-headless")


def test_no_maven_names_the_package(checkout: Path, tmp_path: Path) -> None:
    environment = dict(machine(tmp_path), JAVA_HOME=str(fake_java(tmp_path / "jdk", "17.0.9")))
    refused(checkout, environment, "mvn is not on the PATH", "Install maven.")


def test_an_older_python_is_named_with_its_version(checkout: Path, tmp_path: Path) -> None:
    environment = machine(tmp_path, "mvn", "java")
    python = tmp_path / "path" / "python3"
    python.unlink()
    python.write_text('#!/bin/sh\necho "0 3.8.18 /usr/bin/python3.8"\n')
    python.chmod(0o755)
    refused(checkout, environment, "Python 3.9 or newer", f"{python} is 3.8.18", "Install python3, or set WEFT_PYTHON.")


def test_no_python_at_all_names_the_package(checkout: Path, tmp_path: Path) -> None:
    environment = machine(tmp_path, "mvn", "java")
    (tmp_path / "path" / "python3").unlink()
    refused(checkout, environment, "no python3 is on the PATH", "Install python3, or set WEFT_PYTHON.")


def test_a_python_without_ensurepip_names_the_package(checkout: Path, tmp_path: Path) -> None:
    shadow = tmp_path / "shadow"
    shadow.mkdir()
    (shadow / "ensurepip.py").write_text("raise ImportError('left out', name='ensurepip')\n")
    environment = dict(machine(tmp_path, "mvn"), JAVA_HOME=str(fake_java(tmp_path / "jdk", "17.0.9")))
    environment["PYTHONPATH"] = str(shadow)
    version = f"python{sys.version_info[0]}.{sys.version_info[1]}-venv"
    refused(checkout, environment, "no module ensurepip", f"install {version}", "WEFT_PYTHON")


def test_a_checkout_that_cannot_be_written_names_it_and_the_variable(checkout: Path, tmp_path: Path) -> None:
    # a link into nowhere stops root too, whom permissions do not
    (checkout / ".weft").symlink_to("/proc/nowhere")
    environment = dict(machine(tmp_path, "mvn"), JAVA_HOME=str(fake_java(tmp_path / "jdk", "17.0.9")))
    refused(checkout, environment, f"{checkout}/.weft cannot be written", "WEFT_HOME")


@pytest.mark.skipif(os.geteuid() == 0, reason="permissions do not stop root")
def test_a_read_only_checkout_names_it(checkout: Path, tmp_path: Path) -> None:
    environment = dict(machine(tmp_path, "mvn"), JAVA_HOME=str(fake_java(tmp_path / "jdk", "17.0.9")))
    checkout.chmod(0o555)
    try:
        refused(checkout, environment, f"{checkout}/.weft cannot be written", "WEFT_HOME")
    finally:
        checkout.chmod(0o755)


def test_nothing_is_fetched_or_built_when_a_later_step_cannot_succeed(checkout: Path, tmp_path: Path) -> None:
    refused(checkout, machine(tmp_path, "mvn"), "17 or newer")
    assert sorted(os.listdir(checkout / ".weft")) == ["install.lock"]


def test_an_unknown_verb_names_the_known_ones(checkout: Path, tmp_path: Path) -> None:
    done = weft(checkout, machine(tmp_path), "frobnicate", seconds=60)
    assert done.returncode == 2
    assert done.stderr.startswith("weft: no verb 'frobnicate'; there are: run")


def test_the_launcher_needs_no_tool_that_a_small_machine_lacks(checkout: Path, tmp_path: Path) -> None:
    environment = machine(tmp_path)
    for tool in ("readlink", "dirname", "basename", "uname", "sed", "tr"):
        (tmp_path / "path" / tool).unlink()
    assert shutil.which("sed", path=environment["PATH"]) is None
    assert weft(checkout, environment, "--help", seconds=60).returncode == 0


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--mastr", "local[2]", "x.py"], "weft run: unknown option --mastr; nearest: --master"),
        (["--conf", "weft.x", "x.py"], "weft run: --conf weft.x is not KEY=VALUE"),
        (["--name"], "weft run: --name needs a value"),
        (["nowhere.py"], "weft run: nowhere.py does not exist"),
        ([], "usage: weft run"),
    ],
)
def test_a_wrong_command_line_ends_with_2_and_says_what_is_wrong(
    arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    from weft._run import main

    assert main(arguments) == 2
    assert capsys.readouterr().err.startswith(message)


def test_a_newer_python_is_found_beside_an_older_python3(checkout: Path, tmp_path: Path) -> None:
    environment = machine(tmp_path)
    python = tmp_path / "path" / "python3"
    python.rename(tmp_path / "path" / "python3.12")
    python.write_text('#!/bin/sh\necho "0 3.8.18 /usr/bin/python3.8"\n')
    python.chmod(0o755)
    assert weft(checkout, environment, "--help", seconds=60).returncode == 0


def test_a_python_that_was_asked_for_is_not_replaced_by_another(checkout: Path, tmp_path: Path) -> None:
    missing = dict(machine(tmp_path), WEFT_PYTHON="/nowhere/python3")
    refused(checkout, missing, "names /nowhere/python3, which does not run")
    older = tmp_path / "older"
    older.write_text('#!/bin/sh\necho "0 3.8.18 /usr/bin/python3.8"\n')
    older.chmod(0o755)
    shutil.rmtree(tmp_path / "path")
    shutil.rmtree(tmp_path / "no-jvms")
    refused(checkout, dict(machine(tmp_path), PYSPARK_PYTHON=str(older)), f"{older} is 3.8.18", "set WEFT_PYTHON")


@pytest.mark.parametrize(
    "named",
    [
        {"PYSPARK_PYTHON": "./env/bin/python"},  # inside an archive, for the cluster's nodes
        {"PYSPARK_DRIVER_PYTHON": "jupyter"},
        {"PYSPARK_DRIVER_PYTHON": "python3", "PYSPARK_PYTHON": "/nowhere/python3"},
    ],
)
def test_pysparks_variables_that_name_no_python_of_this_machine_are_passed_over(
    checkout: Path, tmp_path: Path, named: dict[str, str]
) -> None:
    assert weft(checkout, {**machine(tmp_path), **named}, "--help", seconds=60).returncode == 0

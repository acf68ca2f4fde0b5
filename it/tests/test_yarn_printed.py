"""What a submit to a real cluster prints on standard error when it fails, and its exit code: docs/errors.md."""

from __future__ import annotations

import re
import subprocess
import textwrap
from pathlib import Path

import pytest

from yarnjobs import Ended, Jobs

pytestmark = pytest.mark.yarn

ACCEPTED = "APPLICATION  accepted by queue root.default, running after TIME      URL\n"
COPIED = "weft: copied the framework to PATH, once for all later submits\n"


def script(folder: Path, text: str) -> str:
    path = folder / "etl.py"
    path.write_text(textwrap.dedent(text).lstrip("\n"))
    return str(path)


def masked(ended: Ended) -> str:
    text = re.sub(r"application_\d+_\d+", "APPLICATION", ended.errors)
    text = re.sub(r"after [\d.]+ s", "after TIME", text)
    text = re.sub(r"http://\S+", "URL", text)
    text = re.sub(r"(weft: .* in )[\d.]+ s;.*", r"\1TIME", text)
    text = re.sub(r"hdfs://[\d.:]+", "hdfs://NAMENODE", text)
    text = re.sub(r"(?<=, on )[\d., ]+$", "HOSTS", text, flags=re.M)
    text = re.sub(r"weft: copied the framework to \S+, ", "weft: copied the framework to PATH, ", text)
    text = re.sub(r"^(waiting|APPLICATION running).*\n", "", text, flags=re.M)
    return text.replace(COPIED, "")


def assert_prints(ended: Ended, code: int, expected: str) -> None:
    assert masked(ended) == textwrap.dedent(expected).lstrip("\n")
    assert ended.code == code


def test_e01_a_user_function_raises(jobs: Jobs, tmp_path: Path) -> None:
    text = """
        from weft import WeftContext
        sc = WeftContext()
        sc.parallelize(["1", "n/a"], 2).map(float).sum()
    """
    assert_prints(
        jobs.run(script(tmp_path, text)),
        1,
        f"""
        {ACCEPTED.rstrip()}
          File "etl.py", line 3: sc.parallelize(["1", "n/a"], 2).map(float).sum()
        ValueError: could not convert string to float: 'n/a'
          record: 'n/a' (3 characters)
          stage 1 (map, etl.py:3), task 1 of 2; failed 4 times, on HOSTS
        etl.py ended with exit code 1 in cluster mode (APPLICATION); its last line on stderr: ValueError: could not \
convert string to float: 'n/a'
        """,
    )


def test_e02_the_input_is_a_local_file(jobs: Jobs, tmp_path: Path) -> None:
    text = """
        from weft import WeftContext
        WeftContext().textFile("/etc/passwd").count()
    """
    assert_prints(
        jobs.run(script(tmp_path, text)),
        3,
        f"""
        {ACCEPTED.rstrip()}
        hdfs://NAMENODE/etc/passwd does not exist (textFile at etl.py:2).
          A local file of that name does: file:///etc/passwd
        etl.py ended with exit code 3 in cluster mode (APPLICATION); its last line on stderr: \
hdfs://NAMENODE/etc/passwd does not exist (textFile at etl.py:2).
        """,
    )


def test_e11_what_can_never_fit(jobs: Jobs, tmp_path: Path) -> None:
    ended = jobs.run("--executor-memory", "900g", script(tmp_path, "pass"))
    assert re.fullmatch(
        r"Asked: 990 GiB, 1 vcore\. The largest container this cluster grants is [\d.]+ GiB, \d+ vcores "
        r"\(yarn\.scheduler\.maximum-allocation-mb\)\. Nothing was submitted\. Lower --executor-memory to \d+m\.\n",
        masked(ended),
    )
    assert ended.code == 5


def test_e12_a_queue_that_does_not_exist(jobs: Jobs, tmp_path: Path) -> None:
    ended = jobs.run("--queue", "elt", script(tmp_path, "pass"))
    assert_prints(ended, 5, "Queue 'elt' does not exist. Queues of this cluster: default, etl.\n")


def test_e16_hdfs_refuses_the_user_who_submitted(jobs: Jobs, tmp_path: Path) -> None:
    jobs.cluster.hdfs.make("/secret", permission="700")
    jobs.cluster.hdfs.make("/user/guest")
    jobs.cluster.must("hdfs", "dfs", "-chown", "guest", "/user/guest")
    text = """
        from weft import WeftContext
        WeftContext().parallelize([1]).saveAsTextFile("/secret/out")
    """
    ended = jobs.run(script(tmp_path, text), user="guest")
    found = re.sub(r'inode="/secret":\w+:\w+', 'inode="/secret":OWNER', masked(ended))
    refusal = (
        "hdfs://NAMENODE/secret/out cannot be written (saveAsTextFile at etl.py:2): Permission denied: user=guest, "
        'access=EXECUTE, inode="/secret":OWNER:drwx------'
    )
    assert found == (
        f"{ACCEPTED}{refusal}\n"
        f"etl.py ended with exit code 3 in cluster mode (APPLICATION); its last line on stderr: {refusal}\n"
    )
    assert ended.code == 3


def test_e16_a_user_without_a_home_folder(jobs: Jobs, tmp_path: Path) -> None:
    ended = jobs.run(script(tmp_path, "pass"), user="stranger")
    assert re.fullmatch(
        r'Permission denied: user=stranger, access=WRITE, inode="/user":\w+:\w+:drwxr-xr-x; nothing was submitted\.\n'
        r"  The user needs a home folder that it may write to\.\n",
        ended.errors,
    )
    assert ended.code == 3


def test_e17_a_setting_is_unknown(jobs: Jobs, tmp_path: Path) -> None:
    assert_prints(
        jobs.run("--conf", "weft.task.maxFailurs=1", script(tmp_path, "pass")),
        2,
        "weft.task.maxFailurs is not a setting. Nearest: weft.task.maxFailures. All: weft conf --list\n",
    )


def test_e25_the_script_ends_with_a_code_of_its_own(jobs: Jobs, tmp_path: Path) -> None:
    text = """
        import sys
        from weft import WeftContext
        WeftContext().parallelize([1], 1).count()
        sys.stderr.write("no data for 2024-05-01\\n")
        sys.exit(3)
    """
    assert_prints(
        jobs.run(script(tmp_path, text)),
        3,
        f"""
        {ACCEPTED.rstrip()}
        no data for 2024-05-01
        weft: 1 job, 1 stage, 1 task in TIME
        etl.py ended with exit code 3 in cluster mode (APPLICATION); its last line on stderr: no data for 2024-05-01
        """,
    )


def test_e25_in_the_checkouts_command_too(jobs: Jobs, tmp_path: Path) -> None:
    from realcluster import ROOT

    done = subprocess.run(
        [str(ROOT / "bin" / "weft"), "submit", "--master", "yarn", script(tmp_path, "raise SystemExit(7)")],
        env=jobs.cluster.environment(),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    said = re.sub(r"^weft: (the jars|building|recording|compiling|fetching).*\n", "", done.stderr, flags=re.M)
    ended = Ended(done.returncode, said, "")
    assert_prints(ended, 7, f"{ACCEPTED}etl.py ended with exit code 7 in cluster mode (APPLICATION).\n")

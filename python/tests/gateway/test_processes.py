"""Whoever ends first, and however: no process and no folder stays behind."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest

from tests.gateway import scripts

pytestmark = pytest.mark.local

SLEEPING = """
    import time
    from weft import WeftContext

    sc = WeftContext("local[2]", "sleeping")
    print(sc._answer.socket, flush=True)
    sc.parallelize([1, 2], 2).map(lambda x: print("begun") or time.sleep(300)).collect()
    """


@pytest.mark.parametrize(
    ("victim", "number"),
    [
        ("driver", signal.SIGKILL),
        ("driver", signal.SIGTERM),
        ("driver", signal.SIGINT),
        ("gateway", signal.SIGTERM),
        ("gateway", signal.SIGKILL),
    ],
)
def test_nothing_stays_when_one_process_is_ended(tmp_path: Path, victim: str, number: signal.Signals) -> None:
    driver = scripts.start(tmp_path, SLEEPING)
    assert driver.stdout is not None and driver.stderr is not None
    socket = driver.stdout.readline().strip()
    gateway = scripts.gateway_of(socket)
    assert "begun" in driver.stderr.readline()
    below = scripts.descendants(gateway)
    assert len(below) >= 3, "a fork server and two workers"
    os.kill(driver.pid if victim == "driver" else gateway, number)
    assert scripts.eventually(lambda: scripts.none_running([gateway, *below]))
    driver.communicate(timeout=scripts.SECONDS)
    assert driver.returncode != 0
    folder = Path(socket).parent
    if (victim, number) == ("gateway", signal.SIGKILL):
        assert folder.is_dir(), "nobody was left to remove it"
        following = """
            import os, time
            from weft import WeftContext

            with WeftContext("local[1]", "following"):
                deadline = time.monotonic() + 60
                left = open("left").read()
                while os.path.exists(left) and time.monotonic() < deadline:
                    time.sleep(0.05)
            """
        (tmp_path / "left").write_text(str(folder))
        scripts.run(tmp_path, following)
    assert not folder.exists()


def test_a_stopped_context_leaves_nothing(tmp_path: Path) -> None:
    code = """
        from weft import WeftContext

        with WeftContext("local[2]", "short") as sc:
            print(sc._answer.socket)
            assert sc.range(100).map(lambda x: (x % 7, x)).groupByKey().count() == 7
        """
    socket = scripts.run(tmp_path, code).strip()
    assert not Path(socket).parent.exists()
    assert not scripts.is_running(scripts.gateway_of(socket))


STARTING = """
    import os, subprocess, time
    from weft import WeftContext

    def begin(_):
        apart = subprocess.Popen(["sleep", "300"], start_new_session=True).pid
        below = subprocess.Popen(["sh", "-c", "sleep 300 & wait"]).pid
        forked = os.fork()
        if forked == 0:
            os.setsid()
            time.sleep(300)
        return os.getppid(), os.getpid(), apart, below, forked

    sc = WeftContext("{master}", "starting")
    print(*sc.parallelize([0], 1).map(begin).collect()[0], flush=True)
    sc.parallelize([0], 1).map(lambda _: time.sleep(300)).collect()
    """


@pytest.mark.parametrize("first", ["fork server", "runner"])
@pytest.mark.parametrize("master", ["local[1]", "local-cluster[1,1,512]"])
def test_what_user_code_started_ends_when_runner_and_fork_server_are_killed(
    tmp_path: Path, master: str, first: str
) -> None:
    driver = scripts.start(tmp_path, STARTING.replace("{master}", master))
    assert driver.stdout is not None
    server, *others = map(int, driver.stdout.readline().split())
    runner = int(Path(f"/proc/{server}/stat").read_text().rpartition(")")[2].split()[1])
    below = scripts.descendants(runner)
    assert {server, *others[:3]} <= set(below)
    victims = [server, runner] if first == "fork server" else [runner, server]
    os.kill(victims[1], signal.SIGSTOP)  # it shall not see the end of the other one
    for victim in victims:
        os.kill(victim, signal.SIGKILL)
    ended = scripts.eventually(lambda: scripts.none_running([*victims, *others, *below]))
    driver.kill()
    driver.communicate(timeout=scripts.SECONDS)
    for process in filter(scripts.is_running, {*others, *below}):
        os.kill(process, signal.SIGKILL)
    assert ended


@pytest.mark.parametrize(("own", "expected"), [({}, "8M"), ({"PYPY_GC_NURSERY": "2M"}, "2M")], ids=["", "the user's"])
def test_the_memory_of_workers_on_pypy_does_not_grow_with_the_processor(
    tmp_path: Path, own: dict[str, str], expected: str
) -> None:
    code = """
        import os
        from weft import WeftContext

        with WeftContext("local[1]", "nursery") as sc:
            print(sc.parallelize([1], 1).map(lambda _: os.environ.get("PYPY_GC_NURSERY")).collect())
        """
    assert f"['{expected}']" in scripts.run(tmp_path, code, **own)

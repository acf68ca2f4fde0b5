"""Cancelling ends workers that do not look up; what runs beside them goes on."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.gateway import scripts

STUCK = {
    "a sleep": "time.sleep(600)",
    "a regular expression": 're.match(r"(a|a)*$", "a" * 64 + "b")',
    "a read from a socket": "ours, theirs = socket.socketpair(); ours.recv(1)",
}


@pytest.mark.cluster
@pytest.mark.parametrize("stuck", STUCK.values(), ids=STUCK)
def test_cancelling_ends_the_worker_and_nothing_else(tmp_path: Path, stuck: str) -> None:
    code = f"""
        import os, re, socket, threading, time
        from weft import WeftContext
        from weft.errors import JobCancelledError

        here = os.getcwd()

        def wait_for(what):
            deadline = time.monotonic() + 60
            while not what():
                assert time.monotonic() < deadline
                time.sleep(0.005)

        def is_there(name):
            return os.path.exists(f"{{here}}/{{name}}")

        def note(name):
            with open(f"{{here}}/{{name}}.new", "w") as file:
                file.write(str(os.getpid()))
            os.rename(f"{{here}}/{{name}}.new", f"{{here}}/{{name}}")

        def gets_stuck(_):
            import re, socket, time
            note("stuck")
            {stuck}

        def goes_on(number):
            note("beside")
            wait_for(lambda: is_there("cancelled"))
            return number, os.getpid()

        with WeftContext("local-cluster[2,1,512]", "cancelling") as sc:
            found = []

            def cancelled_job():
                sc.setJobGroup("stuck", "is cancelled")
                try:
                    sc.parallelize([1], 1).map(gets_stuck).collect()
                except JobCancelledError as error:
                    found.append(error)

            other = []
            threads = [threading.Thread(target=cancelled_job)]
            threads[0].start()
            wait_for(lambda: is_there("stuck"))
            threads.append(threading.Thread(target=lambda: other.extend(sc.parallelize([7], 1).map(goes_on).collect())))
            threads[1].start()
            wait_for(lambda: is_there("beside"))
            worker, beside = (int(open(f"{{here}}/{{name}}").read()) for name in ("stuck", "beside"))
            sc.cancelJobGroup("stuck")
            wait_for(lambda: not os.path.exists(f"/proc/{{worker}}"))
            threads[0].join(60)
            assert len(found) == 1
            assert sc.parallelize(range(3), 1).map(lambda x: x + 1).collect() == [1, 2, 3], "the slot is free again"
            note("cancelled")
            threads[1].join(60)
            assert other == [(7, beside)], other
        """
    scripts.run(tmp_path, code)

"""Child JVMs with RPC and a shuffle between them, also when one is killed."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.gateway import scripts

pytestmark = pytest.mark.cluster


def test_answers_are_right_when_runners_are_killed_at_work_and_between_jobs(tmp_path: Path) -> None:
    code = """
        import operator, os, signal, threading, time
        from tests.gateway.scripts import children, gateway_of
        from weft import WeftContext

        with WeftContext("local-cluster[2,1,1024]", "killing") as sc:
            print(sc._answer.socket)
            gateway = gateway_of(sc._answer.socket)
            slow = lambda x: (time.sleep(0.05), (x % 4, x))[1]
            sums = sc.parallelize(range(40), 40).map(slow).reduceByKey(operator.add, 4)
            right = [(key, sum(range(key, 40, 4))) for key in range(4)]
            assert sorted(sums.collect()) == right
            os.kill(children(gateway)[0], signal.SIGKILL)
            assert sorted(sums.collect()) == right
            begun, killed = os.path.abspath("begun"), os.path.abspath("killed")

            def held(x):
                if x == 10:
                    open(begun, "w").close()
                deadline = time.monotonic() + 60
                while x >= 10 and not os.path.exists(killed) and time.monotonic() < deadline:
                    time.sleep(0.01)
                return x % 4, x

            def kill():
                deadline = time.monotonic() + 60
                while not os.path.exists(begun) and time.monotonic() < deadline:
                    time.sleep(0.01)
                os.kill(children(gateway)[0], signal.SIGKILL)
                open(killed, "w").close()

            killer = threading.Thread(target=kill)
            killer.start()
            again = sc.parallelize(range(40), 40).map(held).reduceByKey(operator.add, 4)
            assert sorted(again.collect()) == right
            killer.join()
            assert os.path.exists(begun), "a task was at work when its runner was killed"
            lines = sc.range(200_000, numSlices=4).map(lambda i: b"%0100d" % i).collect()
            assert lines[199_999] == b"%0100d" % 199_999 and len(lines) == 200_000
        """
    socket = scripts.run(tmp_path, code).strip()
    assert not Path(socket).parent.exists()


def test_outputs_files_and_sorts_work_across_children(tmp_path: Path) -> None:
    code = """
        import os
        from weft import WeftContext

        with open("dep.py", "w") as file:
            file.write("def twice(x): return 2 * x")
        with WeftContext("local-cluster[2,2,1024]", "wide") as sc:
            sc.addPyFile("dep.py")
            def twice(x):
                import dep
                return dep.twice(x)
            assert sc.range(10, numSlices=4).map(twice).collect() == [2 * x for x in range(10)]
            words = sc.parallelize(["%04d" % (i * 7919 % 5000) for i in range(5000)], 8)
            assert words.sortBy(lambda w: w, numPartitions=4).collect() == ["%04d" % i for i in range(5000)]
            words.saveAsTextFile("out")
            assert sorted(os.listdir("out")) == ["_SUCCESS"] + ["part-%05d" % i for i in range(8)]
            assert sc.textFile("out").count() == 5000
        """
    scripts.run(tmp_path, code)

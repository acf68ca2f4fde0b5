"""Results that went with their runner before the driver had them are made again."""

from __future__ import annotations

import textwrap
from pathlib import Path

import pytest

from tests.gateway import scripts

pytestmark = pytest.mark.cluster

SETTINGS = """
    folder = os.getcwd()
    conf = WeftConf().setMaster("local-cluster[2,1,1024]").setAppName("lost").set("weft.log.dir", f"{folder}/log")
    """

MINE = """
    class Mine:
        "Unpickled in the driver, kills the runner it came from, the first time."

        def __reduce__(self):
            return kill, (os.getpid(),)

    def kill(worker):
        if not os.path.exists("killed"):
            open("killed", "w").close()
            os.kill(runner_of(worker, gateway), signal.SIGKILL)
        return b"mine"
    """


def test_a_result_whose_runner_is_killed_before_it_is_fetched_is_made_again(tmp_path: Path) -> None:
    code = """
    import threading

    def make(index, _records):
        with open(f"{folder}/ran-{index}", "a") as file:
            print(os.getpid(), file=file)
        if index == 0:
            poll(lambda: os.path.exists(f"{folder}/go"))
        return [b"%0100d" % (1000 * index + i) for i in range(1000)]

    with WeftContext(conf=conf) as sc:
        gateway = gateway_of(sc)
        log = f"log/{sc.applicationId}.events.log"

        def kill():
            poll(lambda: os.path.exists(log) and "< TaskAccepted[" in open(log).read())
            worker = int(open("ran-1").read().split()[0])
            os.kill(runner_of(worker, gateway), signal.SIGKILL)
            poll(lambda: len(open("ran-1").read().split()) == 2)
            open("go", "w").close()

        killer = threading.Thread(target=kill)
        killer.start()
        result = sc.range(2, numSlices=2).mapPartitionsWithIndex(make).collect()
        killer.join()
        assert result == [b"%0100d" % i for i in range(2000)]
        assert len(open("ran-0").read().split()) == 1
        print("> ResultLost[" in open(log).read())
    """
    assert scripts.run(tmp_path, _script(code)).split() == ["True"]


def test_a_result_whose_runner_is_killed_while_it_is_fetched_is_made_again(tmp_path: Path) -> None:
    code = """
    def make(index, _records):
        for i in range(400):
            yield Mine() if index == 1 and i == 30 else b"%d.%d" % (index, i) + bytes(100_000)

    with WeftContext(conf=conf) as sc:
        gateway = gateway_of(sc)
        result = sc.range(3, numSlices=3).mapPartitionsWithIndex(make).collect()
        right = [b"%d.%d" % (index, i) + bytes(100_000) for index in range(3) for i in range(400)]
        right[430] = b"mine"
        assert result == right
        assert os.path.exists("killed")
    print("> ResultLost[" in open(f"log/{sc.applicationId}.events.log").read())
    """
    assert scripts.run(tmp_path, _script(textwrap.dedent(MINE) + textwrap.dedent(code))).split() == ["True"]


def test_results_of_a_barrier_stage_are_all_of_the_try_that_the_driver_could_read_whole(tmp_path: Path) -> None:
    code = """
    import uuid
    from weft import BarrierTaskContext

    def make(index, _records):
        task = BarrierTaskContext.get()
        names = task.allGather(uuid.uuid4().hex)
        yield index, names, task.attemptNumber(), bytes([0, 200_000, 200_000][index])
        for i in range(400 if index == 2 else 0):
            yield Mine() if i == 30 else bytes(100_000)

    conf.setMaster("local-cluster[3,1,1024]")
    with WeftContext(conf=conf) as sc:
        gateway = int(sc._answer.socket.split("-")[1])
        added = sc.accumulator(0)
        made = sc.range(3, numSlices=3).barrier().mapPartitionsWithIndex(make)
        result = made.map(lambda record: (added.add(1), record)[1]).collect()
        assert os.path.exists("killed")
    print("> ResultLost[" in open(f"log/{sc.applicationId}.events.log").read())
    heads = [record for record in result if isinstance(record, tuple)]
    assert len(result) == 3 + 400 and added.value == 3 + 400
    assert [index for index, *_ in heads] == [0, 1, 2]
    assert heads[0][2] == heads[1][2] == heads[2][2] > 0
    assert heads[0][1] == heads[1][1] == heads[2][1]
    """
    assert scripts.run(tmp_path, _script(textwrap.dedent(MINE) + textwrap.dedent(code))).split() == ["True"]


def _script(code: str) -> str:
    return scripts.with_kills(textwrap.dedent(SETTINGS) + textwrap.dedent(code))

"""What tasks know of themselves, and of the thread that started their job."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.gateway import scripts


@pytest.mark.cluster
def test_attempts_are_told_apart(tmp_path: Path) -> None:
    code = """
        import os
        from weft import TaskContext, WeftContext

        with WeftContext("local-cluster[2,1,512]", "attempts") as sc:
            here = os.getcwd()

            def describe(index, records):
                task = TaskContext.get()
                with open(f"{here}/ids", "a") as file:
                    file.write(f"{task.taskAttemptId()}\\n")
                if index == 1 and task.attemptNumber() < 2:
                    raise ValueError("again")
                yield task.partitionId(), task.attemptNumber()

            described = sc.parallelize(range(3), 3).mapPartitionsWithIndex(describe)
            assert described.collect() == [(0, 0), (1, 2), (2, 0)]
            assert described.map(lambda pair: (pair, 1)).partitionBy(1).keys().collect()[1] == (1, 2)
            ids = open("ids").read().split()
            assert len(ids) == 10 and len(set(ids)) == 10
            assert TaskContext.get() is None
        """
    scripts.run(tmp_path, code)


@pytest.mark.cluster
def test_each_thread_has_its_own_properties_and_hands_them_on_when_asked(tmp_path: Path) -> None:
    code = """
        import threading
        from weft import InheritableThread, TaskContext, WeftContext, inheritable_thread_target

        with WeftContext("local-cluster[2,1,512]", "properties") as sc:
            found = {}

            def look(name):
                def ask(number):
                    if once(f"asked-{name}-{number}"):
                        os.kill(os.getpid(), signal.SIGKILL)  # a later attempt finds the same
                    return TaskContext.get().getLocalProperty("mine")

                first, second = sc.parallelize([1, 2], 2).map(ask).collect()
                assert first == second
                found[name] = first

            sc.setLocalProperty("mine", "1")
            wrapped = inheritable_thread_target(look)
            sc.setLocalProperty("mine", "2")
            threads = [
                threading.Thread(target=look, args=("plain",)),
                threading.Thread(target=wrapped, args=("wrapped",)),
                InheritableThread(target=look, args=("inheritable",)),
            ]
            sc.setLocalProperty("mine", "3")
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            look("main")
            assert found == {"plain": None, "wrapped": "1", "inheritable": "3", "main": "3"}, found
            assert len([name for name in os.listdir(here) if name.startswith("asked-")]) == 8
        """
    scripts.run(tmp_path, scripts.with_kills(code))


@pytest.mark.cluster
def test_added_files_are_found_by_tasks_and_driver_also_a_newer_one_of_the_same_name(tmp_path: Path) -> None:
    code = """
        import os
        from weft import WeftContext, WeftFiles

        with WeftContext("local-cluster[2,1,512]", "files") as sc:
            for text in ("old", "new"):
                with open("table.txt", "w") as file:
                    file.write(text)
                sc.addFile("table.txt")
                os.remove("table.txt")
                read = lambda _: open(WeftFiles.get("table.txt")).read()
                assert sc.parallelize(range(4), 4).map(read).collect() == [text] * 4
                assert read(None) == text
            assert sc.listFiles == [f"file:{os.getcwd()}/table.txt"]
            folder = WeftFiles.getRootDirectory()
        assert not os.path.exists(folder)
        """
    scripts.run(tmp_path, code)

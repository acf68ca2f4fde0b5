"""With weft.io.encryption nothing of the data is to be found on local disks while jobs run, broadcasts left out."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.pyspark.test_keys import CLUSTER, on_disk

_LOOK = """
        import gc, os, threading, time

        FOLDER, GO = os.path.abspath("disk"), os.path.abspath("go")
        MARK = b"in the clear"
        WORD = MARK.decode()

        def sizes():
            found = 0
            for folder, _, names in os.walk(FOLDER):
                for name in names:
                    try:
                        found += os.path.getsize(os.path.join(folder, name))
                    except FileNotFoundError:
                        pass
            return found

        def has_mark(path):
            before = b""
            with open(path, "rb") as file:
                while part := file.read(1 << 20):
                    if MARK in before + part:
                        return True
                    before = part[-len(MARK):]
            return False

        def is_found():
            "In files of the folder, and in those that have no name any more and that this process has open."
            paths = [f"/proc/self/fd/{one}" for one in os.listdir("/proc/self/fd")]
            paths = [path for path in paths if os.path.realpath(path).startswith(FOLDER)]
            paths += [os.path.join(folder, name) for folder, _, names in os.walk(FOLDER) for name in names]
            return any(has_mark(path) for path in paths if os.path.isfile(path))

        def wait_for(condition):
            deadline = time.monotonic() + 60
            while not condition():
                assert time.monotonic() < deadline
                time.sleep(0.02)

        def none_left():
            "What a job before has left is gone with the next one."
            gc.collect()
            sc.range(1).count()
            return not is_found()

        PAD = " " * 100
        rdd = sc.parallelize([f"{WORD} {i}{PAD}" for i in range(200_000)], 2)
        print("data", rdd.count(), is_found())
        del rdd
        wait_for(none_left)

        def make(index, _):
            while index == 0 and not os.path.exists(GO):
                time.sleep(0.01)
            return (f"{WORD} {i}{PAD}" for i in range(10 if index == 0 else 600_000))

        def look():
            wait_for(lambda: sizes() > 60 << 20)
            seen.append(is_found())
            open(GO, "w").close()

        seen = []
        looking = threading.Thread(target=look)
        looking.start()
        rows = sc.range(2, numSlices=2).mapPartitionsWithIndex(make).collect()
        looking.join()
        print("results", len(rows), rows[10] == rows[0], seen[0])
        del rows
        wait_for(none_left)

        texts = sc.range(1, numSlices=1).flatMap(lambda _: (f"{WORD} {i}{PAD}" for i in range(200_000)))
        rows = texts.toLocalIterator()
        print("an iterator", next(rows).strip(), is_found(), sum(1 for _ in rows))
        del rows
        wait_for(none_left)

        total = sc.accumulator([], Lists())
        sc.range(40, numSlices=40).foreach(lambda i: total.add([f"{WORD} {i}"]))
        print("accumulators", len(total.value))

        large = MARK * 2_000_000
        print("a function", sc.range(4, numSlices=2).map(lambda _: len(large)).collect()[0], is_found())
        """

_LISTS = """
        from pyspark import AccumulatorParam

        class Lists(AccumulatorParam):
            def zero(self, value):
                return []

            def addInPlace(self, one, other):
                return one + other
        """


@pytest.mark.parametrize("master", [pytest.param("local[2]", marks=pytest.mark.local), CLUSTER])
@pytest.mark.parametrize("encrypted", [True, False])
def test_what_drivers_send_and_take_is_encrypted_where_it_lies(tmp_path: Path, master: str, encrypted: bool) -> None:
    found = not encrypted
    printed = on_disk(tmp_path, _LISTS + _LOOK, spark__master=master, spark__io__encryption__enabled=encrypted)
    assert printed.splitlines() == [
        f"data 200000 {found}",
        f"results 600010 True {found}",
        f"an iterator in the clear 0 {found} 199999",
        "accumulators 40",
        f"a function 24000000 {found}",
    ]

"""Results stream through a small gateway, however large they are."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.gateway import scripts

pytestmark = pytest.mark.local

RSS_KIB = 300 * 1024


def test_a_gibibyte_is_collected_through_a_heap_of_128_mib(tmp_path: Path) -> None:
    code = """
        from weft import WeftContext

        with WeftContext("local[2]", "large") as sc:
            gateway = sc._answer.socket.split("-")[1]
            records = 10_737_419
            result = sc.range(records, numSlices=16).map(lambda i: b"%0100d" % i).collect()
            assert len(result) == records
            assert result[0] == b"%0100d" % 0 and result[-1] == b"%0100d" % (records - 1)
            assert all(len(record) == 100 for record in result)
            status = open(f"/proc/{gateway}/status").read()
            print(status.partition("VmHWM:")[2].split()[0])
        """
    # the variable with the underscore wins over the command line
    peak = int(scripts.run(tmp_path, code, _JAVA_OPTIONS="-Xmx128m").split()[-1])
    assert peak < RSS_KIB


def test_results_come_in_partition_order_and_a_slow_driver_loses_none(tmp_path: Path) -> None:
    code = """
        import time
        from weft import WeftContext

        with WeftContext("local[4]", "order") as sc:
            late = lambda index, rows: (time.sleep(0.2 if index % 4 == 0 else 0), [(index, len(list(rows)))])[1]
            assert sc.range(400, numSlices=40).mapPartitionsWithIndex(late).collect() == [(i, 10) for i in range(40)]
            wide = sc.range(400, numSlices=400).map(lambda i: bytes([i % 251]) * 60_000).collect()
            assert wide == [bytes([i % 251]) * 60_000 for i in range(400)]
        """
    scripts.run(tmp_path, code)


def test_a_large_record_is_in_memory_once_in_a_worker_and_once_in_the_driver(tmp_path: Path) -> None:
    code = """
        from weft import WeftConf, WeftContext

        def peak():
            # not getrusage: its number is inherited from the process that has started this one
            with open("/proc/self/status") as status:
                return next(int(line.split()[1]) << 10 for line in status if line.startswith("VmHWM"))

        SIZE = 200 << 20
        conf = WeftConf().setMaster("local[1]").setAppName("record").set("weft.python.worker.memory", "1g")
        with WeftContext(conf=conf) as sc:
            idle = peak()
            [(key, values)] = sc.range(1).map(lambda _: ("k", bytes(range(256)) * (SIZE >> 8))).groupByKey(1).collect()
            (value,) = values
            assert key == "k" and len(value) == SIZE and value[:300] == bytes(range(256)) + bytes(range(44))
            driver = peak() - idle
            print(driver / SIZE, sc._jobs._totals.peak_rss / SIZE)
        """
    driver, worker = map(float, scripts.run(tmp_path, code).split())
    assert 0.5 < driver < 1.5
    assert 0.5 < worker < 1.5

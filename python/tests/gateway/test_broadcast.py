"""Broadcasts reach every worker, once a node, and go when nobody can use them any more."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.gateway import scripts

CODE = """
    import gc, os, zlib
    from weft import WeftContext
    from weft.errors import BroadcastGoneError

    with WeftContext(MASTER, "broadcast") as sc:
        table = sc.broadcast({"a": 1, "b": 2})
        large = sc.broadcast(os.urandom(3_000_000))
        folder = os.path.dirname(large._path)
        words = sc.parallelize(["a", "b", "a", "b"], 4)
        assert words.map(lambda word: table.value[word]).collect() == [1, 2, 1, 2]
        digest = words.map(lambda _: zlib.crc32(large.value))
        assert digest.collect() == [zlib.crc32(large.value)] * 4
        again = words.map(lambda _: (large.value is large.value, len(large.value))).distinct()
        assert again.collect() == [(True, 3_000_000)]
        large.unpersist()
        assert digest.collect() == [zlib.crc32(large.value)] * 4
        back = words.map(lambda _: large).collect()
        assert all(one is large for one in back), "it comes back as the same object"

        large.destroy()
        try:
            digest.collect()
            raise SystemExit("it was destroyed")
        except BroadcastGoneError:
            pass
        names = set(os.listdir(folder))
        assert names == {os.path.basename(table._path)}, names

        inside = (lambda table: words.map(lambda word: table.value[word]))(table)
        del table, large, back, digest, again
        gc.collect()
        assert len(os.listdir(folder)) == 1, "a function needs it"
        assert inside.sum() == 6
        del inside
        gc.collect()
        assert os.listdir(folder) == []
        assert words.count() == 4

        held = sc.parallelize([sc.broadcast("in a record")], 1)
        gc.collect()
        assert held.map(lambda one: one.value).collect() == ["in a record"]
    assert not os.path.exists(folder)
    """


@pytest.mark.local
@pytest.mark.parametrize(
    "master", ["inline", "local[2]", pytest.param("local-cluster[3,2,512]", marks=pytest.mark.cluster)]
)
def test_workers_read_broadcasts_until_they_are_gone(master: str, tmp_path: Path) -> None:
    scripts.run(tmp_path, CODE.replace("MASTER", repr(master)))


@pytest.mark.cluster
def test_each_runner_has_one_file_and_none_after_it_was_destroyed(tmp_path: Path) -> None:
    code = """
        import glob, os, time
        from weft import WeftContext

        def until(true):
            deadline = time.monotonic() + 20
            while not true():
                assert time.monotonic() < deadline
                time.sleep(0.05)

        with WeftContext("local-cluster[3,2,512]", "files") as sc:
            data = os.path.dirname(os.path.dirname(sc._broadcasts.make(0, "")._path))
            for _ in range(3):
                shared = sc.broadcast(os.urandom(9_000_000))

                def look(_):
                    time.sleep(0.2)
                    return os.getppid(), shared.value[:10]

                servers = dict(sc.parallelize(range(24), 24).map(look).collect())
                assert len(servers) == 3, "every runner took part"
                assert set(servers.values()) == {shared.value[:10]}
                copies = glob.glob(f"{data}/local-*/broadcasts/broadcast-{shared._id}")
                assert len(copies) == 3, copies
                shared.destroy()
                until(lambda: not glob.glob(f"{data}/local-*/broadcasts/broadcast-{shared._id}*"))
        """
    scripts.run(tmp_path, code)


@pytest.mark.local
def test_what_a_task_changes_in_an_array_is_its_own(tmp_path: Path) -> None:
    pytest.importorskip("numpy")
    code = """
        import numpy
        from weft import WeftContext

        with WeftContext("local[1]", "arrays") as sc:
            array = sc.broadcast(numpy.zeros(100_000))

            def change(x):
                array.value[x] += 1
                return float(array.value.sum())

            assert sc.parallelize(range(3), 1).map(change).collect() == [1.0, 2.0, 3.0]
            assert array.value.sum() == 0
            assert sc.parallelize([5], 1).map(lambda _: array.value.base is not None).collect() == [True]
        """
    scripts.run(tmp_path, code)

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
            deadline = time.monotonic() + 60
            while not true():
                assert time.monotonic() < deadline
                time.sleep(0.05)

        with WeftContext("local-cluster[3,2,512]", "files") as sc:
            data = os.path.dirname(os.path.dirname(sc._broadcasts.make(0, "")._path))
            for _ in range(3):
                shared = sc.broadcast(os.urandom(9_000_000))
                seen = os.path.abspath(f"seen{shared._id}")
                os.mkdir(seen)

                def look(_):
                    open(f"{seen}/{os.getppid()}", "w").close()
                    deadline = time.monotonic() + 60
                    while len(os.listdir(seen)) < 3 and time.monotonic() < deadline:
                        time.sleep(0.01)
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


@pytest.mark.cluster
def test_a_runner_that_dies_while_others_read_from_it_costs_time_alone(tmp_path: Path) -> None:
    code = """
        import glob, threading, zlib

        conf = WeftConf().setMaster("local-cluster[4,1,512]").setAppName("tree").set("weft.local.dir", here)
        with WeftContext(conf=conf) as sc:
            gateway = gateway_of(sc)

            def came(_):
                note("ready")
                poll(lambda: len(set(noted("ready"))) >= 4)

            sc.parallelize(range(4), 4).foreach(came)
            runners = {one: runner_of(one, gateway) for one in noted("ready")}
            first = sc.broadcast(os.urandom(2_000_000))  # shows where they lie: a search takes longer than a copy

            def read_all(_):
                note("read")
                poll(lambda: len(noted("read")) >= 4)
                return first.value

            sc.parallelize(range(4), 4).foreach(read_all)
            found = glob.glob(f"{here}/**/local-*/broadcasts/broadcast-{first._id}", recursive=True)
            folders = {path.split("/local-")[1].split("/")[0]: os.path.dirname(path) for path in found}
            value = os.urandom(200_000_000)
            shared = sc.broadcast(value)

            def half_way():
                "The runner that has most of the file, when some have begun."
                sizes = {}
                for name, folder in folders.items():
                    try:
                        sizes[os.path.getsize(f"{folder}/broadcast-{shared._id}.part")] = name
                    except FileNotFoundError:
                        pass  # it is whole, or has not begun
                return sizes[max(sizes)] if max(sizes, default=0) > 10_000_000 else None

            def kill_half_way():
                seen = []
                poll(lambda: seen.append(half_way()) or seen[-1])
                for runner in runners.values():
                    with open(f"/proc/{runner}/cmdline") as line:
                        if seen[-1] in line.read().split("\\0"):
                            note("victims")
                            os.kill(runner, signal.SIGKILL)

            # from here, since copies are made before the first task that reads them begins
            killer = threading.Thread(target=kill_half_way)
            killer.start()
            read = sc.parallelize(range(8), 8).mapPartitions(lambda _: [zlib.crc32(shared.value)]).collect()
            killer.join()
            assert read == [zlib.crc32(value)] * 8
            assert len(noted("victims")) == 1
            shared.destroy()
            poll(lambda: not any(glob.glob(f"{folder}/broadcast-{shared._id}*") for folder in folders.values()))
        """
    scripts.run(tmp_path, scripts.with_kills(code))


@pytest.mark.cluster
def test_a_broadcast_map_is_read_by_all_workers_also_by_those_that_follow_killed_ones(tmp_path: Path) -> None:
    code = """
        with WeftContext("local-cluster[2,2,512]", "map") as sc:
            gateway = gateway_of(sc)
            given = {("key", number): [number, str(number)] for number in range(20_000)}
            names = sc.broadcastMap(given)

            def look(index, numbers):
                if index % 3 == 1 and once(f"killed-{index}"):
                    if index == 4:
                        kill_runner_of(os.getpid(), gateway)
                    os.kill(os.getpid(), signal.SIGKILL)
                found = names.value
                assert len(found) == 20_000 and ("key", -1) not in found and found.get(1) is None
                for number in numbers:
                    yield found["key", number]

            found = sc.range(20_000, numSlices=8).mapPartitionsWithIndex(look).collect()
            assert found == list(given.values())
            assert len([name for name in os.listdir(here) if name.startswith("killed-")]) == 3
        """
    scripts.run(tmp_path, scripts.with_kills(code))


@pytest.mark.local
def test_objects_that_each_worker_copies_are_told_once(tmp_path: Path) -> None:
    code = """
        with WeftContext("local[2]", "advice") as sc:
            large = sc.broadcast({"text": "x" * (70 << 20)})
            again = sc.broadcast({"text": "y" * (70 << 20)})
            shared = sc.broadcast(bytes(70 << 20))
            assert sc.parallelize([1], 1).map(lambda _: len(large.value["text"])).collect() == [70 << 20]
        """
    process = scripts.start(tmp_path, scripts.with_kills(code))
    _, err = process.communicate(timeout=scripts.SECONDS)
    assert process.returncode == 0, err
    assert err.count("Python objects, which every worker unpickles for itself") == 1
    assert "sc.broadcastMap" in err and "docs/broadcast.md" in err


@pytest.mark.cluster
def test_a_container_that_is_too_small_for_its_mapped_pages_says_so_before_yarn_would(tmp_path: Path) -> None:
    pytest.importorskip("numpy")
    code = """
        import numpy
        from weft.errors import WeftError

        conf = WeftConf().setMaster("local-cluster[1,2,900]").setAppName("pages").set("weft.task.maxFailures", "1")
        with WeftContext(conf=conf) as sc:
            array = sc.broadcast(numpy.ones(400 << 17))  # 400 MB, mapped by two workers: 800 MB as YARN counts

            def touch(_):
                total = array.value[::512].sum()
                note("read")
                poll(lambda: len(noted("read")) == 2)
                time.sleep(120)  # until the watch ends it, which looks ten times a second
                return float(total)

            try:
                sc.parallelize(range(2), 2).map(touch).collect()
                raise SystemExit("it passed")
            except WeftError as error:
                print(error.code, str(error))
        """
    out = scripts.run(tmp_path, scripts.with_kills(code))
    assert out.startswith("E09 ")
    assert "of it were mapped files such as broadcasts, which YARN counts once for every worker" in out
    assert "docs/broadcast.md" in out

"""Checkpoints: an RDD is read from files, or from what is persisted of it, instead of made of its lineage."""

from __future__ import annotations

import gc
import os
import weakref
from pathlib import Path

import pytest

from tests.gateway import scripts
from tests.gateway.test_cache import counted
from weft import StorageLevel, WeftContext
from weft._plan import Plan
from weft.errors import ContextError, WeftError


@pytest.fixture
def folder(sc: WeftContext, tmp_path: Path) -> Path:
    sc.setCheckpointDir(str(tmp_path / "checkpoints"))
    return tmp_path / "checkpoints"


def test_the_first_action_writes_a_file_for_each_partition_and_later_ones_read_them(
    sc: WeftContext, folder: Path, tmp_path: Path
) -> None:
    calls = tmp_path / "calls"
    calls.mkdir()
    function = counted(calls)
    rdd = sc.parallelize([1, "a", None, (2, [3])], 3).filter(lambda x: x != 1).map(function)
    rdd.checkpoint()
    assert (rdd.isCheckpointed(), rdd.getCheckpointFile()) == (False, None)
    assert rdd.count() == 3
    assert function.calls == 6  # the action, then the checkpoint
    assert rdd.isCheckpointed()
    assert rdd.getCheckpointFile() == f"{sc.getCheckpointDir()}/rdd-{rdd.id()}"
    (inside,) = folder.iterdir()
    names = sorted(name for name in os.listdir(inside / f"rdd-{rdd.id()}") if name.startswith("part-"))
    assert names == ["part-00000", "part-00001", "part-00002"]
    assert rdd.collect() == ["a", None, (2, [3])]
    assert rdd.glom().map(len).collect() == [0, 1, 2]
    assert function.calls == 6
    assert not rdd.isLocallyCheckpointed()


def test_what_is_persisted_is_computed_once_for_the_action_and_its_checkpoint(
    sc: WeftContext, folder: Path, tmp_path: Path
) -> None:
    calls = tmp_path / "calls"
    calls.mkdir()
    function = counted(calls)
    rdd = sc.parallelize(range(6), 3).map(function).cache()
    rdd.checkpoint()
    assert rdd.first() == 0
    assert rdd.isCheckpointed()
    assert rdd.collect() == list(range(6))
    assert function.calls == 6
    rdd.unpersist()
    assert rdd.sum() == 15
    assert function.calls == 6


def test_a_checkpoint_frees_the_lineage_and_shortens_plans(
    sc: WeftContext, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sizes: list[int] = []
    encode = Plan.to_bytes
    monkeypatch.setattr(Plan, "to_bytes", lambda plan: sizes.append(len(encode(plan))) or encode(plan))
    source = sc.parallelize(range(100), 2)
    first = weakref.ref(source._node)
    rdd = source
    for _ in range(30):
        rdd = rdd.map(lambda x: (x, 1)).reduceByKey(lambda a, b: a + b, 2).map(lambda pair: pair[0])
    del source
    rdd.checkpoint()
    child = rdd.map(lambda x: x + 1)
    assert child.sum() == 5050
    before = sizes[0]
    gc.collect()
    assert first() is None
    assert child.sum() == 5050
    assert sizes[-1] < before / 10
    assert sorted(rdd.collect()) == list(range(100))


def test_a_shuffle_an_aligned_join_and_a_coalesce_read_a_checkpoint_like_the_rdd(sc: WeftContext, folder: Path) -> None:
    pairs = sc.parallelize([(n % 5, n) for n in range(20)], 3).reduceByKey(lambda a, b: a + b, 4)
    parts = pairs.glom().collect()
    pairs.checkpoint()
    assert pairs.count() == 5
    assert pairs.glom().collect() == parts
    assert pairs.getNumPartitions() == 4
    assert sorted(pairs.join(pairs.mapValues(str)).collect()) == [(k, (30 + 4 * k, str(30 + 4 * k))) for k in range(5)]
    assert pairs.coalesce(2).glom().collect() == [parts[0] + parts[1], parts[2] + parts[3]]
    assert pairs.sortByKey().keys().collect() == [0, 1, 2, 3, 4]


def test_of_rdds_made_of_each_other_the_last_is_written(sc: WeftContext, folder: Path) -> None:
    first = sc.parallelize(range(4), 2).map(str)
    first.checkpoint()
    second = first.map(len)
    second.checkpoint()
    assert second.sum() == 4
    assert (first.isCheckpointed(), second.isCheckpointed()) == (False, True)
    assert first.collect() == ["0", "1", "2", "3"]
    assert first.isCheckpointed()


def test_a_checkpoint_needs_a_folder(sc: WeftContext) -> None:
    sc._jobs.checkpoints.folder = None
    with pytest.raises(ContextError, match="Checkpoint directory has not been set"):
        sc.parallelize([1]).checkpoint()
    with pytest.raises(WeftError, match="nofs"):
        sc.setCheckpointDir("nofs://host/x")
    assert sc.getCheckpointDir() is None


def test_rdds_without_records_and_without_partitions_can_be_checkpointed(sc: WeftContext, folder: Path) -> None:
    for rdd in (sc.emptyRDD(), sc.parallelize([], 3)):
        rdd.checkpoint()
        assert rdd.count() == 0
        assert rdd.isCheckpointed()
        assert rdd.collect() == []


def test_a_local_checkpoint_keeps_what_is_persisted_and_forgets_the_rest(sc: WeftContext, tmp_path: Path) -> None:
    function = counted(tmp_path)
    rdd = sc.parallelize(range(6), 3).map(function)
    source = weakref.ref(rdd._node.parents[0])
    rdd.localCheckpoint()
    assert (rdd.isCheckpointed(), rdd.isLocallyCheckpointed(), rdd.getCheckpointFile()) == (False, True, None)
    assert rdd.getStorageLevel() == StorageLevel.MEMORY_AND_DISK_DESER
    assert rdd.first() == 0
    assert rdd.isCheckpointed()
    gc.collect()
    assert source() is None
    assert rdd.map(lambda x: x * 2).collect() == [0, 2, 4, 6, 8, 10]
    assert function.calls == 6
    assert rdd.getCheckpointFile() is None
    rdd.unpersist()
    with pytest.raises(WeftError, match="checkpointed locally"):
        rdd.collect()


@pytest.mark.cluster
def test_a_local_checkpoint_that_lost_a_partition_says_so(tmp_path: Path) -> None:
    code = """
        from weft.errors import WeftError

        with WeftContext("local-cluster[2,1,512]", "lost") as sc:
            sc.setCheckpointDir(os.getcwd())
            local = sc.parallelize(range(8), 8).map(lambda x: (note("made"), x + 1)[1])
            local.localCheckpoint()
            written = sc.parallelize(range(8), 8).map(lambda x: x + 1).cache()
            written.checkpoint()
            assert (local.sum(), written.sum()) == (36, 36)
            kill_runner_of(noted("made")[0], gateway_of(sc))
            sc.parallelize(range(4), 4).count()
            assert written.sum() == 36
            failed = 0
            for _ in range(200):
                try:
                    assert local.sum() == 36
                except WeftError as error:
                    assert "was checkpointed locally" in str(error), error
                    failed += 1
                    break
            assert failed == 1
        """
    scripts.run(tmp_path, scripts.with_kills(code))


@pytest.mark.cluster
def test_a_checkpoint_is_whole_although_a_runner_dies_under_it(tmp_path: Path) -> None:
    code = """
        import os, signal, threading, time
        from tests.gateway.scripts import children, gateway_of
        from weft import WeftContext

        here = os.getcwd()

        def slow(record):
            open(f"{here}/run-{record}-{time.monotonic_ns()}", "w").close()
            if len([name for name in os.listdir(here) if name.startswith(f"run-{record}-")]) == 2:  # the checkpoint's
                deadline = time.monotonic() + 60
                while not os.path.exists(f"{here}/killed") and time.monotonic() < deadline:
                    time.sleep(0.01)
            return record * 2

        with WeftContext("local-cluster[2,1,512]", "killed") as sc:
            sc.setCheckpointDir(here)
            gateway = gateway_of(sc._answer.socket)
            rdd = sc.parallelize(range(6), 6).map(slow)
            rdd.checkpoint()
            found = []
            job = threading.Thread(target=lambda: found.append(rdd.sum()))
            job.start()
            deadline = time.monotonic() + 60
            while len([name for name in os.listdir(here) if name.startswith("run-")]) < 8:
                assert time.monotonic() < deadline
                time.sleep(0.01)
            os.kill(children(gateway)[0], signal.SIGKILL)
            open(f"{here}/killed", "w").close()
            job.join(120)
            assert found == [30]
            folder = rdd.getCheckpointFile().replace("file:", "")
            names = sorted(name for name in os.listdir(folder) if not name.startswith((".", "_")))
            assert names == [f"part-0000{n}" for n in range(6)], names
            assert rdd.glom().collect() == [[n * 2] for n in range(6)]
        """
    scripts.run(tmp_path, code)

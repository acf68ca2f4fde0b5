"""What programs rely on whatever is killed: what runs, how often, and on what."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.gateway import scripts

pytestmark = pytest.mark.cluster


def test_take_grows_its_jobs_and_computes_no_partition_twice(tmp_path: Path) -> None:
    code = """
        with WeftContext("local-cluster[2,1,512]", "take") as sc:
            gateway = gateway_of(sc)

            def touch(index, records):
                note(f"ran-{index}")
                if index == 3 and once("killed"):
                    kill_runner_of(os.getpid(), gateway)
                return records

            def ran():
                found = {int(name[4:]): len(noted(name)) for name in os.listdir(here) if name.startswith("ran-")}
                for name in list(found):
                    os.unlink(f"{here}/ran-{name}")
                return found

            def jobs():
                return len(sc.statusTracker().getJobIdsForGroup("take"))

            sc.setJobGroup("take", "")
            rdd = sc.parallelize(range(400), 40).mapPartitionsWithIndex(touch)
            assert rdd.first() == 0 and jobs() == 1 and ran() == {0: 1}
            assert rdd.take(10) == list(range(10)) and jobs() == 2 and ran() == {0: 1}
            # one partition, then 4, then 20: the runner that dies in the second job costs its own task alone
            assert rdd.filter(lambda x: x >= 60).take(3) == [60, 61, 62]
            assert jobs() == 5
            assert ran() == {index: 2 if index == 3 else 1 for index in range(25)}
            # of 12 in the first two partitions of 3 wanted ones a page: 4 * 1.5 - 1 more are tried
            assert rdd.filter(lambda x: x % 5 == 0).take(4) == [0, 5, 10, 15]
            assert ran() == {0: 1, 1: 1, 2: 1}

            def read(pair):
                note(f"ran-{pair[0]}")
                return pair

            dealt = sc.parallelize([(i, i) for i in range(40)], 4).map(read).partitionBy(20)
            assert dealt.filter(lambda pair: pair[0] == 39).take(1) == [(39, 39)]
            assert dealt.first()[0] % 20 == 0
            assert ran() == dict.fromkeys(range(40), 1), "a shuffle under a take is written once"
        """
    scripts.run(tmp_path, scripts.with_kills(code))


def test_zip_of_unequal_partitions_fails_also_when_a_worker_was_killed(tmp_path: Path) -> None:
    code = """
        with WeftContext("local-cluster[2,1,512]", "zip") as sc:
            gateway = gateway_of(sc)

            def dies_once(name):
                def run(records):
                    yield next(records)
                    if once(name):
                        os.kill(os.getpid(), signal.SIGKILL)
                    yield from records
                return run

            many = 30_000
            small = sc.range(many, numSlices=2)
            large = sc.parallelize(range(many), 2).map(lambda i: (i, "x" * 500))  # of other batches
            shuffled = sc.range(many, numSlices=3).map(lambda i: (i * 2 // many, i)).partitionBy(2, lambda part: part)
            pairs = small.mapPartitions(dies_once("equal")).zip(large)
            assert [(i, j) for i, (j, _) in pairs.collect()] == [(i, i) for i in range(many)]
            assert all(i == j for i, (_, j) in small.zip(shuffled).collect())
            assert os.path.exists("equal")

            shorter = large.filter(lambda pair: pair[0] != many - 1)
            for number, (one, other) in enumerate([(small, shorter), (shorter, small), (shuffled, shorter)]):
                pairs = one.mapPartitions(dies_once(f"unequal-{number}")).zip(other)
                assert pairs.first()[0] is not None
                for action in (pairs.count, lambda: pairs.map(lambda pair: (1, 1)).reduceByKey(max).collect()):
                    try:
                        action()
                    except ValueError as error:
                        assert "zip: partition 1 has 14999 records on one side and more on the other" in str(error)
                    else:
                        raise SystemExit(f"{number} was paired")
                assert os.path.exists(f"unequal-{number}")
            try:
                small.zip(sc.range(many, numSlices=3))
            except ValueError as error:
                assert "same number of partitions" in str(error)
            else:
                raise SystemExit("partitions were paired")
        """
    scripts.run(tmp_path, scripts.with_kills(code))


def test_what_preserves_partitioning_is_not_shuffled_again_also_after_a_kill(tmp_path: Path) -> None:
    code = """
        with WeftContext("local-cluster[2,1,512]", "partitioned") as sc:
            gateway = gateway_of(sc)

            def stages(action):
                "How many stages ran for it, as the summary at the end counts them."
                before = sc._jobs._totals.sums["stages"]
                found = action()
                return sc._jobs._totals.sums["stages"] - before, found

            workers = set(sc.parallelize(range(8), 8).map(lambda _: (time.sleep(0.05), os.getpid())[1]).collect())
            pairs = sc.parallelize([(i % 10, i) for i in range(100)], 3).partitionBy(4)
            add, double = lambda a, b: a + b, lambda rows: ((key, 2 * value) for key, value in rows)
            right = [(key, 2 * sum(range(key, 100, 10))) for key in range(10)]

            def sums(rdd, partitions=4):
                count, found = stages(rdd.reduceByKey(add, partitions).collect)
                assert sorted(found) == right, found
                return count

            kept = pairs.mapPartitions(double, preservesPartitioning=True)
            assert kept.partitioner == pairs.partitioner
            assert sums(kept) == 2, "the one shuffle of partitionBy, and the reducing"
            assert sums(pairs.mapPartitionsWithIndex(lambda _, rows: double(rows), preservesPartitioning=True)) == 1
            assert sums(pairs.map(lambda pair: (pair[0], 2 * pair[1]), preservesPartitioning=True)) == 1
            assert sums(pairs.mapValues(lambda value: 2 * value)) == 1
            assert sums(pairs.flatMapValues(lambda value: [value, value]).filter(lambda pair: True)) == 1
            assert sums(pairs.mapPartitions(double)) == 2 and pairs.mapPartitions(double).partitioner is None
            assert sums(pairs.map(lambda pair: (pair[0], 2 * pair[1]))) == 2
            assert sums(kept, 5) == 2, "another number of partitions is another partitioning"

            kill_runner_of(min(workers), gateway)  # with map outputs that the next jobs read
            assert sums(kept) <= 2
            joined = kept.join(pairs.mapValues(str), 4)
            assert joined.count() == 1000
            assert sums(kept) == 1
        """
    scripts.run(tmp_path, scripts.with_kills(code))


def test_a_zero_value_that_is_changed_belongs_to_one_key_and_one_attempt(tmp_path: Path) -> None:
    code = """
        with WeftContext("local-cluster[2,1,512]", "zero") as sc:
            def push(values, value):
                values.append(value)
                return values

            def join(values, others):
                values.extend(others)
                return values

            def fails_after(name, signal_number=None):
                "Each first attempt ends when it has changed the zero value; its worker serves on, or is killed."
                def run(index, records):
                    yield from records
                    if once(f"{name}-{index}"):
                        if signal_number and index % 2:
                            os.kill(os.getpid(), signal_number)
                        raise RuntimeError("once more")
                return run

            def ordered(rdd):
                return [(key, sorted(values)) for key, values in sorted(rdd.collect())]

            for number in (None, signal.SIGKILL):
                def rdd(name):
                    return sc.range(40, numSlices=4).mapPartitionsWithIndex(fails_after(f"{name}-{number}", number))

                def keyed(name):
                    return rdd(name).map(lambda x: (x % 3, x))

                by_key = [(key, list(range(key, 40, 3))) for key in range(3)]
                zero = []
                assert sorted(rdd("aggregate").aggregate(zero, push, join)) == list(range(40))
                assert sorted(rdd("tree").treeAggregate(zero, push, join, 2)) == list(range(40))
                assert sorted(rdd("fold").map(lambda x: [x]).fold(zero, join)) == list(range(40))
                assert ordered(keyed("abk").aggregateByKey(zero, push, join, 2)) == by_key
                lists = keyed("fbk").mapValues(lambda x: [x])
                assert ordered(lists.foldByKey(zero, join, 2)) == by_key
                again = lists.foldByKey(zero, join, 2)
                assert ordered(again) == ordered(again) == by_key
                assert zero == [], "the driver's own stays as it was"
            assert len([name for name in os.listdir(here) if name.startswith(("aggregate-", "fbk-"))]) == 16
        """
    scripts.run(tmp_path, scripts.with_kills(code))


def test_samples_are_pysparks_on_every_host_and_after_kills(tmp_path: Path) -> None:
    code = """
        # by PySpark 4.3.0, python 3.11: sc.parallelize(range(600), 6) and the calls below
        RIGHT = {
            "some": [10, 91, 169, 233, 447, 502, 506, 557],
            "twice": [51, 76, 85, 125, 144, 246, 274, 394, 494, 580],
            "split": [36, 59, 107, 110, 130, 141, 205, 214, 243]
            + [362, 387, 391, 400, 417, 421, 454, 481, 564],
            "taken": [130, 351, 211, 168, 471, 524, 529],
            "by key": [172, 213, 271, 299, 329, 551, 553],
        }
        with WeftContext("local-cluster[3,1,512]", "sample") as sc:
            gateway = gateway_of(sc)

            def everywhere(index, records):
                records = list(records)
                note("ran")
                if index == 4 and once(f"killed-{turn}"):
                    kill_runner_of(os.getpid(), gateway)
                return iter(records)

            for turn in range(3):
                poll(lambda: len(sc.statusTracker().getExecutorInfos()) == 3)  # each takes one of the first tasks
                rdd = sc.parallelize(range(600), 6).mapPartitionsWithIndex(everywhere)
                pairs = rdd.map(lambda x: (x % 2, x))
                found = {
                    "some": rdd.sample(False, 0.02, 42).collect(),
                    "twice": rdd.sample(True, 0.02, 42).collect(),
                    "split": rdd.randomSplit([1, 40], 17)[0].collect(),
                    "taken": rdd.takeSample(False, 7, 5),
                    "by key": pairs.sampleByKey(False, {0: 0.01, 1: 0.02}, 3).values().collect(),
                }
                assert found == RIGHT, found
            runners = set()
            for worker in set(noted("ran")):
                try:
                    runners.add(runner_of(worker, gateway))
                except FileNotFoundError:
                    pass  # killed
            assert len(runners) >= 2, runners
        """
    scripts.run(tmp_path, scripts.with_kills(code))


def test_repartition_gives_the_same_partitions_when_maps_run_again_under_it(tmp_path: Path) -> None:
    code = """
        with WeftContext("local-cluster[3,1,512]", "repartition") as sc:
            gateway = gateway_of(sc)

            def grouped():
                # what repartition deals out comes over a shuffle, so that its order is that of fetching
                pairs = sc.parallelize(range(12_000), 6).map(lambda i: (i * 7919 % 613, "%06d" % i))
                return pairs.groupByKey(6).flatMap(lambda pair: list(pair[1]))

            right = grouped().repartition(8).glom().collect()
            assert sorted(sum(right, [])) == ["%06d" % i for i in range(12_000)]
            poll(lambda: len(sc.statusTracker().getExecutorInfos()) == 3)
            assert sc.parallelize(range(3), 3).map(lambda _: (note("workers"), time.sleep(0.2))).count() == 3

            for victim in range(2):
                def reader(index, records):
                    note(f"read-{victim}-{index}")
                    found = [next(records)]
                    if index == 5 and once(f"killed-{victim}"):  # three reducers at least are through
                        mine = runner_of(os.getpid(), gateway)
                        living = [one for one in noted("workers") if os.path.exists(f"/proc/{one}")]
                        others = {runner_of(one, gateway) for one in living} - {mine}
                        os.kill(min(others), signal.SIGKILL)
                    return iter([found + list(records)])

                given = grouped().repartition(8).mapPartitionsWithIndex(reader).collect()
                assert given == right, "a record went elsewhere, was lost or doubled"
                assert os.path.exists(f"killed-{victim}")
                assert sc.parallelize(range(9), 9).map(lambda _: (note("workers"), time.sleep(0.1))).count() == 9
        """
    scripts.run(tmp_path, scripts.with_kills(code))

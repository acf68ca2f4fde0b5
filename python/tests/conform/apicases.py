"""More cases of the comparison with PySpark: what is about the right number, jobs' states, serializers. See ``cases``."""

from __future__ import annotations

import getpass
import importlib
import io
import os
import shutil
import tempfile
import threading
import time
import warnings
import zipfile
from collections.abc import Callable
from typing import Any

__all__ = ["API"]

Case = Callable[[Any], Any]
API: dict[str, Case] = {}
_LONG = 100_000


def _package(sc: Any) -> str:
    return str(type(sc).__module__.partition(".")[0])


def _module(sc: Any, name: str) -> Any:
    own = {"resource": "resources"}.get(name, name) if _package(sc) == "weft" else name
    return importlib.import_module(f"{_package(sc)}.{own}")


def _files(sc: Any) -> Any:
    package = importlib.import_module(_package(sc))
    return getattr(package, "SparkFiles", None) or package.WeftFiles


def _bounded(found: Any) -> Any:
    return round(found, 6), round(found.low, 6), round(found.high, 6), found.confidence, isinstance(found, float)


APPROXIMATE: dict[str, Case] = {
    "countApprox": lambda sc: sc.parallelize(range(100), 7).countApprox(_LONG),
    "countApprox of nothing": lambda sc: sc.parallelize([], 3).countApprox(_LONG, 0.5),
    "sumApprox": lambda sc: _bounded(sc.parallelize(range(100), 7).sumApprox(_LONG)),
    "sumApprox of floats": lambda sc: _bounded(sc.parallelize([0.5, 1.25, -3.0], 2).sumApprox(_LONG, 0.9)),
    "sumApprox of empty partitions": lambda sc: _bounded(sc.parallelize([1], 3).sumApprox(_LONG)),
    "sumApprox of texts": lambda sc: sc.parallelize(["a"], 1).sumApprox(_LONG),
    "meanApprox": lambda sc: _bounded(sc.parallelize(range(100), 7).meanApprox(_LONG)),
    "meanApprox of empty partitions": lambda sc: _bounded(sc.parallelize([1, 4], 5).meanApprox(_LONG)),
    "meanApprox of a failing function": lambda sc: sc.parallelize([1, 0], 2).map(lambda x: 1 / x).meanApprox(_LONG),
    "countApproxDistinct of few": lambda sc: sc.parallelize([1, 2, 2, 3, 3, 3], 3).countApproxDistinct(),
    "countApproxDistinct of nothing": lambda sc: sc.parallelize([], 2).countApproxDistinct(),
    "countApproxDistinct of many": lambda sc: (
        lambda n: 9_000 < n < 11_000
    )(sc.range(10_000, numSlices=4).map(str).countApproxDistinct(0.02)),
    "countApproxDistinct too exact": lambda sc: sc.parallelize([1]).countApproxDistinct(0.00000001),
    "BoundedFloat": lambda sc: (
        lambda b: (b + 1, b.low, b.high, b.confidence, repr(b))
    )(_module(sc, "rdd").BoundedFloat(2.0, 0.9, 1.0, 3.0)),
    "toDebugString": lambda sc: (
        lambda text: (type(text).__name__, text[:4].decode(), text.count(b"+-(2)"))
    )(sc.parallelize([(1, 2)], 2).reduceByKey(max, 3).toDebugString()),
    "cleanShuffleDependencies": lambda sc: (
        lambda r: (sorted(r.collect()), r.cleanShuffleDependencies(), sorted(r.collect()))
    )(sc.parallelize([(1, 2), (1, 3), (2, 4)], 2).reduceByKey(max, 3)),
}


def _in_group(sc: Any, run: Callable[[], Any], ask: Callable[[Any, list[int]], Any]) -> Any:
    """What the status tracker tells of the jobs that ``run`` starts."""
    before = sc.getLocalProperty("spark.jobGroup.id"), sc.getLocalProperty("spark.job.description")
    group = f"group {time.time_ns()}"
    sc.setJobGroup(group, "asked for")
    try:
        run()
    finally:
        sc.setLocalProperty("spark.jobGroup.id", before[0])
        sc.setLocalProperty("spark.job.description", before[1])
    tracker = sc.statusTracker()
    jobs = sorted(tracker.getJobIdsForGroup(group))
    deadline = time.monotonic() + 10
    while any(tracker.getJobInfo(job).status == "RUNNING" for job in jobs) and time.monotonic() < deadline:
        time.sleep(0.01)  # PySpark's hears of a job's end a little later than the program
    return ask(tracker, jobs)


def _stages(tracker: Any, jobs: list[int]) -> Any:
    infos = [tracker.getStageInfo(stage) for job in jobs for stage in sorted(tracker.getJobInfo(job).stageIds)]
    return [(one.currentAttemptId, one.numTasks, one.numActiveTasks, one.numCompletedTasks) for one in infos]


def _failing(sc: Any) -> None:
    try:
        sc.parallelize([1, 0], 2).map(lambda x: 1 / x).collect()
    except Exception:
        return


STATUS: dict[str, Case] = {
    "of one job": lambda sc: _in_group(
        sc, lambda: sc.range(4, numSlices=3).count(), lambda t, jobs: [t.getJobInfo(job).status for job in jobs]
    ),
    "of a failed job": lambda sc: _in_group(
        sc, lambda: _failing(sc), lambda t, jobs: [t.getJobInfo(job).status for job in jobs]
    ),
    "stages of two": lambda sc: _in_group(
        sc, lambda: sc.range(4, numSlices=3).map(lambda x: (x % 2, x)).reduceByKey(max, 2).collect(), _stages
    ),
    "ids are those of the job": lambda sc: _in_group(
        sc, lambda: sc.range(4).count(), lambda t, jobs: [t.getJobInfo(job).jobId == job for job in jobs]
    ),
    "no such group": lambda sc: sc.statusTracker().getJobIdsForGroup("nobody's"),
    "no such job": lambda sc: sc.statusTracker().getJobInfo(10**8),
    "no such stage": lambda sc: sc.statusTracker().getStageInfo(10**8),
    "nothing runs": lambda sc: sc.statusTracker().getActiveJobsIds(),
    "fields of a job": lambda sc: _in_group(sc, lambda: sc.range(1).count(), lambda t, jobs: t.getJobInfo(jobs[0])._fields),
    "executors": lambda sc: len(sc.statusTracker().getExecutorInfos()) > 0,
    "fields of an executor": lambda sc: sc.statusTracker().getExecutorInfos()[0]._fields,
}


def _tagged(sc: Any, *calls: tuple[str, str]) -> Any:
    try:
        found = []
        for method, tag in calls:
            getattr(sc, method)(tag)
            found.append(sorted(sc.getJobTags()))
        return found
    finally:
        sc.clearJobTags()


TAGS: dict[str, Case] = {
    "add": lambda sc: _tagged(sc, ("addJobTag", "b"), ("addJobTag", "a"), ("addJobTag", "b")),
    "remove": lambda sc: _tagged(sc, ("addJobTag", "b"), ("removeJobTag", "c"), ("removeJobTag", "b")),
    "none": lambda sc: sorted(sc.getJobTags()),
    "clear": lambda sc: (sc.addJobTag("x"), sc.clearJobTags(), sorted(sc.getJobTags())),
    "empty": lambda sc: _tagged(sc, ("addJobTag", "")),
    "with a comma": lambda sc: _tagged(sc, ("addJobTag", "a,b")),
    "cancel nobody's": lambda sc: sc.cancelJobsWithTag("nobody's"),
    "interrupt": lambda sc: (
        sc.setInterruptOnCancel(True),
        sc.getLocalProperty("spark.job.interruptOnCancel"),
        sc.setLocalProperty("spark.job.interruptOnCancel", None),
    ),
}


def _written(sc: Any, make: Callable[[Any], Any], records: Any) -> Any:
    """What a serializer writes, where every version of Python writes the same, and what it reads of it."""
    serializer = make(_module(sc, "serializers"))
    stream = io.BytesIO()
    serializer.dump_stream(iter(records), stream)
    stream.seek(0)
    return len(stream.getvalue()), list(serializer.load_stream(stream)), repr(serializer)


def _pairs(sc: Any, kind: str) -> Any:
    module = _module(sc, "serializers")
    batched = module.BatchedSerializer(module.PickleSerializer(), 2)
    stream = io.BytesIO()
    batched.dump_stream(["a", 1, {}], stream)
    one, other = stream.getvalue()[: stream.getvalue().index(b"\x80", 6) - 4], stream.getvalue()
    both = getattr(module, kind)(batched, batched)
    return list(both.load_stream(io.BytesIO(one + one))), len(other) > len(one), repr(both)


_VALUES = [1, "é", b"x", None, (1, 2.5), [True], {"a": {1}}]
SERIALIZERS: dict[str, Case] = {
    "pickle": lambda sc: _written(sc, lambda m: m.PickleSerializer(), _VALUES),
    "cloudpickle": lambda sc: _written(sc, lambda m: m.CloudPickleSerializer(), _VALUES),
    "CPickleSerializer": lambda sc: _module(sc, "serializers").CPickleSerializer.__name__,
    "marshal": lambda sc: _written(sc, lambda m: m.MarshalSerializer(), _VALUES)[1:],
    "batches of 2": lambda sc: _written(sc, lambda m: m.BatchedSerializer(m.PickleSerializer(), 2), _VALUES),
    "one batch": lambda sc: _written(sc, lambda m: m.BatchedSerializer(m.PickleSerializer()), _VALUES),
    "automatic batches": lambda sc: _written(sc, lambda m: m.AutoBatchedSerializer(m.PickleSerializer()), range(500)),
    "compressed": lambda sc: _written(sc, lambda m: m.CompressedSerializer(m.PickleSerializer()), _VALUES)[1:],
    "nothing to do": lambda sc: _written(sc, lambda m: m.NoOpSerializer(), [b"a", b"", b"bcd"]),
    "flattened": lambda sc: _written(
        sc, lambda m: m.FlattenedValuesSerializer(m.BatchedSerializer(m.PickleSerializer(), 2), 2), [("k", [1, 2, 3])]
    )[1:],
    "pairs": lambda sc: _pairs(sc, "PairDeserializer"),
    "products": lambda sc: _pairs(sc, "CartesianDeserializer"),
    "texts": lambda sc: list(
        _module(sc, "serializers").UTF8Deserializer().load_stream(io.BytesIO(b"\0\0\0\2\xc3\xa9\0\0\0\1a\xff\xff\xff\xff"))
    ),
    "texts as bytes": lambda sc: list(
        _module(sc, "serializers").UTF8Deserializer(False).load_stream(io.BytesIO(b"\0\0\0\2\xc3\xa9"))
    ),
    "equal": lambda sc: (
        lambda m: (
            m.PickleSerializer() == m.PickleSerializer(),
            m.PickleSerializer() == m.MarshalSerializer(),
            m.BatchedSerializer(m.PickleSerializer(), 2) == m.BatchedSerializer(m.PickleSerializer(), 3),
            hash(m.NoOpSerializer()) == hash(m.NoOpSerializer()),
        )
    )(_module(sc, "serializers")),
    "of the context": lambda sc: repr(sc.serializer),
    "marshal of an object": lambda sc: _module(sc, "serializers").MarshalSerializer().dumps(object()),
    "pickle of a lambda": lambda sc: _module(sc, "serializers").PickleSerializer().dumps(lambda: 1),
    "cloudpickle of a lambda": lambda sc: (
        lambda s: s.loads(s.dumps(lambda: 3))()
    )(_module(sc, "serializers").CloudPickleSerializer()),
    "numbers": lambda sc: (lambda m, b: (m.write_int(-7, b), b.seek(0), m.read_int(b)))(
        _module(sc, "serializers"), io.BytesIO()
    ),
}


def _archive(sc: Any, name: str = "") -> Any:
    """What tasks and the driver find of an archive."""
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, f"packed{time.time_ns()}.zip")
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("inner/file.txt", "content")
        sc.addArchive(path + (f"#{name}" if name else ""))
        files, found = _files(sc), name or os.path.basename(path)

        def read(_: Any) -> str:
            with open(os.path.join(files.get(found), "inner", "file.txt")) as file:
                return file.read()

        return sc.range(2, numSlices=2).map(read).collect(), read(0), len([one for one in sc.listArchives if path in one])


def _folder(sc: Any, recursive: bool) -> Any:
    with tempfile.TemporaryDirectory() as parent:
        folder = os.path.join(os.path.realpath(parent), f"folder{time.time_ns()}")
        os.makedirs(os.path.join(folder, "inner"))
        with open(os.path.join(folder, "inner", "file.txt"), "w") as file:
            file.write("content")
        sc.addFile("file:" + folder, recursive)
        files, name = _files(sc), os.path.basename(folder)

        def read(_: Any) -> str:
            with open(os.path.join(files.get(name), "inner", "file.txt")) as file:
                return file.read()

        return sc.range(2, numSlices=2).map(read).collect()


def _property(sc: Any, key: str, value: str) -> Any:
    type(sc).setSystemProperty(key, value)
    return type(sc).getSystemProperty(key)


CONTEXT: dict[str, Case] = {
    "PACKAGE_EXTENSIONS": lambda sc: sc.PACKAGE_EXTENSIONS,
    "resources": lambda sc: sc.resources,
    "pythonVer": lambda sc: sc.pythonVer.count("."),
    "sparkHome": lambda sc: sc.sparkHome,
    "environment": lambda sc: type(sc.environment).__name__,
    "profiler_collector": lambda sc: sc.profiler_collector,
    "active": lambda sc: type(sc)._active_spark_context is sc,
    "uiWebUrl": lambda sc: sc.uiWebUrl,
    "an archive": _archive,
    "a named archive": lambda sc: _archive(sc, f"name{time.time_ns()}"),
    "a folder": lambda sc: _folder(sc, True),
    "a folder that is not asked for": lambda sc: _folder(sc, False),
    "system property": lambda sc: _property(sc, "case.of.mine", "é"),
    "no system property": lambda sc: type(sc).getSystemProperty("nobody.has.set"),
    "show_profiles without": lambda sc: sc.show_profiles(),
    "dump_profiles without": lambda sc: sc.dump_profiles("/nowhere"),
}


def _profile(sc: Any) -> Any:
    """A profile built of three, and two of its requests."""
    module = _module(sc, "resource")
    task = module.TaskResourceRequests().cpus(2).resource("gpu", 0.5)
    executor = module.ExecutorResourceRequests().cores(4).memory("2g").memoryOverhead("512m").pysparkMemory("1g")
    executor.offheapMemory("100m").resource("gpu", 2, "find.sh", "maker")
    profile = module.ResourceProfileBuilder().require(task).require(executor).build
    tasks = {name: (one.resourceName, one.amount) for name, one in profile.taskResources.items()}
    executors = {name: (one.resourceName, one.amount) for name, one in profile.executorResources.items()}
    gpu = profile.executorResources["gpu"]
    return tasks, executors, gpu.discoveryScript, gpu.vendor, profile.id > 0


def _some_profile(sc: Any) -> Any:
    module = _module(sc, "resource")
    return module.ResourceProfileBuilder().require(module.TaskResourceRequests().cpus(2)).build


def _cleared(sc: Any) -> Any:
    module = _module(sc, "resource")
    builder = module.ResourceProfileBuilder().require(module.TaskResourceRequests().cpus(1))
    builder.require(module.ExecutorResourceRequests().cores(1))
    builder.clearExecutorResourceRequests()
    builder.clearTaskResourceRequests()
    return len(builder.taskResources), len(builder.executorResources)


RESOURCES: dict[str, Case] = {
    "a profile": _profile,
    "cleared": _cleared,
    "information": lambda sc: (lambda one: (one.name, one.addresses))(
        _module(sc, "resource").ResourceInformation("gpu", ["0", "1"])
    ),
    "of an RDD": lambda sc: sc.range(1).getResourceProfile(),
    "for an RDD": lambda sc: sc.range(1).withResources(_some_profile(sc)).count(),
}

def _python_file(sc: Any) -> Any:
    """What tasks and the driver compute by a module that is sent to them."""
    with tempfile.TemporaryDirectory() as folder:
        name = f"sent{time.time_ns()}"
        with open(os.path.join(folder, name + ".py"), "w") as file:
            file.write("def twice(x):\n    return 2 * x\n")
        sc.addPyFile(os.path.join(folder, name + ".py"))

        def twice(x: int) -> Any:
            return importlib.import_module(name).twice(x)

        return sc.range(3, numSlices=2).map(twice).collect(), twice(4)


def _cancelled(sc: Any, cancel: Callable[[str], Any]) -> Any:
    """What becomes of a job that is cancelled while it runs, and of the next."""
    folder, group = tempfile.mkdtemp(), f"to cancel {time.time_ns()}"
    started = os.path.join(folder, "started")

    def endless(_: Any) -> Any:
        open(started, "w").close()
        end = time.monotonic() + 60
        while os.path.exists(started) and time.monotonic() < end:
            time.sleep(0.001)
            yield b"x" * 1000

    said: list[Any] = []

    def run() -> None:
        sc.setJobGroup(group, "endless")
        try:
            said.append(len(sc.range(1, numSlices=1).mapPartitions(endless).collect()))
        except Exception as error:
            said.append("cancel" in str(error).lower())

    thread = threading.Thread(target=run)
    thread.start()
    try:
        while thread.is_alive() and not os.path.exists(started):
            time.sleep(0.005)
        cancel(group)
        thread.join(30)
        return said, sc.range(3).count()
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        thread.join()


def _described(sc: Any) -> Any:
    before = sc.getLocalProperty("spark.job.description")
    try:
        sc.setJobDescription("é and more")
        return sc.getLocalProperty("spark.job.description"), sc.range(2).count()
    finally:
        sc.setJobDescription(before)


def _collected_in_group(sc: Any) -> Any:
    group = f"collected {time.time_ns()}"
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        found = sc.parallelize([1, 2], 2).collectWithJobGroup(group, "both")
    kinds = {one.category.__name__ for one in caught if issubclass(one.category, FutureWarning)}
    return found, len(sc.statusTracker().getJobIdsForGroup(group)), kinds


def _with_split(sc: Any) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return sc.parallelize("abc", 2).mapPartitionsWithSplit(lambda index, part: [(index, list(part))])


NAMES: dict[str, Case] = {
    "toLocalIterator": lambda sc: list(sc.range(7, numSlices=3).toLocalIterator()),
    "toLocalIterator ahead": lambda sc: list(sc.range(7, numSlices=3).toLocalIterator(prefetchPartitions=True)),
    "toLocalIterator of a failing function": lambda sc: list(
        sc.parallelize([1, 0], 2).map(lambda x: 1 / x).toLocalIterator()
    ),
    "getConf is a copy": lambda sc: (
        sc.getConf().set("my.own", "1").get("my.own"),
        sc.getConf().get("my.own", "not there"),
        sc.getConf().contains("my.own"),
    ),
    "applicationId": lambda sc: (type(sc.applicationId).__name__, sc.applicationId == sc.applicationId, " " in sc.applicationId),
    "sparkUser": lambda sc: sc.sparkUser() == getpass.getuser(),
    "startTime": lambda sc: (type(sc.startTime).__name__, 0 <= time.time() * 1000 - sc.startTime < 10**8),
    "addPyFile": _python_file,
    "addPyFile of nothing": lambda sc: sc.addPyFile("/nowhere/at/all.py"),
    "cancelJobGroup": lambda sc: _cancelled(sc, sc.cancelJobGroup),
    "cancelJobGroup of nobody's": lambda sc: (sc.cancelJobGroup("nobody's"), sc.range(3).count()),
    "cancelAllJobs": lambda sc: _cancelled(sc, lambda _: sc.cancelAllJobs()),
    "cancelAllJobs without any": lambda sc: (sc.cancelAllJobs(), sc.range(3).count()),
    "setJobDescription": _described,
    "collectWithJobGroup": _collected_in_group,
    "mapPartitionsWithSplit": _with_split,
}

for _group, _cases in (
    ("approximate", APPROXIMATE),
    ("status", STATUS),
    ("tags", TAGS),
    ("serializers", SERIALIZERS),
    ("context", CONTEXT),
    ("resources", RESOURCES),
    ("names", NAMES),
):
    for _name, _case in _cases.items():
        API[f"{_group}: {_name}"] = _case


"""More cases of the comparison with PySpark: what driver and tasks share. See ``cases``."""

from __future__ import annotations

import importlib
import operator
import os
import pickle
import tempfile
import threading
from collections.abc import Callable
from typing import Any

__all__ = ["SHARED"]

Case = Callable[[Any], Any]
SHARED: dict[str, Case] = {}


def _package(sc: Any) -> str:
    return str(type(sc).__module__.partition(".")[0])


def _name(sc: Any, name: str) -> Any:
    """A class by PySpark's name, of either package."""
    package = importlib.import_module(_package(sc))
    return getattr(package, name, None) or getattr(package, name.replace("Spark", "Weft"))


def _added(sc: Any, value: Any, action: Callable[[Any, Any], Any], param: Any = None) -> Any:
    """What an accumulator holds after an action on six numbers in three partitions."""
    accumulator = sc.accumulator(value, param)
    action(accumulator, sc.parallelize([5, 1, 4, 1, 3, -7], 3))
    return accumulator.value


def _map(accumulator: Any, rdd: Any) -> Any:
    return rdd.map(lambda x: (accumulator.add(x), (x % 2, x))[1])


def _vectors(sc: Any) -> Any:
    class Vectors(_name(sc, "AccumulatorParam")):  # type: ignore[misc]
        def zero(self, value: Any) -> Any:
            return [0] * len(value)

        def addInPlace(self, value1: Any, value2: Any) -> Any:
            for i, x in enumerate(value2):
                value1[i] += x
            return value1

    return Vectors()


def _lists(sc: Any) -> Any:
    return importlib.import_module(f"{_package(sc)}.accumulators").AddingAccumulatorParam([])


def _grown(accumulator: Any) -> Any:
    accumulator += 3
    return accumulator


def _read(accumulator: Any, rdd: Any) -> None:
    rdd.foreach(lambda x: accumulator.value)


def _set(accumulator: Any, rdd: Any) -> None:
    def assign(_: Any) -> None:
        accumulator.value = 1

    rdd.foreach(assign)


def _two_kinds(sc: Any) -> Any:
    even, odd = sc.accumulator(0), sc.accumulator(0.5)
    sc.range(10, numSlices=4).foreach(lambda x: (odd if x % 2 else even).add(x))
    return even.value, odd.value


ACCUMULATORS: dict[str, Case] = {
    "foreach": lambda sc: _added(sc, 0, lambda a, r: r.foreach(lambda x: a.add(x))),
    "foreachPartition": lambda sc: _added(sc, 0, lambda a, r: r.foreachPartition(lambda it: a.add(sum(it)))),
    "from 10": lambda sc: _added(sc, 10, lambda a, r: r.foreach(lambda x: a.add(x))),
    "a float": lambda sc: _added(sc, 0.5, lambda a, r: r.foreach(lambda x: a.add(x))),
    "a complex number": lambda sc: _added(sc, 1j, lambda a, r: r.foreach(lambda x: a.add(x))),
    "a truth value": lambda sc: _added(sc, True, lambda a, r: r.foreach(lambda x: a.add(x))),
    "a large number": lambda sc: _added(sc, 2**70, lambda a, r: r.foreach(lambda x: a.add(x))),
    "nothing added": lambda sc: _added(sc, 7, lambda a, r: r.foreach(lambda x: None)),
    "no action": lambda sc: _added(sc, 7, _map),
    "one action": lambda sc: _added(sc, 0, lambda a, r: _map(a, r).count()),
    "two actions": lambda sc: _added(sc, 0, lambda a, r: (lambda m: (m.count(), m.collect()))(_map(a, r))),
    "two actions on a cached RDD": lambda sc: _added(
        sc, 0, lambda a, r: (lambda m: (m.count(), m.collect()))(_map(a, r).cache())
    ),
    "before a shuffle": lambda sc: _added(sc, 0, lambda a, r: _map(a, r).reduceByKey(operator.add).collect()),
    "before a shuffle that is used twice": lambda sc: _added(
        sc, 0, lambda a, r: (lambda m: (m.count(), m.collect()))(_map(a, r).reduceByKey(operator.add))
    ),
    "after a shuffle": lambda sc: _added(
        sc, 0, lambda a, r: r.map(lambda x: (x, 1)).groupByKey().foreach(lambda pair: a.add(pair[0]))
    ),
    "in a filter": lambda sc: _added(sc, 0, lambda a, r: r.filter(lambda x: (a.add(1), x > 0)[1]).count()),
    "in a key": lambda sc: _added(sc, 0, lambda a, r: r.sortBy(lambda x: (a.add(1), x)[1], numPartitions=2).count()),
    "in both sides of a union": lambda sc: _added(sc, 0, lambda a, r: _map(a, r).union(_map(a, r)).count()),
    "first": lambda sc: _added(sc, 0, lambda a, r: _map(a, r).first()),
    "take 3": lambda sc: _added(sc, 0, lambda a, r: _map(a, r).take(3)),
    "one partition": lambda sc: _added(sc, 0, lambda a, r: r.context.runJob(_map(a, r), lambda it: it, [1])),
    "+= in the driver": lambda sc: _grown(sc.accumulator(4)).value,
    "add in the driver": lambda sc: (lambda a: (a.add(2), a.value))(sc.accumulator(4)),
    "str": lambda sc: str(sc.accumulator(4)),
    "a vector": lambda sc: _added(sc, [1, 2], lambda a, r: r.foreach(lambda x: a.add([x, 1])), _vectors(sc)),
    "lists": lambda sc: sorted(_added(sc, [0], lambda a, r: r.foreach(lambda x: a.add([x])), _lists(sc))),
    "a parameter without methods": lambda sc: sc.accumulator([1], _name(sc, "AccumulatorParam")()).add([1]),
    "two of them": _two_kinds,
    "pickled in the driver": lambda sc: (lambda a: pickle.loads(pickle.dumps(a)) is a)(sc.accumulator(1)),
    "of a text": lambda sc: sc.accumulator("a"),
    "of a list": lambda sc: sc.accumulator([1]),
    "of None": lambda sc: sc.accumulator(None),
    "read in a task": lambda sc: _added(sc, 0, _read),
    "set in a task": lambda sc: _added(sc, 0, _set),
    "a wrong type": lambda sc: _added(sc, 0, lambda a, r: r.foreach(lambda x: a.add("x"))),
}


def _in_tasks(ask: Callable[[Any], Any], rdd: Callable[[Any], Any] = lambda sc: sc.range(4, numSlices=4)) -> Case:
    """Asks the context of each record's task."""

    def case(sc: Any) -> Any:
        package = _package(sc)
        return rdd(sc).map(lambda _: ask(importlib.import_module(package).TaskContext)).collect()

    return case


def _with_property(ask: Callable[[Any], Any], **properties: str) -> Case:
    def case(sc: Any) -> Any:
        try:
            for key, value in properties.items():
                sc.setLocalProperty(key, value)
            return _in_tasks(ask)(sc), [sc.getLocalProperty(key) for key in properties]
        finally:
            for key in properties:
                sc.setLocalProperty(key, None)

    return case


def _in_group(sc: Any) -> Any:
    before = sc.getLocalProperty("spark.jobGroup.id"), sc.getLocalProperty("spark.job.description")
    sc.setJobGroup("mine", "described")
    try:
        found = _in_tasks(lambda task: task.get().getLocalProperty("spark.jobGroup.id"))(sc)
        return found, sc.getLocalProperty("spark.jobGroup.id"), sc.getLocalProperty("spark.job.description")
    finally:
        sc.setLocalProperty("spark.jobGroup.id", before[0])
        sc.setLocalProperty("spark.job.description", before[1])


def _in_thread(make: Callable[[Any, Callable[[], None]], Any]) -> Case:
    """What a thread has of a property that was 1 when it was made and 2 when it was started."""

    def case(sc: Any) -> Any:
        found: list[Any] = []
        sc.setLocalProperty("mine", "1")
        thread = make(sc, lambda: found.append(sc.getLocalProperty("mine")))
        sc.setLocalProperty("mine", "2")
        thread.start()
        thread.join()
        sc.setLocalProperty("mine", None)
        return found

    return case


TASKS: dict[str, Case] = {
    "partitionId": _in_tasks(lambda task: task.get().partitionId()),
    "partitionId of a union": _in_tasks(
        lambda task: task.get().partitionId(), lambda sc: sc.range(2, numSlices=2).union(sc.range(2, numSlices=2))
    ),
    "partitionId after coalesce": _in_tasks(
        lambda task: task.get().partitionId(), lambda sc: sc.range(8, numSlices=8).coalesce(2)
    ),
    "partitionId after a shuffle": _in_tasks(
        lambda task: task.get().partitionId(), lambda sc: sc.range(8, numSlices=4).repartition(2)
    ),
    "attemptNumber": _in_tasks(lambda task: task.get().attemptNumber()),
    "kinds": _in_tasks(lambda task: (type(task.get().stageId()).__name__, type(task.get().taskAttemptId()).__name__)),
    "taskAttemptIds": lambda sc: len(set(_in_tasks(lambda task: task.get().taskAttemptId())(sc))),
    "one stage": lambda sc: len(set(_in_tasks(lambda task: task.get().stageId())(sc))),
    "cpus": _in_tasks(lambda task: task.get().cpus()),
    "cpuAmount": _in_tasks(lambda task: task.get().cpuAmount()),
    "resources": _in_tasks(lambda task: task.get().resources()),
    "constructed": _in_tasks(lambda task: task() is task.get()),
    "in the driver": lambda sc: _name(sc, "TaskContext").get(),
    "a property": _with_property(lambda task: task.get().getLocalProperty("mine"), mine="é"),
    "another property": _with_property(lambda task: task.get().getLocalProperty("other"), mine="1"),
    "a job's group": _in_group,
    "a plain thread": _in_thread(lambda sc, body: threading.Thread(target=body)),
    "an InheritableThread": _in_thread(lambda sc, body: _name(sc, "InheritableThread")(target=body)),
    "a wrapped target": _in_thread(
        lambda sc, body: threading.Thread(target=_name(sc, "inheritable_thread_target")(body))
    ),
    "a property that was taken away": lambda sc: (
        sc.setLocalProperty("mine", "1"),
        sc.setLocalProperty("mine", None),
        sc.getLocalProperty("mine"),
    ),
}


def _file(sc: Any, look: Callable[[Any], Any]) -> Any:
    folder = tempfile.mkdtemp()
    path = os.path.join(folder, f"added-{os.path.basename(folder)}.txt")
    with open(path, "w") as file:
        file.write("content")
    sc.addFile(path)
    return look(os.path.basename(path))


def _content(package: str, name: str) -> str:
    module = importlib.import_module(package)
    files = getattr(module, "SparkFiles", None) or module.WeftFiles
    with open(files.get(name)) as file:
        inside = os.path.dirname(files.get(name)) == os.path.abspath(files.getRootDirectory())
        return f"{file.read()} {inside}"


def _in_task_and_driver(sc: Any) -> Any:
    package = _package(sc)
    return _file(
        sc,
        lambda name: (
            _content(package, name),
            sc.range(2, numSlices=2).map(lambda _: _content(package, name)).collect(),
        ),
    )


FILES: dict[str, Case] = {
    "read in tasks and driver": _in_task_and_driver,
    "listed": lambda sc: _file(sc, lambda name: sum(one.endswith("/" + name) for one in sc.listFiles)),
    "constructed": lambda sc: _name(sc, "SparkFiles")(),
    "a missing file": lambda sc: sc.addFile("/no/such/file"),
}


def _tried(sc: Any, value: Any, *steps: Callable[[Any], Any]) -> Any:
    """The result of the last of some steps with a broadcast."""
    shared = sc.broadcast(value)
    return [step(shared) for step in steps][-1]


def _in_task(sc: Any, use: Callable[[Any], Any]) -> Callable[[Any], Any]:
    return lambda shared: sc.range(3, numSlices=3).map(lambda _: use(shared)).collect()


def _changed_later(sc: Any) -> Any:
    value = [1]
    shared = sc.broadcast(value)
    value.append(2)
    return shared.value, sc.range(2, numSlices=2).map(lambda _: shared.value).collect()


def _numpy(sc: Any) -> Any:
    import numpy

    shared = sc.broadcast({"x": numpy.arange(1000).reshape(10, 100)})
    return sc.range(3, numSlices=3).map(lambda i: (int(shared.value["x"][i].sum()), shared.value["x"].shape)).collect()


def _changed_in_a_task(sc: Any) -> Any:
    import numpy

    shared = sc.broadcast(numpy.zeros(5))

    def change(_: Any) -> float:
        shared.value[0] = 1
        return float(shared.value.sum())

    return sc.range(1, numSlices=1).map(change).collect(), float(shared.value.sum())


def _nested(sc: Any) -> Any:
    inner = sc.broadcast("inner")
    outer = sc.broadcast({"inner": inner})
    return sc.range(2, numSlices=2).map(lambda _: outer.value["inner"].value).collect()


BROADCASTS: dict[str, Case] = {
    "in the driver": lambda sc: sc.broadcast({"a": [1, 2]}).value,
    "in tasks": lambda sc: _tried(sc, {"a": [1, 2]}, _in_task(sc, lambda b: b.value["a"])),
    "of None": lambda sc: _tried(sc, None, _in_task(sc, lambda b: b.value)),
    "of bytes": lambda sc: _tried(sc, b"x" * 1_000_000, _in_task(sc, lambda b: (type(b.value).__name__, len(b.value)))),
    "of a range": lambda sc: _tried(sc, range(10), _in_task(sc, lambda b: b.value)),
    "of numpy arrays": _numpy,
    "the same object each time": lambda sc: _tried(sc, [1], lambda b: b.value is b.value),
    "in tasks the same object each time": lambda sc: _tried(sc, [1], _in_task(sc, lambda b: b.value is b.value)),
    "changed later": _changed_later,
    "changed in a task": _changed_in_a_task,
    "in a reduce function": lambda sc: _tried(
        sc, 10, lambda b: sc.range(6).map(lambda x: (x % 2, x)).reduceByKey(lambda x, y: x + y + b.value, 2).collect()
    ),
    "in a partition function": lambda sc: _tried(
        sc, 1, lambda b: sc.range(4).map(lambda x: (x, x)).partitionBy(2, lambda key: key + b.value).glom().collect()
    ),
    "in another": _nested,
    "in records": lambda sc: sc.parallelize([sc.broadcast(5)], 1).map(lambda b: b.value).collect(),
    "as a result": lambda sc: _tried(sc, 5, lambda b: sc.range(1).map(lambda _: b).collect()[0] is b),
    "unpersisted and used": lambda sc: _tried(sc, 5, lambda b: b.unpersist(), _in_task(sc, lambda b: b.value)),
    "used, unpersisted and used": lambda sc: _tried(
        sc, 5, _in_task(sc, lambda b: b.value), lambda b: b.unpersist(True), _in_task(sc, lambda b: b.value)
    ),
    "destroyed and read": lambda sc: _tried(sc, 5, lambda b: b.destroy(), lambda b: b.value),
    "read, destroyed and read": lambda sc: _tried(sc, 5, lambda b: b.value, lambda b: b.destroy(), lambda b: b.value),
    "destroyed and used": lambda sc: _tried(sc, 5, lambda b: b.destroy(True), _in_task(sc, lambda b: b.value)),
    "destroyed twice": lambda sc: _tried(sc, 5, lambda b: b.destroy(), lambda b: b.destroy()),
    "destroyed and unpersisted": lambda sc: _tried(sc, 5, lambda b: b.destroy(), lambda b: b.unpersist()),
    "destroyed in a task": lambda sc: _tried(sc, 5, _in_task(sc, lambda b: b.destroy())),
    "unpersisted in a task": lambda sc: _tried(sc, 5, _in_task(sc, lambda b: b.unpersist())),
    "assigned": lambda sc: setattr(sc.broadcast(5), "value", 6),
    "of a lock": lambda sc: sc.broadcast(threading.Lock()),
    "of the context": lambda sc: sc.broadcast({"context": sc}),
    "of an RDD": lambda sc: sc.broadcast([sc.range(3)]),
    "of a lambda": lambda sc: sc.broadcast(lambda x: x + 1).value(1),
}

for _kind, _cases in (("accumulator", ACCUMULATORS), ("task", TASKS), ("file", FILES), ("broadcast", BROADCASTS)):
    SHARED |= {f"{_kind}: {name}": case for name, case in _cases.items()}

"""Variables that tasks add to and the driver reads.

What a task has added travels with its report, and is applied in the driver once for each partition of a result or map
stage, when the first successful attempt at it is accepted: attempts that fail or are cancelled, copies of slow ones,
and maps that run again because their output was lost add nothing. What the computation of a persisted partition adds
is kept apart from the rest of its task's, so that it counts once however often the partition is computed again.
"""

from __future__ import annotations

import copy
import itertools
import pickle
import threading
import weakref
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Generic, TypeVar

from weft._ops.sealing import opened_whole, sealed_whole
from weft.errors import UpdateTooLargeError, WrongPlaceError

__all__ = ["Accumulator", "AccumulatorParam", "AddingAccumulatorParam"]

T = TypeVar("T")
Section = tuple[int, int]  # of a persisted RDD, a partition
Update = tuple[int, Any]  # an accumulator's id, and what was added to it

MOST_UPDATE_BYTES = 4_000_000
"""What the updates of one task may have together when they are pickled: they travel in one frame."""

_accumulatorRegistry: weakref.WeakValueDictionary[int, Accumulator[Any]] = weakref.WeakValueDictionary()
_ids = itertools.count()
_lock = threading.RLock()  # guards values in the driver, where several threads may run jobs
_touched: dict[int, Accumulator[Any]] = {}  # in a worker: what the running task has added to
_sections: dict[Section, list[Update]] = {}  # in a worker: what computing persisted partitions has added
_counted: set[Section] = set()  # in the driver: persisted partitions whose additions were applied
_twins: weakref.WeakValueDictionary[int, Accumulator[Any]] = weakref.WeakValueDictionary()
_inline: list[int] = []  # the thread that runs a task in the driver's process; it sees _twins


def _deserialize_accumulator(aid: int, zero_value: T, accum_param: AccumulatorParam[T]) -> Accumulator[T]:
    registry = _twins if threading.get_ident() in _inline else _accumulatorRegistry
    found: Accumulator[T] | None = registry.get(aid)
    if found is None:
        found = registry[aid] = Accumulator(aid, zero_value, accum_param)
        found._deserialized = True
    return found


class Accumulator(Generic[T]):
    """A variable that tasks can only add to, and whose value only the driver can read.

    :meth:`WeftContext.accumulator` makes one. Numbers work as they are; for everything else an
    :class:`AccumulatorParam` says how two values are added.

    Each partition counts once for each action that computes it, whatever was tried again or lost meanwhile; an RDD that
    two actions compute adds twice. All updates of one task together may have 4 MB when pickled.

    Examples
    --------
    >>> a = sc.accumulator(1)
    >>> a.value
    1
    >>> a.value = 2
    >>> a += 5
    >>> a.value
    7
    >>> sc.accumulator(1.0).value
    1.0
    >>> sc.accumulator(1j).value
    1j
    >>> sc.parallelize([1, 2, 3]).foreach(lambda x: a.add(x))
    >>> a.value
    13
    >>> sc.accumulator([1.0, 2.0, 3.0])
    Traceback (most recent call last):
        ...
    TypeError: An accumulator of list needs an AccumulatorParam, which says how to add two of them.
    """

    def __init__(self, aid: int, value: T, accum_param: AccumulatorParam[T]) -> None:
        self.aid = aid
        self.accum_param = accum_param
        self._value = value
        self._zero = value
        self._deserialized = False

    def __reduce__(self) -> tuple[Callable[..., Accumulator[T]], tuple[int, T, AccumulatorParam[T]]]:
        return _deserialize_accumulator, (self.aid, self.accum_param.zero(self._value), self.accum_param)

    @property
    def value(self) -> T:
        """The sum so far; in the driver only.

        Raises
        ------
        RuntimeError
            In a task.
        """
        self._require_driver()
        return self._value

    @value.setter
    def value(self, value: T) -> None:
        self._require_driver()
        with _lock:
            self._value = value

    def _require_driver(self) -> None:
        if self._deserialized:
            raise WrongPlaceError(
                "Accumulator.value is known in the driver only; a task can add to an accumulator, not read or set it."
            )

    def add(self, term: T) -> None:
        """Add to the sum; in the driver and in tasks.

        Parameters
        ----------
        term : object
            What :meth:`AccumulatorParam.addInPlace` can add.

        Examples
        --------
        >>> even = sc.accumulator(0)
        >>> sc.range(10).foreach(lambda x: even.add(x % 2 == 0))
        >>> even.value
        5
        """
        if self._deserialized:
            if self.aid not in _touched:
                self._value = copy.deepcopy(self._zero)
                _touched[self.aid] = self
            self._value = self.accum_param.addInPlace(self._value, term)
        else:
            with _lock:
                self._value = self.accum_param.addInPlace(self._value, term)

    def __iadd__(self, term: T) -> Accumulator[T]:
        self.add(term)
        return self

    def __str__(self) -> str:
        return str(self._value)

    def __repr__(self) -> str:
        return f"Accumulator<id={self.aid}, value={self._value}>"


class AccumulatorParam(Generic[T]):
    """How values of a type are added.

    Examples
    --------
    >>> from weft.accumulators import AccumulatorParam
    >>> class Vectors(AccumulatorParam):
    ...     def zero(self, value):
    ...         return [0.0] * len(value)
    ...     def addInPlace(self, value1, value2):
    ...         return [a + b for a, b in zip(value1, value2)]
    >>> sums = sc.accumulator([1.0, 2.0], Vectors())
    >>> sc.parallelize([1, 2, 3]).foreach(lambda x: sums.add([x, 10 * x]))
    >>> sums.value
    [7.0, 62.0]
    """

    def zero(self, value: T) -> T:
        """Give the value that adds nothing, of the same dimensions as ``value``.

        Parameters
        ----------
        value : object
            What the accumulator begins with, or has.

        Returns
        -------
        object
            What tasks begin with.

        Raises
        ------
        NotImplementedError
            Here; a class of one's own has it.
        """
        raise NotImplementedError

    def addInPlace(self, value1: T, value2: T) -> T:
        """Add two values; ``value1`` may be changed and returned.

        Parameters
        ----------
        value1, value2 : object
            Of one type.

        Returns
        -------
        object
            The sum.

        Raises
        ------
        NotImplementedError
            Here; a class of one's own has it.
        """
        raise NotImplementedError


class AddingAccumulatorParam(AccumulatorParam[T]):
    """Adds with ``+=``.

    Parameters
    ----------
    zero_value : object
        What adds nothing.

    Examples
    --------
    >>> words = sc.accumulator([], AddingAccumulatorParam([]))
    >>> sc.parallelize(["b", "a"]).foreach(lambda word: words.add([word]))
    >>> sorted(words.value)
    ['a', 'b']
    """

    def __init__(self, zero_value: T) -> None:
        self.zero_value = zero_value

    def zero(self, value: T) -> T:
        """Give the zero value.

        Parameters
        ----------
        value : object
            Not looked at.

        Returns
        -------
        object
            What adds nothing.
        """
        return self.zero_value

    def addInPlace(self, value1: T, value2: T) -> T:
        """Add two values.

        Parameters
        ----------
        value1, value2 : object
            Of one kind; ``value1`` may be changed.

        Returns
        -------
        object
            What ``+=`` makes of them.
        """
        value1 += value2  # type: ignore[operator]
        return value1


INT_ACCUMULATOR_PARAM: AddingAccumulatorParam[Any] = AddingAccumulatorParam(0)
FLOAT_ACCUMULATOR_PARAM: AddingAccumulatorParam[Any] = AddingAccumulatorParam(0.0)
COMPLEX_ACCUMULATOR_PARAM: AddingAccumulatorParam[Any] = AddingAccumulatorParam(0.0j)


def make_accumulator(value: T, accum_param: AccumulatorParam[T] | None) -> Accumulator[T]:
    """Make an accumulator of the driver's; numbers need no parameter.

    Raises
    ------
    TypeError
        If ``value`` is no number and there is no ``accum_param``.
    """
    param: AccumulatorParam[Any] | None = accum_param
    if param is None:
        if isinstance(value, int):
            param = INT_ACCUMULATOR_PARAM
        elif isinstance(value, float):
            param = FLOAT_ACCUMULATOR_PARAM
        elif isinstance(value, complex):
            param = COMPLEX_ACCUMULATOR_PARAM
        else:
            kind = type(value).__name__
            raise TypeError(f"An accumulator of {kind} needs an AccumulatorParam, which says how to add two of them.")
    made = Accumulator(next(_ids), value, param)
    _accumulatorRegistry[made.aid] = made
    return made


def apply_updates(updates: bytes) -> None:
    """In the driver: add what a task has reported; accumulators that are gone are passed over."""
    section: Section | None
    for section, added in pickle.loads(opened_whole(updates)):
        with _lock:
            if section is not None:
                if section in _counted:
                    continue
                _counted.add(section)
        for aid, term in added:
            found = _accumulatorRegistry.get(aid)
            if found is not None:
                found += term


def forget_persisted(rdd: int | None) -> None:
    """In the driver: an RDD is persisted no longer, so that what computes it counts again; None: every one."""
    with _lock:
        _counted.difference_update([one for one in _counted if rdd is None or one[0] == rdd])


def apart(section: Section, batches: Iterable[T]) -> Iterator[T]:
    """In a worker: what is added while these batches are made belongs to a persisted partition."""
    outer = dict(_touched)
    values = [(one, one._value) for one in outer.values()]
    _touched.clear()
    try:
        yield from batches
        _sections[section] = [(one.aid, one._value) for one in _touched.values()]
    finally:
        _touched.clear()
        _touched.update(outer)
        for one, value in values:
            one._value = value


def start_task(*, in_driver: bool = False) -> None:
    """In a worker: forget what the task before has added. ``in_driver``: this thread runs the task in the driver."""
    _touched.clear()
    _sections.clear()
    if in_driver:
        _inline.append(threading.get_ident())


def end_task() -> None:
    """The thread that ran a task in the driver is the driver's again."""
    _touched.clear()
    _inline.clear()


def put_aside() -> tuple[Any, ...]:
    """Take what the running task has added out of the process, as another one's turn has come."""
    aside = dict(_touched), [(one, one._value) for one in _touched.values()], dict(_sections), list(_inline)
    _touched.clear()
    _sections.clear()
    _inline.clear()
    return aside


def put_back(aside: tuple[Any, ...]) -> None:
    """Have it in the process again."""
    touched, values, sections, threads = aside
    _touched.clear()
    _touched.update(touched)
    for one, value in values:
        one._value = value
    _sections.clear()
    _sections.update(sections)
    _inline[:] = threads


def take_updates() -> bytes:
    """In a worker: what the task has added, pickled; empty if nothing.

    Raises
    ------
    UpdateTooLargeError
        If it has more than 4 MB.
    """
    own: list[Update] = [(one.aid, one._value) for one in _touched.values()]
    sections = [(section, added) for section, added in _sections.items() if added]
    if not own and not sections:
        return b""
    updates = _pickled([(None, own), *sections])
    if len(updates) > MOST_UPDATE_BYTES:
        everything = [update for added in (own, *_sections.values()) for update in added]
        largest, value = max(everything, key=lambda update: len(_pickled(update[1])))
        raise UpdateTooLargeError(
            f"The accumulators that this task has added to take {len(updates):,} bytes pickled; a task may send "
            f"{MOST_UPDATE_BYTES:,}. The largest is accumulator {largest}, of {type(value).__name__}.\n"
            "Let the tasks give the values as records, and collect or save those."
        )
    _touched.clear()
    return sealed_whole(updates)


def _pickled(value: Any) -> bytes:
    try:
        return pickle.dumps(value, 5)
    except Exception:  # a class of the script's own, which only travels by value
        import cloudpickle  # type: ignore[import-untyped, unused-ignore]

        return bytes(cloudpickle.dumps(value, 5))

"""Values that the driver sends once, and every task can read."""

from __future__ import annotations

import itertools
import os
import pickle
import threading
import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, BinaryIO, Generic, Optional, TypeVar

from weft.errors import BroadcastGoneError, WrongPlaceError
from weft.taskcontext import TaskContext

if TYPE_CHECKING:
    from weft._broadcastfile import Mapped

__all__ = ["Broadcast"]

T = TypeVar("T")

_broadcastRegistry: weakref.WeakValueDictionary[int, Broadcast[Any]] = weakref.WeakValueDictionary()
_twins: weakref.WeakValueDictionary[int, Broadcast[Any]] = weakref.WeakValueDictionary()
"""What tasks that run in the driver's process have: a value of their own, as in a worker."""
_ids = itertools.count()
_loading = threading.RLock()
_pickling = threading.local()
_find: list[Callable[[int], str]] = []  # in a worker: asks the runner where a broadcast's file is


def _from_id(bid: int) -> Broadcast[Any]:
    in_driver = not _find
    registry = _twins if in_driver and TaskContext.get() is not None else _broadcastRegistry
    found: Broadcast[Any] | None = registry.get(bid)
    if found is not None and not found._is_stale():
        return found
    if in_driver:
        original = _broadcastRegistry.get(bid)
        if original is None or original._destroyed_at is not None:
            raise BroadcastGoneError(f"Broadcast {bid} was destroyed, or is another program's.")
        path = original._path
    else:
        path = _find[0](bid)
    made: Broadcast[Any] = Broadcast(bid, path)
    made._map()
    registry[bid] = made
    return made


class Owner:
    """What a driver's broadcast asks of its context; see :mod:`weft._broadcasts`."""

    def unpersist(self, bid: int) -> None:
        """Have the nodes forget a broadcast."""
        raise NotImplementedError

    def destroy(self, bid: int) -> None:
        """Have the driver forget it, too."""
        raise NotImplementedError

    def pin(self, broadcast: Broadcast[Any]) -> None:
        """Keep a broadcast until the context stops."""
        raise NotImplementedError


class Broadcast(Generic[T]):
    """A value that is sent to each node once; :meth:`WeftContext.broadcast` makes one.

    It travels in functions as a number. The first task on a node that needs it fetches its file, and all workers there
    map that file: NumPy arrays, Arrow tables and bytes exist once on a node however many workers read them, and what a
    task changes in an array is its own. Everything else (dicts, lists, text) each worker unpickles for itself, once.

    Examples
    --------
    >>> names = sc.broadcast({1: "one", 2: "two"})
    >>> names.value[2]
    'two'
    >>> sc.parallelize([2, 1, 2]).map(lambda x: names.value[x]).collect()
    ['two', 'one', 'two']
    >>> names.unpersist()
    >>> names.destroy()
    """

    def __init__(self, bid: int, path: str, owner: Optional[Owner] = None, described: str = "") -> None:
        self._id = bid
        self._path = path
        self._owner = owner
        self._described = described
        self._mapped: Optional[Mapped] = None
        self._value: Any = None
        self._is_loaded = False
        self._was_loaded = False
        self._destroyed_at: Optional[str] = None

    @property
    def value(self) -> T:
        """The value: in a task, and in the driver, where it is a copy of what was given.

        Raises
        ------
        BroadcastGoneError
            If the broadcast was destroyed, and the driver had not read it before.
        """
        if not self._is_loaded:
            with _loading:
                if not self._is_loaded:
                    self._load()
        found: T = self._value
        return found

    def _load(self) -> None:
        if self._destroyed_at is not None and self._was_loaded:
            return
        self._require_kept()
        self._value = self._map().load()
        self._mapped = None  # arrays hold what they need of it
        self._is_loaded = True

    def _map(self) -> Mapped:
        if self._mapped is None:
            from weft._broadcastfile import Mapped

            self._mapped = Mapped(self._path)
        return self._mapped

    def _is_stale(self) -> bool:
        """In a worker: whether the node's file has gone since."""
        return self._owner is None and not os.path.exists(self._path)

    def _require_kept(self) -> None:
        if self._destroyed_at is not None:
            raise BroadcastGoneError(f"Broadcast {self._id}{self._described} was destroyed at {self._destroyed_at}.")

    def unpersist(self, blocking: bool = False) -> None:
        """Remove the value from the nodes; tasks that need it fetch it again.

        Parameters
        ----------
        blocking : bool
            Ignored; running tasks keep what they have.

        Raises
        ------
        WrongPlaceError
            In a task.
        BroadcastGoneError
            If the broadcast was destroyed.
        """
        owner = self._require_driver("unpersisted")
        self._require_kept()
        owner.unpersist(self._id)

    def destroy(self, blocking: bool = False) -> None:
        """Remove the value from the nodes and from the driver; no task can use it any more.

        Parameters
        ----------
        blocking : bool
            Ignored; running tasks keep what they have.

        Raises
        ------
        WrongPlaceError
            In a task.
        BroadcastGoneError
            If the broadcast was destroyed before.
        """
        from weft._callsite import call_site

        owner = self._require_driver("destroyed")
        self._require_kept()
        self._destroyed_at = call_site()
        self._was_loaded, self._is_loaded = self._is_loaded, False
        owner.destroy(self._id)

    def dump(self, value: T, f: BinaryIO) -> None:
        """Pickle a value into an open file, and close that.

        Parameters
        ----------
        value : object
            What to pickle.
        f : file
            Open for writing bytes.

        Raises
        ------
        pickle.PicklingError
            If it cannot be pickled; the file stays open then.

        Examples
        --------
        >>> import os, tempfile
        >>> path = os.path.join(tempfile.mkdtemp(), "value")
        >>> one = sc.broadcast(1)
        >>> one.dump([1, 2], open(path, "wb"))
        >>> one.load_from_path(path)
        [1, 2]
        """
        import cloudpickle  # type: ignore[import-untyped, unused-ignore]

        try:
            cloudpickle.dump(value, f, 5)
        except pickle.PicklingError:
            raise
        except Exception as error:
            raise pickle.PicklingError(
                f"The {type(value).__name__} cannot be pickled: {type(error).__name__}: {error}"
            ) from error
        f.close()

    def load(self, file: BinaryIO) -> T:
        """Give what :meth:`dump` has pickled into an open file.

        Parameters
        ----------
        file : file
            Open for reading bytes. Reading unpickles: it must be trusted.

        Returns
        -------
        object
            The value.

        Examples
        --------
        >>> import io
        >>> import pickle
        >>> sc.broadcast(1).load(io.BytesIO(pickle.dumps([1, 2])))
        [1, 2]
        """
        found: T = pickle.load(file)
        return found

    def load_from_path(self, path: str) -> T:
        """Give what :meth:`dump` has pickled into a file.

        Parameters
        ----------
        path : str
            A file of this machine. Reading unpickles: it must be trusted.

        Returns
        -------
        object
            The value.

        Examples
        --------
        >>> import pickle, tempfile
        >>> with tempfile.NamedTemporaryFile("wb", delete=False) as file:
        ...     pickle.dump({"a": 1}, file)
        >>> sc.broadcast(1).load_from_path(file.name)
        {'a': 1}
        """
        with open(path, "rb") as file:
            return self.load(file)

    def _require_driver(self, what: str) -> Owner:
        if self._owner is None:
            raise WrongPlaceError(f"A broadcast can be {what} in the driver only.")
        return self._owner

    def __reduce__(self) -> tuple[Callable[[int], Broadcast[T]], tuple[int]]:
        self._require_kept()
        if self._owner is not None and not getattr(_pickling, "closure", False):
            self._owner.pin(self)  # in records: nobody knows when the last of them is gone
        return _from_id, (self._id,)

    def __repr__(self) -> str:
        return f"<Broadcast {self._id}{self._described}>"


@contextmanager
def in_closure() -> Iterator[None]:
    """While a function is pickled: its broadcasts live as long as the function does."""
    _pickling.closure = True
    try:
        yield
    finally:
        _pickling.closure = False


def next_id() -> int:
    """Give the number of the next broadcast."""
    return next(_ids)


def register(broadcast: Broadcast[Any]) -> None:
    """In the driver: let a broadcast that comes back from a task be the same object."""
    _broadcastRegistry[broadcast._id] = broadcast


def set_finder(find: Callable[[int], str]) -> None:
    """In a worker: how to ask where the file of a broadcast is on this node."""
    _find[:] = [find]


def any_stale() -> bool:
    """In a worker: whether a broadcast that functions here hold was removed from the node."""
    return any(one._is_stale() for registry in (_broadcastRegistry, _twins) for one in list(registry.values()))

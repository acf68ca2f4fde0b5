"""The driver's broadcasts: their files, and who is told when they go."""

from __future__ import annotations

import os
import pickle
import tempfile
import weakref
from collections.abc import Callable
from typing import Any, TypeVar

from weft._broadcastfile import Sizes, write
from weft._jobs import Jobs
from weft.broadcast import Broadcast, Owner, next_id, register
from weft.errors import ClosureError, DriverOnlyError, ResourcesError, WeftError

__all__ = ["Broadcasts"]

T = TypeVar("T")

_MUCH_PICKLED = 64 << 20


class Broadcasts(Owner):
    """The broadcasts of one context.

    Parameters
    ----------
    jobs : Jobs
        The way to the gateway.
    folder : str or None
        For their files; the gateway's, which removes it at the end, whatever happened to the driver.
    """

    def __init__(self, jobs: Jobs, folder: str | None) -> None:
        self._jobs = jobs
        self._folder = folder
        self._pinned: dict[int, Broadcast[Any]] = {}
        self._ends: dict[int, Callable[[], object]] = {}
        self._advised = False

    def make(self, value: T, site: str) -> Broadcast[T]:
        """Write a value's file, and let tasks ask for it."""
        bid = next_id()
        folder = self._folder or tempfile.gettempdir()
        os.makedirs(folder, 0o700, exist_ok=True)
        path = os.path.join(folder, f"broadcast-{bid}")
        described = f" ({type(value).__name__}, {site})"
        try:
            sizes = write(value, path)
        except Exception as error:
            raise _explained(error, value, site, folder) from None
        try:
            self._jobs.link_block(f"broadcast-{bid}", path)
        except BaseException:
            os.unlink(path)
            raise
        made: Broadcast[T] = Broadcast(bid, path, self, described)
        register(made)
        end = weakref.finalize(made, self._jobs.lose_broadcast, bid, path)
        end.atexit = False  # type: ignore[misc, unused-ignore]
        self._ends[bid] = end.detach
        self._advise(sizes, made)
        return made

    def unpersist(self, bid: int) -> None:
        """Have the nodes forget a broadcast."""
        self._jobs.forget_broadcast(bid, destroyed=False)

    def destroy(self, bid: int) -> None:
        """Have all forget a broadcast, and remove its file."""
        ended = self._ends.pop(bid)
        self._pinned.pop(bid, None)
        described: Any = ended()
        if described is not None:
            _, _, (_, path), _ = described
            os.unlink(path)
            self._jobs.forget_broadcast(bid, destroyed=True)

    def pin(self, broadcast: Broadcast[Any]) -> None:
        """Keep a broadcast until the context stops."""
        self._pinned[broadcast._id] = broadcast

    def _advise(self, sizes: Sizes, made: Broadcast[Any]) -> None:
        if sizes.pickled < _MUCH_PICKLED or self._advised:
            return
        self._advised = True
        self._jobs.tell(
            f"weft: {made!r}: {sizes.pickled >> 20:,} MB of its {sizes.total >> 20:,} MB are Python objects, which "
            "every worker unpickles for itself, into several times as much memory; NumPy arrays, Arrow tables and "
            "bytes are shared by the workers of a node, and so is what sc.broadcastMap makes of a dict. See "
            "docs/broadcast.md."
        )


def _explained(error: Exception, value: Any, site: str, folder: str) -> Exception:
    given = f"The {type(value).__name__} given to broadcast at {site}"
    if isinstance(error, DriverOnlyError):
        return DriverOnlyError(f"{given} holds an RDD or the context. Only the driver can use them.", "E05")
    if isinstance(error, OSError) and not isinstance(error, (WeftError, pickle.PicklingError)):
        return ResourcesError(
            f"{given} cannot be written to {folder}: {error.strerror or error}. weft.local.dir names other disks."
        )
    return ClosureError(f"{given} cannot be sent to workers: {type(error).__name__}: {error}", "E04")

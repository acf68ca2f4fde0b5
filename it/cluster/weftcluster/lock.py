"""One bin/weft-cluster at a time on one folder: two starts at once would remove each other's data."""

from __future__ import annotations

import fcntl
import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from .settings import ClusterError

# a first start fetches the daemons' jars
LONGEST_WAIT_SECONDS = 900.0


@contextmanager
def locked(home: Path, seconds: float = LONGEST_WAIT_SECONDS) -> Iterator[None]:
    """Holds the lock of a cluster's folder, a file beside it that goes with its last holder."""
    path = home.with_name(home.name + ".lock")
    path.parent.mkdir(parents=True, exist_ok=True)
    handle = _take(path, seconds)
    try:
        yield
    finally:
        path.unlink(missing_ok=True)
        os.close(handle)


def _take(path: Path, seconds: float) -> int:
    deadline = time.monotonic() + seconds
    told = False
    while True:
        handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            # the holder before may have removed the file between the two lines above
            if path.exists() and os.path.samestat(os.fstat(handle), os.stat(path)):
                return handle
        except FileNotFoundError:
            pass
        except BlockingIOError:
            if time.monotonic() >= deadline:
                os.close(handle)
                raise ClusterError(
                    f"weft-cluster: another weft-cluster still works on {path.with_suffix('')} after {seconds:.0f} s; "
                    "wait for it, or set WEFT_CLUSTER_DIR to another folder."
                ) from None
            if not told:
                print("weft-cluster: waiting for another weft-cluster on this folder", file=sys.stderr, flush=True)
                told = True
            time.sleep(0.1)
        except BaseException:
            os.close(handle)
            raise
        os.close(handle)

"""Records in the driver partition by partition, without holding them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

from weft._callsite import call_site, pin
from weft._collected import Spool, Stop
from weft._jobs import Jobs
from weft._lineage import Node

__all__ = ["in_turn", "prefetched"]


def in_turn(jobs: Jobs, node: Node, count: int, name: str) -> Iterator[Any]:
    """Run a job for each partition when its first record is asked for."""
    for part in range(count):
        yield from _records(jobs.spool(node, name, part))


def prefetched(jobs: Jobs, node: Node, count: int, name: str) -> Iterator[Any]:
    """Run the next partition's job while the records of this one are used; it is cancelled when the iterator goes."""
    properties, site, stop = dict(jobs.properties), call_site(), Stop()

    def bring(part: int) -> Spool:
        pin(site)
        jobs.properties.update(properties)
        return jobs.spool(node, name, part, stop)

    return _ahead(bring, count, stop)


def _ahead(bring: Callable[[int], Spool], count: int, stop: Stop) -> Iterator[Any]:
    pool = ThreadPoolExecutor(1, "weft-prefetch")
    try:
        coming: Future[Spool] | None = pool.submit(bring, 0) if count else None
        for part in range(1, count + 1):
            assert coming is not None
            spool = coming.result()
            coming = pool.submit(bring, part) if part < count else None
            yield from _records(spool)
    finally:
        stop.stop()
        pool.shutdown(wait=False)


def _records(spool: Spool) -> Iterator[Any]:
    with spool:
        for records in spool.batches():
            yield from records

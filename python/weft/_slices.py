"""What parallelize cuts its data into."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any

from weft._lineage import DataBlock
from weft._serializers import encode_batches
from weft.errors import ClosureError

__all__ = ["cut_range", "encode_slices", "encode_splits"]


def cut_range(numbers: range, slices: int) -> tuple[range, ...]:
    """Cut as PySpark does: the same numbers fall into the same partitions."""
    size, step = len(numbers), numbers.step

    def start(index: int) -> int:
        return numbers.start + index * size // slices * step

    return tuple(range(start(index), start(index + 1), step) for index in range(slices))


def encode_splits(splits: Sequence[Any], method: str, site: str) -> DataBlock:
    """Encode records, one a partition.

    Raises
    ------
    ClosureError
        If one cannot be pickled.
    """
    digest = hashlib.sha256()
    chunks: list[bytes] = []
    offsets = [0]
    for split in splits:
        try:
            encoded = list(encode_batches([split]))
        except Exception as error:
            raise ClosureError(f"A split given to {method} at {site} cannot be pickled: {error}", "E04") from None
        for chunk in encoded:
            digest.update(chunk)
        chunks += encoded
        offsets.append(offsets[-1] + sum(map(len, encoded)))
    return DataBlock("data-" + digest.hexdigest(), chunks, offsets)


def encode_slices(records: Sequence[Any], slices: int, batch: int, site: str, serializer: Any = None) -> DataBlock:
    """Cut as PySpark does, which deals out batches rather than records, and encode each partition.

    Raises
    ------
    ClosureError
        If a record cannot be pickled.
    """
    size = max(1, min(len(records) // slices, batch))
    batches = -(-len(records) // size)
    digest = hashlib.sha256()
    chunks: list[bytes] = []
    offsets = [0]
    for index in range(slices):
        begin, end = index * batches // slices * size, (index + 1) * batches // slices * size
        length = 0
        try:
            for chunk in encode_batches(records[begin:end], serializer):
                digest.update(chunk)
                chunks.append(chunk)
                length += len(chunk)
        except Exception as error:
            raise ClosureError(f"A record given to parallelize at {site} cannot be pickled: {error}", "E04") from None
        offsets.append(offsets[-1] + length)
    return DataBlock("data-" + digest.hexdigest(), chunks, offsets)

"""How many records a step may reject, and where they go."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

__all__ = ["BadRecords"]


@dataclass(frozen=True)
class BadRecords:
    """What becomes of records at which a function raises an exception: they are skipped, counted, and kept if wanted.

    For ``errors=`` of :meth:`RDD.map`, ``flatMap``, ``filter``, ``mapValues`` and ``flatMapValues``. The numbers count
    over the whole job, and each record once, whatever was retried. A job in which a step rejects more fails with
    :class:`~weft.errors.BadRecordsError`, which names the first three, and leaves no output.

    Parameters
    ----------
    max : int, optional
        So many records may be rejected; None: any number.
    ratio : float, optional
        Such a part of the records that the step is given may be rejected, as known at the job's end; None: any.
    deadLetters : str, optional
        A folder for what is rejected, on any filesystem that Hadoop knows: a JSON object per line with ``path`` and
        ``offset`` of the line in the input (None behind a shuffle), ``step``, ``error``, ``record`` and ``length``. Its
        files appear with the job's output, and replace those of earlier applications.

    Examples
    --------
    >>> from weft import BadRecords
    >>> numbers = sc.parallelize(["1", "2", "three"]).map(int, errors=BadRecords(max=10))
    >>> numbers.sum()
    3
    >>> try:
    ...     sc.parallelize(["1", "two", "three"]).map(int, errors=BadRecords(max=1)).sum()
    ... except ValueError as error:
    ...     print(type(error).__name__)
    BadRecordsError
    """

    max: int | None = None
    ratio: float | None = None
    deadLetters: str | None = None

    def __post_init__(self) -> None:
        if self.max is not None and self.max < 0:
            raise ValueError(f"BadRecords: max is {self.max}, which is negative")
        if self.ratio is not None and not 0 <= self.ratio <= 1:
            raise ValueError(f"BadRecords: ratio is {self.ratio}, which is not from 0 to 1")

    def _text(self, rdd: int, what: str) -> str:
        """The field ``errors`` of a step in a plan."""
        fields: dict[str, Any] = {"id": rdd, "what": what, "max": self.max, "ratio": self.ratio}
        return json.dumps({**fields, "deadLetters": self.deadLetters})

"""Sums of what can be summed; the comments are the types that mypy shall reveal."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

from weft import WeftContext
from weft.resources import ExecutorResourceRequests, ResourceProfile, TaskResourceRequests

sc = WeftContext("inline")
reveal_type(sc.parallelize([1, 2]).sum())  # int
reveal_type(sc.parallelize([1.5, 2]).sum())  # float
reveal_type(sc.parallelize([1j]).sum())  # complex
reveal_type(sc.parallelize([Decimal(1)]).sum())  # decimal.Decimal
reveal_type(sc.parallelize([Fraction(1)]).mean())  # float
reveal_type(sc.parallelize([1, 2]).stats())  # weft.statcounter.StatCounter
reveal_type(sc.parallelize([1, 2]).histogram(3))  # tuple[Sequence[int], list[int]]
reveal_type(sc.parallelize(["a", "b"]).histogram(["a", "c"]))  # tuple[Sequence[str], list[int]]
reveal_type(ResourceProfile(None, ExecutorResourceRequests().requests, TaskResourceRequests().requests).id)  # int

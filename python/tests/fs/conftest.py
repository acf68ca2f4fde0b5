"""A context of each kind of master, one at a time."""

from __future__ import annotations

from tests.contexts import contexts, masters

sc = contexts(masters(2, "2,1,1024"))

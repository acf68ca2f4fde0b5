"""A context on each of the masters; modules that want others make their own."""

from __future__ import annotations

from tests.contexts import contexts
from tests.gateway.masters import MASTERS

sc = contexts(MASTERS)

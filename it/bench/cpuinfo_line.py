"""The machine in words."""

from __future__ import annotations

import re
from pathlib import Path


def text() -> str:
    """The processor's name and the memory, as Linux tells them."""
    name = re.search(r"^model name\s*: (.*)$", Path("/proc/cpuinfo").read_text(), re.MULTILINE)
    memory = re.search(r"^MemTotal:\s+(\d+) kB$", Path("/proc/meminfo").read_text(), re.MULTILINE)
    gigabytes = int(memory.group(1)) / 1024 / 1024 if memory else 0
    return f"{name.group(1) if name else 'unknown processor'}, {gigabytes:.0f} GiB"

"""`bin/dev conform`: measures PySpark's side of the API comparison and rewrites python/tests/conform/recorded.json.

PySpark comes from the package index into a virtual environment under .weft, once; WEFT_CONFORM_PYTHON names an
interpreter that has it already.
"""

from __future__ import annotations

import os
import subprocess
import sys
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
RECORD = ROOT / "python" / "tests" / "conform" / "record.py"
PYSPARK = "pyspark==4.3.0"
PACKAGES = [PYSPARK, "numpy"]


def interpreter() -> str:
    """The Python that has PySpark; makes its environment on first use."""
    given = os.environ.get("WEFT_CONFORM_PYTHON")
    if given:
        return given
    folder = ROOT / ".weft" / PYSPARK
    python = folder / "bin" / "python"
    done = folder / "complete"
    if not done.exists():
        print(f"conform: fetching {PYSPARK} (about 450 MB) into {folder}", file=sys.stderr)
        venv.create(folder, with_pip=True, clear=True)
        subprocess.run([str(python), "-m", "pip", "install", "-q", *PACKAGES], check=True)
        done.touch()
    return str(python)


if __name__ == "__main__":
    sys.exit(subprocess.run([interpreter(), str(RECORD), *sys.argv[1:]], check=False).returncode)

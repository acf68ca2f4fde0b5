"""Records what PySpark prints for the programs of tests/programs: /path/to/pyspark/python record_programs.py [NAME ...]"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

__all__ = ["HEADER", "PROGRAMS", "names", "printed"]

PROGRAMS = Path(__file__).resolve().parent.parent / "programs"
HEADER = "# printed by PySpark {}"


def names() -> list[str]:
    """The programs."""
    return sorted(path.stem for path in PROGRAMS.glob("*.py") if not path.stem.startswith(("test_", "__")))


def printed(name: str) -> tuple[str, str]:
    """The version of PySpark that ran a program, and what it printed."""
    first, _, rest = (PROGRAMS / "expected" / f"{name}.txt").read_text(encoding="utf-8").partition("\n")
    return first[len(HEADER.format("")) :], rest


def main(chosen: list[str]) -> int:
    """Write expected/NAME.txt of the chosen programs, of all if none is named."""
    import pyspark

    environment = {k: v for k, v in os.environ.items() if k not in ("SPARK_HOME", "HADOOP_CONF_DIR", "YARN_CONF_DIR")}
    environment.pop("PYTHONPATH", None)
    for name in chosen or names():
        with tempfile.TemporaryDirectory(prefix="conform-") as folder:
            environment.update(PYSPARK_PYTHON=sys.executable, TMPDIR=folder)
            command = [sys.executable, str(PROGRAMS / f"{name}.py")]
            done = subprocess.run(command, env=environment, cwd=folder, stdout=subprocess.PIPE, text=True, check=True)
        text = f"{HEADER.format(pyspark.__version__)}\n{done.stdout}"
        (PROGRAMS / "expected" / f"{name}.txt").write_text(text, encoding="utf-8")
        print(f"{name}: {len(done.stdout.splitlines())} lines", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

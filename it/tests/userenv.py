"""What a user takes along: an archived virtual environment with a C extension in it."""

from __future__ import annotations

import shutil
import subprocess
import sys
import sysconfig
import tarfile
from pathlib import Path

EXTENSION = """
#include <Python.h>
static PyObject *size(PyObject *self, PyObject *text) { return PyLong_FromSsize_t(PyUnicode_GetLength(text)); }
static PyMethodDef methods[] = {{"size", size, METH_O, ""}, {NULL, NULL, 0, NULL}};
static struct PyModuleDef module = {PyModuleDef_HEAD_INIT, "fastsize", "", -1, methods, NULL, NULL, NULL, NULL};
PyMODINIT_FUNC PyInit_fastsize(void) { return PyModule_Create(&module); }
"""


def environment_archive(folder: Path) -> str:
    """An archived virtual environment with a C extension in it."""
    compiler = shutil.which("cc") or shutil.which("gcc")
    assert compiler, "the test compiles an extension: install gcc"
    env = folder / "env"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(env)], check=True, timeout=120)
    (folder / "fastsize.c").write_text(EXTENSION)
    site = next(env.glob("lib/python*/site-packages"))
    target = site / ("fastsize" + sysconfig.get_config_var("EXT_SUFFIX"))
    include = sysconfig.get_paths()["include"]
    command = [compiler, "-shared", "-fPIC", f"-I{include}", str(folder / "fastsize.c"), "-o", str(target)]
    subprocess.run(command, check=True, timeout=120)
    archive = folder / "env.tar.gz"
    with tarfile.open(archive, "w:gz") as tar:
        tar.add(env, ".")
    return f"{archive}#env"

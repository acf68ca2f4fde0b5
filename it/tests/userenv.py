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


def wheel_archive(folder: Path, project: Path, *packages: str) -> str:
    """An archived virtual environment with a project's wheel, built here, and packages from the index."""
    env, source, wheels = folder / "env", folder / "project", folder / "wheels"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(env)], check=True, timeout=120)
    shutil.copytree(project, source)  # a build leaves files in its folder
    pip = [sys.executable, "-m", "pip", "-q", "--disable-pip-version-check"]
    subprocess.run([*pip, "wheel", "--no-deps", "-w", str(wheels), str(source)], check=True, timeout=300)
    site = next(env.glob("lib/python*/site-packages"))
    built = [str(wheel) for wheel in wheels.glob("*.whl")]
    subprocess.run([*pip, "install", "--target", str(site), *built, *packages], check=True, timeout=300)
    return _packed(env, folder)


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
    return f"{_packed(env, folder)}#env"


def _packed(env: Path, folder: Path) -> str:
    archive = folder / "env.tar.gz"
    with tarfile.open(archive, "w:gz") as tar:
        tar.add(env, ".")
    return str(archive)

"""`weft run script.py args`: the script in this process, as `python script.py args` runs it; `-m` runs a module."""

from __future__ import annotations

import importlib.util
import json
import os
import runpy
import signal
import sys
import threading
from collections.abc import Sequence

from weft._defaults import CONF_VARIABLE, MASTER_VARIABLE
from weft._failures import install_hook
from weft._pyspark import activate

__all__ = ["main"]

_USAGE = (
    "usage: weft run [--master MASTER] [--name NAME] [--conf KEY=VALUE]... [--pyspark] [--verbose] "
    "(script.py | -m MODULE) [arguments]"
)
_OPTIONS = ("--conf", "--master", "--name", "--pyspark", "--verbose")

# set where the ApplicationMaster runs the script: standard input is a pipe of its
PIPE_VARIABLE = "WEFT_DRIVER_PIPE"


def _end_with_the_master() -> None:
    """End this process when the ApplicationMaster is gone, even by SIGKILL; the script gets an empty standard input."""
    pipe = os.dup(0)
    null = os.open(os.devnull, os.O_RDONLY)
    os.dup2(null, 0)
    os.close(null)

    def wait() -> None:
        while os.read(pipe, 4096):
            pass
        os.kill(os.getpid(), signal.SIGKILL)

    threading.Thread(target=wait, name="weft-master-watch", daemon=True).start()


def main(arguments: Sequence[str]) -> int:
    """Runs the script; its own exceptions and SystemExit pass through unchanged."""
    if os.environ.pop(PIPE_VARIABLE, None):
        _end_with_the_master()
    rest = list(arguments)
    settings: dict[str, str] = {}
    while rest and rest[0].startswith("-") and rest[0] != "-m":
        option, _, value = rest.pop(0).partition("=")
        if option in ("-h", "--help"):
            print(_USAGE)
            return 0
        if option == "--verbose":
            os.environ["WEFT_VERBOSE"] = "1"
            continue
        if option == "--pyspark":
            activate()
            continue
        if option not in _OPTIONS:
            import difflib

            nearest = difflib.get_close_matches(option, _OPTIONS, n=1, cutoff=0)[0]
            print(f"weft run: unknown option {option}; nearest: {nearest}\n{_USAGE}", file=sys.stderr)
            return 2
        if not value:
            if not rest:
                print(f"weft run: {option} needs a value\n{_USAGE}", file=sys.stderr)
                return 2
            value = rest.pop(0)
        if option == "--master":
            os.environ[MASTER_VARIABLE] = value
        elif option == "--name":
            settings["weft.app.name"] = value
        elif "=" not in value:
            print(f"weft run: --conf {value} is not KEY=VALUE", file=sys.stderr)
            return 2
        else:
            key, _, given = value.partition("=")
            settings[key] = given
    if not rest:
        print(_USAGE, file=sys.stderr)
        return 2
    if settings:
        os.environ[CONF_VARIABLE] = json.dumps(settings)
    if rest[0] == "-m":
        return _run_module(rest[1:])
    script = rest[0]
    if not os.path.isfile(script):
        print(f"weft run: {script} does not exist", file=sys.stderr)
        return 2
    sys.argv = rest
    sys.path[0] = os.path.dirname(os.path.abspath(script))
    install_hook()
    runpy.run_path(script, run_name="__main__")
    return 0


def _run_module(rest: list[str]) -> int:
    """Runs a module, such as pytest, as `python -m` does."""
    if not rest:
        print(f"weft run: -m needs the name of a module\n{_USAGE}", file=sys.stderr)
        return 2
    sys.path[0] = os.getcwd()
    if not _is_there(rest[0]):
        print(f"weft run: {sys.executable} has no module {rest[0]}", file=sys.stderr)
        return 2
    sys.argv = rest
    install_hook()
    runpy.run_module(rest[0], run_name="__main__", alter_sys=True)
    return 0


def _is_there(module: str) -> bool:
    try:
        return importlib.util.find_spec(module) is not None
    except ModuleNotFoundError:  # of a package of it
        return False

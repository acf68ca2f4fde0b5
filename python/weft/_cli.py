"""The command line: `bin/weft VERB ...`, or `weft VERB ...` where the wheel is installed."""

from __future__ import annotations

import importlib
import importlib.util
import os
import sys
from collections.abc import Sequence

from weft import _install
from weft._defaults import MASTER_VARIABLE
from weft._inline import is_inline

__all__ = ["entry", "main"]

# verb -> (module with main(arguments) -> exit code, one line of help)
_VERBS: dict[str, tuple[str, str]] = {
    "run": ("weft._run", "run a program with Weft: weft run [--master M] [--conf K=V] (SCRIPT | -m MODULE) [args]"),
    "submit": ("weft._submit", "submit a script to YARN: weft submit [options] script.py [arguments]"),
    "kill": ("weft._kill", "end an application on YARN: weft kill application_..."),
    "compat-check": ("weft._pyspark.check", "what PySpark programs use that Weft does not have"),
    "conf": ("weft._conf", "what can be set: weft conf --list, weft conf NAME"),
    "setup": ("weft._cli", "build what the first run needs, and nothing else"),
}


def main(arguments: Sequence[str]) -> int:
    """Runs a verb and returns the exit code: 2 for a wrong command line, 4 when something is not installed."""
    if not arguments or arguments[0] in ("-h", "--help", "help"):
        print(_help(), file=sys.stdout if arguments else sys.stderr)
        return 0 if arguments else 2
    verb = arguments[0]
    if verb not in _VERBS or (verb != "setup" and importlib.util.find_spec(_VERBS[verb][0]) is None):
        print(f"weft: no verb '{verb}'; there are: {', '.join(_known())}", file=sys.stderr)
        return 2
    try:
        if verb == "compat-check" or (verb == "run" and _is_inline(arguments[1:])):
            _install.ensure_packages()
        else:
            _install.ensure_installed()
        _install.link_dependencies()
    except _install.InstallError as failure:
        print(f"weft: {failure}", file=sys.stderr)
        return failure.code
    if verb == "setup":
        print(f"weft: ready in {_install.state_folder()}", file=sys.stderr)
        return 0
    code = importlib.import_module(_VERBS[verb][0]).main(list(arguments[1:]))
    return int(code or 0)


def _is_inline(arguments: Sequence[str]) -> bool:
    """Whether a script is to run without Java, as far as the command line or the environment says so."""
    master = os.environ.get(MASTER_VARIABLE, "")
    for number, argument in enumerate(arguments):
        if not argument.startswith("-"):
            value_of_option = number > 0 and arguments[number - 1] in ("--master", "--name", "--conf")
            if not value_of_option:
                break
        elif argument.startswith("--master"):
            master = argument.partition("=")[2] or "".join(arguments[number + 1 : number + 2])
    return is_inline(master)


def _known() -> list[str]:
    return [verb for verb, (module, _) in _VERBS.items() if importlib.util.find_spec(module) is not None]


def _help() -> str:
    lines = ["usage: weft VERB ...", ""]
    lines += [f"  {verb:12} {_VERBS[verb][1]}" for verb in _known()]
    return os.linesep.join(lines)


def entry() -> int:
    """The `weft` command of an installed wheel."""
    return main(sys.argv[1:])


if __name__ == "__main__":
    sys.exit(entry())

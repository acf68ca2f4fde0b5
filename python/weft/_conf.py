"""`weft conf`: the settings that there are, from the definitions that the gateway reads."""

from __future__ import annotations

import sys
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from xml.etree import ElementTree

from weft import _install

__all__ = ["Definition", "definitions", "main"]

_USAGE = "usage: weft conf --list | weft conf NAME..."
_RESOURCE = "weft-default.xml"


@dataclass(frozen=True)
class Definition:
    """One setting; ``name`` may end in ``.*``, which stands for every name that begins so."""

    name: str
    type: str
    value: str
    description: str

    def defines(self, name: str) -> bool:
        """Whether a setting of this name is the one meant."""
        return name.startswith(self.name[:-1]) if self.name.endswith(".*") else name == self.name

    def __str__(self) -> str:
        default = self.value or "(empty)"
        return f"{self.name}\n    {self.type}, default {default}\n    {self.description}"


def definitions() -> list[Definition]:
    """Read all definitions, in the order of the file.

    Raises
    ------
    InstallError
        The jars are not built.
    """
    source = _install.home() / "app-master" / "src" / "main" / "resources" / _RESOURCE
    if source.is_file():
        return _parsed(source.read_bytes())
    jar = next(iter(sorted(_install.lib_folder().glob("weft-*.jar"))), None)
    if jar is None:
        raise _install.InstallError(f"weft's jar is missing in {_install.lib_folder()}; run bin/weft setup.")
    with zipfile.ZipFile(jar) as archive:
        return _parsed(archive.read(_RESOURCE))


def _parsed(text: bytes) -> list[Definition]:
    root = ElementTree.fromstring(text)
    return [
        Definition(*((element.findtext(tag) or "").strip() for tag in ("name", "type", "value", "description")))
        for element in root.iter("property")
    ]


def main(arguments: Sequence[str]) -> int:
    """Print all settings, or those named; 2 when one does not exist."""
    if not arguments or arguments[0] in ("-h", "--help"):
        print(_USAGE, file=sys.stdout if arguments else sys.stderr)
        return 0 if arguments else 2
    known = definitions()
    if list(arguments) == ["--list"]:
        print("\n".join(map(str, known)))
        return 0
    code = 0
    for name in arguments:
        found = next((one for one in known if one.defines(name)), None)
        if found is not None:
            print(found)
        else:
            print(f"{name} is not a setting. All: weft conf --list", file=sys.stderr)
            code = 2
    return code

"""Libraries that only some jobs need."""

from __future__ import annotations

import importlib
from typing import Any

from weft.errors import ModuleMissingError

__all__ = ["aesgcm", "need", "need_avro_codec", "need_here"]

_EXTRAS = {
    "cryptography": "encryption",
    "fsspec": "fs",
    "pyarrow": "arrow",
    "pandas": "pandas",
    "cramjam": "avro",
    "backports.zstd": "avro",
}
_AVRO_CODECS: dict[str, tuple[str, ...]] = {
    "null": (),
    "deflate": (),
    "bzip2": (),
    "xz": (),
    "snappy": ("snappy", "cramjam"),
    "zstandard": ("compression.zstd", "zstandard", "backports.zstd"),
    "lz4": ("lz4.block", "lz4"),
}


def need(name: str, purpose: str) -> Any:
    """Import a library.

    Raises
    ------
    ModuleNotFoundError
        That names how to install and ship it.
    """
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        if error.name is not None and not name.startswith(error.name):
            raise  # it is there, and lacks something itself
    top = name.partition(".")[0]
    raise ModuleNotFoundError(_missing(top, purpose), name=top)


def need_here(name: str, purpose: str) -> Any:
    """Import a library in the driver.

    Raises
    ------
    ModuleMissingError
        That names how to install and ship it (E06).
    """
    try:
        return need(name, purpose)
    except ModuleNotFoundError as error:
        raise ModuleMissingError(str(error), "E06", 4) from None


def aesgcm(key: str) -> Any:
    """What encrypts by this key, which is hexadecimal."""
    return need("cryptography.hazmat.primitives.ciphers.aead", "weft.io.encryption").AESGCM(bytes.fromhex(key))


def need_avro_codec(codec: str) -> None:
    """Make sure that blocks of this codec can be packed and unpacked here.

    Raises
    ------
    ValueError
        If there is no such codec.
    ModuleNotFoundError
        If its library is missing.
    """
    if codec not in _AVRO_CODECS:
        raise ValueError(f"{codec!r} is no codec of Avro files; there are {', '.join(_AVRO_CODECS)}")
    names = _AVRO_CODECS[codec]
    if names and not any(_is_there(name) for name in names):
        # fastavro looks for several; the one named last is what the extra of this package brings
        raise ModuleNotFoundError(_missing(names[-1], f"Avro's codec {codec}"), name=names[-1])


def _is_there(name: str) -> bool:
    try:
        importlib.import_module(name)
    except ImportError:
        return False
    return True


def _missing(name: str, purpose: str) -> str:
    extra = _EXTRAS.get(name)
    install = f"pip install 'weft[{extra}]'" if extra else f"pip install {name}"
    return (
        f"{purpose} needs {name}, which is not installed here. Install it ({install}); the nodes of a cluster need it, "
        "too: in their Python, or in an environment that you ship with --archives."
    )

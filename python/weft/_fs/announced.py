"""Has fsspec know the scheme ``weft`` wherever there is a context, without loading fsspec for it.

Entry points do that where Weft was installed by pip; workers on a cluster have it from an archive.
"""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Sequence
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType

__all__ = ["announce"]

_REGISTRY = "fsspec.registry"


def announce() -> None:
    """Register the scheme now if fsspec is loaded, else when it is; harmless when repeated."""
    loaded = sys.modules.get(_REGISTRY)
    if loaded is not None:
        _register(loaded)
    elif not any(isinstance(one, _Finder) for one in sys.meta_path):
        sys.meta_path.insert(0, _Finder())


def _register(registry: ModuleType) -> None:
    if "weft" not in registry.registry:  # the class is imported when somebody asks for it
        registry.register_implementation("weft", "weft.fs.WeftFileSystem", clobber=True)


class _Finder(MetaPathFinder):
    """Finds that one module as others find it, once."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if fullname != _REGISTRY:
            return None
        sys.meta_path.remove(self)
        spec = importlib.util.find_spec(fullname)
        if spec is not None and spec.loader is not None:
            spec.loader = _Registering(spec.loader)
        return spec


class _Registering(Loader):
    """Loads as another loader does, then registers."""

    def __init__(self, loader: Loader) -> None:
        self._loader = loader

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        return self._loader.create_module(spec)

    def exec_module(self, module: ModuleType) -> None:
        module.__loader__ = self._loader
        if module.__spec__ is not None:
            module.__spec__.loader = self._loader
        self._loader.exec_module(module)
        _register(module)

"""Settings that reach a program from outside: the command line of ``weft run`` and the environment."""

from __future__ import annotations

import json
import os

__all__ = ["CONF_VARIABLE", "MASTER_VARIABLE", "default_settings", "set_system_property", "system_properties"]

MASTER_VARIABLE = "WEFT_MASTER"
CONF_VARIABLE = "WEFT_CONF"
"""A JSON object of settings, written by ``weft run`` and ``weft submit``."""


def default_settings() -> dict[str, str]:
    """Give the settings of the environment; the more special one wins."""
    settings: dict[str, str] = {}
    master = os.environ.get(MASTER_VARIABLE)
    if master:
        settings["weft.master"] = master
    text = os.environ.get(CONF_VARIABLE)
    if text:
        settings.update({str(key): str(value) for key, value in json.loads(text).items()})
    return settings


_properties: dict[str, str] = {}


def set_system_property(key: str, value: str) -> None:
    """Note a system property that the program has set."""
    _properties[key] = value


def system_properties() -> dict[str, str]:
    """Give the system properties that the program has set."""
    return dict(_properties)

"""The lasting settings of a simulated device: fields of a dataclass, changed by name. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from typing import Any


class SettingError(ValueError):
    """A setting or fault that does not exist, or a value it cannot have. The text names it."""


def change(settings: Any, values: Mapping[str, Any]) -> None:
    """Sets `values` of a dataclass by name; a time may be named without its unit. Raises `SettingError`."""
    known = {each.name for each in fields(settings)}
    for given, value in values.items():
        name = given if given in known else f"{given}_s"
        if name not in known:
            raise SettingError(f"no setting is called {given!r}; there are: {', '.join(sorted(known))}")
        wanted = type(getattr(settings, name))
        if wanted is float and isinstance(value, int) and not isinstance(value, bool):
            setattr(settings, name, float(value))
        elif isinstance(value, wanted):
            setattr(settings, name, value)
        else:
            raise SettingError(f"{name} is a {wanted.__name__}, not {value!r}")


def told(settings: Any) -> dict[str, Any]:
    return {each.name: getattr(settings, each.name) for each in fields(settings)}

"""A line's keys as TOML. Pure."""

from __future__ import annotations

import json
from typing import Any

from gatewayd.demo.kind import Table


def line_table(keys: Table) -> str:
    """One `[[line]]`; values are texts, numbers, booleans, and lists and tables of them."""
    return "\n[[line]]\n" + "".join(f"{name} = {_value(value)}\n" for name, value in keys.items())


def _value(value: Any) -> str:
    match value:
        case dict():
            return "{ " + ", ".join(f"{name} = {_value(each)}" for name, each in value.items()) + " }"
        case list() | tuple():
            return "[" + ", ".join(map(_value, value)) + "]"
    # Texts, numbers and booleans are written alike in JSON and in TOML.
    return json.dumps(value)

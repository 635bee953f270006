"""The part of a configuration that the web process may know: no secret, no PIN, nothing of how a line is reached."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final, get_args

from pydantic import BaseModel, SecretStr

_IN_URL: Final = re.compile(r"(?<=://)([^/?#@\s:]*):[^/?#@\s]*@")
"""A password within an address (RFC 3986 §3.2.1)."""
_IN_QUERY: Final = re.compile(r"(?<=[?&])[^=&#\s]*password=[^&#\s]*&?", re.IGNORECASE)
"""A password that a database's address has as a parameter: what libpq takes as `password` and `sslpassword`."""


def redacted(
    raw: Mapping[str, Any], tables: Mapping[str, type[BaseModel]], top: type[BaseModel], line: type[BaseModel]
) -> dict[str, Any]:
    """Returns a document that was found right, reduced to keys of those models that are no secrets.

    Of a line stay the keys that every line has: what a driver's own keys mean, it alone knows.
    """
    found: dict[str, Any] = _plain(raw, top)
    for name, model in tables.items():
        if isinstance(table := raw.get(name), Mapping):
            found[name] = _plain(table, model)
    found["line"] = [_plain(table, line) for table in raw.get("line", ())]
    return found


def _plain(table: Mapping[str, Any], model: type[BaseModel]) -> dict[str, Any]:
    return {
        name: _IN_QUERY.sub("", _IN_URL.sub(r"\1@", value)) if isinstance(value, str) else value
        for name, value in table.items()
        if name in model.model_fields and not secret(model.model_fields[name].annotation)
    }


def secret(annotation: Any) -> bool:
    """Returns whether a field of that type may hold a secret."""
    return annotation is SecretStr or any(secret(part) for part in get_args(annotation))

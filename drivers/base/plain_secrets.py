"""Secrets that a person wrote among a line's keys, where they are not kept as such. Pure.

Tables of free pairs (headers, query, form, json) and addresses may hold anything. A text under a name that is a
secret's counts as one unless it has a template's variable, as `Bearer {key}` has.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

MASK: Final = "***"
SECRET_NAMES: Final = re.compile(
    r"(?i)pass|clave|contrase|token|secret|api-?_?key|^key$|-key$|auth|credential|signature|cookie"
)
"""Names of headers and parameters whose literal values are shown to nobody."""

_FREE: Final = frozenset({"headers", "query", "form", "json", "json_body", "ask"})
"""Keys of a line whose value is a table of pairs of a provider's own."""
_VARIABLE: Final = re.compile(r"\{[a-z_]+(?::[a-z]+)?\}")
_IN_URL: Final = re.compile(r"(?<=://)([^/?#@\s:]*):([^/?#@\s]*)@")
_PAIR: Final = re.compile(r"(?<=[?&])([^=&#?\s]*)=([^&#\s]*)")


def without_secrets(keys: Mapping[str, Any]) -> dict[str, Any]:
    """Returns a line's keys with a mask in the place of each such secret."""
    return {name: _masked(name, value, free=name in _FREE) for name, value in keys.items()}


def plain_secrets(keys: Mapping[str, Any]) -> Iterator[str]:
    """Yields the keys of a line in whose values such a secret stands."""
    for name, value in without_secrets(keys).items():
        if value != keys[name]:
            yield name


def _masked(name: str, value: Any, *, free: bool, named: bool = False) -> Any:
    if isinstance(value, Mapping):
        return {
            str(key): _masked(str(key), one, free=free or key in _FREE, named=free and _is_secret(str(key)))
            for key, one in value.items()
        }
    if isinstance(value, list | tuple):
        return [_masked(name, one, free=free, named=named) for one in value]
    if isinstance(value, str):
        return MASK if named and _literal(value) else _address(value)
    return MASK if named and isinstance(value, int | float) and not isinstance(value, bool) else value


def _is_secret(name: str) -> bool:
    return SECRET_NAMES.search(name) is not None


def _literal(text: str) -> bool:
    return bool(text.strip()) and _VARIABLE.search(text) is None


def _address(text: str) -> str:
    """Returns a text without the secrets of an address in it; any other as it is."""
    if "://" not in text:
        return text
    text = _IN_URL.sub(lambda found: f"{found[1]}:{MASK}@" if _literal(found[2]) else found[0], text)
    return _PAIR.sub(
        lambda found: f"{found[1]}={MASK}" if _is_secret(found[1]) and _literal(found[2]) else found[0], text
    )

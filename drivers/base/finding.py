"""What `gatewayd check` finds at a line, in words that the core translates."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


def spoken(text: str) -> str:
    """Marks a text for people, for the catalogue to find it; the core says it in their language."""
    return text


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing `gatewayd check` tells about a line: the key, what is wrong, and what to do.

    With `values`, message and remedy are templates (`str.format_map`), marked by `spoken` for the catalogue.
    """

    key: str
    message: str
    remedy: str
    values: Mapping[str, str] = field(default_factory=dict)

    def __str__(self) -> str:
        told = f"{self.message}; {self.remedy}"
        return told.format_map(self.values) if self.values else told

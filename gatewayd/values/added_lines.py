"""A line that people added in the panel or by command, as the store keeps it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class AddedLine:
    """Its keys are those of a `[[line]]` table; secrets are sealed (`gatewayd.credentials.vault`)."""

    name: str
    driver: str
    keys: Mapping[str, Any]
    """But name, driver, enabled and secrets."""
    secrets: Mapping[str, str] = field(default_factory=dict)
    """By key, sealed for `secret_place`."""
    added_at: int = 0
    """ms of Unix time."""
    added_by: str = ""
    version: int = 1
    """Grows with each change."""


def secret_place(line: str, key: str) -> str:
    """Returns the place that a line's secret is sealed for."""
    return f"line.{line}.{key}"

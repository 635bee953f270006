"""Keys by which a repeated post is known."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from gatewayd.values.errors import ConflictError

KEPT_MS: Final = 72 * 3_600_000
"""How long keys are kept."""


class KeyReusedError(ConflictError):
    """The key stands for a request that said something else."""


class KeyBusyError(ConflictError):
    """The request that bore the key first is still being recorded."""


@dataclass(frozen=True, slots=True)
class PostKey:
    """An Idempotency-Key and what the request said: SHA-256 (hex) of method, path and body."""

    key: str
    fingerprint: str

"""Programs that use the API: a token, and a client that bears it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import httpx

from tests.rig.panel import Panel


def token(shown: Panel, *scopes: str, account: str | None = "norte", kind: str = "live") -> str:
    """Makes a token; of administration where there is no account."""
    wanted: Sequence[str] = scopes or ("read", "send", "manage")
    made = shown.gateway.call(
        "token.create", label="program", account=account, admin=account is None, kind=kind, scopes=list(wanted)
    )
    return str(made["secret"])


@contextmanager
def program(shown: Panel, secret: str, **headers: str) -> Iterator[httpx.Client]:
    """Opens a client of the API that bears a token."""
    given: dict[str, Any] = {"Authorization": f"Bearer {secret}", **headers}
    with httpx.Client(base_url=shown.url, headers=given, timeout=30.0, trust_env=False) as client:
        yield client

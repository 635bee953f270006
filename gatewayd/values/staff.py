"""Messages to people who run the gateway: they belong to an account of the gateway's own, free and shown to nobody.

A link that lets somebody in is not in the message while it waits. There is a mark in its place, and the secret is made
at the send.
"""

from __future__ import annotations

import re
from typing import Final

ACCOUNT: Final = "gatewayd-staff"
"""Its name; nobody else can have it."""

_MARK: Final = re.compile(r"\[\[reset (\d{1,18})\]\]", re.ASCII)


def mark_of(user: int) -> str:
    """Returns what stands for the secret of a user's link."""
    return f"[[reset {user}]]"


def marked(text: str) -> int | None:
    """Returns whose link a text bears; None where it bears none."""
    found = _MARK.search(text)
    return None if found is None else int(found[1])


def unmarked(text: str, secret: str) -> str:
    """Returns the text with the secret in the place of its mark."""
    return _MARK.sub(lambda _found: secret, text)

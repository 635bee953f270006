"""What a message is for, as rules of contact distinguish it."""

from __future__ import annotations

from enum import StrEnum
from typing import Final


class MessageClass(StrEnum):
    """What a message is for."""

    COLLECTIONS = "collections"
    """It asks for money."""
    NOTICE = "notice"
    """It tells about the service: an outage, a visit."""
    TRANSACTIONAL = "transactional"
    """It confirms what the person did: a payment, a changed address."""
    REPLY = "reply"
    """It answers what the person asked."""


DEFAULT: Final = MessageClass.COLLECTIONS
"""The class of a message that names none: the one with the strictest rules."""

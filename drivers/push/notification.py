"""What a push tells its reader, and for how long it is worth telling. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from drivers.base import OutboundMessage, PushContent
from drivers.push.options import TTL_MAX_S


@dataclass(frozen=True, slots=True)
class Notification:
    id: str
    """The attempt's."""
    to: str
    """Token, topic or subscription."""
    title: str
    body: str
    data: Mapping[str, str]
    ttl_s: int
    """How long the service may keep it; at least 1."""


def notification(message: OutboundMessage, default_ttl_s: float, now: float) -> Notification:
    """`now` is Unix time. The job's end bounds the time to live: a reminder must not appear after the office closed."""
    push = message.says(PushContent)
    ttl_s = float(push.ttl_s or default_ttl_s)
    if message.valid_until is not None:
        ttl_s = min(ttl_s, message.valid_until - now)
    return Notification(
        id=message.attempt,
        to=message.address,
        title=push.title,
        body=message.text,
        data=push.data,
        ttl_s=max(1, min(int(ttl_s), TTL_MAX_S)),
    )

"""Makes the secret of a link that lets somebody in, when its mail goes out; the store knows its hash alone."""

from __future__ import annotations

import secrets
from collections.abc import Awaitable, Callable
from dataclasses import replace

from drivers.base import OutboundMessage
from gatewayd.credentials.tokens import digest
from gatewayd.store.commands import Change
from gatewayd.store.people import resets
from gatewayd.store.port import Writer
from gatewayd.values.staff import marked, unmarked


def links(writer: Writer, now: Callable[[], int]) -> Callable[[OutboundMessage], Awaitable[OutboundMessage]]:
    """Returns what puts the secret into a message to staff; durable when it returns, so that the link works at once."""

    async def linked(message: OutboundMessage) -> OutboundMessage:
        user = marked(message.text)
        if user is None:
            return message
        secret = secrets.token_urlsafe(32)
        await writer.do(Change(lambda unit: resets.offer(unit.session, user, digest(secret), now())))
        return replace(message, text=unmarked(message.text, secret))

    return linked

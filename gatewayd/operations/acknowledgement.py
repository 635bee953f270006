"""What is answered to whoever brings a fact that withdraws messages: which of them had left before."""

from __future__ import annotations

from functools import partial

from gatewayd.operations.ports import Backend
from gatewayd.store.sending import causes
from gatewayd.store.sending.causes import Withdrawal


async def acknowledged(backend: Backend, withdrawal: Withdrawal) -> list[str]:
    """Returns once no message that was withdrawn can leave any more: the ids of those that were past their point of no
    return and of which nobody knows yet what became of them. Called when the withdrawal is committed."""
    if not withdrawal.causes:
        return []
    if backend.live is None:
        # No line is at work: what is open was left by a crash, and its next start says what became of it.
        named = await backend.read(lambda reader: reader.ask(partial(causes.past, causes=withdrawal.causes)))
    else:
        named = await backend.live.outcomes.after(withdrawal)
    salt = await backend.read(lambda reader: reader.salt())
    return [one.public(salt) for one in named]

"""What a node that is gone left half recorded: another one records it anew."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sqlalchemy import select

from gatewayd.store.commands import CAMPAIGN, CLAIM, REMINDER, DropJob
from gatewayd.store.sending import removal
from gatewayd.store.session import Statement, given
from gatewayd.store.tables import job

if TYPE_CHECKING:
    from gatewayd.store.sending.unit import Unit

AFTER_MS: Final = 60_000
"""A node whose connection was lost for a moment goes on with what it was recording."""

_LEFT: Final = Statement(
    select(job.c.id, job.c.node)
    .where(
        job.c.state == "loading",
        job.c.node != given(job.c.node),
        # Others' files lie in their own spool, and are read there again.
        job.c.origin.in_((CAMPAIGN, CLAIM, REMINDER)),
        job.c.created_at < given(job.c.created_at, "p_before"),
    )
    .order_by(job.c.id),
    "p_node p_before",
)


def lock_of(node: str) -> str:
    """Returns the name of the lock that a node has while it lives."""
    return f"gatewayd node {node}"


def drop(unit: Unit, *, node: str, now: int) -> bool:
    """Removes a portion of what nodes other than `node` that live no more were recording for campaigns, claims and
    reminders; returns whether there may be more. `now` is Unix ms."""
    for number, owner in unit.session.all(_LEFT, node, now - AFTER_MS):
        if unit.session.absent(lock_of(owner)):
            removal.drop(unit, [DropJob(number)])
            return True
    return False

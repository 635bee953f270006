"""Campaigns of a copy that was put back: those under way wait for a person, and those that were sent off afterwards, as
the spool tells it, are not sent off once more."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from sqlalchemy import select

from gatewayd.store import tables
from gatewayd.store.campaigns import campaigns, events
from gatewayd.store.session import Session, Statement, among, given

_CAMPAIGN: Final = tables.campaign.c
_RUNNING: Final = Statement(select(_CAMPAIGN.id).where(_CAMPAIGN.state == given(_CAMPAIGN.state)), "p_state")
_UNSENT: Final = Statement(
    select(_CAMPAIGN.id, tables.account.c.name)
    .select_from(tables.campaign.join(tables.account, tables.account.c.id == _CAMPAIGN.account_id))
    .where(among(_CAMPAIGN.id), _CAMPAIGN.state.in_(["draft", "awaiting_approval"]))
)
RESTORED: Final = "restored"
SENT_LATER: Final = "sent_later"


def campaign_of(job: str) -> int:
    """Returns the number of the campaign whose job is called so (`c-12.20260907T1030-0-1`)."""
    return int(job.removeprefix("c-").partition(".")[0])


def hold(session: Session, now: int) -> int:
    """Pauses what was under way when the copy was made, as its jobs are; returns how many campaigns that were."""
    rows = session.all(_RUNNING, "running")
    for (number,) in rows:
        campaigns.put(session, number, state="paused", updated_at=now)
        events.note(session, number, RESTORED, now)
    return len(rows)


def take_over(session: Session, jobs: Iterable[tuple[str, str]], now: int) -> int:
    """Ends the drafts that became these jobs (account, name) after the copy was made; returns how many.

    What waits for its time stays: its run has the same key, and its jobs the same names.
    """
    wanted = {(account, campaign_of(name)) for account, name in jobs}
    numbers = sorted({number for _account, number in wanted})
    found = [row for row in session.among(_UNSENT, numbers) if (row[1], row[0]) in wanted]
    for number, _account in found:
        campaigns.put(session, number, state="finished", updated_at=now, ended_at=now)
        events.note(session, number, SENT_LATER, now)
    return len(found)
